"""Files in a bucket are shown by the browser itself; malware is told to both people."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect
from sqlalchemy import select

from app.core.clock import utcnow
from app.core.db import transaction
from app.evidence.scan_jobs import scan_files
from app.mapping.artifact_kinds import KINDS
from app.mapping.models import Assignment
from tests.browser.axe import assert_no_violations
from tests.browser.test_main_path import hand_in, set_up
from tests.clamd import EICAR, run_small_daemon
from tests.s3 import KEY_ID, REGION, SECRET, run_s3

pytestmark = pytest.mark.browser


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "poster of the project.png"
    picture = BytesIO()
    Image.new("RGB", (320, 200), "teal").save(picture, "PNG")
    path.write_bytes(picture.getvalue())
    return path


@pytest.fixture
def bucket(campus):
    """The tool keeps its files in a bucket of a real server."""
    with run_s3() as server:
        _change(
            campus,
            storage_url=f"s3://{server.make_bucket()}",
            s3_endpoint=server.origin,
            s3_region=REGION,
            s3_key_id=KEY_ID,
            s3_secret=type(campus.app.extensions["assay.settings"].secret_key)(SECRET),
        )
        yield server


@pytest.fixture
def scanner(campus):
    with run_small_daemon() as address:
        _change(campus, clamav=address)
        yield address


def _change(campus, **changed):
    settings = campus.app.extensions["assay.settings"]
    campus.app.extensions["assay.settings"] = settings.model_copy(update=changed)


def set_up_for_all_files(lms_page):
    """Map the activity; then let it take files of every kind."""
    set_up(lms_page)
    with lms_page.campus.app.app_context(), transaction() as session:
        for assignment in session.scalars(select(Assignment)):
            assignment.file_kinds = sorted(KINDS)


def open_next(lms_page):
    lms_page.become("Priya Grantor")
    tool = lms_page.open("Literature review")
    tool.get_by_role("link", name="Assess next").click()
    tool.get_by_role("heading", name="The rubric").wait_for()
    return tool


def test_a_picture_comes_from_the_bucket_into_the_workbench(campus, lms_page, photo, bucket):
    fetched = []
    lms_page.page.on("response", lambda answer: fetched.append((answer.url, answer.status)))
    set_up_for_all_files(lms_page)
    hand_in(lms_page, photo)

    tool = open_next(lms_page)

    shown = tool.locator("img[alt*='poster of the project']")
    shown.scroll_into_view_if_needed()
    expect(shown).to_have_js_property("naturalWidth", 320)
    from_there = [status for url, status in fetched if url.startswith(bucket.origin)]
    assert from_there == [200]
    with lms_page.page.expect_download() as download:
        tool.get_by_role("link", name="Download poster").click()
    assert download.value.suggested_filename == photo.name
    assert Path(download.value.path()).read_bytes() == photo.read_bytes()


def test_malware_is_told_to_both_people(campus, lms_page, tmp_path, scanner, look):
    bad = tmp_path / "notes.txt"
    bad.write_bytes(EICAR)
    set_up_for_all_files(lms_page)
    hand_in(lms_page, bad)
    lms_page.become("Mei Student")
    tool = lms_page.open("Literature review")
    expect(tool.get_by_text("Files are being checked for malware")).to_be_visible()
    with campus.app.app_context():
        scan_files(utcnow())

    tool = lms_page.open("Literature review")

    expect(tool.get_by_text("Malware was found in your work")).to_be_visible()
    assert_no_violations(tool)
    look(lms_page.page, "work")
    tool = open_next(lms_page)
    expect(tool.get_by_text("Malware was found in this work")).to_be_visible()
    assert_no_violations(tool)
    look(lms_page.page, "workbench")
    lms_page.become("Olu Administrator")
    tool = lms_page.open("Literature review")
    tool.goto(f"{campus.tool}/admin/files")
    expect(tool.get_by_role("button", name="Check again")).to_be_visible()
    assert_no_violations(tool)
    look(lms_page.page, "admin")
