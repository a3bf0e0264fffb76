"""The statement that each of a group signs before one of them hands in."""

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.principal import Role
from app.courses.models import RosterEntry, RosterStatus
from app.evidence.group_models import AttemptSignature
from app.evidence.models import SubmissionStatus
from app.evidence.signing import digest_of
from tests.factories import NOON

WORDS = "This is our own work.\nWe named our <sources>."


@pytest.fixture
def signing(team, world, session, assignment):
    """A group of two at an assignment that asks for a statement."""
    assignment.statement = WORDS
    session.commit()
    team.gather(world.learner, world.other_learner)
    return team


def sign(team, person, words=WORDS):
    return team.post(person, "group/signature", statement=digest_of(words))


def test_unsigned_by_one_it_is_kept_and_not_handed_in(signing, world, submissions, artifacts):
    page = signing.send(world.learner, text="ours", signs="y")

    assert page.status_code == 422
    assert "Not everybody of your group has signed yet: Jonas Student" in page.text
    assert "ours</textarea>" in page.text
    assert [each.text for each in artifacts()] == ["ours"]
    assert submissions()[0].status is SubmissionStatus.DRAFT


def test_once_all_have_signed_one_hands_in(signing, world, attempts, session):
    assert "has not signed yet" in signing.page(world.learner).text
    assert "You have signed the statement" in sign(signing, world.other_learner).text

    page = signing.send(world.learner, text="ours", signs="y", seen="1.0")

    assert "Your work is handed in" in page.text
    assert "Signed by Jonas Student" in page.text
    (attempt,) = attempts()
    assert attempt.signed_by == world.learner.id
    (signature,) = session.scalars(select(AttemptSignature))
    assert (signature.person_id, signature.statement) == (world.other_learner.id, WORDS)
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "submission.signed")
    ).one()
    assert entry.facts == {"attempt": 1, "signed_statement_sha256": digest_of(WORDS)}


def test_who_hands_in_signs_too(signing, world, submissions):
    sign(signing, world.learner)

    page = signing.send(world.other_learner, text="ours", seen="1.0")

    assert page.status_code == 422
    assert "Sign the statement to hand in your work" in page.text
    assert submissions()[0].status is SubmissionStatus.DRAFT


def test_a_signature_can_be_taken_back(signing, world, rows):
    sign(signing, world.other_learner)

    page = signing.post(world.other_learner, "group/signature/take-back")

    assert "Your signature is taken back" in page.text
    assert rows(AttemptSignature) == []
    assert signing.send(world.learner, text="x", signs="y", seen="1.0").status_code == 422


def test_other_words_are_not_signed(signing, world, rows):
    page = sign(signing, world.other_learner, "Other words.")

    assert page.status_code == 422
    assert rows(AttemptSignature) == []


def test_after_the_hand_in_nothing_is_signed_or_taken_back(signing, world, rows):
    sign(signing, world.other_learner)
    signing.send(world.learner, text="x", signs="y", seen="1.0")

    assert sign(signing, world.other_learner).status_code == 409
    assert signing.post(world.other_learner, "group/signature/take-back").status_code == 409
    assert len(rows(AttemptSignature)) == 1


def test_what_was_taken_back_is_signed_anew(signing, world, attempts):
    sign(signing, world.other_learner)
    signing.send(world.learner, text="x", signs="y", seen="1.0")
    signing.post(world.learner, "withdraw", attempt=attempts()[0].id)

    page = signing.send(world.learner, text="x", signs="y", seen="2.0")

    assert "Not everybody of your group has signed yet" in page.text


def test_who_leaves_takes_their_signature_along(signing, world, rows):
    sign(signing, world.other_learner)

    signing.post(world.other_learner, "group/leave")

    assert rows(AttemptSignature) == []


def test_whom_the_lms_no_longer_counts_is_not_waited_for(signing, world, session):
    session.add(
        RosterEntry(
            course_id=world.course.id,
            person_id=world.other_learner.id,
            role=Role.LEARNER,
            status=RosterStatus.GONE,
            changed_at=NOON.replace(year=2100),
        )
    )
    session.commit()

    assert "Your work is handed in" in signing.send(world.learner, text="x", signs="y").text


def test_a_stranger_signs_nothing(signing, world, third, rows):
    assert sign(signing, third).status_code == 409
    assert rows(AttemptSignature) == []


def test_the_statement_stands_once_with_one_way_to_sign_it(signing, world):
    page = signing.page(world.learner).text

    assert page.count("We named our &lt;sources&gt;.") == 1
    assert page.count("I sign this statement") == 1
    assert "Sign the statement of your group" in page


def test_who_signed_before_hands_in_without_signing_again(signing, world, attempts, rows):
    sign(signing, world.learner)
    sign(signing, world.other_learner)

    page = signing.send(world.learner, text="ours", seen="1.0")

    assert "Your work is handed in" in page.text
    own = next(row for row in rows(AttemptSignature) if row.person_id == world.learner.id)
    assert attempts()[0].signed_at == own.signed_at, "when it was signed, not when handed in"


def test_who_has_signed_is_told_whose_turn_it_is(signing, world):
    sign(signing, world.learner)

    mine = signing.page(world.learner).text
    assert "Jonas Student acts next: the statement is not signed by all yet" in mine
    assert "Jonas Student acts next" not in signing.page(world.other_learner).text

    sign(signing, world.other_learner)
    assert "acts next: the statement is not signed" not in signing.page(world.learner).text


def test_signing_keeps_what_was_typed(signing, world, artifacts, rows):
    page = signing.send(world.learner, button="save", text="typed", sign=digest_of(WORDS))

    assert "You have signed the statement for this attempt" in page.text
    assert [each.text for each in artifacts()] == ["typed"]
    assert [each.person_id for each in rows(AttemptSignature)] == [world.learner.id]


def test_other_words_are_not_signed_with_the_draft_either(signing, world, rows):
    page = signing.send(world.learner, button="save", text="typed", sign=digest_of("Other words."))

    assert page.status_code == 422
    assert rows(AttemptSignature) == []
