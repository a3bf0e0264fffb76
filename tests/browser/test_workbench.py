"""A whole assessment by keyboard alone; drafts, presence and the pages round the workbench."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.assessment.desk_models import AssessmentDraft
from app.assessment.models import Assessment
from app.core.clock import utcnow
from app.core.db import db
from app.courses.models import Person
from app.programme.models import GrantorAppointment
from tests.browser.axe import assert_no_violations
from tests.browser.test_main_path import hand_in, paper, set_up

__all__ = ["paper"]
pytestmark = pytest.mark.browser

LONG = "Wilhelmina Aleksandrowna van der Straaten-Ponthoz de la Fontaine-Oberkampfhausen"


@pytest.fixture
def ten_minutes(campus):
    """The tool waits before it tells a decision, as it does by default."""
    settings = campus.app.extensions["assay.settings"]
    campus.app.extensions["assay.settings"] = settings.model_copy(update={"undo_minutes": 10})


def rows(campus, model):
    with campus.app.app_context():
        return db.session.scalars(select(model).order_by(model.id)).all()


def focused(tool):
    return tool.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")


def tab_to(page, tool, words):
    """Press Tab until what says these words has the focus, as a person without a mouse does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if re.search(words, focused(tool)):
            return
    raise AssertionError(f"Tab does not lead to {words!r}; it is at {focused(tool)!r}")


def open_next(page, tool):
    """From the queue to the workbench, and start."""
    page.locator("iframe[data-tool-frame]").focus()
    tab_to(page, tool, "^Assess next$")
    page.keyboard.press("Enter")
    tool.locator("#rubric-heading").wait_for()
    tool.locator("body").focus()
    tab_to(page, tool, "^Start assessing$")
    page.keyboard.press("Enter")
    tool.get_by_text("You started").wait_for()


def rate(page, tool):
    """Choose levels, comment, decide, and write both notes, by the keys of the workbench."""
    tool.locator("body").focus()
    for key in ("j", "3", "c"):
        page.keyboard.press(key)
    page.keyboard.type("j1 is said in the text, and chooses nothing.")
    for key in ("Escape", "j", "1", "ArrowDown"):  # the browser's own key goes on working
        page.keyboard.press(key)
    expect(tool.locator("#tally-points")).to_have_text("5")
    expect(tool.locator("[data-tally][data-state=met]")).to_have_count(2)
    page.keyboard.press("s")
    expect(tool.locator("#draft-state")).to_contain_text("Draft saved")
    for key in ("d", "Space", "n"):
        page.keyboard.press(key)
    page.keyboard.type("Well searched.")
    page.keyboard.press("Tab")
    page.keyboard.type("A quick one.")
    for key in ("Tab", "Space"):
        page.keyboard.press(key)
    expect(tool.get_by_label("I have no conflict of interest")).to_be_checked()


def check(lms_page, tool, look, name):
    lms_page.settle()
    assert_no_violations(tool)
    look(lms_page.page, name)


def test_a_whole_assessment_by_keyboard_alone(campus, lms_page, paper, ten_minutes, look):
    set_up(lms_page)
    hand_in(lms_page, paper)
    lms_page.become("Priya Grantor")
    tool, page = lms_page.open("Literature review"), lms_page.page

    open_next(page, tool)
    check(lms_page, tool, look, "1-opened")
    rate(page, tool)
    (draft,) = rows(campus, AssessmentDraft)
    assert "j1 is said in the text, and chooses nothing." in draft.content.values()
    check(lms_page, tool, look, "2-filled-in")
    page.keyboard.press("Control+Enter")
    tool.get_by_text("you can still undo it").first.wait_for()
    check(lms_page, tool, look, "3-decided")
    assert rows(campus, AssessmentDraft) == []
    tool.locator("body").focus()
    tab_to(page, tool, "^undo$")
    page.keyboard.press("Enter")

    tool.get_by_text("Undone: nobody was told").wait_for()
    expect(tool.get_by_label("Note to the learner")).to_have_value("Well searched.")
    expect(tool.get_by_label(re.compile("Note to staff only"))).to_have_value("A quick one.")
    expect(tool.get_by_label("I have no conflict of interest")).to_be_checked()
    assert [bool(each.undone_at) for each in rows(campus, Assessment)] == [True]


