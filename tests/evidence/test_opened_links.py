"""What the worker finds behind a link that was handed in."""

import hashlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from sqlalchemy import select

from app.core.clock import utcnow
from app.core.http import OutgoingClient
from app.evidence import capturing
from app.evidence.capturing import FIRST_BYTES, delivery_handlers, find_title
from app.evidence.models import SubmissionStatus
from app.outbox.models import Delivery, DeliveryState
from app.outbox.worker import run_due


@dataclass
class Site:
    """A web site on loopback: what it answers by path, and what it was asked."""

    url: str = ""
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def page(self, path: str, body: bytes, status: int = 200, **headers: str) -> str:
        given = {"Content-Type": "text/html; charset=utf-8"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = (status, given, body)
        return self.url + path


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            status, headers, body = site.answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def work_off(app):
    """Let the worker look at links; `allow_loopback`: as only tests and the demo allow it."""

    def run(*, allow_loopback=True, later=timedelta()):
        http = OutgoingClient(user_agent="test", allow_loopback=allow_loopback)
        with app.app_context():
            return run_due(
                delivery_handlers(http),
                clock=lambda: utcnow() + later,
                kinds={capturing.KIND},
            )

    return run


@pytest.fixture
def link(artifacts):
    return lambda: next(row for row in reversed(artifacts()) if row.kind == "link")


def test_the_title_of_the_page_is_shown_with_the_date(desk, browser, world, site, work_off, link):
    address = site.page("/film", b"<html><title>Mein  Film\n &amp; ich</title>")
    desk.send(link=address)

    assert work_off() == 1

    found = link()
    assert (found.title, found.final_host) == ("Mein Film & ich", "127.0.0.1")
    assert found.captured_at is not None
    assert found.capture_problem is None
    assert len(found.content_sha256) == 64
    assert "“Mein Film &amp; ich” on 127.0.0.1, as of" in desk.page().text
    grantors = browser(world.grantor).get(f"/artifacts/{found.id}").text
    assert "Mein Film &amp; ich (127.0.0.1)" in grantors


def test_nothing_is_asked_while_it_is_a_draft(desk, site, work_off):
    desk.send(link=site.page("/film", b""), button="save")

    assert work_off() == 0
    assert site.asked == []


def test_a_link_is_never_looked_at_twice(desk, site, work_off, link, session, attempts):
    address = site.page("/film", b"<title>Once</title>")
    desk.send(link=address)
    work_off()
    withdraw = desk.url.replace("/work", "/withdraw")
    for _ in range(2):
        desk.client.post(withdraw, data={"attempt": attempts()[-1].id})
        desk.send(link="", button="save")
        desk.send(link=address)

    assert work_off() == 0
    assert site.asked == ["/film"]
    assert link().title == "Once"


def test_a_redirect_is_followed_and_where_it_led_is_said(desk, site, work_off, link):
    site.page("/end", b"<title>End</title>")
    desk.send(link=site.page("/start", b"", 302, Location="/end"))

    work_off()

    assert site.asked == ["/start", "/end"]
    assert link().title == "End"


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (403, {}, "asks for a password"),
        (404, {}, "There is no such page"),
        (204, {}, "without a page"),
        (302, {"Location": "/start"}, "again and again"),
        (302, {"Location": "javascript:alert(1)"}, "leads to an address that is none"),
        (302, {"Location": "https://10.0.0.8/"}, "is not public"),
    ],
)
def test_why_a_link_cannot_be_opened_is_said_plainly(
    desk, browser, world, site, work_off, link, status, headers, words
):
    desk.send(link=site.page("/start", b"", status, **headers))

    work_off()

    found = link()
    assert words in found.capture_problem
    assert (found.title, found.captured_at) == (None, None)
    page = desk.page().text
    assert "Could not be opened on" in page
    assert "Make sure that those who assess can open it" in page
    assert words in browser(world.grantor).get(f"/artifacts/{found.id}").text


