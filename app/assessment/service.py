"""Assessments: start, and record. What they lead to is decided in `deciding.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.assessment import workflow
from app.assessment.allocating_ends import refuse_if_allocated
from app.assessment.conflicts import refuse_conflict
from app.assessment.models import Assessment, Rating
from app.assessment.recording import Judgement, check_judgement, choose_shown
from app.assessment.scoring import choose_levels, list_shortfalls, total_points
from app.assessment.turns import find_capacity
from app.catalog.models import Criterion
from app.catalog.usability import require_usable
from app.core import audit
from app.core.errors import ConflictError, ForbiddenError, NotFoundError
from app.courses.models import Person
from app.evidence.models import Submission, SubmissionStatus
from app.evidence.service import current_attempt, set_group_status
from app.passback.service import queue_status
from app.programme.models import GrantorAppointment
from app.programme.service import find_appointment


def check_grantor(
    session: Session, submission: Submission, grantor: Person, *, now: datetime
) -> GrantorAppointment:
    """Return the appointment by which somebody may assess a submission.

    Raises: `NotFoundError` in another institution; `ForbiddenError` for one's
        own work or another conflict of interest, and without a running
        appointment for its achievement in its course.
    """
    if submission.institution_id != grantor.institution_id:
        raise NotFoundError("There is no such submission.")
    refuse_conflict(session, submission, grantor)
    appointment = find_appointment(
        session,
        person_id=grantor.id,
        achievement_id=submission.achievement_id,
        course_id=submission.course_id,
        now=now,
    )
    if appointment is None:
        raise ForbiddenError(
            f"You are not appointed as a grantor of “{submission.assignment.version.name}” in this "
            "course today. The programme administrator of your institution can appoint you."
        )
    return appointment


def start_assessing(
    session: Session,
    submission: Submission,
    *,
    grantor: Person,
    seen_assessor_id: int | None,
    now: datetime,
) -> None:
    """Note that a grantor has started; starting on somebody else's takes it over.

    What several grantors assess is nobody's alone, and none of them is told who else does.

    `seen_assessor_id`: who had it when the grantor pressed the button.
    Raises: as `check_grantor` and `turns.find_capacity`; `ConflictError` if it is
        not waiting, if somebody has started on it meanwhile, or the achievement
        may not be used.
    """
    appointment = check_grantor(session, submission, grantor, now=now)
    require_usable(submission.assignment.version, now=now)
    lock_work(session, submission)
    workflow.refuse_unless_waiting(submission.status.value, is_decided=_is_decided(submission))
    find_capacity(session, submission, appointment)
    was_started = submission.status is SubmissionStatus.IN_ASSESSMENT
    is_shared = submission.assignment.version.grantors_needed > 1
    if submission.assessor_id == grantor.id or (is_shared and was_started):
        return
    workflow.refuse_unless_unheld(
        submission.assessor_id,
        seen_id=seen_assessor_id,
        name=submission.assessor.name if submission.assessor else None,
    )
    refuse_if_allocated(session, submission, grantor)
    taken_from = submission.assessor_id
    if not is_shared:
        submission.assessor_id = grantor.id
        submission.assessment_started_at = now
    audit_deed(
        session, submission, grantor, "assessment.started", {"taken_from": taken_from}, now=now
    )
    if not was_started:
        tell_in_assessment(session, submission, grantor, now=now)


def record_assessment(
    session: Session,
    submission: Submission,
    judgement: Judgement,
    *,
    grantor: Person,
    now: datetime,
) -> Assessment:
    """Record somebody's ratings and decision, or recommendation; never edited afterwards.

    What follows is settled by `deciding.settle`, in the same transaction.

    Raises: as `check_grantor` and `turns.find_capacity`; `ConflictError` if it has
        been assessed, or handed in anew since the page was shown, or the achievement may not be
        used; `InvalidError` if ratings, decision and reason do not fit together.
    """
    appointment = check_grantor(session, submission, grantor, now=now)
    require_usable(submission.assignment.version, now=now)
    lock_work(session, submission)
    workflow.refuse_unless_waiting(submission.status.value, is_decided=_is_decided(submission))
    if submission.assessor_id != grantor.id:
        refuse_if_allocated(session, submission, grantor)
    attempt = current_attempt(submission)
    if attempt.id != judgement.attempt_id:
        raise ConflictError(workflow.NEWER_WORK)
    criteria = submission.assignment.criteria
    chosen = choose_levels(criteria, judgement.ratings)
    check_judgement(judgement, criteria, list_shortfalls(criteria, chosen))
    shown = choose_shown(
        judgement,
        attempt.artifacts,
        may_be_shown=submission.assignment.version.achievement.level.shares_evidence,
    )
    assessment = Assessment(
        institution_id=submission.institution_id,
        attempt_id=attempt.id,
        grantor_id=grantor.id,
        appointment_id=appointment.id,
        capacity=find_capacity(session, submission, appointment),
        decision=judgement.decision,
        reason=judgement.reason.strip() or None,
        staff_note=judgement.staff_note.strip() or None,
        states_no_conflict=judgement.states_no_conflict,
        points=total_points(chosen),
        max_points=submission.assignment.max_points,
        assessed_at=now,
        ratings=_rate(criteria, judgement.ratings, judgement.comments),
        parts=[criterion for criterion in criteria if criterion.id in judgement.parts],
        shown_artifacts=shown,
    )
    _store(session, submission, assessment, grantor)
    return assessment


def lock_work(session: Session, submission: Submission) -> None:
    """Lock all that the learner did for this achievement, and read it anew.

    All of it, because two decisions on two assignments at once would each miss
    that the other completes the award.
    """
    session.scalars(
        select(Submission)
        .where(
            Submission.learner_id == submission.learner_id,
            Submission.achievement_id == submission.achievement_id,
        )
        .order_by(Submission.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    session.expire(submission, ["attempts", "assessor"])


def tell_in_assessment(
    session: Session, submission: Submission, grantor: Person, *, now: datetime
) -> None:
    """Move a work to “in assessment”, and owe that to the gradebook of each of its authors."""
    group = set_group_status(session, submission, SubmissionStatus.IN_ASSESSMENT, now=now)
    for each in group:
        queue_status(
            session,
            each.assignment,
            person_id=each.learner_id,
            status=each.status.value,
            points=None,
            comment=workflow.IN_ASSESSMENT_COMMENT,
            occurred_at=now,
            submitted_at=each.submitted_at,
            scored_by=grantor.id,
        )


def audit_deed(
    session: Session,
    submission: Submission,
    person: Person,
    action: str,
    facts: dict[str, Any],
    *,
    now: datetime,
) -> None:
    """Write down what somebody did to a submission."""
    audit.record(
        session,
        submission.institution_id,
        actor=f"person:{person.id}",
        action=action,
        subject=f"submission:{submission.id}",
        facts=facts,
        now=now,
    )


def _is_decided(submission: Submission) -> bool:
    return submission.decided_at is not None


def _rate(
    criteria: Sequence[Criterion], ratings: Mapping[int, int], comments: Mapping[int, str]
) -> list[Rating]:
    return [
        Rating(
            criterion_id=criterion.id,
            rubric_level_id=ratings[criterion.id],
            comment=comments.get(criterion.id, "").strip(),
        )
        for criterion in criteria
    ]


def _store(
    session: Session, submission: Submission, assessment: Assessment, grantor: Person
) -> None:
    session.add(assessment)
    try:
        session.flush()
    except IntegrityError as error:  # the unique key is the net below the lock
        raise ConflictError(workflow.ASSESSED) from error
    facts = {
        "assessment": assessment.id,
        "attempt": assessment.attempt_id,
        "appointment": assessment.appointment_id,
        "capacity": assessment.capacity.value,
        "decision": assessment.decision.value,
        "parts": [criterion.id for criterion in assessment.parts],
        "ratings": [
            {"id": rating.id, "criterion": rating.criterion_id, "level": rating.rubric_level_id}
            for rating in assessment.ratings
        ],
    }
    at = assessment.assessed_at
    audit_deed(session, submission, grantor, "assessment.recorded", facts, now=at)
