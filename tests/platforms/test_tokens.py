"""Access tokens: the assertion, the least scopes, the cache."""

import json
from datetime import timedelta

import pytest
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import RSAKey

from app.core.errors import RetryLaterError
from app.core.http import CallError, OutgoingClient
from app.passback.ags import LINEITEM, SCORE
from app.platforms.tokens import Registration, TokenSource
from tests.factories import NOON

URL = "https://93.184.216.34/token"
REGISTRATION = Registration(1, "assay", URL, "https://lms.test/aud", "dep-1")


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class Clock:
    now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(pem, clock) -> TokenSource:
    http = OutgoingClient(user_agent="Assay/test", allow_loopback=False)
    return TokenSource(http, signing_key=lambda: ("kid-1", pem), clock=clock)


@pytest.fixture
def lms():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def grant(token: str = "t1", **facts: object) -> dict[str, object]:
    return {"access_token": token, "token_type": "Bearer", "expires_in": 3600, **facts}


def test_the_assertion_says_who_asks_for_what(tokens, lms, pem):
    lms.post(URL, json=grant())

    assert tokens.get(REGISTRATION, frozenset({SCORE, LINEITEM})) == "t1"

    form = dict(part.split("=") for part in lms.calls[0].request.body.split("&"))
    assert form["grant_type"] == "client_credentials"
    assert form["client_assertion_type"].endswith("jwt-bearer")
    assert form["scope"].count("+") == 1
    token = jwt.decode(form["client_assertion"], RSAKey.import_key(pem), algorithms=["RS256"])
    assert token.header["kid"] == "kid-1"
    claims = token.claims
    assert claims["iss"] == claims["sub"] == "assay"
    assert claims["aud"] == "https://lms.test/aud"
    assert 60 <= claims["exp"] - claims["iat"] <= 300
    assert claims["iat"] <= NOON.timestamp() < claims["exp"]
    assert len(claims["jti"]) > 20
    assert claims["https://purl.imsglobal.org/spec/lti/claim/deployment_id"] == "dep-1"


def test_a_token_is_kept_until_a_minute_before_its_end(tokens, lms, clock):
    lms.post(URL, json=grant("t1"))
    lms.post(URL, json=grant("t2"))
    scopes = frozenset({SCORE})

    first = tokens.get(REGISTRATION, scopes)
    clock.now = NOON + timedelta(minutes=58)
    still = tokens.get(REGISTRATION, scopes)
    clock.now = NOON + timedelta(minutes=59)
    second = tokens.get(REGISTRATION, scopes)

    assert (first, still, second) == ("t1", "t1", "t2")


def test_tokens_of_other_platforms_and_scopes_are_kept_apart(tokens, lms):
    for name in ("t1", "t2", "t3"):
        lms.post(URL, json=grant(name))
    other = Registration(2, "assay", URL, URL, "dep-1")

    got = [
        tokens.get(REGISTRATION, frozenset({SCORE})),
        tokens.get(REGISTRATION, frozenset({LINEITEM})),
        tokens.get(other, frozenset({SCORE})),
        tokens.get(REGISTRATION, frozenset({SCORE})),
    ]

    assert got == ["t1", "t2", "t3", "t1"]


def test_a_dropped_token_is_asked_for_again(tokens, lms):
    lms.post(URL, json=grant("t1"))
    lms.post(URL, json=grant("t2"))
    tokens.get(REGISTRATION, frozenset({SCORE}))

    tokens.drop(REGISTRATION, frozenset({SCORE}))
    tokens.drop(REGISTRATION, frozenset({LINEITEM}))

    assert tokens.get(REGISTRATION, frozenset({SCORE})) == "t2"


@pytest.mark.parametrize(
    ("life", "is_kept"),
    [
        *[("3600", True), (None, True), ("soon", True), (0, False), (-5, False)],
        *[(10**15, True), (1e300, True), (float("inf"), True), ([1], True)],
    ],
)
def test_odd_lifetimes_are_understood(tokens, lms, life, is_kept):
    lms.post(URL, json=grant("t1", expires_in=life))
    lms.post(URL, json=grant("t2"))
    tokens.get(REGISTRATION, frozenset({SCORE}))

    assert tokens.get(REGISTRATION, frozenset({SCORE})) == ("t1" if is_kept else "t2")


@pytest.mark.parametrize(
    "token",
    ["界", "a\ud800", "\xe9", "a\r\nHost: b", "a b", "a\0", "a" * 100_000],
    ids=["beyond Latin-1", "half a letter", "Latin-1", "two lines", "space", "NUL", "long"],
)
def test_a_token_that_fits_no_header_is_refused_in_plain_words(tokens, lms, token):
    lms.post(URL, json=grant(token))

    with pytest.raises(RetryLaterError, match="token that cannot be used"):
        tokens.get(REGISTRATION, frozenset({SCORE}))


def test_no_token_is_kept_longer_than_a_day(tokens, lms, clock):
    lms.post(URL, json=grant("t1", expires_in=10**15))
    lms.post(URL, json=grant("t2"))
    tokens.get(REGISTRATION, frozenset({SCORE}))

    clock.now = NOON + timedelta(days=1)

    assert tokens.get(REGISTRATION, frozenset({SCORE})) == "t2"


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, json.dumps({"error": "invalid_client"}), "invalid_client"),
        (401, json.dumps({"error": "Mei Student is unknown"}), "HTTP 401"),
        (400, json.dumps({"error": ["odd"]}), "HTTP 400"),
        (200, json.dumps({"access_token": ""}), "HTTP 200"),
        (200, json.dumps({"access_token": 5}), "HTTP 200"),
        (200, "[]", "HTTP 200"),
        (200, "<html>maintenance</html>", "HTTP 200"),
        (500, "", "HTTP 500"),
    ],
)
def test_a_refused_token_is_told_in_plain_words(tokens, lms, status, body, words):
    lms.post(URL, body=body, status=status)

    with pytest.raises(RetryLaterError) as refusal:
        tokens.get(REGISTRATION, frozenset({SCORE}))

    assert words in str(refusal.value)
    assert "Mei" not in str(refusal.value)


def test_an_endpoint_on_the_inside_is_not_called(pem, clock):
    tokens = TokenSource(
        OutgoingClient(user_agent="Assay/test", allow_loopback=False),
        signing_key=lambda: ("kid-1", pem),
        clock=clock,
    )
    inside = Registration(1, "assay", "https://127.0.0.1/token", "aud", "1")

    with pytest.raises(CallError):
        tokens.get(inside, frozenset({SCORE}))
