import base64
import gzip
from collections.abc import Mapping
from typing import Any

import pytest

from app.credentials.did import did_document, did_web
from app.credentials.facts import IssuerFacts
from app.credentials.jwt import generate_private_jwk, public_jwk, sign_jwt
from app.credentials.keys import verification_method
from app.credentials.openbadge import build_credential
from app.credentials.signing import sign_canonically, sign_credential
from tests.credentials.examples import (
    BASE_URL,
    DID,
    DID_DOCUMENT,
    ISSUER,
    MULTIKEY,
    SIGNING,
    make_achievement,
    make_award,
    make_full_signed,
    make_recipient,
    make_signed,
)
from tests.credentials.leaves import change_letter
from tests.credentials.test_jwt import KEYS as TOKENS_OF
from tests.credentials.test_jwt import TAMPERED
from tests.verifiers.run import ask_digitalbazaar, ask_jose, ask_openbadgeslib

pytestmark = pytest.mark.outside
asking = pytest.mark.parametrize("ask", [ask_digitalbazaar, ask_openbadgeslib])
ODD = '“Größe” \\ " \r\n\t \u0085 \u2028 \ufeff 😀 ～ <b> %20'
VERIFIED = {"verified": True, "error": None}


# What the header may hold beside is a matter of taste: jose takes the key from the DID document.
STRICTER = {"a key of its own", "a key from elsewhere", "a later exp", "an earlier nbf"}
STRICTER |= {"a sub that nobody is", "a time that is none", "far too long"}
TAMPERED_TOKENS = {name: token for name, token in TAMPERED.items() if name not in STRICTER}
LIST = f"{BASE_URL}/status/3b"
LIST_BITS = 131_072


def make_status_list(revoked: int | None) -> dict[str, Any]:
    """Return a signed status list in which one bit is set, or none."""
    bits = bytearray(LIST_BITS // 8)
    if revoked is not None:
        bits[revoked // 8] |= 0x80 >> (revoked % 8)
    encoded = base64.urlsafe_b64encode(gzip.compress(bytes(bits))).rstrip(b"=").decode()
    unsigned = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": LIST,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": ISSUER.id,
        "validFrom": "2026-01-05T12:00:00Z",
        "credentialSubject": {
            "id": f"{LIST}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": f"u{encoded}",
        },
    }
    signed = sign_canonically(unsigned, **SIGNING)
    return {**signed, "proof": signed["proof"][0]}


STANDING = {LIST: make_status_list(None)}
FULL = make_full_signed()
TOKEN_KEY = generate_private_jwk()
TOKEN_KEYS = did_document(DID, [MULTIKEY], f"{BASE_URL}/", [public_jwk(TOKEN_KEY)])
KID = TOKEN_KEYS["assertionMethod"][1]


def ask_with_status(credential: dict[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    return ask_digitalbazaar(credential, keys, STANDING)


asking_of_all = pytest.mark.parametrize("ask", [ask_with_status, ask_openbadgeslib])


@asking_of_all
@pytest.mark.parametrize("keys", [DID_DOCUMENT, TOKEN_KEYS], ids=["one key", "two kinds"])
def test_a_signed_credential_verifies(ask, keys):
    assert ask(make_signed(), keys) == VERIFIED
    assert ask(FULL, keys) == VERIFIED


def test_a_revoked_credential_does_not():
    revoked = {LIST: make_status_list(int(FULL["credentialStatus"]["statusListIndex"]))}

    assert ask_digitalbazaar(FULL, DID_DOCUMENT, revoked)["verified"] is False
    assert ask_digitalbazaar(make_full_signed(2), DID_DOCUMENT, revoked) == VERIFIED


@asking
def test_odd_text_and_addresses_verify(ask):
    signed = make_signed(
        name=ODD,
        criteria_narrative=ODD,
        tags=(ODD, "b😀", "c～"),
        id="https://assay.example.edu/achievements/a b/ü#[1]",
    )

    assert ask(signed, DID_DOCUMENT) == VERIFIED


@asking_of_all
def test_a_description_of_64_kb_verifies(ask):
    assert ask(make_signed(description="Größe \\ 😀 " * 5000), DID_DOCUMENT) == VERIFIED


@asking_of_all
@pytest.mark.parametrize(
    "path",
    [
        ("name",),
        ("id",),
        ("validUntil",),
        ("awardedDate",),
        ("issuer", "name"),
        ("credentialSubject", "identifier", 0, "identityHash"),
        ("credentialSubject", "result", 0, "achievedLevel"),
        ("credentialSubject", "achievement", "criteria", "narrative"),
        ("credentialSubject", "achievement", "alignment", 0, "targetName"),
        ("credentialSubject", "achievement", "resultDescription", 0, "name"),
        ("credentialSubject", "achievement", "related", 0, "id"),
        ("credentialStatus", "statusListIndex"),
        ("evidence", 0, "digestMultibase"),
        ("evidence", 1, "narrative"),
        ("proof", 0, "created"),
        ("proof", 0, "proofValue"),
    ],
    ids=str,
)
def test_a_copy_with_one_letter_changed_does_not(ask, path):
    answer = ask(change_letter(FULL, path), DID_DOCUMENT)

    assert answer["verified"] is False
    assert answer["error"]


def test_a_token_verifies():
    assert ask_jose(sign_jwt(FULL, private_jwk=TOKEN_KEY, kid=KID), TOKEN_KEYS) == VERIFIED


@pytest.mark.parametrize("name", TAMPERED_TOKENS)
def test_a_token_that_was_tampered_with_does_not(name):
    assert ask_jose(TAMPERED_TOKENS[name], TOKENS_OF)["verified"] is False


@asking
@pytest.mark.parametrize("base_url", ["http://localhost:8000", "https://a.example/tool"])
def test_an_issuer_at_a_port_or_below_a_path_verifies(ask, base_url):
    did = did_web(base_url)
    issuer = IssuerFacts(did, "Practice University", f"{base_url}/", None, None)
    credential = build_credential(make_award(), make_recipient(), make_achievement(), issuer)
    method = verification_method(did, MULTIKEY)
    signed = sign_credential(credential, **(SIGNING | {"verification_method": method}))

    assert ask(signed, did_document(did, [MULTIKEY], f"{base_url}/")) == VERIFIED
