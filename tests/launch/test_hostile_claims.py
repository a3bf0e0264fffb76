"""Claims that a careless or hostile platform signs: none breaks a page, a header or a border."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
import responses
from sqlalchemy import select

from app.courses.models import Course
from app.launch.claims import AGS, CLAIM, DEEP_LINKING, identifier, origin_of, web_address
from app.launch.models import OidcLogin
from app.launch.refusal import LaunchRefusedError
from app.launch.service import purge_expired
from app.mapping.models import DeepLinkRequest
from app.platforms.models import Platform
from tests.launch.signing_lms import INSTRUCTOR, place_of

HALF = "\ud800"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example; script-src * 'unsafe-inline'; x/",
        "https://*/",
        "https://a b/",
        "https://a:99999/",
        "https://a:abc/",
        "https://[zz/",
        "http://[x",
        "ftp://a.example/",
        "//a.example/",
        "https://",
        f"https://{'a' * 64}.example/",
        f"https://{'a.' * 140}example/",
        7,
        None,
    ],
)
def test_what_cannot_stand_in_a_header_is_no_address(url):
    assert web_address(url) is None


def test_an_origin_is_written_in_ascii():
    assert origin_of("https://例え.jp:8443/x?y#z") == "https://xn--r8jz45g.jp:8443"
    assert origin_of("https://[2001:DB8::1]:8/") == "https://[2001:db8::1]:8"
    assert origin_of("HTTPS://User@Moodle.Example.EDU/a") == "https://moodle.example.edu"


@pytest.mark.parametrize(
    "return_url",
    [
        "https://evil.example; script-src *; x/",
        "https://例え.jp/",
        "https://a:99999/",
        "https://[zz/",
    ],
)
def test_a_return_address_cannot_change_the_policy(lms, browser, return_url):
    mei = browser()
    page = lms.launch(mei, **{f"{CLAIM}launch_presentation": {"return_url": return_url}})

    shown = mei.get(place_of(page))

    assert shown.status_code == 200
    policy = shown.headers["Content-Security-Policy"]
    assert "evil.example" not in policy
    assert policy.count("script-src") == 1


@pytest.mark.parametrize("number", ["1" + "0" * 400, "NaN", "Infinity", "1e400", "-1"])
@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
def test_times_that_are_no_times_are_refused(lms, browser, count_sessions, number, claim):
    mei = browser()
    login = lms.login(mei)
    claims = {**lms.claims(login.nonce), "nbf": int(time.time()), claim: "#"}
    text = json.dumps(claims).replace('"#"', number)
    from joserfc import jws

    token = jws.serialize_compact({"alg": "RS256", "kid": lms.kid}, text, lms.key, ["RS256"])

    page = mei.post("/lti/launch", data={"id_token": token, "state": login.state})

    assert page.status_code == 403
    assert count_sessions() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "a\x00b"},
        {"sub": " user-1"},
        {f"{CLAIM}deployment_id": HALF},
        {f"{CLAIM}deployment_id": "1\n"},
        {f"{CLAIM}resource_link": {"id": HALF}},
        {f"{CLAIM}resource_link": {"id": "$ResourceLink.id"}},
        {f"{CLAIM}resource_link": {"id": " "}},
        {f"{CLAIM}resource_link": {"id": "x" * 256}},
        {f"{CLAIM}context": {"id": " course-1"}},
        {f"{CLAIM}context": {"id": "course-1\u200b\x01"}},
        {f"{CLAIM}context": {"id": "c" * 256}},
    ],
)
def test_an_id_is_taken_exactly_or_refused(lms, browser, session, count_sessions, changes):
    page = lms.launch(browser(), role=INSTRUCTOR, **changes)

    assert page.status_code == 403
    assert count_sessions() == 0
    assert session.scalars(select(Course.context_id)).all() == ["course-1"]


def test_an_id_that_says_nothing_is_none():
    assert identifier("$Context.id") is None
    assert identifier("") is None
    assert identifier(None) is None
    with pytest.raises(LaunchRefusedError):
        identifier("a" * 256)


def test_half_a_character_in_a_title_does_no_harm(lms, browser, session):
    page = lms.launch(
        browser(),
        **{f"{CLAIM}resource_link": {"id": "link-9", "title": f"Essay {HALF}"}, "name": HALF},
    )

    assert page.status_code == 200


@pytest.mark.parametrize("link", ["https://[a/", "javascript:alert(1)", 7, {"a": 1}])
def test_a_gradebook_address_that_is_none_is_left_out(lms, browser, session, link):
    page = lms.launch(browser(), **{AGS: {"scope": "x", "lineitem": link, "lineitems": link}})

    assert page.status_code == 200


def deep_link(lms, browser, settings, **changes):
    claims = {f"{CLAIM}message_type": "LtiDeepLinkingRequest", DEEP_LINKING: settings, **changes}
    return lms.launch(browser, role=INSTRUCTOR, **claims)


SETTINGS = {"deep_link_return_url": "https://lms.test/r", "accept_types": ["ltiResourceLink"]}


def test_deep_linking_without_a_course_is_refused(lms, browser):
    page = deep_link(lms, browser(), SETTINGS, **{f"{CLAIM}context": None})

    assert page.status_code == 403
    assert "in which course" in page.text


def test_deep_linking_data_that_cannot_go_back_is_refused(lms, browser):
    assert deep_link(lms, browser(), {**SETTINGS, "data": HALF}).status_code == 403
    assert deep_link(lms, browser(), {**SETTINGS, "data": {"a": [1, "é"]}}).status_code == 303


@pytest.mark.parametrize(
    "address",
    ["/credentials/%00", "/achievements/%00", "/issuers/%00", "/healthz?x=%00",
     "/lti/login?iss=%00&login_hint=a"],
)  # fmt: skip
def test_a_nul_is_found_nowhere(browser, world, address):
    assert browser().get(address).status_code == 404


def test_a_posted_nul_is_no_parameter(lms, browser):
    page = browser().post("/lti/login", data={"iss": "https://lms.test\0", "login_hint": "x"})

    assert page.status_code == 403


def test_a_login_that_says_too_much_is_refused_and_kept_nowhere(lms, browser, session):
    page = browser().post("/lti/login", data={"iss": "https://lms.test", "login_hint": "x" * 4001})

    assert page.status_code == 403
    assert session.scalars(select(OidcLogin)).all() == []


def test_a_platform_whose_keys_never_came_is_asked_once_a_minute(lms, browser, world, session):
    platform = session.get(Platform, world.platform.id)
    platform.jwks = None
    session.commit()
    with responses.RequestsMock() as wire:
        wire.get("https://lms.test/jwks", status=503)
        assert lms.launch(browser()).status_code == 403
        assert lms.launch(browser()).status_code == 403
        assert len(wire.calls) == 1

        session.refresh(platform)
        platform.jwks_checked_at -= timedelta(seconds=61)
        session.commit()
        assert lms.launch(browser()).status_code == 403
        assert len(wire.calls) == 2


def test_selections_that_ran_out_are_purged(lms, browser, session):
    deep_link(lms, browser(), SETTINGS)
    assert len(session.scalars(select(DeepLinkRequest)).all()) == 1

    purge_expired(session, now=datetime.now(UTC) + timedelta(days=1))

    assert session.scalars(select(DeepLinkRequest)).all() == []
