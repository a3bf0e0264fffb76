"""The practice LMS on a thread, and a browser over plain HTTP for tests without Chromium."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import Cookie
from pathlib import Path
from threading import Thread
from typing import Any, Self
from urllib.parse import urljoin

import requests
from lxml import html
from requests.cookies import RequestsCookieJar

from app.sandbox.server import make_lms_server

TIMEOUT_SECONDS = 15


@contextmanager
def running_lms(
    tool_url: str, database_path: Path, port: int = 0, profile: str = ""
) -> Iterator[str]:
    """Run a practice LMS for the tool at `tool_url`; yield its address, which is its issuer."""
    server, config = make_lms_server(
        host="127.0.0.1",
        port=port,
        tool_url=tool_url,
        database_path=database_path,
        profile=profile,
    )
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield config.issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class LoopbackCookies(RequestsCookieJar):
    """Sends Secure cookies over http too, as a browser does to its own machine.

    A cookie policy would not do: requests copies the jar for each request and
    loses the policy on the way.
    """

    def set_cookie(self, cookie: Cookie, *args: Any, **kwargs: Any) -> Any:
        cookie.secure = False
        return super().set_cookie(cookie, *args, **kwargs)


def put_address_right(page: requests.Response) -> requests.Response:
    """Give a page that a launch was answered with its own address, as its script does."""
    own = html.fromstring(page.text).find(".//link[@rel='canonical']")
    if own is not None:
        page.url = urljoin(page.url, own.get("href"))
    return page


class LmsSession:
    """One person's browser: follows forms and redirects between the LMS and the tool.

    `http` is the `requests.Session` behind it, to go on with in the tool.
    """

    def __init__(self, lms_url: str) -> None:
        self.lms_url = lms_url
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.cookies = LoopbackCookies()

    def close(self) -> None:
        self.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def get(self, address: str) -> requests.Response:
        """Open a page of the LMS (or, with a full address, any page)."""
        return self.http.get(urljoin(self.lms_url, address), timeout=TIMEOUT_SECONDS)

    def post(self, address: str, fields: dict[str, str]) -> requests.Response:
        """Send a form to the LMS (or, with a full address, anywhere)."""
        return self.http.post(urljoin(self.lms_url, address), data=fields, timeout=TIMEOUT_SECONDS)

    def sign_in(self, person_id: str) -> None:
        """Become another person of the LMS."""
        self.post("/person", {"person": person_id, "next": "/"}).raise_for_status()

    def launch(self, activity_path: str) -> requests.Response:
        """Open the tool and return the page that stands in the end.

        `activity_path`: a page of the LMS that holds the tool, such as
        `/courses/course-101/activities/1`, `/courses/course-101/activities/new` or
        `/courses/course-101/gradebook/1/u-student-1`.
        """
        return put_address_right(self.send(self.authorize(activity_path)))

    def authorize(self, activity_path: str) -> requests.Response:
        """Go as far as the LMS's page that holds the signed launch, not sent yet."""
        page = self.get(activity_path)
        page.raise_for_status()
        frame = html.fromstring(page.text).find(".//iframe")
        assert frame is not None, f"{page.url} holds no tool"
        return self.send(self.get(urljoin(page.url, frame.get("src"))))

    def send(self, page: requests.Response, **changed: str) -> requests.Response:
        """Send the first form of a page, as its script or its button would."""
        form = next(iter(html.fromstring(page.text).forms), None)
        assert form is not None, f"{page.url} ({page.status_code}) has no form: {page.text[:500]}"
        fields = {name: str(value or "") for name, value in form.form_values()} | changed
        target = urljoin(page.url, form.action or page.url)
        if form.method == "GET":
            return self.http.get(target, params=fields, timeout=TIMEOUT_SECONDS)
        return self.http.post(target, data=fields, timeout=TIMEOUT_SECONDS)

    def launch_fields(self, activity_path: str) -> dict[str, str]:
        """Return what a launch would post to the tool: `id_token` and `state`, or `error`."""
        form = html.fromstring(self.authorize(activity_path).text).forms[0]
        return {name: str(value) for name, value in form.form_values()}

    def read_cell(self, course_id: str, line_item_id: int, person_id: str) -> str:
        """Return a gradebook cell's text as the signed-in person sees it; "" if not shown."""
        page = html.fromstring(self.get(f"/courses/{course_id}/gradebook").text)
        cells = page.xpath(f"//td[@data-person='{person_id}'][@data-line-item='{line_item_id}']")
        return " ".join(cells[0].text_content().split()) if cells else ""
