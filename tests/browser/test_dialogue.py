"""After handing in, in Chromium: question and answer, appeal, consent, disclosures, retention."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import assert_no_violations
from tests.browser.test_main_path import assess, choose_file, hand_in, paper, set_up

__all__ = ["paper"]
pytestmark = pytest.mark.browser

QUESTION = "Does the search log count as part of the synthesis,\nor is it read on its own?"
WHY = "The second criterion: page 2 says why two studies disagree."


def check(lms_page, tool, look, name):
    lms_page.settle()
    assert_no_violations(tool)
    look(lms_page.page, name)
    lms_page.settle()


def press(lms_page, tool, words):
    lms_page.settle()
    tool.get_by_role("button", name=words).click()


def test_a_question_is_answered_without_handing_in_again(lms_page, paper, look):
    set_up(lms_page)
    hand_in(lms_page, paper)
    tool = lms_page.open("Literature review")
    tool.get_by_role("link", name="Ask those who assess it").click()
    press(lms_page, tool, "Send the question")
    tool.get_by_role("link", name="Write your question first").wait_for()
    check(lms_page, tool, look, "1-nothing-asked")
    tool.get_by_label("Your question").fill(QUESTION)
    press(lms_page, tool, "Send the question")
    tool.get_by_text("Your question is sent.").wait_for()
    check(lms_page, tool, look, "2-asked")

    lms_page.become("Priya Grantor")
    tool = lms_page.open("Literature review")
    check(lms_page, tool, look, "3-queue")
    tool.get_by_role("link", name="Assess next").click()
    tool.get_by_role("link", name="Questions and answers").click()
    expect(tool.get_by_text("is it read on its own?")).to_be_visible()
    tool.get_by_label("Your message to the learner").fill("It is read on its own.")
    press(lms_page, tool, "Send to the learner")
    tool.get_by_text("Your message is sent.").wait_for()
    check(lms_page, tool, look, "4-answered")
    lms_page.become("Mei Student")
    tool = lms_page.open("Literature review")
    tool.get_by_role("link", name="Ask those who assess it").click()
    expect(tool.get_by_text("It is read on its own.")).to_be_visible()


def test_an_appeal_goes_to_another_grantor(campus, lms_page, paper, look):
    set_up(lms_page)
    hand_in(lms_page, paper)
    assess(lms_page, decision="Not met", reason="No reason is given for the difference.", level=0)
    campus.deliver()

    lms_page.become("Mei Student")
    tool = lms_page.open("Literature review")
    tool.get_by_role("link", name="Read the feedback").click()
    check(lms_page, tool, look, "5-not-met")
    tool.get_by_role("link", name="Appeal against the decision").click()
    press(lms_page, tool, "Open the appeal")
    tool.get_by_role("link", name="Say why you think that the decision is wrong").wait_for()
    check(lms_page, tool, look, "6-appeal")
    tool.get_by_label("Why do you think").fill(WHY)
    press(lms_page, tool, "Open the appeal")
    tool.get_by_text("Your appeal is open.").wait_for()
    check(lms_page, tool, look, "7-appealed")

    lms_page.become("Priya Grantor")
    tool = lms_page.open("Literature review")
    expect(tool.get_by_role("link", name="Assess next")).to_have_count(0)
    lms_page.become("Luis Grantor")
    tool = lms_page.open("Literature review")
    tool.get_by_role("link", name="Assess next").click()
    expect(tool.get_by_text(WHY)).to_be_visible()
    check(lms_page, tool, look, "8-another-grantor")
    assess(lms_page, person="Luis Grantor")
    campus.deliver()

    lms_page.become("Mei Student")
    assert "Badge Level I awarded" in lms_page.gradebook()
    tool = lms_page.open("Literature review")
    tool.get_by_role("link", name="Read the feedback").click()
    tool.get_by_role("link", name="Your appeal").click()
    tool.get_by_text("Your appeal was upheld").wait_for()
    check(lms_page, tool, look, "9-upheld")


def earn_level_two(campus, lms_page, paper):
    """Mei hands in for the Level II badge; Luis assesses, and ticks what may be shown."""
    lms_page.become("Ines Instructor")
    tool = lms_page.open("Clinical portfolio", "course-102")
    tool.get_by_role("link", name="Clinical Handover Communication").click()
    press(lms_page, tool, "Set up the assignment")
    tool.get_by_text("The assignment is set up").wait_for()
    lms_page.become("Mei Student")
    tool = lms_page.open("Clinical portfolio", "course-102")
    choose_file(tool, paper)
    tool.get_by_label("I sign this statement").check()
    tool.get_by_role("button", name="Hand in", exact=True).click()
    tool.get_by_role("heading", name="Your receipt").wait_for()
    lms_page.become("Luis Grantor")
    tool = lms_page.open("Clinical portfolio", "course-102")
    tool.get_by_role("link", name="Assess next").click()
    tool.get_by_role("button", name="Start assessing").click()
    tool.get_by_text("You started").wait_for()
    for criterion in tool.locator("fieldset.rubric").all():
        criterion.locator("input[type=radio]").last.check()
    tool.get_by_label("Met", exact=True).check()
    tool.get_by_label(paper.name).check()
    tool.get_by_label("I have no conflict of interest").check()
    press(lms_page, tool, "Record assessment")
    tool.get_by_text(re.compile("recorded", re.IGNORECASE)).first.wait_for()
    campus.deliver()


def test_work_is_shown_by_signed_consent_and_taken_back(campus, lms_page, paper, look):
    earn_level_two(campus, lms_page, paper)
    lms_page.become("Mei Student")
    tool = lms_page.open("Clinical portfolio", "course-102")
    tool.get_by_role("link", name="See my credentials").click()
    tool.get_by_role("link", name="Download, show, share").click()
    tool.get_by_role("link", name="Show your work with it").click()
    tool.get_by_role("heading", name="Choose what is shown").wait_for()
    check(lms_page, tool, look, "1-choose")
    press(lms_page, tool, "Read what you sign")
    tool.locator(".error-summary, [role=alert]").first.wait_for()
    check(lms_page, tool, look, "2-nothing-chosen")
    tool.get_by_label("In full").check()
    press(lms_page, tool, "Read what you sign")
    tool.get_by_role("heading", name="What you sign").wait_for()
    check(lms_page, tool, look, "3-sign")
    tool.locator("input[name=name]").fill("Mei Student")
    tool.locator("input[name=agrees]").check()
    press(lms_page, tool, "Sign and show it")
    tool.get_by_text("Your work is shown with this credential").wait_for()
    link = tool.locator("a.address").get_attribute("href")
    check(lms_page, tool, look, "4-shown")

    outside = lms_page.page.context.new_page()
    outside.goto(link)
    expect(outside.get_by_text(paper.name).first).to_be_visible()
    assert_no_violations(outside)
    look(outside, "5-outside")

    lms_page.settle()
    tool.get_by_role("link", name="Your copy of what you signed").click()
    tool.get_by_text("SHA-256 of all of it").wait_for()
    check(lms_page, tool, look, "6-copy")
    tool.get_by_role("link", name="What is shown now").click()
    tool.get_by_text("Your work is shown with this credential").wait_for()
    lms_page.settle()
    tool.locator("summary", has_text="Take it back").click()
    press(lms_page, tool, "Take it back")
    tool.get_by_text("Taken back.").wait_for()
    check(lms_page, tool, look, "7-taken-back")
    assert outside.goto(link).status in {404, 410}
    expect(outside.get_by_text(paper.name)).to_have_count(0)
    look(outside, "8-outside-after")
    outside.close()
    look_after(campus, lms_page, look)


def look_after(campus, lms_page, look):
    """The administrator sees to whom it was shown, and holds what is kept of the learner."""
    lms_page.become("Olu Administrator")
    tool = lms_page.open("Literature review")
    tool.goto(f"{campus.tool}/admin/disclosures?q=Mei")
    tool.get_by_role("link", name="Mei Student").click()
    expect(tool.get_by_text("The page of a credential’s work").first).to_be_visible()
    check(lms_page, tool, look, "9-disclosures")
    tool.goto(f"{campus.tool}/admin/retention?q=Mei")
    tool.get_by_label("Reason").first.fill("Case 2026-117")
    tool.get_by_role("button", name="Hold Mei Student").click()
    tool.get_by_text("nothing of it is deleted until").wait_for()
    check(lms_page, tool, look, "10-retention")
