"""A large file goes up piece by piece in Chromium; the line is cut, and it goes on."""

import hashlib
import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import assert_no_violations
from tests.browser.conftest import ALLOW
from tests.browser.test_main_path import set_up
from tests.evidence import samples

pytestmark = pytest.mark.browser

MB = 1024 * 1024
PDF = samples.pdf()
# Behind its end a PDF may have comments; these make it large.
COMMENT = b"%" + b"x" * 62 + b"\n"


@pytest.fixture
def protocol(tmp_path):
    """A PDF of 20 MB."""
    path = tmp_path / "protocol of observations.pdf"
    path.write_bytes(PDF + COMMENT * ((20 * MB - len(PDF)) // len(COMMENT)))
    return path


def open_work(lms_page):
    set_up(lms_page)
    lms_page.become("Mei Student")
    return lms_page.open("Literature review")


@pytest.fixture
def tool(lms_page):
    return open_work(lms_page)


def row_of(tool, path):
    return tool.locator(".upload", has_text=path.name)


def choose(tool, *paths):
    tool.locator("input[type=file]").set_input_files(paths)


def test_a_large_file_goes_on_where_the_line_was_cut(lms_page, tool, protocol, look):
    page, cut = lms_page.page, []

    def break_second_piece(route):
        is_piece = route.request.method == "PATCH"
        if is_piece and route.request.headers["upload-offset"] != "0" and len(cut) < 2:
            cut.append(route.request.headers["upload-offset"])
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/uploads/*", break_second_piece)
    tool.get_by_label("Text", exact=True).fill("Typed while it goes up.")
    choose(tool, protocol)

    row = row_of(tool, protocol)
    expect(row).to_contain_text("The connection broke. It goes on by itself")
    assert_no_violations(tool)
    lms_page.settle()
    look(page, "broken")
    expect(tool.get_by_role("status").filter(has_text="is in your draft")).to_be_visible()

    assert cut == [str(8 * MB)] * 2
    expect(row).to_have_count(0)
    expect(tool.locator("[data-fresh]").first).to_contain_text(protocol.name)
    expect(tool.get_by_label("Text", exact=True)).to_have_value("Typed while it goes up.")
    assert_no_violations(tool)
    lms_page.settle()
    look(page, "in-the-draft")
    tool.get_by_label("I sign this statement").check()
    tool.get_by_role("button", name="Hand in", exact=True).click()
    digest = hashlib.sha256(protocol.read_bytes()).hexdigest()
    expect(tool.get_by_text(digest[:8]).first).to_be_visible()


def test_progress_is_shown_and_handing_in_waits(lms_page, tool, protocol, look):
    page, held = lms_page.page, []

    def hold_second_piece(route):
        is_piece = route.request.method == "PATCH"
        if is_piece and route.request.headers["upload-offset"] != "0" and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/uploads/*", hold_second_piece)
    choose(tool, protocol)
    row = row_of(tool, protocol)
    expect(row).to_contain_text(re.compile(r"\d+ % – [\d.]+ of 21\.0 MB"))
    expect(tool.get_by_role("status").filter(has_text="is being sent")).to_be_visible()
    assert float(row.locator("progress").evaluate("bar => bar.value")) > 0
    tool.get_by_role("button", name="Hand in", exact=True).click()
    expect(tool.get_by_role("status").filter(has_text="Files are still being sent")).to_be_visible()
    assert_no_violations(tool)
    lms_page.settle()
    look(page, "sending")

    row.get_by_role("button", name=f"Cancel {protocol.name}").click()

    expect(row).to_have_count(0)
    for route in held:
        route.abort()
    page.reload()
    fresh = lms_page.tool()
    expect(fresh.locator("input[type=file]")).to_be_visible()
    expect(fresh.locator(".upload")).to_have_count(0)


def test_after_a_reload_the_same_file_goes_on(browser_with, protocol, look):
    lms_page = browser_with("cookies", ALLOW)  # one that lets the frame remember something
    tool = open_work(lms_page)
    page, offsets, is_broken = lms_page.page, [], [True]

    def note(route):
        if route.request.method == "PATCH":
            offset = int(route.request.headers["upload-offset"])
            if offset and is_broken:
                route.abort("connectionreset")
                return
            offsets.append(offset)
        route.continue_()

    page.route("**/uploads/*", note)
    choose(tool, protocol)
    expect(row_of(tool, protocol)).to_contain_text("The connection broke")
    assert "/" not in tool.evaluate("Object.values(localStorage).join()")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    is_broken.clear()
    fresh = lms_page.tool()
    row = row_of(fresh, protocol)
    expect(row).to_contain_text("Choose the same file again")
    assert_no_violations(fresh)
    lms_page.settle()
    look(page, "interrupted")

    choose(fresh, protocol)

    expect(fresh.get_by_role("status").filter(has_text="is in your draft")).to_be_visible()
    expect(row).to_have_count(0)
    assert offsets == [0, 8 * MB, 16 * MB]


def test_several_files_each_with_what_became_of_it(lms_page, tool, tmp_path, look):
    good, wrong = tmp_path / "notes.pdf", tmp_path / "essay.pdf"
    good.write_bytes(PDF)
    wrong.write_bytes(b"MZ\x90\0 a program")
    long = tmp_path / ("עבודה סופית " + "x" * 120 + ".pdf")
    long.write_bytes(PDF + b"% another")

    choose(tool, good, wrong, long)

    expect(tool.locator("[data-fresh]").first).to_contain_text(long.name)
    expect(tool.locator("[data-fresh]").first).to_contain_text("notes.pdf")
    row = row_of(tool, wrong)
    expect(row).to_contain_text("“essay.pdf” is not what its name says")
    assert_no_violations(tool)
    lms_page.settle()
    look(lms_page.page, "one-refused")
    lms_page.page.emulate_media(color_scheme="dark")
    look(lms_page.page, "one-refused-dark")
    row.get_by_role("button").click()
    expect(row).to_have_count(0)


def test_a_session_without_cookies_sends_files_too(campus, no_cookies, tmp_path):
    """The session's secret is in the address, and the frame may remember nothing."""
    notes = tmp_path / "notes.pdf"
    notes.write_bytes(PDF)
    tool = open_work(no_cookies)

    choose(tool, notes)

    expect(tool.locator("[data-fresh]").first).to_contain_text("notes.pdf")