def test_a_site_that_is_down_is_asked_again_and_then_let_be(desk, site, work_off, link, session):
    desk.send(link=site.page("/start", b"", 503))

    for hours in (0, 5, 10, 15):
        work_off(later=timedelta(hours=hours))

    assert len(site.asked) == 3
    assert "an error of its own (HTTP 503)" in link().capture_problem
    session.expire_all()
    states = session.scalars(select(Delivery.state).where(Delivery.kind == capturing.KIND)).all()
    assert states == [DeliveryState.DELIVERED]


@pytest.mark.parametrize(
    "address",
    [
        "https://10.0.0.8/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/",
        "https://localhost/", "http://example.org/",
    ],
)  # fmt: skip
def test_a_private_address_is_never_called(desk, work_off, link, address):
    desk.send(link=address)

    work_off(allow_loopback=False)

    assert "not public" in link().capture_problem or "Only https" in link().capture_problem
    assert link().captured_at is None


def test_a_site_on_this_machine_is_not_asked_where_loopback_is_closed(desk, site, work_off, link):
    desk.send(link=site.page("/film", b"<title>Inside</title>"))

    work_off(allow_loopback=False)

    assert site.asked == []
    assert link().title is None


def test_only_the_beginning_of_a_large_page_is_read(desk, site, work_off, link):
    body = b"<title>Large</title>" + b"x" * (2 * FIRST_BYTES)
    desk.send(link=site.page("/large", body))

    work_off()

    assert link().title == "Large"
    assert link().content_sha256 == hashlib.sha256(body[:FIRST_BYTES]).hexdigest()


def test_a_link_that_is_gone_meanwhile_is_not_asked(desk, site, work_off, session, link):
    desk.send(link=site.page("/film", b""))
    session.delete(session.merge(link()))
    session.commit()

    assert work_off() == 1
    assert site.asked == []


@pytest.mark.parametrize(
    ("media_type", "body", "title"),
    [
        ("text/html", b"<TITLE lang=en>One</TITLE>", "One"),
        ("text/html; charset=iso-8859-1", "<title>Übung</title>".encode("latin-1"), "Übung"),
        ("text/html", '<meta charset="latin-1"><title>Übung</title>'.encode("latin-1"), "Übung"),
        ("text/html; charset=nonsense", "<title>Übung</title>".encode(), "Übung"),
        ("text/html", b"<title>&lt;script&gt;</title>", "<script>"),
        ("text/html", b"<title>a\x00b\x1b</title>", "ab"),
        ("text/html", b"<title>" + b"x" * 400 + b"</title>", "x" * 300),
        ("text/html", b"<title>never closed", ""),
        ("text/html", b"<title" * 40_000, ""),
        ("text/html", b"<title>" * 40_000, ""),
        ("text/html", b"<titles>No</titles><title >Yes</title>", "Yes"),
        ("text/html", b"\xff\xfe\x00", ""),
        ("application/pdf", b"<title>No page</title>", ""),
        ("", b"<title>No page</title>", ""),
    ],
)
def test_a_title_is_one_plain_line(media_type, body, title):
    assert find_title(media_type, body) == title


def test_a_site_that_is_not_there_is_told_of_without_jargon(desk, work_off, link):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers here
        desk.send(link=f"http://127.0.0.1:{probe.getsockname()[1]}/")
        for hours in (0, 5, 10):
            work_off(later=timedelta(hours=hours))

    assert link().capture_problem == "The site could not be reached, or did not answer in time."


def test_after_a_decision_nobody_is_told_to_take_work_back_for_a_broken_link(
    desk, session, site, work_off, link, submissions
):
    desk.send(link=site.page("/start", b"", 404))
    work_off()
    assert "or take your work back" in desk.page().text
    submission = session.merge(submissions()[0])
    submission.status = SubmissionStatus.MET
    session.commit()

    page = desk.page().text

    assert "There is no such page" in page
    assert "or take your work back" not in page
