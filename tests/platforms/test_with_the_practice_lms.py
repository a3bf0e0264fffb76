"""The whole way over real HTTP: invitation, registration, approval on both sides, launch."""

from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import html

from app.platforms.models import Platform, PlatformStatus
from tests.conftest import BASE_URL
from tests.platforms.conftest import path_of
from tests.practice_lms import LmsSession, running_lms


@pytest.fixture
def olu(tmp_path):
    """The practice LMS's administrator; the LMS takes the test's tool for its own."""
    with running_lms(BASE_URL, tmp_path / "lms.sqlite") as url, LmsSession(url) as session:
        session.sign_in("u-administrator")
        yield session


def test_an_invited_lms_is_registered_approved_and_launches(olu, browser, admin, invited, session):
    pasted = olu.get(f"/tools/register?link={BASE_URL}/lti/register%3Finvite%3D{invited()}")
    opened = html.fromstring(pasted.text).find(".//iframe").get("src")
    mei = browser()
    page = mei.get(path_of(opened))
    assert "Register Assay with 127.0.0.1" in page.text

    fields = {name: value[0] for name, value in parse_qs(urlsplit(opened).query).items()}
    done = mei.post("/lti/register", data=fields)

    assert (done.status_code, done.location) == (303, "/lti/registered")
    platform = session.query(Platform).filter_by(issuer=olu.lms_url).one()
    assert platform.status is PlatformStatus.PENDING
    assert platform.client_id in olu.get("/tools").text

    olu.post(f"/tools/{platform.client_id}/activate", {})
    assert launch(olu, mei).status_code == 403, "Assay's own administrator has not approved it"
    admin.post(f"/admin/platforms/{platform.id}/approve")
    page = launch(olu, mei)

    assert page.status_code == 200
    assert "<h1" in page.text


def launch(lms, browser):
    """Launch an activity, with the tool behind the test's own browser."""
    holder = html.fromstring(lms.get("/courses/course-101/activities/1").text).find(".//iframe")
    [form] = html.fromstring(lms.get(holder.get("src")).text).forms
    login = browser.post("/lti/login", data=dict(form.form_values()))
    if login.status_code != 302:
        return login
    [form] = html.fromstring(lms.get(login.location).text).forms
    return browser.post("/lti/launch", data=dict(form.form_values()))
