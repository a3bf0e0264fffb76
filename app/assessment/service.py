"""Assessments: start, record, and everything that a decision sets in motion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from app.assessment import workflow
from app.assessment.models import Assessment, Decision, Rating
from app.assessment.queries import find_reached_levels, list_met_points
from app.assessment.scoring import choose_levels, list_shortfalls, score, total_points
from app.awards.facts import award_address
from app.awards.models import Award
from app.awards.service import find_renewal_start, issue_if_due
from app.catalog.models import Criterion
from app.catalog.pass_rule import stand
from app.catalog.usability import require_usable
from app.core import audit
from app.core.crypto import Vault
from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from app.courses.models import Person
from app.evidence.models import Submission, SubmissionStatus
from app.evidence.service import current_attempt, set_status
from app.mapping.models import Assignment
from app.passback.service import queue_status
from app.programme.models import GrantorAppointment
from app.programme.service import find_appointment


@dataclass(frozen=True)
class Outcome:
    """What recording an assessment led to; `award` is `None` while none is due."""

    assessment: Assessment
    award: Award | None


def check_grantor(
    session: Session, submission: Submission, grantor: Person, *, now: datetime
) -> GrantorAppointment:
    """Return the appointment by which somebody may assess a submission.

    Raises: `NotFoundError` in another institution; `ForbiddenError` for one's
        own work, and without a running appointment for its achievement in its course.
    """
    if submission.institution_id != grantor.institution_id:
        raise NotFoundError("There is no such submission.")
    if submission.learner_id == grantor.id:
        raise ForbiddenError("This is your own work. Another grantor assesses it.")
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

    `seen_assessor_id`: who had it when the grantor pressed the button.
    Raises: as `check_grantor`; `ConflictError` if it is not waiting, if somebody
        has started on it meanwhile, or the achievement may not be used.
    """
    check_grantor(session, submission, grantor, now=now)
    require_usable(submission.assignment.version, now=now)
    _lock_work(session, submission)
    workflow.refuse_unless_waiting(submission.status.value)
    if submission.assessor_id == grantor.id:
        return
    workflow.refuse_unless_unheld(
        submission.assessor_id,
        seen_id=seen_assessor_id,
        name=submission.assessor.name if submission.assessor else None,
    )
    was_started = submission.status is SubmissionStatus.IN_ASSESSMENT
    taken_from = submission.assessor_id
    submission.assessor_id = grantor.id
    submission.assessment_started_at = now
    set_status(session, submission, SubmissionStatus.IN_ASSESSMENT, now=now)
    _audit(session, submission, grantor, "assessment.started", {"taken_from": taken_from}, now=now)
    if not was_started:
        _tell(session, submission, None, workflow.IN_ASSESSMENT_COMMENT, grantor, now=now)


def record_assessment(
    session: Session,
    submission: Submission,
    *,
    attempt_id: int,
    ratings: Mapping[int, int],
    comments: Mapping[int, str],
    decision: Decision,
    reason: str,
    grantor: Person,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> Outcome:
    """Record a grantor's ratings and decision; award if it falls due; owe the gradebook its score.

    All of it is made durable by the caller's transaction, or none; neither the
    LMS nor anybody else is called here.

    Units: `ratings` maps criterion id to rubric level id; `now` is aware UTC.
    Raises: as `check_grantor`; `ConflictError` if it has been assessed, or
        handed in anew since the page was shown, or the achievement may not be
        used; `InvalidError` if ratings, decision and reason do not fit together.
    """
    appointment = check_grantor(session, submission, grantor, now=now)
    version = submission.assignment.version
    require_usable(version, now=now)
    _lock_work(session, submission)
    workflow.refuse_unless_waiting(submission.status.value)
    attempt = current_attempt(submission)
    if attempt.id != attempt_id:
        raise ConflictError("Newer work has been handed in meanwhile. Load the page again.")
    criteria = submission.assignment.criteria
    chosen = choose_levels(criteria, ratings)
    _check_decision(decision, list_shortfalls(criteria, chosen), reason)
    assessment = Assessment(
        institution_id=submission.institution_id,
        attempt_id=attempt.id,
        grantor_id=grantor.id,
        appointment_id=appointment.id,
        decision=decision,
        reason=reason.strip() or None,
        points=total_points(chosen),
        max_points=submission.assignment.max_points,
        assessed_at=now,
        ratings=_rate(criteria, ratings, comments),
    )
    _store(session, submission, assessment, grantor)
    if decision is not Decision.MET:
        _decline(session, submission, assessment, grantor, now=now)
        return Outcome(assessment, None)
    reached = _find_reached(session, submission, now=now)
    award = issue_if_due(
        session,
        person=submission.learner,
        version=version,
        reached=reached,
        awarded_by=grantor.id,
        vault=vault,
        base_url=base_url,
        now=now,
    )
    if award is None:
        standing = stand(version.rule, version.criteria, reached)
        comment = workflow.comment_on_met(standing, version.name)
        points = _score(submission.assignment, decision, assessment.points)
        _tell(session, submission, points, comment, grantor, now=now)
    else:
        address = award_address(base_url, award.public_id)
        comment = workflow.comment_on_award(version.achievement.level.name, address)
        _mark_awarded(session, submission, comment, grantor, now=now)
    return Outcome(assessment, award)


def _lock_work(session: Session, submission: Submission) -> None:
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


def _check_decision(decision: Decision, shortfalls: Sequence[Criterion], reason: str) -> None:
    if decision is Decision.MET and shortfalls:
        names = ", ".join(f"“{criterion.name}”" for criterion in shortfalls)
        raise InvalidError(f"It cannot be met while a required level is not reached: {names}.")
    if decision is not Decision.MET and not reason.strip():
        raise InvalidError("Give the learner a reason for this decision.")


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
        "decision": assessment.decision.value,
        "ratings": [
            {"id": rating.id, "criterion": rating.criterion_id, "level": rating.rubric_level_id}
            for rating in assessment.ratings
        ],
    }
    at = assessment.assessed_at
    _audit(session, submission, grantor, "assessment.recorded", facts, now=at)


