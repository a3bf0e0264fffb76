import json
from datetime import timedelta
from typing import Any

import pytest

from app.core.errors import InvalidError
from app.credentials.did import did_document
from app.credentials.keys import encode_multibase, public_multikey
from app.credentials.openbadge import to_json
from app.credentials.signing import sign_canonically
from app.credentials.verify import Verification, verify_credential
from tests.credentials.examples import (
    DID,
    DID_DOCUMENT,
    METHOD,
    MULTIKEY,
    NOON,
    SIGNING,
    make_credential,
    make_full_signed,
    make_signed,
)
from tests.credentials.leaves import change_letter, member_paths, put, remove, string_paths

SIGNED = make_signed()
FULL = make_full_signed()


def verify(document: Any, **facts: Any) -> Verification:
    return verify_credential(document, **{"did_document": DID_DOCUMENT, "now": NOON} | facts)


def test_a_signed_credential_is_valid():
    assert verify(SIGNED) == Verification(is_valid=True, reason=None)


def test_the_stored_text_is_valid():
    assert verify(json.loads(to_json(SIGNED))).is_valid


def test_a_proof_that_is_no_array_is_understood():
    assert verify(put(SIGNED, ("proof",), SIGNED["proof"][0])).is_valid


@pytest.mark.parametrize("path", list(string_paths(FULL)), ids=str)
def test_one_changed_letter_anywhere_is_found(path):
    verification = verify(change_letter(FULL, path))

    assert not verification.is_valid
    assert verification.reason


@pytest.mark.parametrize("path", list(member_paths(FULL)), ids=str)
def test_one_member_taken_away_is_found(path):
    assert not verify(remove(FULL, path)).is_valid


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("credentialSubject", "identifier", 0, "hashed"), False),
        (("credentialSubject", "colour"), "gold"),
        (("credentialSubject", "achievement", "narrative"), "more"),
        (("credentialSubject", "achievement", "fieldOfStudy"), []),
        (("validUntil",), "2036-01-05T12:00:00Z"),
        (("https://schema.org/name",), "a"),
        (("proof", 0, "expires"), "2036-01-05T12:00:00Z"),
        (("@context",), SIGNED["@context"][::-1]),
        (("proof",), []),
        (("proof",), SIGNED["proof"] * 2),
        (("proof",), "proof"),
        (("proof", 0, "proofValue"), encode_multibase(b"short")),
        (("proof", 0, "created"), "2026-01-05T12:00:00"),
        (("proof", 0, "created"), "at noon"),
        (("issuer",), DID),
        (("credentialSubject",), "did:key:z6Mk"),
        (("type",), ["VerifiableCredential"]),
        (("type",), "VerifiableCredential"),
    ],
    ids=str,
)
def test_one_thing_put_in_is_found(path, value):
    assert not verify(put(SIGNED, path, value)).is_valid


def test_the_period_is_obeyed():
    ends = NOON + timedelta(days=1)
    credential = put(make_credential(), ("validUntil",), ends.isoformat())
    signed = sign_canonically(credential, **SIGNING)

    assert verify(signed).is_valid
    assert verify(signed, now=NOON - timedelta(seconds=1)).reason == (
        "The credential is not valid yet."
    )
    assert verify(signed, now=ends).reason == "The credential has expired."


def test_a_time_without_zone_is_refused():
    signed = sign_canonically(
        put(make_credential(), ("validFrom",), "2026-01-05T12:00:00"), **SIGNING
    )

    assert "no time zone" in str(verify(signed).reason)


def test_an_older_key_of_the_issuer_still_counts():
    newer = public_multikey(bytes(32))
    rotated = did_document(DID, [newer, MULTIKEY], "https://assay.example.edu/")

    assert verify(SIGNED, did_document=rotated).is_valid


def test_a_key_that_the_issuer_gave_up_does_not_count():
    assert "does not list the key" in str(
        verify(SIGNED, did_document=put(DID_DOCUMENT, ("assertionMethod",), [])).reason
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("id",), "did:web:other.example"),
        (("verificationMethod",), []),
        (("verificationMethod", 0, "controller"), "did:web:other.example"),
        (("verificationMethod", 0, "type"), "JsonWebKey"),
        (("verificationMethod", 0, "publicKeyMultibase"), public_multikey(bytes(32))),
        (("verificationMethod", 0, "publicKeyMultibase"), "z6Mk"),
        (("verificationMethod", 0, "id"), f"{METHOD}x"),
    ],
    ids=str,
)
def test_another_did_document_vouches_for_nothing(path, value):
    assert not verify(SIGNED, did_document=put(DID_DOCUMENT, path, value)).is_valid


def test_somebody_elses_signature_does_not_count():
    forged = sign_canonically(make_credential(), **(SIGNING | {"private_key": bytes(32)}))

    assert verify(forged).reason == "The credential was changed after it was signed."


def test_a_document_that_is_signed_already_is_not_signed_again():
    with pytest.raises(InvalidError):
        sign_canonically(SIGNED, **SIGNING)
