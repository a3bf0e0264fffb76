"""From assessments to a decision: so many who agree, a moderator, and taking it back."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.assessment.deciding import undo
from app.assessment.models import Assessment, AttemptDecision, Capacity, Decision
from app.assessment.queries import find_pending_decision, list_counted, list_released
from app.assessment.recusing import declare_conflict
from app.assessment.service import start_assessing
from app.assessment.turns import DISPUTANT, DISPUTED, RECORDED
from app.assessment.verdict import reach_verdict
from app.awards.models import Award
from app.core.audit import AuditEntry
from app.core.errors import ConflictError, ForbiddenError
from app.evidence.models import SubmissionStatus
from app.outbox.models import Delivery
from tests.assessment.several import (
    ASSESSOR,
    GRANTOR,
    MODERATOR,
    TEN_MINUTES,
    appoint,
    needs,
    record,
)
from tests.factories import NOON, import_models

import_models()  # rows are made below, before any fixture runs


def said(number, decision, capacity=Capacity.GRANTOR, points=4):
    return Assessment(id=number, decision=decision, capacity=capacity, points=points)


MET, NO, REVISION = Decision.MET, Decision.NOT_MET, Decision.REVISION


@pytest.mark.parametrize(
    ("counted", "needed", "deciding", "missing", "is_disputed"),
    [
        ([], 1, None, 1, False),
        ([said(1, MET)], 1, 1, 0, False),
        ([said(1, MET)], 2, None, 1, False),
        ([said(1, MET), said(2, MET)], 3, None, 1, False),
        ([said(1, NO), said(2, MET)], 3, None, 1, False),
        ([said(1, MET, points=6), said(2, MET, points=2)], 2, 2, 0, False),
        ([said(1, MET, points=2), said(2, MET, points=2)], 2, 1, 0, False),
        ([said(1, MET), said(2, NO)], 2, None, 0, True),
        ([said(1, REVISION), said(2, NO)], 2, None, 0, True),
        ([said(1, MET), said(2, MET), said(3, NO)], 3, None, 0, True),
        ([said(1, MET), said(2, NO), said(3, NO, Capacity.MODERATOR)], 2, 3, 0, False),
    ],
)
def test_what_assessments_come_to(counted, needed, deciding, missing, is_disputed):
    verdict = reach_verdict(counted, needed=needed)

    assert (verdict.deciding and verdict.deciding.id) == deciding
    assert (verdict.missing, verdict.is_disputed) == (missing, is_disputed)


@pytest.fixture
def two(session, world):
    """The badge needs two grantors."""
    needs(session, world.level_1, 2)


@pytest.fixture
def moderator(session, world, two):
    """Nora settles what the two do not agree on."""
    appoint(session, world.grader, world.level_1, MODERATOR)
    return world.grader


def deeds(session, action):
    return session.scalars(select(AuditEntry).where(AuditEntry.action == action)).all()


def test_the_first_of_two_decides_nothing_and_the_gradebook_says_in_assessment(
    session, app, world, submission, two
):
    outcome = record(session, app, submission, world.grantor)

    assert (outcome.decision, outcome.award) == (None, None)
    assert submission.status is SubmissionStatus.IN_ASSESSMENT
    assert submission.decided_at is None
    (told,) = session.scalars(select(Delivery)).all()
    assert "In assessment" in told.payload["body"]
    assert list_released(session, submission.id) == []


def test_two_who_agree_decide_and_the_lower_points_count(session, app, world, submission, two):
    record(session, app, submission, world.grantor, "best", "best")
    outcome = record(session, app, submission, world.second_grantor, "enough", "best")

    assert outcome.decision.decision is Decision.MET
    assert outcome.decision.assessment.grantor_id == world.second_grantor.id
    assert outcome.decision.decided_by == world.second_grantor.id
    assert outcome.award is not None
    assert len(list_released(session, submission.id)) == 2


def test_two_who_disagree_decide_nothing_until_a_moderator_settles_it(
    session, app, world, submission, moderator
):
    record(session, app, submission, world.grantor)
    disputed = record(session, app, submission, world.second_grantor, decision=NO)
    assert disputed.decision is None
    assert session.scalar(select(AttemptDecision)) is None

    settled = record(session, app, submission, moderator, decision=NO)

    assert settled.decision.decision is NO
    assert settled.decision.assessment.capacity is Capacity.MODERATOR
    assert submission.status is SubmissionStatus.NOT_MET
    assert session.scalar(select(Award)) is None


def test_a_moderator_is_a_grantor_until_all_are_in(session, app, world, submission, moderator):
    record(session, app, submission, moderator)

    (own,) = list_counted(session, submission)
    assert own.capacity is Capacity.GRANTOR


def test_a_moderator_who_is_one_of_those_who_disagree_may_not_settle_it(
    session, app, world, submission, moderator
):
    record(session, app, submission, moderator)
    record(session, app, submission, world.grantor, decision=NO)

    with pytest.raises(ConflictError, match=DISPUTANT):
        record(session, app, submission, moderator)


def test_a_third_grantor_does_not_settle_a_dispute(session, app, world, submission, two):
    appoint(session, world.grader, world.level_1, GRANTOR)
    record(session, app, submission, world.grantor)
    record(session, app, submission, world.second_grantor, decision=NO)

    with pytest.raises(ConflictError, match=DISPUTED):
        record(session, app, submission, world.grader)


def test_nobody_is_two_of_the_two(session, app, world, submission, two):
    record(session, app, submission, world.grantor)

    with pytest.raises(ConflictError, match=RECORDED):
        record(session, app, submission, world.grantor)


def test_an_assessor_decides_nothing_whatever_they_say(session, app, world, submission):
    appoint(session, world.grader, world.level_1, ASSESSOR)

    outcome = record(session, app, submission, world.grader)

    assert (outcome.decision, outcome.award) == (None, None)
    assert submission.status is SubmissionStatus.IN_ASSESSMENT
    assert session.scalars(select(Assessment)).one().capacity is Capacity.ASSESSOR
    assert list_counted(session, submission) == []
    assert session.scalar(select(AttemptDecision)) is None


def test_an_assessor_is_never_the_last_of_two(session, app, world, submission, two):
    appoint(session, world.grader, world.level_1, ASSESSOR)
    record(session, app, submission, world.grantor)

    assert record(session, app, submission, world.grader).decision is None
    assert record(session, app, submission, world.second_grantor).decision is not None


def test_the_learner_never_reads_a_recommendation(session, app, world, submission):
    appoint(session, world.grader, world.level_1, ASSESSOR)
    record(session, app, submission, world.grader, comments={}, reason="Between us.")

    record(session, app, submission, world.grantor)

    (released,) = list_released(session, submission.id)
    assert released.grantor_id == world.grantor.id


def test_what_several_assess_is_held_by_none_of_them(session, world, submission, two):
    for grantor in (world.grantor, world.second_grantor):
        start_assessing(session, submission, grantor=grantor, seen_assessor_id=None, now=NOON)

        assert submission.assessor_id is None
        assert submission.status is SubmissionStatus.IN_ASSESSMENT
    assert len(deeds(session, "assessment.started")) == 1


def pend(session, app, world, submission, **facts):
    return record(session, app, submission, world.grantor, undo_for=TEN_MINUTES, **facts).decision


def test_a_decision_waits_and_nothing_is_told(session, app, world, submission):
    decision = pend(session, app, world, submission)

    assert decision.release_at == decision.decided_at + TEN_MINUTES
    assert submission.decided_at == decision.decided_at
    assert submission.status is SubmissionStatus.IN_ASSESSMENT
    assert session.scalar(select(Award)) is None
    assert session.scalar(select(Delivery)) is None
    assert list_released(session, submission.id) == []
    assert find_pending_decision(session, submission.id) is decision


def test_while_it_waits_nobody_else_records(session, app, world, submission):
    pend(session, app, world, submission)

    with pytest.raises(ConflictError, match="has been decided"):
        record(session, app, submission, world.second_grantor)


def test_an_undone_decision_can_be_taken_anew_by_the_same_grantor(session, app, world, submission):
    pend(session, app, world, submission, decision=NO)

    own = undo(session, submission, person=world.grantor, now=datetime.now(UTC))

    assert own.undone_at is not None
    assert (submission.decided_at, submission.assessor_id) == (None, world.grantor.id)
    assert list_counted(session, submission) == []
    assert record(session, app, submission, world.grantor).award is not None
    assert len(session.scalars(select(Assessment)).all()) == 2
    assert len(deeds(session, "decision.undone")) == 1


def test_undoing_the_last_of_two_keeps_what_the_first_said(session, app, world, submission, two):
    record(session, app, submission, world.second_grantor)
    pend(session, app, world, submission)

    undo(session, submission, person=world.grantor, now=datetime.now(UTC))

    assert [each.grantor_id for each in list_counted(session, submission)] == [
        world.second_grantor.id
    ]
    assert submission.assessor_id is None, "a name that the other is not to read"


def test_only_whoever_decided_undoes(session, app, world, submission, two):
    record(session, app, submission, world.second_grantor)
    pend(session, app, world, submission)

    with pytest.raises(ForbiddenError, match="Only whoever recorded"):
        undo(session, submission, person=world.second_grantor, now=datetime.now(UTC))


@pytest.mark.parametrize("late", [TEN_MINUTES, timedelta(days=1)])
def test_undone_too_late_is_refused(session, app, world, submission, late):
    decision = pend(session, app, world, submission)

    with pytest.raises(ConflictError, match="can no longer be undone"):
        undo(session, submission, person=world.grantor, now=decision.decided_at + late)


def test_undone_twice_is_refused(session, app, world, submission):
    pend(session, app, world, submission)
    now = datetime.now(UTC)
    undo(session, submission, person=world.grantor, now=now)

    with pytest.raises(ConflictError):
        undo(session, submission, person=world.grantor, now=now)


def test_a_conflict_that_came_to_light_closes_undo(session, app, world, submission):
    pend(session, app, world, submission)
    declare_conflict(
        session,
        person=world.grantor,
        learner=world.learner,
        reason="Cousins.",
        declared_by=world.instructor,
        now=NOON,
    )

    with pytest.raises(ForbiddenError, match="conflict of interest"):
        undo(session, submission, person=world.grantor, now=datetime.now(UTC))
