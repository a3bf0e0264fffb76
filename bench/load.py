"""The load: people who log in and launch, and open the page if the launch leads to one.

A batch goes in two halves, first everybody's login, then everybody's launch
and page; between them all tokens are signed, so that signing costs no server
its time. Waiting times are those of the two halves added up.
"""

import http.client
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from lms import CLIENT, DEPLOYMENT, Lms

CONNECTIONS = 4
OWN_ADDRESS = '<link rel="canonical" href="'  # of a page that came with the launch
NEW_WINDOW = "lti1p3_new_window"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class WrongAnswerError(Exception):
    """A tool answered something that the benchmark does not count as a launch."""


@dataclass
class Visit:
    """One person who launches once, and what became of it.

    `leads_to`: how the address of the first useful page ends, if the tool has one.
    """

    sub: str
    role: str
    course: str
    link: str
    leads_to: str
    custom: dict[str, str] = field(default_factory=dict)
    state: str = ""
    nonce: str = ""
    token: str = ""
    cookies: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class Tool:
    """Where a tool listens, what its pages must say, and how its browser behaves.

    `checks_place`: the launch must lead where the visit says. `tests_cookies`: the
    login answers with a page whose script asks for the login a second time.
    """

    port: int
    says: str
    checks_place: bool = False
    tests_cookies: bool = False

    @property
    def url(self) -> str:
        """Its public address."""
        return f"http://localhost:{self.port}"


def run_batch(tool: Tool, lms: Lms, visits: Sequence[Visit]) -> float:
    """Do all visits; return the seconds that the tool was under load."""
    logging_in = _all(tool, visits, lambda wire, visit: _login(wire, tool, lms, visit))
    for visit in visits:
        visit.token = lms.sign(
            lms.claims(
                tool=tool.url,
                nonce=visit.nonce,
                sub=visit.sub,
                role=visit.role,
                course=visit.course,
                link=visit.link,
                custom=visit.custom,
            )
        )
    return logging_in + _all(tool, visits, lambda wire, visit: _launch(wire, tool, visit))


Wire = http.client.HTTPConnection


def _all(tool: Tool, visits: Sequence[Visit], step: Callable[[Wire, Visit], None]) -> float:
    waiting = iter(list(visits))
    taking = threading.Lock()
    failures: list[Exception] = []

    def work() -> None:
        wire = http.client.HTTPConnection("127.0.0.1", tool.port, timeout=60)
        try:
            while not failures:
                with taking:
                    visit = next(waiting, None)
                if visit is None:
                    return
                start = time.perf_counter()
                step(wire, visit)
                visit.seconds += time.perf_counter() - start
        except (WrongAnswerError, OSError, http.client.HTTPException) as error:
            failures.append(error)
        finally:
            wire.close()

    start = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.perf_counter() - start


def _login(wire: Wire, tool: Tool, lms: Lms, visit: Visit) -> None:
    asked = {
        "iss": lms.issuer,
        "login_hint": f"hint-{visit.sub}",
        "target_link_uri": f"{tool.url}/lti/launch",
        "lti_message_hint": f"message-{visit.link}",
        "client_id": CLIENT,
        "lti_deployment_id": DEPLOYMENT,
    }
    address = f"/lti/login?{urlencode(asked)}"
    reply, body = _send(wire, tool, visit, "GET", address)
    if tool.tests_cookies:
        # The page's script finds that cookies work and asks again, with one parameter more.
        if reply.status != 200 or NEW_WINDOW not in body:
            raise WrongAnswerError(f"cookie test: {reply.status}\n{body[:3000]}")
        reply, body = _send(wire, tool, visit, "GET", f"{address}&{NEW_WINDOW}=1")
    query = parse_qs(urlsplit(reply.getheader("Location", "")).query)
    if reply.status != 302 or "state" not in query:
        raise WrongAnswerError(f"login: {reply.status}\n{body[:3000]}")
    visit.state, visit.nonce = query["state"][0], query["nonce"][0]


def _launch(wire: Wire, tool: Tool, visit: Visit) -> None:
    form = urlencode({"id_token": visit.token, "state": visit.state})
    reply, body = _send(wire, tool, visit, "POST", "/lti/launch", form=form)
    if reply.status == 303:
        reply, body = _send(wire, tool, visit, "GET", reply.getheader("Location", ""))
    if tool.checks_place and f'{visit.leads_to}">' not in body.partition(OWN_ADDRESS)[2][:200]:
        raise WrongAnswerError(f"the launch leads not to …{visit.leads_to}\n{body[:3000]}")
    if reply.status != 200 or tool.says not in body or "</html>" not in body:
        raise WrongAnswerError(f"page: {reply.status}\n{body[:3000]}")


def _send(
    wire: Wire, tool: Tool, visit: Visit, method: str, path: str, *, form: str | None = None
) -> tuple[http.client.HTTPResponse, str]:
    headers = {"Host": f"localhost:{tool.port}", **(FORM if form else {})}
    if visit.cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in visit.cookies.items())
    wire.request(method, path, body=form, headers=headers)
    reply = wire.getresponse()
    body = reply.read().decode()
    for header in reply.headers.get_all("Set-Cookie") or ():
        name, _, value = header.split(";", 1)[0].partition("=")
        if value:
            visit.cookies[name] = value
        else:
            visit.cookies.pop(name, None)
    return reply, body
