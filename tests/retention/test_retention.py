"""What has been kept long enough goes, and leaves its digest and a proof."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.assessment.dialogue_models import Appeal
from app.assessment.models import Assessment, AttemptDecision, Rating
from app.core.audit import AuditEntry, find_broken_entry
from app.core.errors import ConflictError, NotFoundError
from app.evidence.models import Artifact, SubmissionStatus
from app.retention.deleting import delete_due, list_unswept, make_plan, prove, sweep_bytes
from app.retention.holds import lift_hold, place_hold
from app.retention.models import DeletionProof
from tests import factories
from tests.retention.conftest import NOW


@pytest.fixture
def plan(session, world):
    return lambda now=NOW: make_plan(session, world.institution.id, now=now)


@pytest.fixture
def delete(session, world, storage):
    def run(**facts):
        made = delete_due(
            session,
            world.institution.id,
            **{"confirmed": None, "actor": "test", "now": NOW, **facts},
        )
        session.commit()
        sweep_bytes(session, storage, list_unswept(session))
        session.commit()
        session.expire_all()
        return made

    return run


def artifacts(session):
    session.expire_all()
    return session.scalars(select(Artifact).order_by(Artifact.id)).all()


def keys(due):
    return [(each.class_key, each.held) for each in due]


@pytest.mark.parametrize(("days", "count"), [(364, 0), (366, 2)])
def test_unshared_work_is_due_a_year_after_its_decision(decided, plan, days, count):
    decided(days)

    assert len(plan().due) == count


def test_a_dry_run_changes_nothing(session, decided, plan, storage):
    decided(400)

    assert len(plan().free) == 2
    assert all(each.deleted_at is None for each in artifacts(session))
    with storage.open(artifacts(session)[1].storage_key) as kept:
        assert kept.read()


def test_deletion_takes_the_content_and_leaves_digest_name_and_proof(
    session, world, decided, delete, storage
):
    decided(400)
    before = [(each.id, each.sha256, each.storage_key) for each in artifacts(session)]

    run = delete()

    text, file = artifacts(session)
    assert (text.text, file.storage_key) == (None, None)
    assert [(each.id, each.sha256) for each in (text, file)] == [row[:2] for row in before]
    assert (file.file_name, file.size_bytes) == ("old.pdf", 12)
    with pytest.raises(NotFoundError):
        storage.open(before[1][2])
    proofs = session.scalars(select(DeletionProof).order_by(DeletionProof.id)).all()
    assert [(each.subject, each.sha256) for each in proofs] == [
        (f"artifact:{number}", sha256) for number, sha256, _key in before
    ]
    assert prove(session, run.id, institution_id=world.institution.id).counts == {"unshared": 2}
    (entry,) = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "retention.deleted")
    ).all()
    assert entry.facts["digest"] == run.digest
    assert find_broken_entry(session, world.institution.id) is None


def test_a_second_run_has_nothing_to_do(session, decided, delete):
    decided(400)
    delete()

    assert delete() is None


def test_a_changed_proof_shows(session, world, decided, delete):
    decided(400)
    run = delete()
    session.scalars(select(DeletionProof)).first().sha256 = "0" * 64
    session.commit()

    with pytest.raises(ConflictError, match="do not come to its digest"):
        prove(session, run.id, institution_id=world.institution.id)


def test_what_was_run_is_what_was_looked_at(session, decided, plan, delete):
    decided(400)
    looked_at = plan().digest
    decided(500, learner=None)

    with pytest.raises(ConflictError, match="has changed"):
        delete(confirmed=looked_at)

    assert all(each.deleted_at is None for each in artifacts(session))
    assert delete(confirmed=plan().digest) is not None


def test_a_file_that_another_artifact_uses_stays(session, world, decided, delete, storage):
    old = decided(400).attempts[0].artifacts[1]
    fresh = decided(10, learner=world.other_learner)
    fresh.attempts[0].artifacts[1].storage_key = old.storage_key
    key = old.storage_key
    session.commit()

    delete()

    with storage.open(key) as kept:
        assert kept.read() == b"%PDF-1.7 old"
    assert old.storage_key is None


@pytest.mark.parametrize(
    "status",
    [
        SubmissionStatus.SUBMITTED,
        SubmissionStatus.IN_ASSESSMENT,
        SubmissionStatus.REVISION_REQUESTED,
    ],
)
def test_work_that_is_under_way_is_never_due(decided, plan, status):
    decided(4000, status=status)

    assert plan().due == ()


def test_a_hold_on_a_person_holds_all_of_theirs(session, world, decided, plan, delete):
    decided(400)
    decided(400, learner=world.other_learner)
    held = place_hold(
        session,
        institution_id=world.institution.id,
        person=world.learner,
        submission=None,
        reason="Case 12",
        placed_by=world.instructor.id,
        now=NOW,
    )
    session.commit()

    delete()

    assert [each.deleted_at is None for each in artifacts(session)] == [True, True, False, False]
    assert keys(plan().due) == [("unshared", "legal hold")] * 2
    lift_hold(
        session,
        held.id,
        institution_id=world.institution.id,
        lifted_by=world.instructor.id,
        now=NOW,
    )
    session.commit()
    delete()
    assert all(each.deleted_at for each in artifacts(session))


def test_an_open_appeal_holds_its_work(session, world, decided, plan):
    submission = decided(400)
    decision = session.scalars(select(AttemptDecision)).one()
    appeal = Appeal(
        institution_id=world.institution.id,
        submission_id=submission.id,
        decision_id=decision.id,
        person_id=world.learner.id,
        reason="No",
        opened_at=NOW,
    )
    session.add(appeal)
    session.commit()
    assert keys(plan().due) == [("unshared", "open appeal")] * 2

    appeal.closed_at = NOW
    session.commit()

    assert keys(plan().due) == [("unshared", "")] * 2


def test_a_decision_that_nobody_was_told_holds_its_work(session, world, decided, plan):
    submission = decided(400)
    first = session.scalars(select(AttemptDecision)).one()
    session.add(
        AttemptDecision(
            institution_id=world.institution.id,
            submission_id=submission.id,
            attempt_id=first.attempt_id,
            assessment_id=first.assessment_id,
            decision=first.decision,
            decided_by=world.grantor.id,
            decided_at=NOW,
            release_at=NOW + timedelta(minutes=10),
        )
    )
    session.commit()

    assert keys(plan().due) == [("unshared", "a decision waits")] * 2


def test_words_go_after_five_years_and_levels_stay(session, decided, delete):
    decided(365 * 5 + 3)

    delete()

    assessment = session.scalars(select(Assessment)).one()
    assert (assessment.reason, assessment.staff_note) == (None, None)
    ratings = session.scalars(select(Rating)).all()
    assert {rating.comment for rating in ratings} == {""}
    assert all(rating.rubric_level_id for rating in ratings)
    assert assessment.decision == "not_met"


def test_a_draft_that_nobody_touched_is_due(session, world, classes, plan, decided):
    submission = decided(100)
    attempt = submission.attempts[0]
    attempt.submitted_at = None
    submission.status = SubmissionStatus.DRAFT
    for artifact in attempt.artifacts:
        artifact.created_at = NOW - timedelta(days=400)
    session.commit()

    assert keys(plan().due) == [("drafts", "")] * 2
    attempt.artifacts[0].created_at = NOW
    session.commit()
    assert plan().due == ()


def test_without_classes_everything_is_kept(session, world, plan):
    assert plan().due == ()


def test_another_institutions_work_is_not_in_the_plan(app, session, decided):
    decided(400)
    other = factories.make_world(session, app.extensions["assay.vault"], "other")

    assert make_plan(session, other.institution.id, now=NOW).due == ()


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ((2025, 1, 31), 1, (2025, 2, 28)),
        ((2024, 2, 29), 12, (2025, 2, 28)),
        ((2026, 3, 31), -1, (2026, 2, 28)),
    ],
)
def test_months_end_where_months_end(start, months, end):
    from app.core.months import add_months

    at = NOW.replace(year=start[0], month=start[1], day=start[2])
    assert add_months(at, months).timetuple()[:3] == end
