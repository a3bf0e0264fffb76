"""Conditions: how a work in the queue stands, between hand-in and decision."""

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    bindparam,
    case,
    func,
    or_,
    select,
)

from app.assessment.desk_models import Allocation
from app.assessment.dialogue_models import Appeal
from app.assessment.models import Assessment, Capacity
from app.assessment.queue_filters import QueueState
from app.catalog.models import AchievementVersion
from app.courses.models import RosterEntry, RosterStatus
from app.evidence.models import Artifact, Attempt, ScanState, Submission
from app.mapping.models import Assignment

ME: BindParameter[int] = bindparam("person_id", type_=Integer)


def in_state(state: QueueState | None) -> tuple[ColumnElement[bool], ...]:
    """Return what a row fulfils that is in this state, beside waiting; `person_id` is bound."""
    conditions: dict[QueueState, tuple[ColumnElement[bool], ...]] = {
        QueueState.WAITING: (Submission.assessor_id.is_(None),),
        QueueState.MINE: (is_allocated_to(ME),),
        QueueState.STARTED_BY_ME: (Submission.assessor_id == ME,),
        QueueState.STARTED_BY_OTHERS: (
            Submission.assessor_id.is_not(None),
            Submission.assessor_id != ME,
        ),
        QueueState.RECOMMENDED: (is_recommended(),),
        QueueState.ANOTHER: (waits_for_another(),),
        QueueState.DISPUTED: (is_disputed(),),
        QueueState.APPEAL: (is_appealed(),),
    }
    return conditions.get(state, ()) if state is not None else ()


def is_allocated_to(person_id: ColumnElement[int] | int) -> ColumnElement[bool]:
    """Whether a submission is somebody's to assess."""
    return Submission.id.in_(
        select(Allocation.submission_id).where(
            Allocation.person_id == person_id, Allocation.ended_at.is_(None)
        )
    )


def is_free_for(person_id: int) -> ColumnElement[bool]:
    """Whether a submission is allocated to nobody, or to this person among others."""
    running = (
        select(Allocation.id)
        .where(Allocation.submission_id == Submission.id, Allocation.ended_at.is_(None))
        .correlate(Submission)
    )
    return or_(~running.exists(), running.where(Allocation.person_id == person_id).exists())


def is_recommended() -> ColumnElement[bool]:
    """Whether an assessor has recommended something for the newest attempt."""
    found: ColumnElement[bool] = (
        _assessments(Assessment.id).where(Assessment.capacity == Capacity.ASSESSOR).exists()
    )
    return found


def is_assessed_by(person_id: ColumnElement[int] | int) -> ColumnElement[bool]:
    """Whether somebody has assessed the newest attempt, or recommended something for it."""
    found: ColumnElement[bool] = (
        _assessments(Assessment.id).where(Assessment.grantor_id == person_id).exists()
    )
    return found


def count_assessed() -> ColumnElement[int]:
    """How many grantors' assessments of the newest attempt count."""
    counted: ColumnElement[int] = _assessments(func.count()).where(_DECIDES).scalar_subquery()
    return counted


def waits_for_another() -> ColumnElement[bool]:
    """Whether some of the grantors who are needed have assessed, and not all."""
    found: ColumnElement[bool] = (
        _assessments(Attempt.submission_id)
        .where(_DECIDES)
        .group_by(Attempt.submission_id)
        .having(func.count() < needed_grantors())
        .exists()
    )
    return found


def is_disputed() -> ColumnElement[bool]:
    """Whether all grantors who are needed have assessed, do not agree, and nobody has settled."""
    found: ColumnElement[bool] = (
        _assessments(Attempt.submission_id)
        .where(_DECIDES)
        .group_by(Attempt.submission_id)
        .having(
            func.count() >= needed_grantors(),
            func.count(Assessment.decision.distinct()) > 1,
            func.sum(_IS_MODERATOR) == 0,
        )
        .exists()
    )
    return found


def is_appealed() -> ColumnElement[bool]:
    """Whether an appeal is open."""
    return Submission.id.in_(select(Appeal.submission_id).where(Appeal.closed_at.is_(None)))


def has_question() -> ColumnElement[bool]:
    """Whether a question of the learner waits for its answer."""
    return Submission.asked_at.is_not(None)


def attempt_number() -> ColumnElement[int]:
    """Return the number of the attempt that counts."""
    found: ColumnElement[int] = (
        select(func.max(Attempt.number))
        .where(
            Attempt.submission_id == Submission.id,
            Attempt.submitted_at.is_not(None),
            Attempt.withdrawn_at.is_(None),
        )
        .correlate(Submission)
        .scalar_subquery()
    )
    return found


def has_left() -> ColumnElement[bool]:
    """Whether the LMS's roster says that the learner is in the course no more."""
    return (
        select(RosterEntry.id)
        .where(
            RosterEntry.course_id == Submission.course_id,
            RosterEntry.person_id == Submission.learner_id,
            RosterEntry.status == RosterStatus.GONE,
        )
        .correlate(Submission)
        .exists()
    )


def has_file_that_is(state: ScanState) -> ColumnElement[bool]:
    """Whether a file of the newest attempt is infected, or still being checked."""
    return (
        select(Artifact.id)
        .join(Attempt, Attempt.id == Artifact.attempt_id)
        .where(*_is_newest(), Artifact.scan_state == state)
        .correlate(Submission)
        .exists()
    )


_DECIDES = Assessment.capacity != Capacity.ASSESSOR
_IS_MODERATOR = case((Assessment.capacity == Capacity.MODERATOR, 1), else_=0)


def _is_newest() -> tuple[ColumnElement[bool], ...]:
    """Tell an attempt as the newest one: the submission repeats when it was handed in."""
    return (
        Attempt.submission_id == Submission.id,
        Attempt.submitted_at == Submission.submitted_at,
        Attempt.withdrawn_at.is_(None),
    )


def _assessments(what: Any) -> Any:
    """Select from what counts: of the newest attempt, not undone, after an open appeal."""
    appealed = (
        select(Appeal.id)
        .where(
            Appeal.submission_id == Submission.id,
            Appeal.closed_at.is_(None),
            Appeal.opened_at >= Assessment.assessed_at,
        )
        .correlate(Submission, Assessment)
        .exists()
    )
    return (
        select(what)
        .select_from(Attempt)
        .join(Assessment, Assessment.attempt_id == Attempt.id)
        .where(*_is_newest(), Assessment.undone_at.is_(None), ~appealed)
        .correlate(Submission)
    )


def needed_grantors() -> ColumnElement[int]:
    """How many grantors have to agree on a submission."""
    return (
        select(AchievementVersion.grantors_needed)
        .join(Assignment, Assignment.version_id == AchievementVersion.id)
        .where(Assignment.id == Submission.assignment_id)
        .correlate(Submission)
        .scalar_subquery()
    )
