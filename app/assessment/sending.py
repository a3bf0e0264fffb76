"""A decision that its maker sends before the time to undo it has passed."""

from sqlalchemy.orm import Session

from app.assessment.models import AttemptDecision
from app.assessment.queries import find_pending_decision
from app.assessment.service import lock_work
from app.core.errors import ConflictError, ForbiddenError
from app.courses.models import Person
from app.evidence.models import Submission


def get_own_pending(session: Session, submission: Submission, *, person: Person) -> AttemptDecision:
    """Return the decision on a submission that somebody has made and nobody was told, locked.

    Raises: `ConflictError` if there is none any more; `ForbiddenError` for anybody
        but the one who decided.
    """
    lock_work(session, submission)
    decision = find_pending_decision(session, submission.id)
    if decision is None:
        raise ConflictError("There is nothing to send: it was undone, or has been sent already.")
    if decision.decided_by != person.id:
        raise ForbiddenError("Only whoever recorded this decision can send it before its time.")
    return decision
