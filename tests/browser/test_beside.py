"""Inside the LMS the rubric stays beside the work, however long that is; narrow, it is one flow."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.core.db import db
from app.evidence.models import Artifact
from tests.browser.axe import assert_no_violations
from tests.browser.test_main_path import hand_in, paper, set_up

__all__ = ["paper"]
pytestmark = pytest.mark.browser

IN_VIEW = """element => {
  const box = element.getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight;
}"""


def make_long(campus):
    """Let the work hold a text of many screens."""
    with campus.app.app_context():
        artifact = db.session.scalars(select(Artifact)).first()
        texts = [
            Artifact(
                institution_id=artifact.institution_id,
                attempt_id=artifact.attempt_id,
                kind="text",
                text="A line of the work.\n" * 60,
                sha256="0" * 64,
                created_at=artifact.created_at,
            )
            for _ in range(8)
        ]
        db.session.add_all(texts)
        db.session.commit()


def frame_height(lms_page):
    return lms_page.page.locator("iframe[data-tool-frame]").bounding_box()["height"]


def test_the_rubric_stays_beside_long_work_inside_the_lms(campus, lms_page, paper, look):
    set_up(lms_page)
    hand_in(lms_page, paper)
    make_long(campus)
    lms_page.become("Priya Grantor")
    lms_page.page.set_viewport_size({"width": 1280, "height": 900})
    tool = lms_page.open("Literature review")
    tool.get_by_role("link", name="Assess next").press("Enter")
    tool.locator("#rubric-heading").wait_for()
    lms_page.settle()

    assert frame_height(lms_page) <= 910
    work, rubric = tool.locator(".bench > .pane").all()
    work.locator(".work-item").last.scroll_into_view_if_needed()
    assert work.evaluate("pane => pane.scrollTop") > 0
    assert rubric.locator("#rubric-heading").evaluate(IN_VIEW)
    rubric.get_by_role("button", name="Record assessment").scroll_into_view_if_needed()
    assert work.locator(".work-item").last.evaluate(IN_VIEW)
    assert_no_violations(tool)

    lms_page.page.set_viewport_size({"width": 700, "height": 900})
    expect(tool.get_by_role("link", name="Go to the rubric")).to_be_visible()
    lms_page.settle()
    assert frame_height(lms_page) > 3000
    look(lms_page.page, "narrow")
