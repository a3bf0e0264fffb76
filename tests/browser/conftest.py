"""The tool, the practice LMS and a real Chromium that blocks third-party cookies.

The tool is `localhost`, the LMS `127.0.0.1`: inside the LMS the tool is cross-site.
"""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Frame, Page, Playwright
from playwright.sync_api import Error as PlaywrightError
from pydantic import SecretStr
from werkzeug.serving import make_server

from app import create_app
from app.cli.deliveries import delivery_handlers
from app.core.clock import utcnow
from app.outbox.worker import run_due
from app.settings import Settings
from deploy.example import example_commands
from tests.chromium import ARGUMENTS
from tests.conftest import SECRET
from tests.practice_lms import running_lms

BLOCK_THIRD_PARTY = "--test-third-party-cookie-phaseout"
ALLOW, BLOCK = 1, 2  # as Chromium's profile writes them
RESULTS = Path(__file__).parent.parent.parent / "test-results"


@dataclass(frozen=True)
class Campus:
    """Both servers: their addresses, and the tool's application."""

    tool: str
    lms: str
    app: Flask
    profile: str

    def deliver(self) -> int:
        """Let the worker send everything that is due; return how many messages it tried."""
        with self.app.app_context():
            return run_due(delivery_handlers(self.app), clock=utcnow)


@pytest.fixture
def campus(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Campus]:
    """A tool and a practice LMS on free ports, filled by the demo's own commands.

    Its parameter, if it has one, is the profile that the LMS behaves as.
    """
    profile = getattr(request, "param", "standard")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    tool = f"http://localhost:{port}"
    app = create_app(
        Settings(
            base_url=tool,
            secret_key=SecretStr(SECRET),
            database_url=f"sqlite:///{tmp_path / 'tool.sqlite'}",
            storage_dir=tmp_path / "artifacts",
            undo_minutes=0,
            log_format="console",
        )
    )
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    with running_lms(tool, tmp_path / "lms.sqlite", profile=profile) as lms:
        runner = app.test_cli_runner()
        for command in [("db", "upgrade"), *example_commands(lms, profile)]:
            result = runner.invoke(args=list(command))
            assert result.exit_code == 0, (command, result.output, result.exception)
        thread.start()
        yield Campus(tool, lms, app, profile)
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def chromium(playwright: Playwright, chromium_path: str | None) -> Iterator[Browser]:
    assert chromium_path, "Chromium is missing: run `make test`, which brings it"
    browser = playwright.chromium.launch(
        executable_path=chromium_path, args=[*ARGUMENTS, BLOCK_THIRD_PARTY]
    )
    yield browser
    browser.close()


@pytest.fixture
def window(chromium: Browser) -> Iterator[BrowserContext]:
    """One fresh browser profile; a script error on any page fails the test."""
    context = chromium.new_context(viewport={"width": 1000, "height": 900})
    context.set_default_timeout(10_000)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert errors == []


def _shows_a_page(frame: Frame) -> bool:
    try:
        # Not before the style sheets are there: what they hide at first is not the page.
        frame.wait_for_load_state()
        return frame.query_selector("h1:visible") is not None
    except PlaywrightError:  # it went on to another page while it was asked
        return False


class LmsPage:
    """A person in front of the practice LMS."""

    def __init__(self, page: Page, campus: Campus) -> None:
        self.page = page
        self.campus = campus

    def become(self, name: str) -> None:
        """Switch to another person, by name."""
        self.page.goto(self.campus.lms)
        option = self.page.locator("option", has_text=name).first.get_attribute("value")
        self.page.get_by_label("Signed in as").select_option(option)
        self.page.get_by_role("button", name="Switch", exact=True).click()

    def open(self, activity: str, course: str = "course-101") -> Frame:
        """Open an activity; return the frame with the tool, once its page is there."""
        self.page.goto(f"{self.campus.lms}/courses/{course}")
        self.page.get_by_role("link", name=activity, exact=True).click()
        return self.tool()

    def tool(self) -> Frame:
        """Return the frame with the tool once its page is there."""
        for _ in range(200):
            for frame in self.page.frames:
                path = frame.url.removeprefix(self.campus.tool)
                if path not in {frame.url, "/lti/login"} and _shows_a_page(frame):
                    return frame
            self.page.wait_for_timeout(50)
        raise AssertionError(f"no page of the tool: {[f.url for f in self.page.frames]}")

    def settle(self) -> None:
        """Wait until the frame has the height that its page asked for: a click must not miss."""
        heights = [0.0, -1.0, -2.0]
        for _ in range(60):
            box = self.page.locator("iframe[data-tool-frame]").bounding_box()
            heights = [*heights[1:], box["height"] if box else 0.0]
            if len(set(heights)) == 1:
                return
            self.page.wait_for_timeout(100)

    def gradebook(self, course: str = "course-101") -> str:
        """Return what the gradebook shows."""
        self.page.goto(f"{self.campus.lms}/courses/{course}/gradebook")
        return self.page.locator("main").inner_text()


@pytest.fixture
def lms_page(window: BrowserContext, campus: Campus) -> LmsPage:
    return LmsPage(window.new_page(), campus)


@pytest.fixture
def browser_with(
    playwright: Playwright, chromium_path: str, campus: Campus, tmp_path: Path
) -> Iterator[Callable[[str, int], LmsPage]]:
    """Open a browser whose own settings say something about the tool inside the LMS.

    `browser_with("cookies", BLOCK)`: it keeps no cookie there, not even a partitioned one.
    """
    with ExitStack() as stack:

        def open_browser(what: str, setting: int) -> LmsPage:
            pair = f"{campus.tool},{campus.lms}"
            exceptions = {"content_settings": {"exceptions": {what: {pair: {"setting": setting}}}}}
            settings = tmp_path / what / "Default" / "Preferences"
            settings.parent.mkdir(parents=True)
            settings.write_text(json.dumps({"profile": exceptions}))
            context = stack.enter_context(
                playwright.chromium.launch_persistent_context(
                    tmp_path / what,
                    executable_path=chromium_path,
                    args=[*ARGUMENTS, BLOCK_THIRD_PARTY],
                    viewport={"width": 1000, "height": 900},
                )
            )
            context.set_default_timeout(10_000)
            context.on("weberror", lambda error: errors.append(str(error.error)))
            return LmsPage(context.new_page(), campus)

        errors: list[str] = []
        yield open_browser
    assert errors == []


@pytest.fixture
def no_cookies(browser_with: Callable[[str, int], LmsPage]) -> LmsPage:
    """A browser that keeps no cookie for the tool inside the LMS; in a tab of its own it does."""
    return browser_with("cookies", BLOCK)


@pytest.fixture
def look(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Keep a picture of a page at both widths, for a designer's eye."""
    folder = RESULTS / request.node.name
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        for width in (360, 1000):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(200)
            # A frame paints only what is in view, so the view is made as tall as the page.
            height = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": width, "height": max(900, height)})
            page.wait_for_timeout(100)
            page.screenshot(path=folder / f"{name}-{width}.png")
        page.set_viewport_size({"width": 1000, "height": 900})

    return take
