"""Every way into the tool from inside the LMS, in Chromium with third-party cookies blocked."""

import re

import pytest
from PIL import Image
from playwright.sync_api import expect
from sqlalchemy import select

from app.core.crypto import hash_secret
from app.core.db import db
from app.launch.models import LaunchSession, OidcLogin
from app.sandbox.browser_features import FRAME
from tests.browser.axe import assert_no_violations
from tests.browser.conftest import ALLOW
from tests.browser.test_main_path import BADGE, hand_in, set_up

pytestmark = pytest.mark.browser

BY_ADDRESS = re.compile(r"/~[\w-]{43}/")


def choose_storage(lms_page, storage):
    """Turn the practice LMS's switch."""
    page = lms_page.page
    page.goto(f"{lms_page.campus.lms}/browser-features")
    page.locator(f'input[value="{storage}"]').check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def kept(campus, model):
    """Return the tool's rows of a kind, the newest last."""
    with campus.app.app_context():
        return list(db.session.scalars(select(model).order_by(model.id)))


@pytest.fixture
def paper(tmp_path):
    path = tmp_path / "notes.pdf"
    Image.new("RGB", (300, 400), "white").save(path)
    return path


@pytest.fixture
def campus_with_an_assignment(lms_page):
    """The instructor sets the activity up, in a browser whose partitioned cookies work."""
    set_up(lms_page)
    return lms_page.campus


def test_where_partitioned_cookies_work_they_are_what_is_used(campus, lms_page, window):
    lms_page.become("Ines Instructor")

    tool = lms_page.open("Literature review")

    assert not BY_ADDRESS.search(tool.url)
    (running,) = kept(campus, LaunchSession)
    assert running.idle_until is None
    cookies = {c["name"]: c for c in window.cookies() if c["name"].startswith("__Host-assay")}
    assert set(cookies) == {"__Host-assay", "__Host-assay-works"}
    assert all(c["partitionKey"] for c in cookies.values())
    (first,) = kept(campus, OidcLogin)
    assert first.storage_hash, "a browser never seen before goes by way of the storage, in case"

    lms_page.open("Literature review")

    assert [login.storage_hash for login in kept(campus, OidcLogin)][1] is None, "then no longer"


@pytest.mark.parametrize("storage", ["_parent", FRAME])
def test_where_no_cookie_is_kept_work_is_handed_in_by_platform_storage(
    campus_with_an_assignment, no_cookies, paper, storage, look
):
    choose_storage(no_cookies, storage)

    hand_in(no_cookies, paper)

    tool = no_cookies.tool()
    assert BY_ADDRESS.search(tool.url)
    (cookieless,) = [s for s in kept(no_cookies.campus, LaunchSession) if s.idle_until]
    inside = [c for c in no_cookies.page.context.cookies() if "assay" in c["name"]]
    assert inside == [], "it was done without a cookie of the tool"
    assert cookieless.sid_hash == hash_secret(tool.url.split("/")[3].removeprefix("~"))


def test_pages_without_cookies_lead_to_one_another_and_forget_nothing(
    campus_with_an_assignment, no_cookies, paper, look
):
    no_cookies.become("Ines Instructor")
    tool = no_cookies.open("Literature review")
    assert BY_ADDRESS.search(tool.url)
    no_cookies.settle()
    tool.get_by_role("link", name=re.compile("Change|Edit")).first.click()
    tool.get_by_role("button", name=re.compile("Save")).first.wait_for()
    no_cookies.settle()
    tool.get_by_role("button", name=re.compile("Save")).first.click()
    said = re.compile("saved|changed", re.IGNORECASE)
    tool.get_by_role("status").filter(has_text=said).wait_for()
    no_cookies.settle()
    look(no_cookies.page, "class-without-cookies")
    assert_no_violations(tool)
    assert BY_ADDRESS.search(tool.url)


def test_an_address_taken_out_of_the_frame_opens_nothing(campus_with_an_assignment, no_cookies):
    no_cookies.become("Ines Instructor")
    tool = no_cookies.open("Literature review")
    address = tool.url
    assert BY_ADDRESS.search(address)

    tab = no_cookies.page.context.new_page()
    tab.goto(address)
    expect(tab.get_by_text("This address works only inside")).to_be_visible()

    no_cookies.page.evaluate(
        "address => { document.querySelector('iframe[data-tool-frame]').src = address; }", address
    )
    no_cookies.page.wait_for_timeout(500)
    frames = [f for f in no_cookies.page.frames if f.url.startswith("chrome-error")]
    assert frames, "an LMS page that embeds the address shows nothing"


