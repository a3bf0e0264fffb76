"""A credential is issued again: the same award and address, and the old one is kept."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from app.awards.contents import digest_multibase, facts_again, read_levels
from app.awards.edition_jobs import CHUNK, owe_editions, reissue_chunk
from app.awards.editions import reissue
from app.awards.facts import recipient_facts
from app.awards.models import Award, Visibility
from app.awards.revoking import revoke_award
from app.awards.signer import Signer
from app.awards.stack_models import AwardPart
from app.awards.status_lists import find_entry
from app.awards.status_models import AwardResult, CredentialEdition, EditionReason
from app.awards.suspending import suspend_award
from app.core.audit import AuditEntry
from app.core.errors import ConflictError, InvalidError
from app.courses.models import LtiUser
from app.credentials.facts import ResultFacts, StatusFacts
from app.credentials.keys import decode_multibase, generate_private_key, public_multikey
from app.credentials.text import timestamp
from app.outbox.models import Delivery
from app.platforms.models import KeyStatus
from app.programme.models import IssuerKey
from tests.awards.test_status_lists import is_refused
from tests.certificates import make_certificate
from tests.conftest import BASE_URL
from tests.factories import NOON
from tests.signing import SIGNING

LATER = NOON + timedelta(days=3)


@pytest.fixture
def handed_over(monkeypatch):
    """The facts that were handed over to be signed, one after the other."""
    facts = []
    sign = Signer.sign

    def watch(signer, award, *others, now):
        facts.append(award)
        return sign(signer, award, *others, now=now)

    monkeypatch.setattr(Signer, "sign", watch)
    return facts


def again(session, award, *, reason=EditionReason.CORRECTED, at=LATER, **changes):
    reissue(session, award, reason=reason, actor="command:x", **SIGNING, now=at, **changes)
    session.commit()
    return json.loads(award.credential)


def test_the_same_award_at_the_same_address_newly_signed(session, award):
    first = json.loads(award.credential)

    second = again(session, award)

    same = ("id", "awardedDate", "issuer", "name")
    assert [first[each] for each in same] == [second[each] for each in same]
    assert (first["credentialSubject"]["identifier"]) == (second["credentialSubject"]["identifier"])
    assert second["validFrom"] == timestamp(LATER) != first["validFrom"]
    assert first["proof"] != second["proof"]
    kept = session.scalars(select(CredentialEdition)).one()
    assert json.loads(kept.credential) == first
    assert (kept.number, kept.reason, kept.replaced_at) == (1, EditionReason.CORRECTED, LATER)
    assert award.edition == 2
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.facts["edition"]) == ("award.reissued", 2)


def test_a_corrected_name_stands_on_the_page_and_the_page_verifies(browser, session, award):
    again(session, award, name="Mei Ling Student")

    page = browser(None).get(f"/credentials/{award.public_id}").text
    assert "Mei Ling Student" in page
    assert "Could not be verified" not in page


def test_a_new_address_is_the_one_that_is_recognised(session, award):
    first = json.loads(award.credential)["credentialSubject"]["identifier"][0]

    second = again(session, award, reason=EditionReason.NEW_ADDRESS, email="Mei@Home.example")

    (identity,) = second["credentialSubject"]["identifier"]
    expected = recipient_facts(email="mei@home.example", lti_sub=None, salt=identity["salt"])
    assert identity["identityHash"] == expected.hash
    assert identity["salt"] != first["salt"]
    with pytest.raises(InvalidError, match="address"):
        again(session, award, email=" ")


def test_what_is_revoked_or_has_run_out_is_not_issued_again(session, issue, world, award):
    other = issue(world.other_learner)
    other.valid_until = LATER
    revoke_award(session, award, reason="Copied.", actor="x:y", **SIGNING, now=NOON)

    with pytest.raises(ConflictError, match="revoked"):
        again(session, award)
    with pytest.raises(ConflictError, match="run out"):
        again(session, other)


def test_the_levels_that_were_reached_are_kept_and_said_again(session, handed_over, issue, world):
    first, second = world.level_1.criteria
    award = issue(world.learner, met={first.id: 2, second.id: first.required_position})

    again(session, award)

    assert read_levels(session, award.id)[first.id] == first.rubric_levels[2].id
    address = f"{BASE_URL}/achievements/{world.level_1.public_id}#{first.key}"
    assert ResultFacts(address, f"{address}-2") in handed_over[0].results
    assert len(handed_over[0].results) == 2
    assert handed_over[1].results == handed_over[0].results
    assert len(session.scalars(select(AwardResult)).all()) == 2


def test_each_credential_says_where_its_status_is_read(session, handed_over, award):
    status_list, index = find_entry(session, award)

    again(session, award)

    said = StatusFacts(f"{BASE_URL}/status/{status_list.public_id}", index)
    assert [facts.status for facts in handed_over] == [said, said]


def test_a_level_i_credential_names_no_evidence(session, handed_over, award):
    again(session, award)

    assert [facts.evidence for facts in handed_over] == [(), ()]


def test_a_certificate_keeps_its_trace_and_names_what_its_holder_shows_to_all(
    session, world, level, badges, earn, held, handed_over
):
    certificate = make_certificate(session, world, level, badges[:2])
    shown = session.get(Award, earn(badges[0]).id)
    shown.visibility = Visibility.PUBLIC
    session.commit()
    hidden = earn(badges[1])

    made = held(certificate)
    parts = session.scalars(select(AwardPart).where(AwardPart.award_id == made.id)).all()
    assert {part.part_award_id for part in parts} == {shown.id, hidden.id}
    (evidence,) = handed_over[-1].evidence
    assert (evidence.id, evidence.name) == (
        f"{BASE_URL}/credentials/{shown.public_id}",
        badges[0].name,
    )
    facts = facts_again(
        session, made, find_entry(session, made), base_url=BASE_URL, now=made.awarded_at
    )
    assert facts == handed_over[-1]

    shown.visibility = Visibility.LINK
    again(session, made)
    assert handed_over[-1] == replace(facts, evidence=(), valid_from=LATER)


def test_a_digest_is_a_multihash():
    assert decode_multibase(digest_multibase("ab" * 32)) == b"\x12\x20" + b"\xab" * 32


@pytest.fixture
def old(session, award):
    """An award as they were before there were status lists."""
    award.status_list_id = award.status_index = None
    session.commit()
    return award


def test_older_awards_get_their_status_by_a_new_edition(browser, session, issue, world, old):
    issue(world.other_learner)
    suspend_award(session, old, reason="Looked into.", actor="x:y", **SIGNING, now=NOON)
    owe_editions(session, now=LATER)
    owed = session.scalars(select(Delivery)).one()

    made = reissue_chunk(session, owed.payload["institution_id"], **SIGNING, now=LATER)
    session.commit()

    assert made == 1
    assert (old.edition, session.scalars(select(CredentialEdition.reason)).one()) == (2, "status")
    assert is_refused(browser, session, old), "it was suspended before it had a bit"
    assert reissue_chunk(session, world.institution.id, **SIGNING, now=LATER) == 0
    session.execute(Delivery.__table__.delete())
    assert owe_editions(session, now=LATER) == 0


def test_one_that_cannot_be_signed_stops_no_other(session, issue, world, old):
    other = issue(world.other_learner)
    other.status_list_id = other.status_index = None
    # Its document cannot be read, and nothing else is known of whom it names.
    old.credential, world.learner.email = "{}", None
    session.execute(delete(LtiUser).where(LtiUser.person_id == world.learner.id))
    session.commit()

    made = reissue_chunk(session, world.institution.id, **SIGNING, now=LATER)

    assert made == 1
    assert (old.status_index, old.edition) == (None, 1)
    assert other.status_index is not None


def test_awards_whose_key_was_revoked_are_signed_with_the_present_one(session, issue, world, award):
    key = session.scalars(select(IssuerKey)).one()
    key.status = KeyStatus.REVOKED
    private = generate_private_key()
    present = IssuerKey(
        issuer_id=world.issuer.id,
        multikey=public_multikey(private),
        private_key_sealed=SIGNING["vault"].seal(private),
        status=KeyStatus.ACTIVE,
        created_at=NOON,
    )
    session.add(present)
    session.commit()

    assert reissue_chunk(session, world.institution.id, **SIGNING, now=LATER) == 1

    assert award.issuer_key_id == present.id
    assert present.multikey in award.credential
    assert session.scalars(select(CredentialEdition.reason)).one() is EditionReason.KEY


def test_a_full_chunk_owes_the_next(monkeypatch, session, issue, world, old):
    assert CHUNK > 1
    monkeypatch.setattr("app.awards.edition_jobs.CHUNK", 1)

    reissue_chunk(session, world.institution.id, **SIGNING, now=LATER)

    assert session.scalars(select(Delivery)).one().payload["after"] == old.id
