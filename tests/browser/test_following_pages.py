"""What stands in sight after a page of the tool leads to the next, inside the LMS."""

import re

import pytest

pytestmark = pytest.mark.browser

HEADS = """heads => heads.map(head => [head.clientWidth, head.clientHeight])"""


def test_the_next_page_opens_at_its_top_and_its_headings_run_across(lms_page, look):
    lms_page.become("Ines Instructor")
    tool = lms_page.open("Literature review")
    lms_page.settle()
    before = lms_page.page.evaluate("scrollY")
    tool.get_by_role("link", name="Not there? Propose a micro-credential").click()
    tool.get_by_label(re.compile("^Name")).fill("Interviewing Witnesses")
    tool.get_by_label("Badge Level I", exact=True).check()
    tool.get_by_label("Students", exact=True).first.check()
    tool.get_by_label("Issuer", exact=True).select_option("psychology")
    lms_page.settle()
    lms_page.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert lms_page.page.evaluate("scrollY") > 500

    tool.get_by_role("button", name="Begin the proposal").click()
    tool.get_by_text("Your proposal is begun").wait_for()
    lms_page.settle()

    frame_top = "document.querySelector('iframe').getBoundingClientRect().top"
    lms_page.page.wait_for_function(f"Math.abs({frame_top}) < 5")
    assert before == 0, "the first page of a launch moves nothing"
    for width in (1000, 360):
        lms_page.page.set_viewport_size({"width": width, "height": 900})
        lms_page.settle()
        look(lms_page.page, f"edit-{width}")
        sizes = tool.locator("h3.section-head").evaluate_all(HEADS)
        assert sizes
        assert all(across > high for across, high in sizes), sizes
