"""Clocks that differ, a key that was rotated, and who was switched off meanwhile."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import responses
from joserfc.jwk import RSAKey

from app.launch.claims import CLAIM
from app.platforms.models import Deployment, DeploymentStatus, Platform, PlatformStatus
from tests.launch.signing_lms import SigningLms

ELEVEN_MINUTES = 11 * 60


def times(**offsets):
    """Return the three times of a token, each so many seconds off."""
    now = int(time.time())
    usual = {"iat": 0, "exp": 60, "nbf": 0} | offsets
    return {name: now + offset for name, offset in usual.items()}


@pytest.mark.parametrize(
    "offsets",
    [
        {"iat": 50, "exp": 110, "nbf": 50},
        {"iat": -50, "exp": 10, "nbf": -50},
        {"iat": -110, "exp": -50, "nbf": -110},
        {"nbf": 50},
        {"nbf": -ELEVEN_MINUTES},
    ],
)
def test_fifty_seconds_are_no_difference(lms, browser, count_sessions, offsets):
    assert lms.launch(browser(), **times(**offsets)).status_code == 200
    assert count_sessions() == 1


@pytest.mark.parametrize(
    ("offsets", "words"),
    [
        ({"iat": ELEVEN_MINUTES, "exp": ELEVEN_MINUTES + 60}, "comes from the future"),
        ({"iat": -ELEVEN_MINUTES}, "too old"),
        ({"iat": -ELEVEN_MINUTES - 60, "exp": -ELEVEN_MINUTES}, "has run out"),
        ({"exp": -ELEVEN_MINUTES}, "has run out"),
        ({"nbf": ELEVEN_MINUTES}, "not valid yet"),
    ],
)
def test_eleven_minutes_are_refused_and_the_page_tells_our_time(
    lms, browser, count_sessions, offsets, words
):
    page = lms.launch(browser(), **times(**offsets))

    assert page.status_code == 403
    assert words in page.text
    assert f"here it is {datetime.now(UTC):%Y-%m-%d}" in page.text
    assert count_sessions() == 0


def test_a_key_rotated_an_hour_ago_is_fetched_and_the_old_one_is_worth_nothing(
    lms, browser, world, session
):
    """Canvas names its keys by date and rotates them; the kept set is an hour old."""
    platform = session.get(Platform, world.platform.id)
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    platform.jwks_fetched_at = platform.jwks_checked_at = an_hour_ago
    session.commit()
    rotated = SigningLms(RSAKey.generate_key(2048))
    rotated.kid = "2026-11-24T00:00:00Z"

    with responses.RequestsMock() as wire:
        wire.get("https://lms.test/jwks", json=rotated.jwks)
        first = rotated.launch(browser())
        second = rotated.launch(browser())
        old = lms.launch(browser())
        assert len(wire.calls) == 1, "fetched once, then kept"

    assert (first.status_code, second.status_code) == (200, 200)
    assert old.status_code == 403


def test_a_deployment_blocked_between_login_and_launch_is_refused(
    lms, browser, world, session, count_sessions
):
    mei = browser()
    login = lms.login(mei)
    session.get(Deployment, world.deployment.id).status = DeploymentStatus.BLOCKED
    session.commit()

    page = lms.launch(mei, login=login)

    assert page.status_code == 403
    assert "blocked by its administrator" in page.text
    assert count_sessions() == 0


def test_a_platform_switched_off_between_login_and_launch_is_refused(
    lms, browser, world, session, count_sessions
):
    mei = browser()
    login = lms.login(mei)
    session.get(Platform, world.platform.id).status = PlatformStatus.DISABLED
    session.commit()

    page = lms.launch(mei, login=login)

    assert page.status_code == 403
    assert count_sessions() == 0


def test_a_deployment_of_another_platform_is_not_ours(app, lms, browser, session, count_sessions):
    from tests import factories

    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    other.deployment.deployment_id = "theirs"
    session.commit()

    page = lms.launch(browser(), **{f"{CLAIM}deployment_id": "theirs"})

    assert page.status_code == 403
    assert "waiting for its administrator" in page.text
    assert count_sessions() == 0


@pytest.mark.parametrize("audience", [["assay", "foreign"], ["foreign", "assay"], ["assay"]])
def test_an_audience_list_works_in_either_order_with_our_party(lms, browser, audience):
    assert lms.launch(browser(), aud=audience, azp="assay").status_code == 200


@pytest.mark.parametrize(
    ("audience", "party"),
    [
        (["assay", "foreign"], None),
        (["foreign", "assay"], None),
        (["assay", "foreign"], "foreign"),
        (["foreign"], "assay"),
        (["foreign"], None),
        ([], "assay"),
        (["assay"], "foreign"),
        (["assay", 7], None),
        ("foreign", None),
    ],
)
def test_an_audience_that_is_not_ours_alone_is_refused(
    lms, browser, count_sessions, audience, party
):
    assert lms.launch(browser(), aud=audience, azp=party).status_code == 403
    assert count_sessions() == 0
