"""Two learners, one group, one hand-in: both are awarded, and both gradebook cells say so."""

import re

import pytest

from tests.browser.axe import assert_no_violations
from tests.browser.test_main_path import BADGE, assess

pytestmark = pytest.mark.browser


def look_at(lms_page, tool, look, name):
    lms_page.settle()
    assert_no_violations(tool)
    look(lms_page.page, f"group-{name}")
    lms_page.settle()


def set_up_groups(lms_page, look):
    lms_page.become("Ines Instructor")
    tool = lms_page.open("Literature review")
    tool.get_by_role("link", name=BADGE).click()
    tool.get_by_label("Work in groups of up to").fill("3")
    look_at(lms_page, tool, look, "1-configure")
    tool.get_by_role("button", name="Set up the assignment").click()
    tool.get_by_text("The assignment is set up").wait_for()


def test_two_learners_hand_in_one_work_and_both_are_awarded(campus, lms_page, look):
    set_up_groups(lms_page, look)
    lms_page.become("Jonas Student")
    lms_page.open("Literature review")
    lms_page.become("Mei Student")
    tool = lms_page.open("Literature review")
    look_at(lms_page, tool, look, "2-alone")
    tool.get_by_role("link", name="Work in a group").click()
    tool.get_by_label("Learner").select_option(label="Jonas Student")
    look_at(lms_page, tool, look, "3-invite")
    tool.get_by_role("button", name="Invite").click()
    tool.get_by_text("Invited.").wait_for()
    look_at(lms_page, tool, look, "4-invited")

    lms_page.become("Jonas Student")
    tool = lms_page.open("Literature review")
    look_at(lms_page, tool, look, "5-asked")
    tool.get_by_role("button", name="Accept").click()
    tool.get_by_role("button", name="I sign this statement").click()
    tool.get_by_text("You have signed the statement for this attempt").wait_for()
    look_at(lms_page, tool, look, "6-signed")

    lms_page.become("Mei Student")
    tool = lms_page.open("Literature review")
    tool.get_by_label(re.compile("Text|text")).last.fill("What we searched, and where.")
    tool.get_by_role("button", name="I sign this statement").click()
    tool.get_by_text("You have signed the statement of your group").wait_for()
    tool.get_by_role("button", name="Hand in", exact=True).click()
    tool.get_by_text("Signed by Jonas Student").wait_for()
    look_at(lms_page, tool, look, "7-handed-in")
    assess(lms_page)
    campus.deliver()

    lms_page.become("Ines Instructor")
    awarded = re.findall(r"Badge Level I awarded: (\S+/credentials/[\w-]+)", lms_page.gradebook())
    assert len(set(awarded)) == 2, "each has a credential of their own"
    tool = lms_page.open("Literature review")
    look_at(lms_page, tool, look, "8-class")
    lms_page.become("Jonas Student")
    tool = lms_page.open("Literature review")
    tool.get_by_text("Congratulations").wait_for()
    look_at(lms_page, tool, look, "9-awarded")
