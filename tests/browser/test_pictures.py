"""The picture of a draft in Chromium: drawn, uploaded, and shown where it stands."""

import io

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect
from sqlalchemy import select

from app.catalog.drafts import create_achievement_draft
from app.catalog.models import Achievement
from app.core.clock import utcnow
from app.core.db import transaction
from tests.browser.axe import assert_no_violations

pytestmark = pytest.mark.browser

TITLE = "Responsible Data Analysis"
SHOWN = "image => image.complete && image.naturalWidth > 0"


@pytest.fixture
def draft_id(campus) -> int:
    """The draft of an achievement that nobody has approved yet."""
    with campus.app.app_context(), transaction() as session:
        model = session.scalars(select(Achievement).order_by(Achievement.id)).first()
        version = create_achievement_draft(
            session,
            model.institution_id,
            slug="responsible-data-analysis",
            level=model.level,
            issuer=model.issuer,
            draft={"name": TITLE},
            proposed_by=None,
            actor="test",
            now=utcnow(),
        )
        return version.id


def owl() -> bytes:
    picture = Image.new("RGB", (600, 600), "#123945")
    pen = ImageDraw.Draw(picture)
    for x in (190, 410):
        pen.ellipse((x - 110, 150, x + 110, 370), fill="#f7df91")
        pen.ellipse((x - 50, 210, x + 50, 310), fill="#123945")
    pen.polygon([(300, 340), (260, 400), (340, 400)], fill="#d9ab35")
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()


def test_a_picture_is_uploaded_for_a_draft_and_taken_back(lms_page, campus, draft_id, look):
    lms_page.become("Olu Administrator")
    tool = lms_page.open("Reflection memo")
    tool.goto(f"{campus.tool}/catalog/versions/{draft_id}/image")
    expect(tool.get_by_role("heading", name=f"Picture of “{TITLE}”")).to_be_visible()
    assert tool.get_by_alt_text("The drawn picture").evaluate(SHOWN)
    lms_page.settle()
    assert_no_violations(tool)
    look(lms_page.page, "1-drawn")

    tool.get_by_role("button", name="Use my picture").click()
    expect(tool.get_by_role("link", name="Choose the file of the picture.")).to_be_visible()
    look(lms_page.page, "2-refused")
    owl_file = {"name": "owl.png", "mimeType": "image/png", "buffer": owl()}
    tool.get_by_label("Picture", exact=True).set_input_files(owl_file)
    tool.get_by_label("What the picture shows, in words").fill("An owl with large eyes.")
    tool.get_by_label("Frame it in the colour of the level").check()
    tool.get_by_role("button", name="Use my picture").click()

    expect(tool.get_by_text("Your picture is used.")).to_be_visible()
    assert tool.get_by_alt_text("An owl with large eyes.").evaluate(SHOWN)
    lms_page.settle()
    assert_no_violations(tool)
    look(lms_page.page, "3-uploaded")

    tool.get_by_role("button", name="Use the drawn picture").click()
    expect(tool.get_by_text("The drawn picture is used.")).to_be_visible()
    expect(tool.get_by_text("No picture was uploaded.")).to_be_visible()
