"""The platform's keys over HTTP: rotated, down, a web page, and never fetched too often."""

from datetime import timedelta

import pytest
import responses
from joserfc.jwk import RSAKey

from app.core.clock import utcnow
from app.platforms.models import Platform
from tests.campus import make_platform
from tests.launch.signing_lms import SigningLms

JWKS = "https://lms.test/jwks"


@pytest.fixture
def rotated(lms, lms_key, world, session):
    """The LMS signs with a new key since an hour; what we hold is older than that."""
    world.platform.jwks_fetched_at = world.platform.jwks_checked_at = utcnow() - timedelta(hours=3)
    session.commit()
    fresh = SigningLms(RSAKey.generate_key(2048))
    fresh.kid = "lms-key-2"
    return fresh


@pytest.fixture
def wire():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def test_a_key_rotated_an_hour_ago_is_fetched_once_and_kept(rotated, browser, wire, session):
    wire.get(JWKS, json=rotated.jwks)

    first = rotated.launch(browser(), sub="user-1")
    second = rotated.launch(browser(), sub="user-2")

    assert (first.status_code, second.status_code) == (200, 200)
    assert len(wire.calls) == 1


def test_the_old_key_stays_good_while_the_lms_publishes_both(lms, rotated, browser, wire):
    wire.get(JWKS, json={"keys": [*rotated.jwks["keys"], *lms.jwks["keys"]]})

    assert rotated.launch(browser()).status_code == 200
    assert lms.launch(browser()).status_code == 200
    assert len(wire.calls) == 1


def test_known_keys_stay_good_while_the_lms_is_down(lms, rotated, browser, wire):
    wire.get(JWKS, status=503)

    refused = rotated.launch(browser())
    known = lms.launch(browser())

    assert refused.status_code == 403
    assert known.status_code == 200
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"body": "<html>Sign in</html>", "content_type": "text/html"},
        {"body": '{"keys": "none"}'},
        {"body": '{"keys": []}'},
        {"body": "[]"},
        {"status": 302, "headers": {"Location": "https://elsewhere.test/jwks"}},
        {"status": 404, "json": {"keys": []}},
    ],
    ids=["html", "no list", "empty", "a list", "redirect", "404"],
)
def test_what_is_no_key_set_replaces_nothing(lms, rotated, browser, wire, session, world, answer):
    wire.get(JWKS, **answer)

    refused = rotated.launch(browser())

    assert refused.status_code == 403
    session.expire_all()
    assert session.get(Platform, world.platform.id).jwks == lms.jwks
    assert lms.launch(browser()).status_code == 200


def test_an_unknown_key_is_looked_up_once_a_minute(lms, rotated, browser, wire, session, world):
    wire.get(JWKS, json=lms.jwks)  # the LMS does not publish the new key

    first, second = rotated.launch(browser()), rotated.launch(browser())

    assert (first.status_code, second.status_code) == (403, 403)
    assert "does not publish" in second.text
    assert len(wire.calls) == 1

    session.expire_all()
    session.get(Platform, world.platform.id).jwks_checked_at -= timedelta(seconds=61)
    session.commit()
    rotated.launch(browser())
    assert len(wire.calls) == 2


def test_keys_of_two_clients_of_one_issuer_never_cross(lms, browser, wire, session, world):
    """Hosted Canvas has one issuer for everybody; a copy of stock code cached by issuer."""
    other, _deployment = make_platform(session, world.institution, "https://other-lms.test")
    other.issuer, other.client_id = "https://lms.test", "second"
    session.commit()
    impostor = SigningLms(RSAKey.generate_key(2048))  # the same key id, another key
    wire.get("https://other-lms.test/jwks", json=impostor.jwks)
    mei = browser()

    login = lms.login(mei, client_id="second")
    crossed = mei.post(
        "/lti/launch",
        data={
            "id_token": lms.sign(lms.claims(login.nonce, aud="second")),
            "state": login.state,
        },
    )
    login = lms.login(mei, client_id="second")
    own = mei.post(
        "/lti/launch",
        data={
            "id_token": impostor.sign(lms.claims(login.nonce, aud="second")),
            "state": login.state,
        },
    )

    assert crossed.status_code == 403, "signed with the first client's key"
    assert own.status_code == 200
    assert lms.launch(browser()).status_code == 200, "the first client's own key is untouched"
    session.expire_all()
    assert session.get(Platform, other.id).jwks == impostor.jwks
    assert session.get(Platform, world.platform.id).jwks == lms.jwks


def test_a_token_for_one_client_is_no_launch_of_the_other(lms, browser, session, world):
    other, _deployment = make_platform(session, world.institution, "https://other-lms.test")
    other.issuer, other.client_id, other.jwks = "https://lms.test", "second", lms.jwks
    session.commit()
    mei = browser()
    login = lms.login(mei, client_id="second")

    page = lms.launch(mei, login=login)  # `aud` is the first client

    assert page.status_code == 403
    assert "addressed to another tool" in page.text


def test_a_login_that_names_no_client_is_refused_where_two_could_be_meant(
    lms, browser, session, world
):
    other, _deployment = make_platform(session, world.institution, "https://other-lms.test")
    other.issuer, other.client_id = "https://lms.test", "second"
    session.commit()

    page = browser().get("/lti/login?iss=https://lms.test&login_hint=x")

    assert page.status_code == 403
    assert "under which client id" in page.text