def test_shortcuts_can_be_switched_off_and_stay_off(campus, lms_page, paper, look):
    set_up(lms_page)
    hand_in(lms_page, paper)
    lms_page.become("Priya Grantor")
    tool, page = lms_page.open("Literature review"), lms_page.page
    tool.get_by_role("link", name="Assess next").click()
    tool.locator("#rubric-heading").wait_for()
    lms_page.settle()
    page.keyboard.press("?")
    expect(tool.locator("#keys")).to_have_attribute("open", "")
    lms_page.settle()
    assert_no_violations(tool)
    look(page, "keys")

    tool.get_by_role("button", name="Single keys in use").click()
    page.keyboard.press("j")
    page.keyboard.press("1")
    assert tool.locator(".rubric-input:checked").count() == 0
    tool.evaluate("location.reload()")
    tool.locator("#keys-switch[aria-pressed=false]").wait_for(state="attached")


def test_what_stands_round_the_workbench_is_fit_to_be_seen(campus, lms_page, paper, look):
    set_up(lms_page)
    hand_in(lms_page, paper)
    with campus.app.app_context():
        learner = db.session.scalars(select(Person).where(Person.name == "Mei Student")).one()
        learner.name = LONG
        db.session.commit()
    lms_page.become("Priya Grantor")
    tool, page = lms_page.open("Literature review"), lms_page.page
    page.emulate_media(color_scheme="dark")
    tool.get_by_role("link", name="Assess next").click()
    comment = tool.locator(".rubric textarea").first
    comment.fill("Say which databases you searched, on which day, and with which words. " * 3)
    tool.get_by_role("button", name=re.compile("^Keep this comment")).first.click()
    tool.get_by_text("Kept among your comments").wait_for()
    expect(comment).to_have_value(re.compile("^Say which databases"))
    tool.locator(".bank select").nth(1).select_option(index=1)
    tool.get_by_role("button", name=re.compile("^Insert")).nth(1).click()
    tool.wait_for_url(re.compile("#comment_"))
    expect(tool.locator(".rubric textarea").nth(1)).to_have_value(re.compile("^Say which"))
    tool.locator(".rubric-input").first.check()
    tool.get_by_label("Revision requested", exact=True).check()
    expect(tool.get_by_role("group", name="What is to be revised")).to_be_visible()
    first = tool.get_by_role("group", name="What is to be revised").get_by_role("checkbox").first
    expect(first).to_be_checked()
    tool.get_by_role("button", name="Record assessment").click()
    tool.get_by_text("There is a problem").wait_for()
    lms_page.settle()
    assert_no_violations(tool)
    look(page, "1-problems-dark")

    tool.get_by_role("link", name="My comments", exact=True).first.click()
    tool.get_by_role("heading", name="My comments").wait_for()
    lms_page.settle()
    assert_no_violations(tool)
    look(page, "2-comments-dark")
    tool.get_by_role("link", name=re.compile("^Change")).click()
    tool.get_by_role("heading", name="Change a comment").wait_for()
    lms_page.settle()
    assert_no_violations(tool)


def test_what_is_typed_survives_an_appointment_that_ends(campus, lms_page, paper, look):
    set_up(lms_page)
    hand_in(lms_page, paper)
    lms_page.become("Priya Grantor")
    tool = lms_page.open("Literature review")
    tool.get_by_role("link", name="Assess next").click()
    tool.locator(".rubric textarea").first.fill("Three paragraphs of good advice. " * 12)
    expect(tool.locator("#draft-state")).to_contain_text("Draft saved")
    with campus.app.app_context():
        now = utcnow()
        for appointment in db.session.scalars(select(GrantorAppointment)):
            appointment.ends_at = now
        db.session.commit()

    tool.get_by_label("Note to the learner").fill("The last words")
    expect(tool.locator("#draft-state")).to_contain_text("Not saved.")
    lms_page.settle()
    tool.get_by_role("button", name="Save draft").last.click()

    tool.get_by_role("heading", name="Nothing was recorded").wait_for()
    expect(tool.get_by_text("The last words")).to_be_visible()
    expect(
        tool.get_by_role("button", name=re.compile("^Copy: Note to the learner"))
    ).to_be_visible()
    check(lms_page, tool, look, "kept")


def test_in_a_window_of_its_own_each_pane_scrolls_by_itself(campus, lms_page, paper, look):
    set_up(lms_page)
    hand_in(lms_page, paper)
    lms_page.become("Priya Grantor")
    lms_page.open("Literature review")
    with lms_page.page.context.expect_page() as opened:
        lms_page.page.get_by_role("link", name="Open in a new window").click()
    tab = opened.value

    tab.get_by_role("link", name="Assess next").click()
    tab.locator(".bench-apart").wait_for()

    assert_no_violations(tab)
    heights = tab.locator(".bench-apart > .pane").evaluate_all(
        "panes => panes.map(pane => pane.clientHeight <= innerHeight)"
    )
    assert heights == [True, True]
    look(tab, "own-window")