def test_where_nothing_is_kept_a_new_tab_works(campus_with_an_assignment, no_cookies, look):
    choose_storage(no_cookies, "off")
    no_cookies.become("Mei Student")

    tool = no_cookies.open("Literature review")
    expect(tool.get_by_role("link", name="Open in a new tab")).to_be_visible()
    no_cookies.settle()
    assert_no_violations(tool)
    look(no_cookies.page, "waiting")
    with no_cookies.page.context.expect_page() as opened:
        tool.get_by_role("link", name="Open in a new tab").click()

    tab = opened.value
    expect(tab.get_by_role("button", name="Hand in", exact=True)).to_be_visible()
    assert tab.url.startswith(no_cookies.campus.tool)
    assert not BY_ADDRESS.search(tab.url)


@pytest.mark.parametrize(
    ("storage", "verdict"),
    [("off", "Open Assay in a new tab"), ("_parent", "Assay works here with your LMS’s help")],
)
def test_the_page_for_the_support_desk_says_what_is_so(no_cookies, look, storage, verdict):
    choose_storage(no_cookies, storage)
    no_cookies.become("Nora Grader")  # is refused, and the refusal leads to the page
    tool = no_cookies.open("Literature review")

    tool.get_by_role("link", name="check what this browser allows here").click()
    expect(tool.get_by_role("button", name="Copy the report")).to_be_visible()

    shown = tool.locator("[data-verdict]:visible")
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text(verdict)
    assert "partitioned cookie: no" in tool.locator("#report").inner_text()
    no_cookies.settle()
    assert_no_violations(tool)
    look(no_cookies.page, f"check-{storage}")


def test_in_a_tab_of_its_own_the_page_says_that_all_is_well(campus, window, look):
    page = window.new_page()
    page.goto(f"{campus.tool}/lti/cookies")
    expect(page.get_by_role("button", name="Copy the report")).to_be_visible()

    expect(page.locator("[data-verdict]:visible")).to_contain_text("Assay works here")
    window.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the report").click()

    expect(page.get_by_text("Copied.")).to_be_visible()
    report = page.evaluate("navigator.clipboard.readText()")
    assert "partitioned cookie: yes" in report
    assert "verdict: works" in report
    assert_no_violations(page)
    look(page, "check-tab")


def test_without_script_buttons_lead_the_same_way(campus, chromium, look):
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{campus.lms}/courses/course-101/activities/1")
        frame = page.frame_locator("iframe[data-tool-frame]")
        frame.get_by_role("button", name="Continue").click()
        frame.get_by_role("heading", name="Opening Assay", exact=True).wait_for()
        look(page, "storing")
        frame.get_by_role("link", name="Continue").click()
        frame.get_by_role("button", name="Continue").click()

        expect(frame.get_by_role("heading", level=1)).to_contain_text("micro-credential")


def test_where_the_browser_may_be_asked_the_tools_cookies_are_used_here(campus, browser_with):
    """As in a browser that knows no partitioned cookies, and whose person gives permission."""
    inner = campus.app.wsgi_app

    def forget_partitions(environ, start_response):
        def start(status, headers, *rest):
            plain = [(k, v.replace("; Partitioned", "")) for k, v in headers]
            return start_response(status, plain, *rest)

        return inner(environ, start)

    campus.app.wsgi_app = forget_partitions
    lms_page = browser_with("storage_access", ALLOW)
    choose_storage(lms_page, "off")
    lms_page.become("Ines Instructor")

    tool = lms_page.open("Literature review")

    expect(tool.get_by_role("link", name=BADGE)).to_be_visible()
    assert not BY_ADDRESS.search(tool.url)
    (running,) = kept(campus, LaunchSession)
    assert running.idle_until is None
    tool.get_by_role("link", name=BADGE).click()
    expect(tool.get_by_role("button", name="Set up the assignment")).to_be_visible()


def test_where_our_script_does_not_come_the_other_ways_show(no_cookies):
    page = no_cookies.page
    page.route("**/ladder.js", lambda route: route.abort())
    page.goto(f"{no_cookies.campus.lms}/courses/course-101/activities/1")
    frame = page.frame_locator("iframe[data-tool-frame]")
    frame.get_by_role("heading", name="Opening Assay", exact=True).wait_for()
    assert_no_violations(page.frames[1])

    frame.get_by_role("link", name="Continue").click()

    expect(frame.get_by_text("One moment: opening Assay")).to_be_visible()
    expect(frame.get_by_role("link", name="Open in a new tab")).to_be_visible()
