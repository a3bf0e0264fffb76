"""Course copy, several deep links at once, and homework, clicked through in Chromium."""

import hashlib

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.axe import assert_no_violations
from tests.browser.test_main_path import choose_file

pytestmark = pytest.mark.browser

LEVEL_1 = "Literature Search and Synthesis"
LEVEL_2 = "Clinical Handover Communication"


def check(lms_page, tool, look, name):
    lms_page.settle()
    assert_no_violations(tool)
    look(lms_page.page, name)
    lms_page.settle()


def add_assignment(lms_page, tool, badge, title, **dates):
    """In an open selection, set one assignment up; end on the selection's page."""
    tool.get_by_role("link", name=badge).click()
    tool.get_by_label("Title").fill(title)
    for label, value in dates.items():
        tool.get_by_label(f"{label} (optional)", exact=True).fill(value)
    lms_page.settle()
    tool.get_by_role("button", name="Set up the assignment").click()
    tool.get_by_role("button", name="Return to the LMS").wait_for()


def deep_link_two(lms_page, look=None):
    """As the instructor, add two assignments to the practicum together."""
    lms_page.become("Ines Instructor")
    lms_page.page.goto(f"{lms_page.campus.lms}/courses/course-102/activities/new")
    tool = lms_page.tool()
    add_assignment(
        lms_page,
        tool,
        LEVEL_2,
        "Handover on the ward",
        Opens="2026-11-30T08:00",
        Due="2026-12-18T23:59",
    )
    if look:
        tool.get_by_role("link", name="Add another assignment").click()
        tool.get_by_role("link", name=LEVEL_2).click()
        tool.get_by_role("heading", name="Dates").wait_for()
        check(lms_page, tool, look, "1-dates")
        tool.goto(tool.url.rpartition("/")[0] + "/selection")
    tool.get_by_role("link", name="Add another assignment").click()
    add_assignment(
        lms_page,
        tool,
        LEVEL_1,
        "Search log: every query, database and reason for exclusion, with a reflection of one page",
    )
    if look:
        check(lms_page, tool, look, "2-selection")
        tool.locator("li", has_text="Handover on").get_by_role("button", name="Remove").click()
        tool.get_by_text("Made just now, but not going along").wait_for()
        check(lms_page, tool, look, "3-left-out")
        tool.locator("li", has_text="Handover on").get_by_role("button", name="Add it").click()
        tool.get_by_text("2 assignments are ready").wait_for()
    tool.get_by_role("button", name="Return to the LMS").click()
    lms_page.page.get_by_role("link", name="Handover on the ward").wait_for()


def test_two_assignments_are_added_at_once(lms_page, look):
    deep_link_two(lms_page, look)

    page = lms_page.page
    expect(page.get_by_role("link", name="Search log")).to_be_visible()
    look(page, "4-lms-course")
    lms_page.become("Mei Student")
    tool = lms_page.open("Handover on the ward", "course-102")

    expect(tool.get_by_role("button", name="Hand in", exact=True)).to_be_visible()
    expect(tool.get_by_role("heading", name="Dates")).to_be_visible()
    check(lms_page, tool, look, "5-work-with-dates")


def test_a_copied_course_works_at_once_and_asks_to_confirm(campus, lms_page, look):
    deep_link_two(lms_page)
    lms_page.become("Mei Student")
    lms_page.open("Handover on the ward", "course-102")
    campus.deliver()
    lms_page.become("Ines Instructor")
    lms_page.page.goto(f"{campus.lms}/courses/course-102")
    lms_page.page.get_by_role("button", name="Copy this course").click()
    lms_page.page.get_by_text("Clinical Practicum (copy)").first.wait_for()
    copy = lms_page.page.url.rpartition("/")[2]

    lms_page.become("Jonas Student")
    tool = lms_page.open("Handover on the ward", copy)
    expect(tool.get_by_role("button", name="Hand in", exact=True)).to_be_visible()
    check(lms_page, tool, look, "1-student-first")
    tool.get_by_label("Text").last.fill("What I said at the bedside.")
    tool.get_by_label("I sign this statement").check()
    tool.get_by_role("button", name="Hand in", exact=True).click()
    tool.get_by_text("Your receipt").wait_for()
    campus.deliver()

    lms_page.become("Ines Instructor")
    tool = lms_page.open("Handover on the ward", copy)
    tool.get_by_text("Copied, and not confirmed yet").wait_for()
    check(lms_page, tool, look, "2-overview")
    tool.get_by_role("link", name="Check and confirm it").click()
    tool.get_by_role("button", name="Confirm copied mapping").wait_for()
    check(lms_page, tool, look, "3-confirm")
    tool.get_by_role("button", name="Confirm copied mapping").click()
    tool.get_by_text("stays as it is").wait_for()
    check(lms_page, tool, look, "4-confirmed")
    assert "awaiting assessment" in lms_page.gradebook(copy)
    assert lms_page.page.locator("thead th", has_text="Handover on the ward").count() == 1
    assert "awaiting assessment" not in lms_page.gradebook("course-102")

    lms_page.page.goto(f"{campus.lms}/courses/{copy}")
    tool = lms_page.open("Clinical portfolio", copy)
    tool.get_by_role("button", name="Use this one").wait_for()
    expect(tool.get_by_role("heading", name="Search log")).to_be_visible()
    expect(tool.get_by_role("heading", name="Handover on the ward")).to_have_count(0)
    check(lms_page, tool, look, "5-candidates")


def test_own_work_is_handed_in_as_homework_and_a_link_added_from_the_editor(
    campus, lms_page, look, tmp_path
):
    deep_link_two(lms_page)
    notes = tmp_path / "notes of the handover, second version.png"
    Image.new("RGB", (600, 400), "white").save(notes)
    lms_page.become("Mei Student")
    tool = lms_page.open("Handover on the ward", "course-102")
    choose_file(tool, notes)
    tool.get_by_label("I sign this statement").check()
    tool.get_by_role("button", name="Hand in", exact=True).click()
    tool.get_by_role("heading", level=1).wait_for()
    lms_page.page.goto(f"{campus.lms}/courses/course-101/homework/new")
    tool = lms_page.tool()
    tool.get_by_role("heading", name="What do you want to hand in?").wait_for()
    check(lms_page, tool, look, "1-portfolio")
    tool.get_by_role("button", name="Hand this in").first.click()
    tool.get_by_role("button", name="Return to the LMS").wait_for()
    check(lms_page, tool, look, "1-return")
    tool.get_by_role("button", name="Return to the LMS").click()
    lms_page.page.get_by_role("heading", name=notes.name).wait_for()
    assert hashlib.sha256(notes.read_bytes()).hexdigest() in lms_page.page.content()
    look(lms_page.page, "1-lms-homework")

    lms_page.become("Ines Instructor")
    lms_page.page.goto(f"{campus.lms}/courses/course-101/links/new")
    tool = lms_page.tool()
    check(lms_page, tool, look, "2-links")
    tool.get_by_role("link", name=LEVEL_1).click()
    tool.get_by_role("button", name="Return to the LMS").wait_for()
    check(lms_page, tool, look, "3-link")
    tool.get_by_role("button", name="Return to the LMS").click()
    lms_page.page.get_by_role("heading", name="Links").wait_for()
    look(lms_page.page, "4-lms-links")
