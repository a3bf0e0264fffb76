"""From an idea in a course to an approved and mapped micro-credential, clicked in Chromium."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import assert_no_violations

pytestmark = pytest.mark.browser

NAME = "Interviewing Witnesses"
CRITERION = "Lets the witness tell it first"
ANSWERS = {
    "What need does it answer": "Two police departments and the public defender ask for it.",
    "What is the holder able to do": "Interview a witness without leading them.",
    "How many learners a year": "40",
    "Which outcome does each requirement": "The recording shows the open question first.",
    "In which setting": "A simulated interview with a trained actor.",
    "Which artifacts": "A recording of ten minutes, and notes.",
    "How is the work assessed": "By the rubric; it may be handed in once more.",
    "Within how many days": "14",
    "Who will assess and award": "Two members of the department who are trained interviewers.",
    "How and when will": "Every second year, with the advisory board.",
}


class Way:
    """A proposal's way through the frames of the practice LMS."""

    def __init__(self, lms_page, look):
        self.lms_page = lms_page
        self.look = look
        self.tool = None

    def open_as(self, name):
        self.lms_page.become(name)
        self.tool = self.lms_page.open("Literature review")
        self.lms_page.settle()

    def follow(self, words, *, exact=False):
        here = self.tool.url
        self.tool.get_by_role("link", name=words, exact=exact).first.click()
        self.tool.wait_for_url(lambda url: url != here)
        self.lms_page.settle()

    def press(self, words, then):
        self.tool.get_by_role("button", name=words, exact=True).first.click()
        self.tool.get_by_text(then).first.wait_for()
        self.lms_page.settle()

    def see(self, name):
        assert_no_violations(self.tool)
        self.look(self.lms_page.page, name)
        self.lms_page.settle()

    def to_reviews(self, name):
        self.open_as(name)
        if self.tool.get_by_role("link", name="Reviews of proposals").count():
            self.follow("Reviews of proposals")
        else:
            self.follow("The whole course in Assay")
            self.follow("Reviews", exact=True)

    def vote(self, name, words="For", *, level=None):
        """Vote as somebody, from the list of what waits for them."""
        self.to_reviews(name)
        self.follow("Review next")
        if level is not None:
            for criterion in self.tool.locator("fieldset.rubric").all():
                criterion.locator("input[type=radio]").nth(level).check()
        self.tool.get_by_label(words, exact=True).check()
        self.tool.get_by_label(re.compile("^Comment")).fill(f"Read by {name}.")
        self.press("Record my vote", "Your vote is recorded")

    def carry(self, then):
        self.press("Close the step: carried", then)


@pytest.fixture
def way(lms_page, look):
    return Way(lms_page, look)


def propose(way):
    """As the instructor: begin from the course, write the content, answer, submit."""
    way.open_as("Ines Instructor")
    way.follow("Not there? Propose a micro-credential")
    tool = way.tool
    way.see("1-begin")
    tool.get_by_label(re.compile("^Name")).fill(NAME)
    tool.get_by_label("Badge Level I", exact=True).check()
    tool.get_by_label("Students", exact=True).first.check()
    tool.get_by_label("Issuer", exact=True).select_option("psychology")
    tool.get_by_label(re.compile("^Issuing unit")).fill("Department of Psychological Science")
    way.press("Begin the proposal", "Your proposal is begun")
    way.see("2-edit")
    way.press("Submit for review", "It cannot be submitted yet")
    write_content(way)
    for words, answer in ANSWERS.items():
        tool.get_by_label(re.compile(f"^{words}")).fill(answer)
    tool.get_by_label("An industry standard").check()
    tool.get_by_label("Yes", exact=True).check()
    way.press("Save draft", "Your answers are saved")
    way.see("3-complete")
    way.press("Submit for review", "The proposal is submitted")
    way.see("4-submitted")


def write_content(way):
    """In the catalogue's editor."""
    tool = way.tool
    way.follow("Write the content")
    tool.get_by_label(re.compile("^Description")).fill(
        "The holder lets witnesses tell what they saw before asking anything."
    )
    tool.get_by_label(re.compile("^What it takes")).fill("A recorded interview, assessed.")
    tool.get_by_label(re.compile("^The picture in words")).fill(f"Silver medal: {NAME}")
    way.press("Save", "Saved.")
    way.follow("Criteria and rubric")
    tool.get_by_role("button", name="Add a criterion").click()
    tool.get_by_label("Criterion", exact=True).wait_for()
    tool.get_by_label("Criterion", exact=True).fill(CRITERION)
    tool.get_by_label("What is to be shown", exact=True).fill("An open question stands first.")
    for number, box in enumerate(tool.get_by_label("What can be seen", exact=True).all()):
        box.fill(f"What step {number + 1} looks like.")
    tool.get_by_role("button", name="Save", exact=True).first.click()
    tool.get_by_text("Saved.").wait_for()
    way.follow("The proposal of this draft")


def test_a_proposal_is_reviewed_approved_and_mapped(way):
    propose(way)
    tool = way.tool
    way.to_reviews("Luis Grantor")
    way.see("5-reviews")
    way.vote("Luis Grantor")
    way.carry("the next begins")
    way.vote("Amara Head")
    way.carry("the next begins")

    way.to_reviews("Priya Grantor")
    way.follow("Review next")
    tool = way.tool
    way.see("6-committee")
    way.vote("Priya Grantor", level=2)
    way.vote("Luis Grantor", level=1)
    way.vote("Amara Head", level=2)
    way.see("7-carried")
    way.carry("the next begins")

    way.vote("Olu Administrator")
    way.carry("Approved: instructors can use it")
    tool = way.tool
    expect(tool.get_by_text("Approved", exact=True).first).to_be_visible()
    way.see("8-approved")
    way.follow("Administration")
    way.follow("Proposals", exact=True)
    way.see("9-every")
    way.follow("Reviewers", exact=True)
    way.see("10-reviewers")

    way.open_as("Ines Instructor")
    way.follow(NAME)
    way.press("Set up the assignment", "The assignment is set up")
    expect(way.tool.get_by_text(NAME).first).to_be_visible()
