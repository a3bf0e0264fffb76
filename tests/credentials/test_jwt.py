"""A credential as token: what we sign, and what we do not believe."""

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc.jwk import RSAKey

from app.core.errors import InvalidError
from app.credentials.did import did_document, key_set
from app.credentials.jwt import LONGEST, generate_private_jwk, public_jwk, sign_jwt, verify_jwt
from app.credentials.openbadge import build_credential
from tests.credentials.examples import (
    BASE_URL,
    DID,
    DID_DOCUMENT,
    ISSUER,
    METHOD,
    MULTIKEY,
    NOON,
    make_achievement,
    make_award,
    make_full_signed,
    make_recipient,
    make_signed,
)
from tests.credentials.leaves import put

PRIVATE = generate_private_jwk()
PUBLIC = public_jwk(PRIVATE)
KEYS = did_document(DID, [MULTIKEY], f"{BASE_URL}/", [PUBLIC])
KID = f"{DID}#{PUBLIC['kid']}"
HEADER = {"alg": "RS256", "kid": KID, "typ": "JWT"}
TOKEN = sign_jwt(make_full_signed(), private_jwk=PRIVATE, kid=KID)


def encode(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def decode(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def compact(header: Any, payload: Any, key: dict[str, Any]) -> str:
    """Sign by hand: a library would refuse much of what is signed here."""
    body = f"{encode(header)}.{encode(payload)}"
    private = RSAKey.import_key(key).private_key
    signature = private.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{body}.{encode(signature)}"


def forged(**header: Any) -> str:
    """Sign the token again, by the issuer's own key, with another header."""
    named = HEADER | header
    head = {name: value for name, value in named.items() if value is not None}
    return compact(head, decode(TOKEN.split(".")[1]), PRIVATE)


def resigned(change: Callable[[dict[str, Any]], Any]) -> str:
    """Change what the token says, and sign it by the issuer's own key."""
    payload = decode(TOKEN.split(".")[1])
    change(payload)
    return compact(HEADER, payload, PRIVATE)


def test_the_token_holds_the_credential_without_its_embedded_proof():
    signed = make_full_signed()
    del signed["proof"]

    assert verify_jwt(TOKEN, did_document=KEYS) == signed
    assert decode(TOKEN.split(".")[0]) == HEADER


def test_the_registered_claims_say_what_the_credential_says():
    payload = decode(TOKEN.split(".")[1])

    assert payload["iss"] == payload["issuer"]["id"] == DID
    assert payload["jti"] == payload["id"]
    assert payload["nbf"] == int(NOON.timestamp())
    assert payload["exp"] == int(NOON.replace(year=2036).timestamp())
    assert not {"vc", "sub", "proof"} & payload.keys()


def test_a_subject_with_an_id_is_the_subject_of_the_token():
    known = put(make_signed(), ("credentialSubject", "id"), "did:key:z6Mk")

    payload = decode(sign_jwt(known, private_jwk=PRIVATE, kid=KID).split(".")[1])

    assert payload["sub"] == "did:key:z6Mk"
    assert "exp" not in payload


def test_the_same_credential_has_the_same_token():
    assert sign_jwt(make_full_signed(), private_jwk=PRIVATE, kid=KID) == TOKEN


def test_odd_text_stays_as_it_is():
    odd = '“Größe” \\ " \r\n\t \u0085 \u2028 \ufeff 😀 ～ <b> %20'
    achievement = make_achievement(description=odd, criteria_narrative=odd * 1000)
    credential = build_credential(make_award(), make_recipient(), achievement, ISSUER)

    token = sign_jwt(credential, private_jwk=PRIVATE, kid=KID)

    assert verify_jwt(token, did_document=KEYS) == credential


def test_the_public_key_says_nothing_private():
    assert PUBLIC.keys() == {"kty", "n", "e", "kid", "alg", "use"}
    assert key_set(DID, [PUBLIC]) == {"keys": [{**PUBLIC, "kid": KID, "iss": DID}]}


def test_the_did_document_lists_the_key_of_tokens_beside_the_others():
    assert KEYS["assertionMethod"] == [METHOD, KID]
    assert KEYS["verificationMethod"][1] == {
        "id": KID,
        "type": "JsonWebKey",
        "controller": DID,
        "publicKeyJwk": PUBLIC,
    }


def part(number: int, change: Callable[[str], str]) -> str:
    parts = TOKEN.split(".")
    parts[number] = change(parts[number])
    return ".".join(parts)


def symmetric() -> str:
    """Sign with the public key as if it were a shared secret."""
    pem = RSAKey.import_key(PUBLIC).as_pem(private=False)
    body = f"{encode(HEADER | {'alg': 'HS256'})}.{TOKEN.split('.')[1]}"
    return f"{body}.{encode(hmac.digest(pem, body.encode(), 'sha256'))}"


FOREIGN = generate_private_jwk()
TAMPERED = {
    "nothing": "",
    "no token": "not.a.token",
    "two parts": TOKEN.rpartition(".")[0],
    "no signature": f"{TOKEN.rpartition('.')[0]}.",
    "alg none": f"{encode(HEADER | {'alg': 'none'})}.{TOKEN.split('.')[1]}.",
    "alg None": f"{encode(HEADER | {'alg': 'None'})}.{TOKEN.split('.')[1]}.",
    "the public key as a shared secret": symmetric(),
    "a letter of the payload": part(1, lambda text: text[:-9] + "AAAAAAAAA"),
    "a letter of the signature": part(2, lambda text: "AAAA" + text[4:]),
    "another key": compact(HEADER, decode(TOKEN.split(".")[1]), FOREIGN),
    "a key of its own": forged(jwk=public_jwk(FOREIGN)),
    "a key from elsewhere": forged(jku="https://evil.example/jwks.json"),
    "a critical extension": forged(crit=["exp"], exp=1),
    "no key id": forged(kid=None),
    "another issuer's key id": forged(kid=f"did:web:evil.example#{PUBLIC['kid']}"),
    "the key of embedded proofs": forged(kid=METHOD),
    "a key id that is a number": forged(kid=1),
    "a key id that is a list": forged(kid=[KID]),
    "another type": forged(typ="vc+jwt"),
    "no type": forged(typ=None),
    "another jti": resigned(lambda payload: payload.update(jti="https://a.example/1")),
    "another iss": resigned(lambda payload: payload.update(iss="did:web:evil.example")),
    "another issuer": resigned(lambda payload: payload["issuer"].update(id="did:web:evil.example")),
    "a later exp": resigned(lambda payload: payload.update(exp=payload["exp"] + 1)),
    "an earlier nbf": resigned(lambda payload: payload.update(nbf=1)),
    "a sub that nobody is": resigned(lambda payload: payload.update(sub="did:key:z6Mk")),
    "no issuer": resigned(lambda payload: payload.pop("issuer")),
    "an issuer that is no object": resigned(lambda payload: payload.update(issuer=7)),
    "a time that is none": resigned(lambda payload: payload.update(validFrom="noon")),
    "letters that are no ASCII": TOKEN.replace("A", "Ä", 1),
    "far too long": TOKEN + "A" * LONGEST,
}


@pytest.mark.parametrize("token", TAMPERED.values(), ids=TAMPERED)
def test_a_token_that_was_tampered_with_is_refused(token):
    with pytest.raises(InvalidError):
        verify_jwt(token, did_document=KEYS)


@pytest.mark.parametrize("payload", [b"", b"no JSON", b"[]", b"7", b"[" * 100_000])
def test_a_payload_that_is_no_credential_is_refused(payload):
    with pytest.raises(InvalidError):
        verify_jwt(compact(HEADER, payload, PRIVATE), did_document=KEYS)


def test_a_key_that_left_the_did_document_is_no_longer_believed():
    with pytest.raises(InvalidError, match="does not list the key"):
        verify_jwt(TOKEN, did_document=DID_DOCUMENT)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("id",), "did:web:evil.example"),
        (("verificationMethod", 1, "type"), "Multikey"),
        (("verificationMethod", 1, "controller"), "did:web:evil.example"),
        (("verificationMethod", 1, "publicKeyJwk"), PRIVATE),
        (("verificationMethod", 1, "publicKeyJwk"), {"kty": "oct", "k": "c2VjcmV0"}),
        (("verificationMethod", 1, "publicKeyJwk"), {"kty": "RSA", "n": "x"}),
        (("verificationMethod",), []),
    ],
)
def test_a_did_document_that_is_not_right_proves_nothing(path, value):
    with pytest.raises(InvalidError):
        verify_jwt(TOKEN, did_document=put(KEYS, path, value))


def test_what_is_no_credential_is_not_signed():
    with pytest.raises(InvalidError):
        sign_jwt({"id": "https://a.example"}, private_jwk=PRIVATE, kid=KID)
    with pytest.raises(InvalidError):
        sign_jwt(
            put(make_signed(), ("validFrom",), "2026-01-05T12:00:00"), private_jwk=PRIVATE, kid=KID
        )
