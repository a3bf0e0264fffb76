"""An endorsement inside a credential: signed twice, and the only document that may stand there."""

import json
from typing import Any

import pytest

from app.core.errors import InvalidError
from app.credentials.did import did_document
from app.credentials.fast_verify import digest_of
from app.credentials.keys import public_multikey
from app.credentials.linked_data import canonical_nquads
from app.credentials.mould import Mould
from app.credentials.openbadge import to_json
from app.credentials.signing import digest_canonically, sign_canonically, sign_credential
from app.credentials.verify import verify_credential
from tests.credentials.examples import (
    BASE_URL,
    DID_DOCUMENT,
    ENDORSER_DID,
    ENDORSER_KEY,
    ISSUER,
    NOON,
    SIGNING,
    make_credential,
    make_endorsed_achievement,
    make_endorsed_credential,
    make_full_award,
    make_recipient,
    make_signed_endorsement,
)
from tests.credentials.leaves import change_letter, member_paths, put, remove, string_paths
from tests.credentials.oxigraph import canonicalise
from tests.credentials.test_openbadge import SCHEMAS, schema  # noqa: F401 (a fixture)
from tests.verifiers.run import ask_digitalbazaar, ask_openbadgeslib

PLACE = ("credentialSubject", "achievement", "endorsement")
SIGNED = sign_credential(make_endorsed_credential(), **SIGNING)
ENDORSEMENT = make_signed_endorsement()
ENDORSER = did_document(ENDORSER_DID, [public_multikey(ENDORSER_KEY)], f"{BASE_URL}/committee")


def is_valid(document: Any) -> bool:
    return verify_credential(document, did_document=DID_DOCUMENT, now=NOON).is_valid


def test_an_endorsed_credential_is_valid_and_obeys_both_schemas(schema):  # noqa: F811
    assert is_valid(SIGNED)
    assert [error.message for error in schema.iter_errors(SIGNED)] == []
    assert SIGNED["credentialSubject"]["achievement"]["endorsement"] == [ENDORSEMENT]


def test_two_libraries_canonicalise_it_alike():
    credential = make_endorsed_credential()

    assert canonicalise(credential) == canonical_nquads(credential)


def test_it_is_cast_as_it_is_built():
    mould = Mould(make_endorsed_achievement(), ISSUER)
    for number in range(12):
        award = make_full_award(number, evidence=())
        credential = make_endorsed_credential(number)
        del credential["evidence"]

        text = mould.sign(award, make_recipient(), **SIGNING)

        assert text == to_json(sign_canonically(credential, **SIGNING))
    assert [cast is not None for cast in mould._casts.values()] == [True]


@pytest.mark.parametrize("path", list(string_paths(ENDORSEMENT, (*PLACE, 0))), ids=str)
def test_one_changed_letter_of_the_endorsement_is_found(path):
    assert not is_valid(change_letter(SIGNED, path))


@pytest.mark.parametrize(
    "path", [path for path in member_paths(SIGNED) if path[:3] == PLACE], ids=str
)
def test_one_member_taken_from_the_endorsement_is_found(path):
    assert not is_valid(remove(SIGNED, path))


FOREIGN: dict[str, Any] = {
    "no array": ENDORSEMENT,
    "empty": [],
    "a text": ["a"],
    "without its contexts": [remove(ENDORSEMENT, ("@context",))],
    "a context of its own": [put(ENDORSEMENT, ("@context",), [{"@vocab": "https://a.example/"}])],
    "a context that is not shipped": [put(ENDORSEMENT, ("@context",), ["https://a.example"])],
    "without proof": [remove(ENDORSEMENT, ("proof",))],
    "two proofs": [put(ENDORSEMENT, ("proof",), ENDORSEMENT["proof"] * 2)],
    "a proof that is none": [put(ENDORSEMENT, ("proof",), ["a"])],
    "an endorsement of the endorsement": [put(ENDORSEMENT, ("endorsement",), [ENDORSEMENT])],
    "twins": [ENDORSEMENT, ENDORSEMENT],
    "a proof with an id": [put(ENDORSEMENT, ("proof", 0, "id"), "no address")],
    "an undefined member": [put(ENDORSEMENT, ("colour",), "gold")],
    "a control character": [put(ENDORSEMENT, ("name",), "a\x07")],
    "a context further down": [
        put(
            ENDORSEMENT, ("credentialSubject", "@context"), ["https://www.w3.org/ns/credentials/v2"]
        )
    ],
}


@pytest.mark.parametrize("value", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("sign", [sign_credential, sign_canonically])
def test_what_is_no_endorsement_is_not_signed(sign, value):
    with pytest.raises(InvalidError):
        sign(put(make_credential(), PLACE, value), **SIGNING)


@pytest.mark.parametrize(
    "path", [("endorsement",), ("issuer", "endorsement"), ("credentialSubject", "endorsement")]
)
def test_nowhere_else_may_a_document_stand_in_another(path):
    with pytest.raises(InvalidError):
        sign_canonically(put(make_credential(), path, [ENDORSEMENT]), **SIGNING)


def test_graphs_that_look_alike_are_refused_at_once():
    """Ten proofs of ten endorsements that differ in nothing a canonicaliser could go by."""
    bare = {"@context": ENDORSEMENT["@context"], "type": ENDORSEMENT["type"]}
    poison = [{**bare, "proof": [{"type": "DataIntegrityProof"}]} for _ in range(10)]

    with pytest.raises(InvalidError):
        canonical_nquads(put(make_credential(), PLACE, poison))


def test_the_endorsement_taken_out_is_signed_by_the_committee_alone():
    taken = json.loads(to_json(SIGNED))["credentialSubject"]["achievement"]["endorsement"][0]
    proof = dict(taken.pop("proof")[0])
    del proof["proofValue"]

    assert digest_canonically(taken, proof) == digest_of(ENDORSEMENT)


@pytest.mark.outside
def test_outside_verifiers_accept_it_and_refuse_a_changed_one():
    bare = remove(remove(make_endorsed_credential(), ("credentialStatus",)), ("evidence",))
    signed = sign_credential(bare, **SIGNING)
    verified = {"verified": True, "error": None}

    for ask in (ask_digitalbazaar, ask_openbadgeslib):
        assert ask(signed, DID_DOCUMENT) == verified
        changed = change_letter(signed, (*PLACE, 0, "credentialSubject", "endorsementComment"))
        assert ask(changed, DID_DOCUMENT)["verified"] is False
    assert ask_digitalbazaar(ENDORSEMENT, ENDORSER) == verified
