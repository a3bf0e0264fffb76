import copy
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from typing import Any

import base58
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import InvalidError
from app.credentials.facts import AlignmentFacts, RecipientFacts
from app.credentials.keys import encode_multibase
from app.credentials.linked_data import SHIPPED_CONTEXTS, _loader, canonical_nquads
from app.credentials.openbadge import build_credential
from app.credentials.signing import sign_canonically, sign_credential
from app.credentials.template import MARK, Template, TemplateCache, gap
from app.credentials.verify import verify_credential
from tests.credentials.examples import (
    BASE_URL,
    DID_DOCUMENT,
    ESCO,
    ISSUER,
    NOON,
    SIGNING,
    make_achievement,
    make_award,
    make_credential,
    make_recipient,
)
from tests.credentials.leaves import put
from tests.credentials.oxigraph import canonicalise

ODD = (
    "\t\n\r\"'\\<>&{}^`|%_:#.@äß\u0085\u00a0\u2028\u2029\ufeff\uff5e\uffff😀𝄞\U0010ffff\u0000\u007f"
)
XSD = "http://www.w3.org/2001/XMLSchema#"
TEXT = st.text(st.one_of(st.sampled_from(ODD), st.characters()), max_size=24)
WORDS = TEXT.map(lambda text: f"x{text}")
ALIGNMENTS = st.builds(
    AlignmentFacts,
    target_name=WORDS,
    target_url=TEXT.map(lambda text: f"https://skills.example/{text}"),
    target_framework=st.none() | TEXT,
    target_code=st.none() | TEXT,
    target_type=st.sampled_from([None, "CFItem", "ext:RSD"]),
    target_description=st.none() | TEXT,
)
ACHIEVEMENTS = st.builds(
    make_achievement,
    id=TEXT.map(lambda text: f"{BASE_URL}/achievements/{text}"),
    name=WORDS,
    description=WORDS,
    criteria_narrative=WORDS,
    image_caption=TEXT,
    version=TEXT,
    tags=st.lists(TEXT, max_size=4).map(tuple),
    alignments=st.lists(ALIGNMENTS, max_size=3).map(tuple),
)
RECIPIENTS = st.builds(
    RecipientFacts,
    hash=WORDS,
    salt=WORDS,
    identity_type=st.sampled_from(["emailAddress", "ltiUserId"]),
)
AWARDS = st.builds(
    make_award,
    id=TEXT.map(lambda text: f"{BASE_URL}/credentials/{text}"),
    valid_until=st.none() | st.datetimes(timezones=st.just(UTC)),
)


def quad(value: str) -> dict[str, Any]:
    subject, predicate = ({"type": "IRI", "value": f"https://a.example/{n}"} for n in "ab")
    literal = {"type": "literal", "value": value, "datatype": f"{XSD}string"}
    return {"subject": subject, "predicate": predicate, "object": literal}


def outcome(sign: Any, credential: dict[str, Any]) -> Any:
    try:
        return sign(credential, **SIGNING)
    except InvalidError as error:
        return str(error)


@settings(max_examples=40, deadline=None)
@given(ACHIEVEMENTS, st.lists(st.tuples(AWARDS, RECIPIENTS), min_size=1, max_size=3))
def test_both_ways_of_signing_agree_on_every_text(achievement, awards):
    for award, recipient in awards:
        credential = build_credential(award, recipient, achievement, ISSUER)

        assert outcome(sign_credential, credential) == outcome(sign_canonically, credential)


@settings(max_examples=60, deadline=None)
@given(AWARDS, RECIPIENTS, TEXT, TEXT)
def test_both_ways_agree_on_many_awards_of_one_achievement(award, recipient, raw_hash, raw_salt):
    credential = build_credential(award, recipient, make_achievement(), ISSUER)
    # Past build_credential too: whatever text stands there, the outcome is the same.
    identity = ("credentialSubject", "identifier", 0)
    raw = put(put(credential, (*identity, "identityHash"), raw_hash), (*identity, "salt"), raw_salt)

    assert outcome(sign_credential, credential) == outcome(sign_canonically, credential)
    assert outcome(sign_credential, raw) == outcome(sign_canonically, raw)


def test_the_end_of_an_award_is_no_shape_of_its_own():
    """A shape is expanded once; awards that end at other times must not each be one."""
    from app.credentials import signing

    signing._shapes._templates.clear()
    for day in range(5):
        award = make_award(day, valid_until=NOON + timedelta(days=400 + day))
        credential = build_credential(award, make_recipient(), make_achievement(), ISSUER)
        signed = sign_credential(credential, **SIGNING)
        assert verify_credential(signed, did_document=DID_DOCUMENT, now=NOON).is_valid

    assert len(signing._shapes) == 1


