"""Two grantors, blind to each other and to names, disagree; a moderator settles it."""

import re

import pytest
from playwright.sync_api import expect

from deploy.example import moderated_commands
from tests.browser.axe import assert_no_violations
from tests.browser.test_main_path import choose_file, paper

__all__ = ["paper"]
pytestmark = pytest.mark.browser


@pytest.fixture
def moderated(campus):
    """The demo's badge that two assess."""
    runner = campus.app.test_cli_runner()
    for command in moderated_commands():
        result = runner.invoke(args=list(command))
        assert result.exit_code == 0, (command, result.output)


def check(lms_page, tool, look, name):
    lms_page.settle()
    assert_no_violations(tool)
    look(lms_page.page, name)
    lms_page.settle()


def press(tool, role, name, wait):
    """Press a link or button by its key, and wait for the page that it leads to."""
    tool.get_by_role(role, name=name, exact=True).first.press("Enter")
    tool.get_by_text(wait).locator("visible=true").first.wait_for()


def set_up_and_hand_in(lms_page, paper):
    lms_page.become("Ines Instructor")
    tool = lms_page.open("Literature review")
    press(tool, "link", "Peer Review of Research", "Set up the assignment")
    press(tool, "button", "Set up the assignment", "The assignment is set up")
    lms_page.become("Mei Student")
    tool = lms_page.open("Literature review")
    choose_file(tool, paper)
    tool.get_by_label("I sign this statement").check()
    press(tool, "button", "Hand in", "Your receipt")


def judge(lms_page, tool, *, steps, decision, reason=""):
    """Fill in the rubric and record it."""
    for criterion, step in zip(tool.locator("fieldset.rubric").all(), steps, strict=True):
        criterion.locator("input[type=radio]").nth(step).check()
    tool.get_by_label(decision, exact=True).check()
    if reason:
        tool.get_by_label("Note to the learner").fill(reason)
    tool.get_by_label("I have no conflict of interest").check()
    tool.locator("#record").press("Enter")
    tool.get_by_text(re.compile("recorded", re.IGNORECASE)).first.wait_for()


def open_bench(lms_page, person, *, teaches=False):
    lms_page.become(person)
    tool = lms_page.open("Literature review")
    if teaches:  # whoever teaches sees the class first
        press(tool, "link", "Assess work", "Assess next")
    press(tool, "link", "Assess next", "The rubric")
    return tool


def test_a_moderator_settles_what_two_blind_grantors_see_differently(
    campus, lms_page, moderated, paper, look
):
    set_up_and_hand_in(lms_page, paper)

    tool = open_bench(lms_page, "Priya Grantor")
    expect(tool.get_by_text("0 of 2 grantors have assessed this")).to_be_visible()
    assert "Mei" not in tool.locator("body").inner_text()
    check(lms_page, tool, look, "1-first")
    judge(lms_page, tool, steps=(2, 2), decision="Met", reason="")
    expect(tool.get_by_text("Nobody sees what the others say")).to_be_visible()
    check(lms_page, tool, look, "2-waits-for-another")

    tool = open_bench(lms_page, "Luis Grantor")
    expect(tool.get_by_text("1 of 2 grantors have assessed this")).to_be_visible()
    assert "Priya" not in tool.locator("main").inner_text()
    judge(lms_page, tool, steps=(0, 1), decision="Not met", reason="It only repeats the text.")
    tool.get_by_text("The grantors do not agree").first.wait_for()
    check(lms_page, tool, look, "3-disputed")

    tool = open_bench(lms_page, "Amara Head", teaches=True)
    expect(tool.get_by_text("you settle it")).to_be_visible()
    tool.locator("summary", has_text="Everything that they recorded").press("Enter")
    expect(tool.get_by_text("It only repeats the text.").first).to_be_visible()
    assert "Mei" not in tool.locator("main").inner_text()
    check(lms_page, tool, look, "4-settles")
    judge(lms_page, tool, steps=(1, 1), decision="Met")
    check(lms_page, tool, look, "5-settled")
    campus.deliver()

    lms_page.become("Mei Student")
    assert "Badge Level I awarded" in lms_page.gradebook()
    tool = lms_page.open("Literature review")
    press(tool, "link", "Read the feedback", "Attempt 1")
    check(lms_page, tool, look, "6-feedback")
