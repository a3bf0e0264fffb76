"""What is cast is what is built, canonicalised in full and signed: letter for letter."""

import json
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import InvalidError
from app.credentials.facts import (
    CriterionFacts,
    EvidenceFacts,
    LevelFacts,
    RecipientFacts,
    ResultFacts,
    StatusFacts,
)
from app.credentials.fast_verify import digest_of
from app.credentials.linked_data import canonical_nquads
from app.credentials.mould import Mould
from app.credentials.openbadge import build_credential, to_json
from app.credentials.shape import cut
from app.credentials.signing import (
    digest_canonically,
    digest_quickly,
    find_template,
    sign_canonically,
)
from tests.credentials.examples import (
    BASE_URL,
    ISSUER,
    NOON,
    SIGNING,
    make_achievement,
    make_award,
    make_full_achievement,
    make_full_award,
    make_recipient,
    make_signed,
)
from tests.credentials.leaves import put
from tests.credentials.oxigraph import canonicalise
from tests.credentials.test_signing import ACHIEVEMENTS, RECIPIENTS, TEXT, WORDS, outcome

ADDRESS = f"{BASE_URL}/achievements/7"


NOTHING = st.just(())


@st.composite
def achievements(draw):
    """An achievement with a rubric of any words, and perhaps with parts."""
    criteria = tuple(
        CriterionFacts(
            id=f"{ADDRESS}#c{number}",
            name=draw(WORDS),
            required_level=draw(st.none() | st.just(f"{ADDRESS}#c{number}-0")),
            levels=tuple(
                LevelFacts(f"{ADDRESS}#c{number}-{step}", draw(WORDS), draw(TEXT), step)
                for step in range(draw(st.integers(1, 3)))
            ),
        )
        for number in range(draw(st.integers(0, 3)))
    )
    related = tuple(f"{BASE_URL}/achievements/{n}" for n in range(draw(st.integers(0, 2))))
    return make_achievement(
        id=ADDRESS,
        name=draw(WORDS),
        tags=tuple(draw(st.lists(TEXT, max_size=3))),
        criteria=criteria,
        related=related,
    )


@st.composite
def awards(draw, achievement, evidence=NOTHING):
    """An award of it, with everything that it may have or not."""
    number = draw(st.integers(0, 10**6))
    awarded_at = draw(st.datetimes(timezones=st.just(UTC)))
    reached = [
        ResultFacts(criterion.id, draw(st.sampled_from(criterion.levels)).id)
        for criterion in achievement.criteria
        if draw(st.booleans())
    ]
    lists = st.builds(
        StatusFacts, TEXT.map(lambda text: f"{BASE_URL}/status/{text}"), st.integers(0, 131_071)
    )
    return make_award(
        id=f"{BASE_URL}/credentials/{number}{draw(TEXT)}",
        awarded_at=awarded_at,
        valid_from=draw(st.just(awarded_at) | st.datetimes(timezones=st.just(UTC))),
        valid_until=draw(st.none() | st.datetimes(timezones=st.just(UTC))),
        results=tuple(reached),
        evidence=draw(evidence),
        status=draw(st.none() | lists),
    )


PIECES = st.builds(
    EvidenceFacts,
    name=WORDS,
    id=st.none() | TEXT.map(lambda text: f"{BASE_URL}/evidence/{text}"),
    narrative=st.none() | TEXT,
    digest_multibase=st.none() | st.just("zQmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n"),
    media_type=st.none() | st.just("application/pdf"),
    genre=st.none() | TEXT,
)


def built(award, recipient, achievement) -> Any:
    try:
        credential = build_credential(award, recipient, achievement, ISSUER)
        return to_json(sign_canonically(credential, **SIGNING))
    except InvalidError as error:
        return str(error)


def cast(mould, award, recipient) -> Any:
    try:
        return mould.sign(award, recipient, **SIGNING)
    except InvalidError as error:
        return str(error)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_what_is_cast_is_what_is_built(data):
    achievement = data.draw(achievements())
    mould = Mould(achievement, ISSUER)
    for _ in range(3):
        award, recipient = data.draw(awards(achievement)), data.draw(RECIPIENTS)

        assert cast(mould, award, recipient) == built(award, recipient, achievement)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_evidence_of_any_words_is_signed_in_both_ways_alike(data):
    achievement = data.draw(achievements())
    award = data.draw(awards(achievement, st.lists(PIECES, min_size=1, max_size=3).map(tuple)))
    recipient = make_recipient()

    assert cast(Mould(achievement, ISSUER), award, recipient) == built(
        award, recipient, achievement
    )


@settings(max_examples=20, deadline=None)
@given(st.data(), ACHIEVEMENTS)
def test_the_lines_with_values_in_their_gaps_are_those_of_two_other_libraries(data, achievement):
    recipient = data.draw(RECIPIENTS)
    try:
        credential = build_credential(
            data.draw(awards(achievement)), recipient, achievement, ISSUER
        )
        plain = canonical_nquads(credential)
    except InvalidError:
        return
    shape, values = cut(credential)

    filled = find_template(shape, values).fill(values)

    assert filled is not None
    assert filled.encode() == plain == canonicalise(credential)