@settings(max_examples=25, deadline=None)
@given(ACHIEVEMENTS)
def test_both_libraries_canonicalise_alike(achievement):
    credential = build_credential(make_award(), make_recipient(), achievement, ISSUER)
    try:
        plain = canonical_nquads(credential)
    except InvalidError:
        return

    assert canonicalise(credential) == plain


def test_the_vector_of_the_w3c_is_reproduced():
    # Source: W3C Data Integrity EdDSA Cryptosuites 1.0, appendix B.1.
    contexts = [
        "https://www.w3.org/ns/credentials/v2",
        "https://www.w3.org/ns/credentials/examples/v2",
    ]
    examples = {"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}
    known = {**SHIPPED_CONTEXTS, contexts[1]: examples}
    method = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
    document = {
        "@context": contexts,
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "AlumniCredential"],
        "name": "Alumni Credential",
        "description": "A minimum viable example of an Alumni Credential.",
        "issuer": "https://vc.example/issuers/5678",
        "validFrom": "2023-01-01T00:00:00Z",
        "credentialSubject": {
            "id": "did:example:abcdefgh",
            "alumniOf": "The School of Examples",
        },
    }
    options = {
        "@context": contexts,
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2023-02-24T23:36:38Z",
        "verificationMethod": f"did:key:{method}#{method}",
        "proofPurpose": "assertionMethod",
    }
    raw_key = base58.b58decode("3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq")[2:]
    key = Ed25519PrivateKey.from_private_bytes(raw_key)

    for canonical in (
        lambda part: canonical_nquads(part, known),
        lambda part: canonicalise(part, known),
    ):
        signed = b"".join(hashlib.sha256(canonical(part)).digest() for part in (options, document))
        assert encode_multibase(key.sign(signed)) == (
            "z2YwC8z3ap7yx1nZYCg4L3j3ApHsF8kgPdSb5xoS1VR7vPG3F561B52hYnQF9iseabecm3ijx4K1FBTQsCZahKZme"
        )


def test_the_proof_is_an_array_of_one():
    credential = make_credential()
    before = copy.deepcopy(credential)

    signed = sign_credential(credential, **SIGNING)

    assert credential == before, "the credential handed in is left as it was"
    (proof,) = signed["proof"]
    assert proof | {"proofValue": ""} == {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-01-05T12:00:00Z",
        "verificationMethod": SIGNING["verification_method"],
        "proofPurpose": "assertionMethod",
        "proofValue": "",
    }
    assert base58.b58decode(proof["proofValue"][1:]).__len__() == 64


UNSIGNED = {
    "an undefined member": (("colour",), "silver"),
    "an undefined member further down": (("credentialSubject", "achievement", "colour"), "gold"),
    "an undefined type": (("credentialSubject", "achievement", "type"), ["Achievement", "Medal"]),
    "an id that is a number": (("credentialSubject", "achievement", "id"), 7),
    "an id that is no address": (("credentialSubject", "achievement", "id"), "achievement-7"),
    "an id with a space": (("credentialSubject", "achievement", "id"), "https://a.example/a b"),
    "a blank node's label": (("credentialSubject", "id"), "_:b0"),
    "an award's id with a space": (("id",), "https://a.example/a b"),
    "an award's id that is no address": (("id",), "credential-1"),
    "a control character": (("credentialSubject", "achievement", "name"), "a\x07b"),
    "a control character in a salt": (("credentialSubject", "identifier", 0, "salt"), "a\x00"),
    "nothing": (("credentialSubject", "achievement", "version"), None),
    "an empty array": (("credentialSubject", "achievement", "tag"), []),
    "an empty object": (("credentialSubject", "achievement", "criteria"), {}),
    "a fraction": (("credentialSubject", "achievement", "version"), 0.1),
    "an array in an array": (("credentialSubject", "achievement", "tag"), [["a"]]),
    "a keyword": (("credentialSubject", "@index"), "a"),
    "a context of its own": (("credentialSubject", "@context"), {"colour": "https://a.example/c"}),
    "a member spelled as an IRI": (("https://schema.org/name",), "a"),
    "a proof": (("proof",), [{"type": "DataIntegrityProof"}]),
    "a foreign context": (("@context",), ["https://www.w3.org/ns/credentials/v1"]),
    "no context": (("@context",), []),
    "a number for a context": (("@context",), [1]),
    "twin skills": (
        ("credentialSubject", "achievement", "alignment"),
        [{"type": ["Alignment"], "targetName": "a", "targetUrl": "https://a.example"}] * 2,
    ),
}


