"""An assessment taken back by its author before anything was decided by it."""

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.assessment import workflow
from app.assessment.models import Assessment, AttemptDecision
from app.assessment.queries import find_pending_decision
from app.assessment.service import audit_deed, lock_work
from app.assessment.verdict import find_verdict
from app.core.errors import ConflictError
from app.courses.models import Person
from app.evidence.models import Submission
from app.evidence.service import current_attempt


def find_own_assessment(
    session: Session, submission: Submission, person_id: int
) -> Assessment | None:
    """Return what somebody recorded on the current attempt and no decision has settled yet."""
    return session.scalar(
        select(Assessment).where(
            Assessment.attempt_id == current_attempt(submission).id,
            Assessment.grantor_id == person_id,
            Assessment.undone_at.is_(None),
            ~_is_settled(),
        )
    )


def take_back(
    session: Session, submission: Submission, *, person: Person, now: datetime
) -> Assessment:
    """Take back one's own assessment, or recommendation, that has led to no decision.

    It stays on record as undone, and is returned.
    Raises: `ConflictError` if it was decided meanwhile, or there is nothing of theirs.
    """
    lock_work(session, submission)
    workflow.refuse_unless_waiting(submission.status.value, is_decided=False)
    if find_pending_decision(session, submission.id) is not None:
        raise ConflictError(
            "This has been decided meanwhile, so your assessment can no longer be taken back. "
            "Whoever recorded the decision can still undo it until it is sent."
        )
    if find_verdict(session, submission).is_disputed:
        raise ConflictError(
            "All have assessed this and do not agree, so you know what the others said. "
            "A moderator settles it."
        )
    own = find_own_assessment(session, submission, person.id)
    if own is None:
        raise ConflictError("There is no assessment of yours here that could be taken back.")
    own.undone_at = now
    session.flush()
    audit_deed(
        session, submission, person, "assessment.taken_back", {"assessment": own.id}, now=now
    )
    return own


def _is_settled() -> ColumnElement[bool]:
    """Whether a decision that was told came after it: an appeal begins anew."""
    return (
        select(AttemptDecision.id)
        .where(
            AttemptDecision.attempt_id == Assessment.attempt_id,
            AttemptDecision.released_at.is_not(None),
            AttemptDecision.undone_at.is_(None),
            AttemptDecision.decided_at >= Assessment.assessed_at,
        )
        .exists()
    )
