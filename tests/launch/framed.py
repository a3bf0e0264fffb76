"""A browser inside the LMS that keeps no cookie for the tool; what the LMS keeps, it keeps."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.test import TestResponse

from tests.conftest import BASE_URL, Browser
from tests.launch.signing_lms import LEARNER, Login, SigningLms

FROM_LMS = {
    "Sec-Fetch-Dest": "iframe",
    "Sec-Fetch-Site": "cross-site",
    "Origin": "https://lms.test",
}
FRAME = "lti_storage_frame"


class Framed:
    """One person; `client` keeps no cookies. `stored`: the platform's storage, by key."""

    def __init__(self, client: Browser, lms: SigningLms) -> None:
        self.client = client
        self.lms = lms
        self.stored: dict[str, str] = {}
        self.path = "/lti/launch"

    def begin(self, **changes: Any) -> TestResponse:
        """Send the browser to the login, as the LMS's frame does; return the answer."""
        headers = {**FROM_LMS, **changes.pop("headers", {})}
        values = {
            "iss": self.lms.issuer,
            "login_hint": "hint",
            "target_link_uri": f"{BASE_URL}/lti/launch",
            "client_id": "assay",
            "lti_storage_target": FRAME,
            **changes,
        }
        fields = {name: value for name, value in values.items() if value is not None}
        return self.client.post("/lti/login", data=fields, headers=headers)

    def login(self, **changes: Any) -> Login:
        """Go through the page that uses the platform's storage, as its script does."""
        page = self.begin(**changes)
        assert page.status_code == 200, page.text
        self.stored[read(page, "key")] = read(page, "value")
        address = unescape(re.search(r'href="([^"]+)" data-go', page.text)[1])
        query = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
        return Login(query["state"], query["nonce"], address)

    def launch(self, login: Login | None = None, *, role: str = LEARNER, **changes: Any) -> str:
        """Post a launch; return the ticket of the page that waits for a proof."""
        login = login or self.login()
        token = self.lms.sign(self.lms.claims(login.nonce, role, **changes))
        page = self.client.post(
            "/lti/launch", data={"id_token": token, "state": login.state}, headers=FROM_LMS
        )
        assert page.status_code == 200, page.text
        self.waiting = page
        return re.search(r'name="ticket"[^>]*value="([\w-]+)"', page.text)[1]

    def prove(self, ticket: str, secret: str | None = None, **headers: str) -> TestResponse:
        """Send the ticket with what the platform's storage gave back."""
        key = read(self.waiting, "key")
        secret = self.stored.get(key, "") if secret is None else secret
        return self.client.post(
            "/lti/launch/continue",
            data={"ticket": ticket, "secret": secret},
            headers=self.own_headers(**headers),
        )

    def enter(self, *, role: str = LEARNER, **changes: Any) -> TestResponse:
        """Come in; return the answer that leads to the page."""
        answer = self.prove(self.launch(role=role, **changes))
        assert answer.status_code == 303, answer.text
        self.path = answer.location
        return answer

    @property
    def secret(self) -> str:
        """The secret of the session, from the address of the page that stands."""
        return self.path.split("/")[1].removeprefix("~")

    def own_headers(self, **changes: str) -> dict[str, str]:
        """What a browser says of a request that the standing page makes inside the frame."""
        return {
            "Sec-Fetch-Site": "same-origin",
            "Sec-Fetch-Dest": "iframe",
            "Referer": f"{BASE_URL}{self.path}",
            **{name.replace("_", "-"): value for name, value in changes.items()},
        }

    def get(self, path: str | None = None, **headers: str) -> TestResponse:
        """Open a page from the standing one."""
        return self.client.get(path or self.path, headers=self.own_headers(**headers))

    def post(self, path: str, data: dict[str, Any], **headers: str) -> TestResponse:
        """Send a form of the standing page."""
        return self.client.post(path, data=data, headers=self.own_headers(**headers))

    def at(self, path: str) -> str:
        """Return a path of the tool with this session's secret."""
        return f"/~{self.secret}{path}"


def read(page: TestResponse, name: str) -> str:
    """Return what a page tells its script."""
    found = re.search(rf'data-{name}="([^"]*)"', page.text)
    assert found, f"data-{name} is not on the page: {page.text}"
    return unescape(found[1])
