import time

import pytest
import requests
import time_machine
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from app.sandbox.vocabulary import (
    ALLOWED_SCOPES,
    CLAIM,
    CLIENT_CREDENTIALS,
    JWT_BEARER,
    LINE_ITEM,
    LINE_ITEM_READ,
    MEMBERSHIP_READ,
    SCORE,
)
from tests.sandbox.service import ISSUER

ITEMS = "/lti/courses/course-101/lineitems?type_id=1"


def test_asked_scopes_are_granted(tool, lms):
    answer = tool.ask_token(lms, f"{SCORE} {LINE_ITEM_READ}")

    assert answer.status_code == 200
    assert answer.json()["token_type"].lower() == "bearer"
    assert answer.json()["expires_in"] == 3600
    assert set(answer.json()["scope"].split()) == {SCORE, LINE_ITEM_READ}
    assert answer.headers["Cache-Control"] == "no-store"


def test_only_allowed_scopes_are_granted(tool, lms):
    answer = tool.ask_token(lms, f"{SCORE} https://purl.imsglobal.org/spec/lti/scope/other")

    assert answer.json()["scope"] == SCORE


def test_all_services_can_be_asked_for_at_once(tool, lms):
    answer = tool.ask_token(lms, " ".join(ALLOWED_SCOPES))

    assert set(answer.json()["scope"].split()) == set(ALLOWED_SCOPES)


@pytest.mark.parametrize("scope", ["", "openid", f"{SCORE}x"])
def test_no_allowed_scope_is_an_error(tool, lms, scope):
    answer = tool.ask_token(lms, scope)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"client_assertion_type": "basic"}, "invalid_request"),
    ],
    ids=str,
)
def test_another_kind_of_request_is_an_error(tool, lms, changed, error):
    answer = tool.ask_token(lms, SCORE, **changed)

    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_request_that_is_no_form_is_an_error(lms):
    answer = requests.post(f"{lms}/lti/token", json={"scope": SCORE}, timeout=5)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "other"},
        {"sub": "other"},
        {"iss": None},
        {"aud": "https://elsewhere.example/token"},
        {"aud": None},
        {"exp": -20},
        {"exp": 400},
        {"exp": None},
        {"exp": "soon"},
        {"iat": 120},
        {"iat": None},
        {"jti": None},
        {"jti": 5},
        {f"{CLAIM}deployment_id": "other"},
    ],
    ids=str,
)
def test_a_wrong_assertion_is_refused(tool, lms, changed):
    now = int(time.time())
    claims = tool.assertion_claims(lms)
    for name, value in changed.items():
        in_seconds = name in {"exp", "iat"} and isinstance(value, int)
        claims[name] = now + value if in_seconds else value
    claims = {name: value for name, value in claims.items() if value is not None}

    answer = tool.ask_token(lms, SCORE, tool.sign(claims))

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.json()["error_description"]


@pytest.mark.parametrize("audience", ["{lms}", ["{lms}/lti/token"], ["other", "{lms}"]], ids=str)
def test_the_issuer_or_a_list_may_be_the_audience(tool, lms, audience):
    shown = audience.format(lms=lms) if isinstance(audience, str) else None
    audiences = shown or [each.format(lms=lms) for each in audience]
    claims = tool.assertion_claims(lms) | {"aud": audiences, f"{CLAIM}deployment_id": "practice-1"}

    assert tool.ask_token(lms, SCORE, tool.sign(claims)).status_code == 200


def test_an_assertion_is_used_once(tool, lms):
    assertion = tool.sign(tool.assertion_claims(lms))

    assert tool.ask_token(lms, SCORE, assertion).status_code == 200
    again = tool.ask_token(lms, SCORE, assertion)

    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")


def test_an_assertion_signed_with_another_key_is_refused(tool, lms):
    stranger = RSAKey.generate_key(2048)

    forged = tool.sign(tool.assertion_claims(lms), key=stranger, kid=tool.key.kid)

    assert tool.ask_token(lms, SCORE, forged).status_code == 401


@pytest.mark.parametrize("header", [{"kid": "unknown"}, {"kid": ""}], ids=str)
def test_an_assertion_that_names_no_published_key_is_refused(tool, lms, header):
    forged = tool.sign(tool.assertion_claims(lms), **header)

    assert tool.ask_token(lms, SCORE, forged).status_code == 401


def test_a_symmetric_signature_is_refused(tool, lms):
    secret = OctKey.import_key(tool.key.as_pem(private=False).hex())
    forged = jwt.encode({"alg": "HS256", "kid": tool.key.kid}, tool.assertion_claims(lms), secret)

    assert tool.ask_token(lms, SCORE, forged).status_code == 401


@pytest.mark.parametrize("assertion", ["x", "a.b.c", "é"])
def test_an_assertion_that_is_no_jwt_is_refused(tool, lms, assertion):
    assert tool.ask_token(lms, SCORE, assertion).status_code == 401


def test_a_new_key_of_the_tools_is_fetched_once(tool, lms):
    tool.ask_token(lms, SCORE)
    fetched = tool.jwks_requests
    new = RSAKey.generate_key(2048, auto_kid=True)
    tool.published = [tool.key, new]

    for _ in range(2):
        assertion = tool.sign(tool.assertion_claims(lms), key=new)
        assert tool.ask_token(lms, SCORE, assertion).status_code == 200

    assert tool.jwks_requests == fetched + 1


def test_a_token_opens_what_it_was_granted_for(tool, lms):
    headers = tool.bearer(lms, LINE_ITEM)

    assert requests.get(lms + ITEMS, headers=headers, timeout=5).status_code == 200
    headers = tool.bearer(lms, MEMBERSHIP_READ)
    assert requests.get(lms + ITEMS, headers=headers, timeout=5).status_code == 403


@pytest.mark.parametrize("value", [None, "Bearer", "Bearer nonsense", "Basic dTpw"])
def test_without_a_good_token_nothing_opens(lms, value):
    headers = {"Authorization": value} if value else {}

    answer = requests.get(lms + ITEMS, headers=headers, timeout=5)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_ends_after_an_hour(tool, lms):
    headers = tool.bearer(lms, LINE_ITEM)

    with time_machine.travel(time.time() + 3590, tick=True):
        assert requests.get(lms + ITEMS, headers=headers, timeout=5).status_code == 200
    with time_machine.travel(time.time() + 3610, tick=True):
        assert requests.get(lms + ITEMS, headers=headers, timeout=5).status_code == 401


def test_a_tool_whose_keys_cannot_be_fetched_gets_no_token(tool, service):
    form = {
        "grant_type": CLIENT_CREDENTIALS,
        "client_assertion_type": JWT_BEARER,
        "client_assertion": tool.sign(tool.assertion_claims(ISSUER)),
        "scope": SCORE,
    }

    answer = service.client.post("/lti/token", data=form)

    assert answer.status_code == 401
    assert "could not be fetched" in answer.json["error_description"]
