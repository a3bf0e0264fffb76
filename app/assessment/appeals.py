"""A learner's one objection to a final “not met”: another grantor assesses the work again."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.assessment import workflow
from app.assessment.dialogue_models import Appeal, AppealOutcome
from app.assessment.models import Assessment, AttemptDecision, Decision
from app.assessment.releasing import tell_declined
from app.assessment.service import audit_deed, lock_work
from app.catalog.usability import require_usable
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.courses.models import Person
from app.courses.reach import find_reaching_staffing
from app.evidence.groups import list_author_ids
from app.evidence.models import Attempt, Submission, SubmissionStatus
from app.evidence.service import set_group_status
from app.evidence.texts import drop_controls
from app.passback.service import queue_status

MAX_REASON = 4000
ONCE = "An appeal was made already. There is one for each piece of work, and its outcome is final."


def find_appeal(session: Session, submission_id: int) -> Appeal | None:
    """Return the appeal about a submission, open or closed."""
    return session.scalar(select(Appeal).where(Appeal.submission_id == submission_id))


def can_appeal(session: Session, submission: Submission) -> bool:
    """Return whether an appeal can be made now: after a final “not met”, and once."""
    return (
        submission.status is SubmissionStatus.NOT_MET
        and find_appeal(session, submission.lead_id or submission.id) is None
    )


def has_other_grantor(session: Session, submission: Submission, *, now: datetime) -> bool:
    """Return whether somebody is appointed who has not assessed this work, nor made it."""
    barred = list_author_ids(session, submission) | set(
        session.scalars(
            select(Assessment.grantor_id)
            .join(Attempt, Attempt.id == Assessment.attempt_id)
            .where(Attempt.submission_id == submission.id, Assessment.undone_at.is_(None))
        )
    )
    staffing = find_reaching_staffing(
        session, submission.achievement_id, needed=1, course_id=submission.course_id, now=now
    )
    return any(grantor.id not in barred for grantor in staffing.deciders)


def open_appeal(
    session: Session, submission: Submission, *, person: Person, reason: str, now: datetime
) -> Appeal:
    """Object to a final decision; the work waits for another grantor from here on.

    `submission`: the one that holds the attempts. A grade that stands stays
    until the next decision.
    Raises: `NotFoundError` if it is not theirs; `ConflictError` if there is no
        final “not met”, an appeal was made before, or the achievement may not be
        used; `InvalidError` without a reason.
    """
    if person.id not in list_author_ids(session, submission):
        raise NotFoundError("There is no such submission.")
    words = _read_reason(reason)
    require_usable(submission.assignment.version, now=now)
    lock_work(session, submission)
    decision = _find_final(session, submission)
    if decision is None:
        raise ConflictError("Only a final decision “not met” can be appealed.")
    if find_appeal(session, submission.id) is not None:
        raise ConflictError(ONCE)
    appeal = Appeal(
        institution_id=submission.institution_id,
        submission_id=submission.id,
        decision_id=decision.id,
        person_id=person.id,
        reason=words,
        opened_at=now,
    )
    session.add(appeal)
    try:
        session.flush()
    except IntegrityError as error:  # the unique key settles a race between two windows
        raise ConflictError(ONCE) from error
    submission.assessor_id = submission.assessment_started_at = None
    promise_days = submission.assignment.version.achievement.promise_days
    submission.promised_at = now + timedelta(days=promise_days) if promise_days else None
    for each in set_group_status(session, submission, SubmissionStatus.IN_ASSESSMENT, now=now):
        queue_status(
            session,
            each.assignment,
            person_id=each.learner_id,
            status=each.status.value,
            points=None,
            comment=workflow.APPEALED_COMMENT,
            occurred_at=now,
            submitted_at=each.submitted_at,
            scored_by=None,
        )
    facts = {"appeal": appeal.id, "decision": decision.id}
    audit_deed(session, submission, person, "appeal.opened", facts, now=now)
    return appeal


def withdraw_appeal(
    session: Session, submission: Submission, *, person: Person, now: datetime
) -> None:
    """Take an appeal back before anybody has started on it: the decision stands again.

    Raises: `NotFoundError` if it is not theirs; `ConflictError` if none is open,
        or somebody has started.
    """
    if person.id not in list_author_ids(session, submission):
        raise NotFoundError("There is no such submission.")
    lock_work(session, submission)
    appeal = find_appeal(session, submission.id)
    if appeal is None or appeal.closed_at is not None:
        raise ConflictError("No appeal is open.")
    assessed_since = session.scalar(
        select(Assessment.id)
        .join(Attempt, Attempt.id == Assessment.attempt_id)
        .where(
            Attempt.submission_id == submission.id,
            Assessment.assessed_at > appeal.opened_at,
            Assessment.undone_at.is_(None),
        )
        .limit(1)
    )
    if submission.assessor_id or submission.decided_at or assessed_since:
        raise ConflictError("Somebody has started on your appeal; it can no longer be taken back.")
    appeal.closed_at, appeal.outcome = now, AppealOutcome.WITHDRAWN
    session.flush()
    decision = session.get_one(AttemptDecision, appeal.decision_id)
    tell_declined(session, submission, decision, now=now)
    facts = {"appeal": appeal.id, "decision": decision.id}
    audit_deed(session, submission, person, "appeal.withdrawn", facts, now=now)


def _read_reason(reason: str) -> str:
    words = drop_controls(reason)
    if not words:
        raise InvalidError("Say why you think that the decision is wrong.")
    if len(words) > MAX_REASON:
        raise InvalidError(f"The reason may have {MAX_REASON} characters at most.")
    return words


def _find_final(session: Session, submission: Submission) -> AttemptDecision | None:
    """Return the decision “not met” that stands, if that is how the work stands."""
    if submission.status is not SubmissionStatus.NOT_MET:
        return None
    return session.scalar(
        select(AttemptDecision)
        .where(
            AttemptDecision.submission_id == submission.id,
            AttemptDecision.released_at.is_not(None),
            AttemptDecision.undone_at.is_(None),
            AttemptDecision.decision == Decision.NOT_MET,
        )
        .order_by(AttemptDecision.id.desc())
        .limit(1)
    )
