"""From an invitation to a launch in Chromium: LMS, tool, and the administrators of both."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import assert_no_violations

pytestmark = pytest.mark.browser


@pytest.fixture
def olu(lms_page):
    """Assay's administrator, who is the LMS's too, in Assay's administration inside the LMS."""
    lms_page.become("Olu Administrator")
    tool = lms_page.open("Reflection memo")
    tool.get_by_role("link", name="Administration").click()
    tool.get_by_role("heading", name="Platforms").wait_for()
    return lms_page


def check(lms_page, tool, look, name):
    lms_page.settle()
    assert_no_violations(tool)
    look(lms_page.page, name)
    lms_page.settle()


def test_an_lms_is_invited_registers_is_approved_and_launches(olu, campus, look, window):
    tool = olu.tool()
    check(olu, tool, look, "1-platforms")
    tool.get_by_role("link", name="Invitations").click()
    tool.get_by_label("Name of the LMS").fill("Practice LMS, registered by itself")
    check(olu, tool, look, "2-invite")
    tool.get_by_role("button", name="Make an invitation link").click()
    tool.get_by_text("The link is ready").wait_for()
    link = tool.locator(".copy-row code").inner_text()
    assert link.startswith(f"{campus.tool}/lti/register?invite=")
    check(olu, tool, look, "3-link")

    olu.page.goto(f"{campus.lms}/tools")
    look(olu.page, "4-lms-tools")
    olu.page.get_by_label("Registration link").fill(link)
    olu.page.get_by_role("button", name="Add a tool").click()
    tool = olu.tool()
    expect(tool.get_by_role("heading", level=1)).to_have_text("Register Assay with 127.0.0.1")
    check(olu, tool, look, "5-register")
    tool.get_by_role("button", name="Register Assay").click()
    tool.get_by_role("heading", name="Assay is registered").wait_for()
    check(olu, tool, look, "6-registered")
    tool.get_by_role("button", name="Close this window").click()
    olu.page.wait_for_url(f"{campus.lms}/tools")
    look(olu.page, "7-lms-pending")
    olu.page.get_by_role("button", name="Activate").click()

    olu.page.goto(f"{campus.lms}/courses/course-101/activities/1")
    refused = olu.page.frame_locator("iframe")
    expect(refused.get_by_role("heading", level=1)).to_have_text("Not open yet")
    look(olu.page, "8-not-open-yet")

    # Assay's administrator comes in by the platform that is known already.
    olu.page.goto(f"{campus.lms}/tools")
    olu.page.get_by_role("button", name="Use this one again").click()
    tool = olu.open("Reflection memo")
    tool.get_by_role("link", name="Administration").click()
    tool.get_by_role("link", name="Practice LMS, registered by itself").click()
    tool.get_by_text("This LMS registered itself").wait_for()
    check(olu, tool, look, "9-waiting")
    tool.get_by_role("button", name="Approve", exact=True).click()
    tool.get_by_text("Approved.").wait_for()
    check(olu, tool, look, "10-approved")

    olu.page.goto(f"{campus.lms}/tools")
    olu.page.get_by_role("button", name="Use this one", exact=True).click()
    olu.become("Ines Instructor")
    tool = olu.open("Literature review")
    expect(tool.get_by_role("heading", level=1)).to_contain_text("Which micro-credential")


def test_the_self_test_says_what_works_and_where_the_rest_is_switched_on(olu, campus, look):
    tool = olu.tool()
    tool.get_by_role("link", name="Practice LMS", exact=True).click()
    tool.get_by_role("link", name="practice-1", exact=True).click()
    tool.get_by_role("button", name="Test now").wait_for()
    check(olu, tool, look, "1-before")
    tool.get_by_role("button", name="Test now").click()
    tool.get_by_role("button", name="Test again").wait_for()
    expect(tool.get_by_text(re.compile("people on the first page"))).to_be_visible()
    assert tool.get_by_text("Does not work").count() == 0
    check(olu, tool, look, "2-tested")


def test_the_other_pages_of_the_administration(olu, look):
    tool = olu.tool()
    for name in ("Values to copy", "Keys", "Requests to be forgotten"):
        tool.get_by_role("link", name=name).first.click()
        tool.get_by_role("heading", name=name, level=1).wait_for()
        check(olu, tool, look, name.lower().replace(" ", "-"))
    tool.get_by_role("link", name="Platforms").click()
    tool.get_by_role("link", name="Practice LMS").first.click()
    tool.get_by_role("heading", name="Practice LMS", level=1).wait_for()
    olu.settle()
    tool.get_by_text("Switch off …").click()
    tool.get_by_role("button", name="Switch off", exact=True).wait_for()
    check(olu, tool, look, "switch-off")
    tool.get_by_role("link", name="Platforms").first.click()
    tool.get_by_role("link", name="Enter one by hand").click()
    tool.get_by_role("heading", name="Enter a platform by hand").wait_for()
    olu.settle()
    tool.get_by_role("button", name="Save").click()
    tool.get_by_text("There is a problem").wait_for()
    check(olu, tool, look, "by-hand-wrong")


def test_a_value_is_copied_with_its_button(olu):
    tool = olu.tool()
    tool.get_by_role("link", name="Values to copy").click()
    button = tool.get_by_role("button", name=re.compile("^Copy: Initiate login"))
    button.click()

    expect(tool.get_by_role("button", name="Copied: Initiate login URL")).to_be_visible()
    assert tool.evaluate("window.getSelection().toString()").endswith("/lti/login")
