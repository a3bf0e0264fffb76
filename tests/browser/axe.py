"""axe-core in a frame or page: no violation of WCAG 2.2 AA, nor of its best practices."""

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Frame, Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def _source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text()


def assert_no_violations(place: Page | Frame) -> None:
    """Run axe-core; fail with what it found and where."""
    place.evaluate(_source())
    found: dict[str, Any] = place.evaluate(
        # A page inside the LMS is judged without what its frame owes to the LMS's own page.
        "tags => axe.run(document, {runOnly: tags, iframes: false})",
        TAGS,
    )
    problems = [
        f"{item['id']}: {item['help']} – {[node['target'] for node in item['nodes']]}"
        for item in found["violations"]
    ]
    assert problems == [], f"{place.url}\n" + "\n".join(problems)