def _decline(
    session: Session,
    submission: Submission,
    assessment: Assessment,
    grantor: Person,
    *,
    now: datetime,
) -> None:
    decision = assessment.decision.value
    status = SubmissionStatus(workflow.STATUS_AFTER[decision])
    set_status(session, submission, status, now=now)
    comment = workflow.comment_on(decision, assessment.reason or "")
    points = _score(submission.assignment, assessment.decision, assessment.points)
    _tell(session, submission, points, comment, grantor, now=now)


def _find_reached(session: Session, submission: Submission, *, now: datetime) -> dict[int, int]:
    """Mark the submission met; return the levels that count towards the award with it."""
    set_status(session, submission, SubmissionStatus.MET, now=now)
    since = find_renewal_start(
        session,
        person_id=submission.learner_id,
        achievement_id=submission.achievement_id,
        now=now,
    )
    return find_reached_levels(
        session,
        learner_id=submission.learner_id,
        version=submission.assignment.version,
        since=since,
    )


def _mark_awarded(
    session: Session, submission: Submission, comment: str, grantor: Person, *, now: datetime
) -> None:
    """Mark all work that the learner met for this achievement; tell each of its columns."""
    met = session.scalars(
        select(Submission)
        .where(
            Submission.institution_id == submission.institution_id,
            Submission.learner_id == submission.learner_id,
            Submission.achievement_id == submission.achievement_id,
            Submission.status == SubmissionStatus.MET,
        )
        .options(selectinload(Submission.assignment))
        .order_by(Submission.id)
    ).all()
    earned = list_met_points(session, [work.id for work in met])
    for work in met:
        set_status(session, work, SubmissionStatus.AWARDED, now=now)
        points = _score(work.assignment, Decision.MET, earned[work.id])
        _tell(session, work, points, comment, grantor, now=now)


def _score(assignment: Assignment, decision: Decision, earned: int) -> int | None:
    return score(
        assignment.grade_rule.value, decision.value, earned=earned, possible=assignment.max_points
    )


def _tell(
    session: Session,
    submission: Submission,
    points: int | None,
    comment: str,
    grantor: Person,
    *,
    now: datetime,
) -> None:
    """Owe the gradebook the submission's status as it is now."""
    queue_status(
        session,
        submission.assignment,
        person_id=submission.learner_id,
        status=submission.status.value,
        points=points,
        comment=comment,
        occurred_at=now,
        submitted_at=submission.submitted_at,
        scored_by=grantor.id,
    )


def _audit(
    session: Session,
    submission: Submission,
    grantor: Person,
    action: str,
    facts: dict[str, Any],
    *,
    now: datetime,
) -> None:
    audit.record(
        session,
        submission.institution_id,
        actor=f"person:{grantor.id}",
        action=action,
        subject=f"submission:{submission.id}",
        facts=facts,
        now=now,
    )
