"""Taking back what was handed in, before anybody has begun to assess it."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.core.audit import record
from app.core.errors import ConflictError
from app.evidence.beginning import lock_submission
from app.evidence.carrying import begin_again
from app.evidence.models import Submission, SubmissionStatus
from app.evidence.service import (
    current_attempt,
    set_group_status,
    tell_gradebook,
)
from app.mapping.models import Assignment

TOO_LATE = (
    "Your work cannot be taken back any more: a grantor has just started on it, or it has been "
    "decided. Nothing was changed."
)


def can_withdraw(submission: Submission | None) -> bool:
    """Return whether the work waits, and nobody has started on it."""
    return (
        submission is not None
        and submission.lead_id is None
        and submission.status is SubmissionStatus.SUBMITTED
        and submission.assessor_id is None
        and submission.decided_at is None
    )


def withdraw_attempt(
    session: Session, assignment: Assignment, *, learner_id: int, attempt_id: int, now: datetime
) -> Submission:
    """Take the attempt back; a draft with the same artifacts takes its place.

    The attempt stays on record, and no longer counts. A learner who has a grade
    keeps it (`passback`); after an earlier decision the revision is asked for again.
    `attempt_id`: the one that the page showed.

    Raises: `ConflictError` if somebody has started on it, or it was taken back before.
    """
    submission = lock_submission(session, assignment, learner_id)
    if submission is None or not can_withdraw(submission):
        raise ConflictError(TOO_LATE)
    attempt = current_attempt(submission)
    if attempt.id != attempt_id:
        raise ConflictError("Newer work has been handed in meanwhile. Load the page again.")
    attempt.withdrawn_at = now
    begin_again(session, submission, attempt, now=now)
    earlier = next((each for each in reversed(submission.attempts) if each.counts), None)
    status = SubmissionStatus.REVISION_REQUESTED if earlier else SubmissionStatus.DRAFT
    submission.promised_at = None
    record(
        session,
        submission.institution_id,
        actor=f"person:{learner_id}",
        action="submission.withdrawn",
        subject=f"submission:{submission.id}",
        facts={"attempt": attempt.number},
        now=now,
    )
    for each in set_group_status(session, submission, status, now=now):
        each.submitted_at = earlier.submitted_at if earlier else None
        tell_gradebook(session, assignment, each, comment="Taken back by the learner", now=now)
    return submission