@pytest.mark.parametrize(("path", "value"), UNSIGNED.values(), ids=UNSIGNED)
@pytest.mark.parametrize("sign", [sign_credential, sign_canonically])
def test_what_would_not_be_signed_is_refused(sign, path, value):
    with pytest.raises(InvalidError):
        sign(put(make_credential(), path, value), **SIGNING)


@pytest.mark.parametrize("sign", [sign_credential, sign_canonically])
@pytest.mark.parametrize("tags", [("\uff5ea", "😀a"), ("same \uff5e", "same 😀")])
def test_texts_that_javascript_sorts_otherwise_are_refused(sign, tags):
    with pytest.raises(InvalidError, match="emoji"):
        sign(make_credential(tags=tags), **SIGNING)


def test_an_emoji_and_a_full_width_letter_apart_are_signed():
    credential = make_credential(tags=("a 😀", "b \uff5e"))

    signed = sign_credential(credential, **SIGNING)

    assert signed == sign_canonically(credential, **SIGNING)
    assert verify_credential(signed, did_document=DID_DOCUMENT, now=NOON).is_valid


def test_rare_line_breaks_stay_inside_their_line():
    nquads = canonical_nquads(make_credential(description="a\u0085b\u2028c\u2029d"))

    assert nquads.decode().count("a\u0085b\u2028c\u2029d") == 1
    assert all(line.endswith(b" .") for line in nquads.split(b"\n")[:-1])


@pytest.mark.parametrize(
    "path_and_value",
    [
        (("id",), "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33"),
        (("id",), f"{BASE_URL}/achievements/7/versions/2"),
        (("credentialSubject", "achievement", "name"), f"{MARK}0;"),
        (("credentialSubject", "identifier", 0, "salt"), f"{MARK}0;"),
        (("credentialSubject", "id"), "did:key:z6Mk"),
        (("awardedDate",), NOON.isoformat()),
    ],
)
def test_an_unusual_credential_is_signed_with_the_same_outcome(path_and_value):
    credential = put(make_credential(), *path_and_value)

    assert sign_credential(credential, **SIGNING) == sign_canonically(credential, **SIGNING)


def test_a_credential_without_awarded_date_is_signed_the_plain_way():
    credential = make_credential()
    del credential["awardedDate"]

    assert sign_credential(credential, **SIGNING) == sign_canonically(credential, **SIGNING)


def test_a_key_id_that_is_no_address_is_refused():
    with pytest.raises(InvalidError, match="key"):
        sign_credential(make_credential(), **(SIGNING | {"verification_method": "key 1"}))


def test_many_threads_sign_as_one_does():
    credentials = [make_credential(n, name=f"Badge {n % 24}") for n in range(96)]

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda one: sign_credential(one, **SIGNING), credentials))

    assert together == [sign_credential(one, **SIGNING) for one in credentials]
    assert together[::12] == [sign_canonically(one, **SIGNING) for one in credentials[::12]]


def test_the_cache_forgets_the_shape_used_longest_ago():
    cache = TemplateCache(size=2)
    made = []

    def template(shape: str) -> Template:
        def make() -> Template:
            made.append(shape)
            return Template([quad(gap(0))], 1)

        return cache.get(shape, make)

    for shape in ["a", "b", "a", "c", "a", "b"]:
        template(shape)

    assert made == ["a", "b", "c", "b"]
    assert len(cache) == 2


def test_a_shape_that_lost_a_gap_is_never_used():
    with pytest.raises(ValueError, match="gap"):
        Template([quad(gap(0))], 2)


def test_a_context_that_is_not_shipped_is_never_loaded():
    load = _loader(SHIPPED_CONTEXTS)

    with pytest.raises(InvalidError, match="not one that is shipped"):
        load("https://www.w3.org/2018/credentials/v1", {})


def test_hostile_documents_are_refused_at_once():
    child: dict[str, Any] = {"type": ["Alignment"], "targetName": "a"}
    twins = [
        {"type": ["Profile"], "name": "a", "parentOrg": {"type": ["Profile"], "name": str(n)}}
        for n in range(9)
    ]
    nested: dict[str, Any] = child
    for _ in range(40):
        nested = {"type": ["Profile"], "parentOrg": nested}

    for poison in (twins, nested):
        with pytest.raises(InvalidError):
            canonical_nquads(put(make_credential(), ("issuer", "parentOrg"), poison))


def test_the_alignments_may_share_a_name():
    other = AlignmentFacts(ESCO.target_name, "https://b.example", "CASE", "1", "CFItem")
    credential = make_credential(alignments=(ESCO, other))

    assert sign_credential(credential, **SIGNING) == sign_canonically(credential, **SIGNING)
