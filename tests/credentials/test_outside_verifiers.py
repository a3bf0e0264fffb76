import pytest

from app.credentials.did import did_document, did_web
from app.credentials.facts import IssuerFacts
from app.credentials.keys import verification_method
from app.credentials.openbadge import build_credential
from app.credentials.signing import sign_credential
from tests.credentials.examples import (
    DID_DOCUMENT,
    MULTIKEY,
    SIGNING,
    make_achievement,
    make_award,
    make_recipient,
    make_signed,
)
from tests.credentials.leaves import change_letter
from tests.verifiers.run import ask_digitalbazaar, ask_openbadgeslib

pytestmark = pytest.mark.outside
asking = pytest.mark.parametrize("ask", [ask_digitalbazaar, ask_openbadgeslib])
ODD = '“Größe” \\ " \r\n\t \u0085 \u2028 \ufeff 😀 ～ <b> %20'
VERIFIED = {"verified": True, "error": None}


@asking
def test_a_signed_credential_verifies(ask):
    assert ask(make_signed(), DID_DOCUMENT) == VERIFIED


@asking
def test_odd_text_and_addresses_verify(ask):
    signed = make_signed(
        name=ODD,
        criteria_narrative=ODD,
        tags=(ODD, "b😀", "c～"),
        id="https://assay.example.edu/achievements/a b/ü#[1]",
    )

    assert ask(signed, DID_DOCUMENT) == VERIFIED


@asking
@pytest.mark.parametrize(
    "path",
    [
        ("name",),
        ("id",),
        ("issuer", "name"),
        ("credentialSubject", "identifier", 0, "identityHash"),
        ("credentialSubject", "achievement", "criteria", "narrative"),
        ("proof", 0, "proofValue"),
    ],
    ids=str,
)
def test_a_copy_with_one_letter_changed_does_not(ask, path):
    answer = ask(change_letter(make_signed(), path), DID_DOCUMENT)

    assert answer["verified"] is False
    assert answer["error"]


@asking
@pytest.mark.parametrize("base_url", ["http://localhost:8000", "https://a.example/tool"])
def test_an_issuer_at_a_port_or_below_a_path_verifies(ask, base_url):
    did = did_web(base_url)
    issuer = IssuerFacts(did, "Practice University", f"{base_url}/", None, None)
    credential = build_credential(make_award(), make_recipient(), make_achievement(), issuer)
    method = verification_method(did, MULTIKEY)
    signed = sign_credential(credential, **(SIGNING | {"verification_method": method}))

    assert ask(signed, did_document(did, [MULTIKEY], f"{base_url}/")) == VERIFIED