def test_the_lines_keep_their_order_whatever_the_award_is_called():
    """Its address sorts before, between or after those of its achievement and its list."""
    mould = Mould(make_full_achievement(), ISSUER)
    for host in ("a.example", "assay.example.edu", "zz.example"):
        for number in range(6):
            award = make_full_award(number, id=f"https://{host}/c/{number}", evidence=())
            recipient = make_recipient(salt=f"salt {number}")

            text = mould.sign(award, recipient, **SIGNING)

            assert text == built(award, recipient, make_full_achievement())


def test_an_ordinary_award_is_cast():
    mould = Mould(make_full_achievement(name="Ordinary"), ISSUER)

    mould.sign(make_full_award(evidence=()), make_recipient(), **SIGNING)

    assert [cast is not None for cast in mould._casts.values()] == [True]


def test_an_award_called_like_something_in_its_achievement_is_not_cast_but_signed_alike():
    achievement = make_full_achievement()
    for address in (achievement.id, achievement.image_url, achievement.criteria[0].id):
        award = make_full_award(id=address)

        assert cast(Mould(achievement, ISSUER), award, make_recipient()) == built(
            award, make_recipient(), achievement
        )


def test_a_text_that_looks_like_a_gap_is_signed_as_it_stands():
    achievement = make_achievement(description="see urn:x-assay-gap:0; and urn:x-assay-gap:1;")

    text = cast(Mould(achievement, ISSUER), make_award(), make_recipient())

    assert text == built(make_award(), make_recipient(), achievement)


@pytest.mark.parametrize(
    "reached",
    [
        (ResultFacts(f"{ADDRESS}#nothing", f"{ADDRESS}#nothing-0"),),
        (ResultFacts(f"{ADDRESS}#c0", f"{ADDRESS}#c1-0"),),
        (
            ResultFacts(f"{ADDRESS}#c0", f"{ADDRESS}#c0-0"),
            ResultFacts(f"{ADDRESS}#c0", f"{ADDRESS}#c0-1"),
        ),
    ],
)
def test_a_result_that_the_achievement_does_not_describe_is_refused(reached):
    mould = Mould(make_full_achievement(), ISSUER)
    mould.sign(make_full_award(), make_recipient(), **SIGNING)

    with pytest.raises(InvalidError):
        mould.sign(make_full_award(results=reached), make_recipient(), **SIGNING)


def test_a_mould_keeps_no_more_casts_than_it_may(monkeypatch):
    monkeypatch.setattr("app.credentials.mould._MOST_CASTS", 2)
    mould = Mould(make_achievement(name="Of many kinds"), ISSUER)
    for number in [0, 1, 2, 0, 3]:
        recipient = RecipientFacts("hash", "salt", f"ext:kind{number}")

        assert cast(mould, make_award(), recipient) == outcome_text(recipient)
        assert len(mould._casts) <= 2


def outcome_text(recipient: RecipientFacts) -> str:
    return built(make_award(), recipient, make_achievement(name="Of many kinds"))


def test_the_quick_digest_is_the_exact_one_for_odd_documents_too():
    signed = make_signed()
    proof = signed["proof"][0]
    odd = [
        put(signed, ("proof",), proof),
        put(signed, ("proof", 0, "created"), "at noon"),
        put(signed, ("proof", 0, "nonce"), "n"),
        put(
            signed,
            ("credentialSubject", "identifier"),
            signed["credentialSubject"]["identifier"][0],
        ),
        put(signed, ("credentialSubject", "result"), "none"),
        put(signed, ("credentialStatus",), "none"),
        put(signed, ("evidence",), [7]),
        put(signed, ("id",), "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33"),
    ]
    for document in odd:
        assert outcome(quick, document) == outcome(exact, document)
        assert outcome(of_stored, document) == outcome(exact, document)


def parted(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    found = document["proof"]
    options = dict(found[0] if isinstance(found, list) else found)
    del options["proofValue"]
    return {name: value for name, value in document.items() if name != "proof"}, options


def quick(document: dict[str, Any], **_: Any) -> bytes:
    return digest_quickly(*parted(document))


def exact(document: dict[str, Any], **_: Any) -> bytes:
    return digest_canonically(*parted(document))


def of_stored(document: dict[str, Any], **_: Any) -> bytes:
    return digest_of(document)


@pytest.mark.parametrize("proof", [None, [], "x", [{}, {}], ["x"]])
def test_a_document_without_exactly_one_proof_has_no_digest(proof):
    with pytest.raises(InvalidError, match="one proof"):
        digest_of(put(make_signed(), ("proof",), proof))


def test_a_document_of_great_depth_is_refused():
    deep: Any = "x"
    for _ in range(900):
        deep = {"parentOrg": deep}

    with pytest.raises(InvalidError):
        digest_of(put(make_signed(), ("issuer",), deep))


def test_times_are_written_as_they_were():
    award = make_award(valid_until=NOON + timedelta(days=1, microseconds=5))

    text = Mould(make_achievement(), ISSUER).sign(award, make_recipient(), **SIGNING)

    assert json.loads(text)["validUntil"] == "2026-01-06T12:00:00Z"
