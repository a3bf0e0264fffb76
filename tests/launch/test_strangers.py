"""What somebody may do before any signature was checked: cost little, and break nothing."""

from datetime import timedelta

import pytest
import responses
from joserfc.jwk import RSAKey
from sqlalchemy import func, select

from app.core.clock import utcnow
from app.launch import keys
from app.launch.claims import CLAIM
from app.launch.notice_models import NoticeReceipt
from app.platforms.models import Platform
from tests.conftest import BASE_URL
from tests.launch.signing_lms import SigningLms
from tests.launch.test_notices import notice, send  # noqa: F401 (a fixture)

HALF_A_CHARACTER = "\ud800"


@pytest.fixture
def stranger(lms):
    """Signs with a key of their own, in the name of the LMS."""
    key = SigningLms(RSAKey.generate_key(2048))
    key.kid = "nobody knows it"
    return key


@pytest.fixture
def asked(session, world):
    """Let the LMS have been asked for its keys some seconds ago."""

    def set_back(seconds):
        platform = session.get(Platform, world.platform.id)
        platform.jwks_checked_at = utcnow() - timedelta(seconds=seconds)
        session.commit()

    return set_back


@pytest.fixture
def naps(monkeypatch):
    """How often somebody was made to wait; nobody really is."""
    taken = []
    monkeypatch.setattr(keys.time, "sleep", taken.append)
    return taken


def test_a_launch_with_an_unknown_key_waits_while_an_answer_may_come(
    stranger, browser, asked, naps
):
    asked(1)

    assert stranger.launch(browser()).status_code == 403
    assert naps


def test_it_waits_no_more_once_the_answer_must_have_come(stranger, browser, asked, naps):
    asked(20)

    page = stranger.launch(browser())

    assert page.status_code == 403
    assert "does not publish" in page.text
    assert naps == []


def test_not_more_than_a_few_wait_at_once(stranger, browser, asked, naps):
    asked(1)
    for _ in range(keys.MAX_WAITING):
        assert keys._waiting.acquire(blocking=False)
    try:
        assert stranger.launch(browser()).status_code == 403
        assert naps == []
    finally:
        keys._waiting.release(keys.MAX_WAITING)


def test_a_notice_never_waits(stranger, send, asked, naps):  # noqa: F811
    asked(1)

    assert send(notice(), key=stranger).status_code == 403
    assert naps == []


def test_what_is_asked_for_within_the_minute_writes_nothing(
    stranger, browser, asked, session, world
):
    asked(20)
    before = session.get(Platform, world.platform.id).jwks_checked_at

    with responses.RequestsMock():
        stranger.launch(browser())

    session.expire_all()
    assert session.get(Platform, world.platform.id).jwks_checked_at == before


@pytest.mark.parametrize("name", ["iss", "aud", "azp", "nonce", "sub"])
def test_half_a_character_in_a_launch_is_refused_and_no_fault(lms, browser, name):
    mei = browser()
    login = lms.login(mei)
    token = lms.sign(lms.claims(login.nonce) | {name: HALF_A_CHARACTER})

    page = mei.post("/lti/launch", data={"id_token": token, "state": login.state})

    assert page.status_code == 403


@pytest.mark.parametrize("name", ["iss", "aud", "nonce"])
def test_half_a_character_in_a_notice_costs_no_other(send, session, name):  # noqa: F811
    answer = send(notice(**{name: HALF_A_CHARACTER}), notice())

    assert answer.json["accepted"] == 1
    assert len(answer.json["refused"]) == 1
    assert session.scalar(select(func.count()).select_from(NoticeReceipt)) == 1


def test_half_a_character_in_the_address_of_a_submission_is_none(lms, browser):
    address = f"{BASE_URL}/lti/launch?submission={HALF_A_CHARACTER}"

    assert lms.launch(browser(), **{f"{CLAIM}target_link_uri": address}).status_code in {200, 403}


def test_a_whole_character_outside_the_first_plane_is_taken(lms, browser):
    assert lms.launch(browser(), name="Mei \U0001f393").status_code == 200
