"""A refused launch offers the LMS's return address, once the signature vouches for it."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from app.courses.models import Course, LtiUser
from app.launch.claims import CLAIM
from app.platforms.models import Deployment, DeploymentStatus
from tests.launch.signing_lms import unsigned

BACK = "https://lms.test/courses/1/back?launch=7&x=%2F#top"
PRESENTATION = {f"{CLAIM}launch_presentation": {"return_url": BACK}}
UNKNOWN = {f"{CLAIM}message_type": "LtiSomethingNewRequest"}


def way_back(page):
    """Return the address behind the button, or nothing."""
    found = re.search(
        r'<a class="btn btn-primary" href="([^"]+)" target="_top">Back to the', page.text
    )
    return unescape(found[1]) if found else None


def test_an_unknown_message_type_is_answered_with_the_way_back(lms, browser, count_sessions):
    page = lms.launch(browser(), **UNKNOWN, **PRESENTATION)

    assert page.status_code == 403
    assert "does not know this kind of launch" in page.text
    assert "Back to the LMS" in page.text
    address = urlsplit(way_back(page))
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://lms.test/courses/1/back"
    assert address.query.startswith("launch=7&x=%2F&lti_errormsg="), "what is there stays as it is"
    assert "does not know" in parse_qs(address.query)["lti_errormsg"][0]
    assert address.fragment == "top"
    assert count_sessions() == 0


def test_an_unknown_message_type_leaves_nothing_behind(lms, browser, session):
    mei = browser()
    login = lms.login(mei)

    lms.launch(mei, login=login, sub="new", **UNKNOWN, **{f"{CLAIM}context": {"id": "new"}})

    assert session.scalar(select(func.count()).select_from(Course)) == 1
    assert session.scalar(select(func.count()).where(LtiUser.sub == "new")) == 0
    again = lms.launch(mei, login=login)
    assert "used already" in again.text


@pytest.mark.parametrize(
    "presentation",
    [
        None,
        {},
        {"return_url": ""},
        {"return_url": "javascript:alert(1)"},
        {"return_url": "data:text/html,x"},
        {"return_url": "//evil.example/x"},
        {"return_url": "https://a b/"},
        {"return_url": "$Return.url"},
        {"return_url": 7},
        "https://lms.test/x",
    ],
)
def test_what_is_no_web_address_is_no_way_back(lms, browser, presentation):
    page = lms.launch(browser(), **UNKNOWN, **{f"{CLAIM}launch_presentation": presentation})

    assert page.status_code == 403
    assert "Back to the LMS" not in page.text


def test_an_unsigned_return_address_is_not_offered(lms, browser):
    mei = browser()
    login = lms.login(mei)
    claims = lms.claims(login.nonce, **PRESENTATION)
    forged = unsigned({"alg": "none", "kid": lms.kid}, claims)

    page = mei.post("/lti/launch", data={"id_token": forged, "state": login.state})

    assert page.status_code == 403
    assert way_back(page) is None


def test_a_wrongly_signed_return_address_is_not_offered(lms, browser):
    mei = browser()
    login = lms.login(mei)
    head, _, signature = lms.sign(lms.claims(login.nonce)).split(".")
    _, body, _ = lms.sign(lms.claims(login.nonce, **PRESENTATION)).split(".")

    page = mei.post(
        "/lti/launch", data={"id_token": f"{head}.{body}.{signature}", "state": login.state}
    )

    assert page.status_code == 403
    assert way_back(page) is None


@pytest.mark.parametrize(
    "changes",
    [
        {f"{CLAIM}version": "1.1"},
        {f"{CLAIM}deployment_id": "never seen"},
        {
            f"{CLAIM}message_type": "LtiSubmissionReviewRequest",
            f"{CLAIM}for_user": {"user_id": "somebody-else"},
        },
    ],
)
def test_other_refusals_offer_the_way_back_too(lms, browser, changes):
    page = lms.launch(browser(), **changes, **PRESENTATION)

    assert page.status_code == 403
    assert way_back(page).startswith("https://lms.test/courses/1/back?")


def test_a_blocked_deployment_offers_the_way_back(lms, browser, world, session):
    session.get(Deployment, world.deployment.id).status = DeploymentStatus.BLOCKED
    session.commit()

    page = lms.launch(browser(), **PRESENTATION)

    assert "blocked by its administrator" in page.text
    assert way_back(page) is not None


def test_a_blocked_cookie_offers_a_new_tab_and_no_other_button(lms, browser):
    login = lms.login(browser())
    token = lms.sign(lms.claims(login.nonce, **PRESENTATION))

    page = browser().post("/lti/launch", data={"id_token": token, "state": login.state})

    assert "Open in a new tab" in page.text
    assert way_back(page) is None
