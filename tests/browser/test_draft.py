"""A draft in a real browser: it saves itself, two tabs, handing in, taking back; by keyboard."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import assert_no_violations
from tests.browser.test_main_path import BADGE, choose_file, paper

__all__ = ["paper"]

pytestmark = pytest.mark.browser

NAME_OF_FOCUSED = (
    "(({labels, value}) => labels?.[0]?.innerText || value || '')(document.activeElement)"
)
SECOND = "Annotated bibliography"
SAVED = re.compile(r"^Saved \d")


@pytest.fixture
def work(lms_page):
    """Mei in front of the first activity; `work(by_criterion=True)`: with a section for each."""

    def open_work(activity="Literature review", *, by_criterion=False):
        lms_page.become("Ines Instructor")
        tool = lms_page.open(activity)
        tool.get_by_role("link", name=BADGE).click()
        lms_page.settle()
        tool.get_by_label("A link", exact=True).check()
        if by_criterion:
            tool.get_by_label("Artifacts per criterion").check()
        lms_page.settle()
        tool.get_by_role("button", name="Set up the assignment").click()
        tool.get_by_text("The assignment is set up").wait_for()
        lms_page.become("Mei Student")
        return lms_page.open(activity)

    return open_work


def test_what_is_typed_saves_itself_and_is_there_after_a_reload(work, lms_page, look):
    tool = work()
    state = tool.locator("#draft-state")

    tool.get_by_label("Text", exact=True).fill("Two databases, **seven** studies.")
    expect(state).to_have_text(SAVED)
    tool.get_by_label("Address 1").fill("https:")
    expect(state).to_contain_text("but not this: The link names no web site")
    tool.get_by_label("Address 1").fill("https://example.org/search-log")
    tool.get_by_label("What it is 1").fill("The log of my search")
    expect(state).to_have_text(SAVED)
    tool.get_by_role("button", name="Preview").click()
    expect(tool.locator(".preview strong")).to_have_text("seven")
    assert_no_violations(tool)
    look(lms_page.page, "draft")
    lms_page.settle()
    tool.get_by_role("button", name="Save draft", exact=True).last.click()
    expect(tool.get_by_text("Nobody sees it until you hand it in")).to_be_visible()
    tool.evaluate("location.reload()")

    expect(tool.get_by_text("Draft saved")).to_be_visible()
    expect(tool.get_by_label("Text", exact=True)).to_have_value("Two databases, **seven** studies.")
    expect(tool.get_by_label("What it is 1")).to_have_value("The log of my search")


def test_without_a_connection_it_says_so_and_goes_on_when_there_is_one(work, window):
    tool = work()
    state = tool.locator("#draft-state")
    window.set_offline(True)
    tool.get_by_label("Text", exact=True).fill("Typed on the train")
    expect(state).to_contain_text("there is no connection")

    window.set_offline(False)

    expect(state).to_have_text(SAVED)


def test_two_tabs_with_one_draft_lose_nothing(work, lms_page, window, look):
    first = work()
    second = type(lms_page)(window.new_page(), lms_page.campus)
    page = second.open("Literature review")
    page.get_by_label("Text", exact=True).fill("From the second tab")
    expect(page.locator("#draft-state")).to_have_text(SAVED)

    first.get_by_label("Text", exact=True).fill("From the first tab")

    expect(first.get_by_text("This draft was changed in another window").first).to_be_visible()
    expect(first.locator(".their-words")).to_have_text("From the second tab")
    expect(first.get_by_label("Text", exact=True)).to_have_value("From the first tab")
    assert_no_violations(first)
    look(lms_page.page, "two-tabs")
    lms_page.settle()
    first.get_by_role("button", name="Keep what I typed here").click()
    expect(first.get_by_text("Nobody sees it until you hand it in")).to_be_visible()
    page.evaluate("location.reload()")
    expect(page.get_by_label("Text", exact=True)).to_have_value("From the first tab")


def test_a_session_that_ends_keeps_the_words_in_the_field(work, window):
    tool = work()
    window.clear_cookies()

    tool.get_by_label("Text", exact=True).fill("Hours of work")

    expect(tool.locator("#draft-state")).to_contain_text("your session has ended")
    expect(tool.get_by_label("Text", exact=True)).to_have_value("Hours of work")


def test_work_is_handed_in_signed_and_taken_back(work, lms_page, look):
    tool = work()
    tool.get_by_label("Text", exact=True).fill("My review")
    tool.get_by_role("button", name="Hand in", exact=True).click()
    expect(tool.get_by_role("link", name="Sign the statement to hand in your work")).to_be_visible()
    assert_no_violations(tool)
    look(lms_page.page, "unsigned")
    lms_page.settle()
    tool.get_by_label("I sign this statement").check()
    tool.get_by_role("button", name="Hand in", exact=True).click()
    expect(tool.get_by_text("Signed by you")).to_be_visible()
    assert_no_violations(tool)
    look(lms_page.page, "handed-in")
    lms_page.settle()
    tool.get_by_role("link", name="Receipt to print").click()
    expect(tool.get_by_role("heading", name="Receipt", level=1)).to_be_visible()
    assert_no_violations(tool)
    look(lms_page.page, "receipt")
    lms_page.settle()
    tool.get_by_role("link", name="Back to your work").click()

    tool.get_by_role("button", name="Take it back").click()

    expect(tool.get_by_text("Your work is taken back")).to_be_visible()
    expect(tool.get_by_label("Text", exact=True)).to_have_value("My review")
    look(lms_page.page, "taken-back")


def test_each_criterion_has_its_section(work, lms_page, look):
    tool = work(by_criterion=True)
    sections = tool.locator("section.work-part")
    sections.first.get_by_label("Text", exact=True).fill("For the first")
    expect(tool.locator("#draft-state")).to_have_text(SAVED)
    sections.first.get_by_role("button", name="Preview").click()
    expect(sections.first.locator(".preview")).to_contain_text("For the first")

    assert sections.count() > 1
    assert_no_violations(tool)
    look(lms_page.page, "by-criterion")


def test_earlier_work_is_chosen_for_another_assignment(work, lms_page, paper, look):
    tool = work()
    expect(tool.get_by_role("button", name="Use earlier work")).to_have_count(0)
    choose_file(tool, paper)
    tool.get_by_label("I sign this statement").check()
    press(lms_page, tool, "Hand in")
    tool.get_by_role("heading", name="Your receipt").wait_for()
    tool = work(SECOND)

    press(lms_page, tool, "Use earlier work")
    tool.get_by_role("heading", name="Use earlier work").wait_for()
    assert_no_violations(tool)
    look(lms_page.page, "earlier")
    tool.get_by_label(paper.name).check()
    press(lms_page, tool, "Add to my draft")

    expect(tool.get_by_text(paper.name).first).to_be_visible()


def press(lms_page, tool, words):
    lms_page.settle()
    tool.get_by_role("button", name=words, exact=True).first.click()


def test_the_keyboard_alone_hands_work_in(work, lms_page):
    tool = work()
    press = lms_page.page.keyboard.press

    def go_to(words):
        for _ in range(60):
            press("Tab")
            found = tool.evaluate(NAME_OF_FOCUSED)
            if found.startswith(words):
                return
        raise AssertionError(f"no way to {words} by the Tab key")

    tool.locator("#main").focus()
    go_to("Text")
    lms_page.page.keyboard.type("Typed by keyboard alone")
    go_to("I sign this statement")
    press("Space")
    go_to("Hand in")
    press("Enter")

    expect(tool.get_by_text("Your receipt")).to_be_visible()
    expect(tool.get_by_text("Signed by you")).to_be_visible()
