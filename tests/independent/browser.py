"""A person's browser for the independent platform: follows redirects, fills in forms."""

from typing import Any
from urllib.parse import urljoin

import requests
from lxml import html

from tests.html import assert_accessible
from tests.independent.platform import IndependentPlatform, Person
from tests.practice_lms import TIMEOUT_SECONDS, LoopbackCookies, put_address_right


class Window:
    """One person, signed in to the platform."""

    def __init__(self, platform: IndependentPlatform, person: Person) -> None:
        self.platform, self.person = platform, person
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.cookies = LoopbackCookies()

    def close(self) -> None:
        self.http.close()

    def get(self, address: str) -> requests.Response:
        return self._shown(self.http.get(address, timeout=TIMEOUT_SECONDS))

    def start_launch(self, link_id: str, *, method: str = "get") -> requests.Response:
        """Open an activity, as far as the platform's page that holds the signed launch."""
        address = f"{self.platform.url}/open/{link_id}/{self.person.id}?method={method}"
        page = self.http.get(address, timeout=TIMEOUT_SECONDS)
        return self.submit(page) if method == "post" else page

    def launch(self, link_id: str, *, method: str = "get") -> requests.Response:
        """Open an activity; return the tool's page that stands in the end."""
        return put_address_right(self.submit(self.start_launch(link_id, method=method)))

    def follow(self, page: requests.Response, words: str) -> requests.Response:
        """Click the first link that holds these words."""
        links = html.fromstring(page.text).iterfind(".//a")
        link = next((link for link in links if words in link.text_content()), None)
        assert link is not None, f"{page.url} has no link “{words}”"
        return self.get(urljoin(page.url, link.get("href")))

    def submit(
        self, page: requests.Response, button: str | None = None, **filled: Any
    ) -> requests.Response:
        """Fill in the form that has the named button or all of these fields, and send it."""
        form = find_form(page, *filled, *([button] if button else []))
        fields = [(name, value or "") for name, value in form.form_values() if name not in filled]
        for name, value in filled.items():
            fields += [(name, one) for one in (value if isinstance(value, list) else [value])]
        if button:
            fields.append((button, "1"))
        multipart = None
        if form.get("enctype") == "multipart/form-data":
            # A browser sends a file field that was left empty as a file without a name.
            empty = [(name, ("", b"")) for name in form.xpath(".//input[@type='file']/@name")]
            multipart = [*((name, (None, value)) for name, value in fields), *empty]
        return self._shown(
            self.http.request(
                form.method,
                urljoin(page.url, form.action or page.url),
                data=None if multipart else fields,
                files=multipart,
                headers={"Referer": page.url},
                timeout=TIMEOUT_SECONDS,
            )
        )

    def press(self, page: requests.Response, words: str) -> requests.Response:
        """Press the button that says these words."""
        forms = html.fromstring(page.text).forms
        form = next(form for form in forms if words in form.text_content())
        return self._shown(
            self.http.post(
                urljoin(page.url, form.action),
                data=dict(form.form_values()),
                headers={"Referer": page.url},
                timeout=TIMEOUT_SECONDS,
            )
        )

    def _shown(self, page: requests.Response) -> requests.Response:
        is_page = page.headers.get("Content-Type", "").startswith("text/html")
        if is_page and not page.url.startswith(self.platform.url):
            assert_accessible(page.text)
        return page


def find_form(page: requests.Response, *names: str) -> Any:
    """Return the first form of a page that has these buttons and fields."""
    for form in html.fromstring(page.text).forms:
        if set(names) <= set(form.xpath(".//*/@name")):
            return form
    raise AssertionError(f"{page.url} ({page.status_code}) has no such form: {page.text[:2000]}")


def heading(page: requests.Response) -> str:
    """Return the words of a page's h1."""
    return " ".join(html.fromstring(page.text).findtext(".//h1").split())
