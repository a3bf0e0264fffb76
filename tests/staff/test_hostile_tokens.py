"""What a campus may say of who came, and is not believed."""

import base64
import hmac
import json
import time

import pytest

from tests.staff.provider import JWKS, TOKEN, is_nobody, new_key, plain, query_of


@pytest.fixture(scope="module")
def keys():
    """Two keys of the campus; made once, for making them is slow."""
    return new_key("first"), new_key("second")


NOW = int(time.time())
WRONG = {
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "somebody-else"},
    "an audience among others, without azp": {"aud": ["assay-client", "somebody-else"]},
    "an audience among others, for another": {
        "aud": ["assay-client", "somebody-else"],
        "azp": "somebody-else",
    },
    "another authorised party": {"azp": "somebody-else"},
    "another issuer": {"iss": "https://evil.test"},
    "no issuer": {"iss": None},
    "run out": {"exp": NOW - 3600},
    "no end": {"exp": None},
    "an end that is no number": {"exp": "tomorrow"},
    "from the future": {"iat": NOW + 7200, "exp": NOW + 9000},
    "no beginning": {"iat": None},
    "not yet": {"nbf": NOW + 7200},
    "nobody": {"sub": None},
    "an empty name": {"sub": ""},
    "a name that is no text": {"sub": 7},
    "a name that is too long": {"sub": "t" * 300},
    "a name with a control character": {"sub": "tariq\n"},
    "another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_token_with_a_wrong_claim_signs_nobody_in(session, known, campus, visitor, keys, what):
    campus.key = keys[0]
    campus.claims = lambda claims: {
        name: value for name, value in {**claims, **WRONG[what]}.items() if value is not None
    }

    page = visitor.sign_in("tariq")

    assert is_nobody(session, page), page.text
    assert "could not be checked" in page.text


def test_the_same_token_with_right_claims_is_believed(session, known, campus, visitor, keys):
    """Else the tests above could pass for any reason."""
    campus.key = keys[0]
    campus.claims = lambda claims: {
        **claims,
        "aud": ["assay-client", "somebody-else"],
        "azp": "assay-client",
        "exp": int(time.time()) - 30,  # within the leeway
    }

    assert visitor.sign_in("tariq").status_code == 303


def test_a_token_signed_by_a_stranger_signs_nobody_in(session, known, campus, visitor, keys):
    campus.key, stranger = keys
    campus.header = {"kid": stranger.kid}
    campus.served = [stranger]

    assert is_nobody(session, visitor.sign_in("tariq")), "the kid is served, the signature is not"


def test_an_unknown_key_is_looked_up_once(session, known, campus, visitor, keys):
    campus.key, _other = keys
    campus.served = []

    assert is_nobody(session, visitor.sign_in("tariq"))
    assert campus.paths().count(JWKS) == 1, "what was fetched this very moment is not asked again"


def test_keys_may_rotate(app, session, known, campus, visitor, keys):
    campus.key = keys[0]
    assert visitor.sign_in("tariq").status_code == 303
    provider = app.extensions["assay.campus"]
    kept, until = provider._keys
    provider._keys = (kept, until - 60)  # as if fetched a minute ago
    campus.key = keys[1]

    assert visitor.sign_in("tariq").status_code == 303
    assert campus.paths().count(JWKS) == 2


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_a_token_without_a_signature_by_a_key_pair_signs_nobody_in(
    session, known, campus, visitor, keys, alg
):
    """Also not with the public key, which everybody has, for a shared secret."""
    campus.key = keys[0]
    address = visitor.begin()
    claims = {
        "iss": campus.issuer,
        "aud": "assay-client",
        "sub": "tariq",
        "nonce": query_of(address)["nonce"],
        "iat": NOW,
        "exp": NOW + 600,
    }
    head = _part(json.dumps({"alg": alg, "kid": "first"}).encode())
    signed = f"{head}.{_part(json.dumps(claims).encode())}"
    mac = hmac.digest(keys[0].as_pem(private=False), signed.encode(), "sha256")
    token = f"{signed}.{'' if alg == 'none' else _part(mac)}"
    campus.answers[TOKEN] = plain({"access_token": "a", "token_type": "Bearer", "id_token": token})

    assert is_nobody(session, visitor.come_back(campus.agree(address, "tariq")))


def _part(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"access_token": "a", "token_type": "Bearer"},
        {"access_token": "a", "token_type": "Bearer", "id_token": 7},
        {"access_token": "a", "token_type": "Bearer", "id_token": "not.a.token"},
        {"access_token": "a", "token_type": "Bearer", "id_token": "x" * 20_000},
        {"access_token": "a", "token_type": "Bearer", "id_token": "ö.\ud800.x"},
        {"error": "invalid_client", "error_description": "<script>alert(1)</script>"},
        [],
        "no JSON",
    ],
)
def test_a_token_endpoint_that_talks_nonsense_signs_nobody_in(
    session, known, campus, visitor, answer
):
    campus.answers[TOKEN] = plain(answer)

    page = visitor.sign_in("tariq")

    assert is_nobody(session, page)
    assert "<script>alert" not in page.text
