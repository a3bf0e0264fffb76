"""From assessments to a decision, and back while nobody has been told.

A decision waits a few minutes before anything leaves the tool, so that it can
be undone; then `release` draws its consequences.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.assessment.allocating_ends import end_allocations
from app.assessment.conflicts import refuse_conflict
from app.assessment.desk_models import AllocationEnd
from app.assessment.models import Assessment, AttemptDecision, Capacity
from app.assessment.queries import find_pending_decision, list_counted
from app.assessment.service import audit_deed, lock_work, tell_in_assessment
from app.assessment.verdict import find_verdict
from app.core.errors import ConflictError, ForbiddenError
from app.courses.models import Person
from app.evidence.models import Submission, SubmissionStatus
from app.evidence.service import set_group_status


def settle(
    session: Session,
    submission: Submission,
    assessment: Assessment,
    *,
    undo_for: timedelta,
    now: datetime,
) -> AttemptDecision | None:
    """Decide, if the assessment just recorded makes that possible; `None` if it does not yet.

    The decision can be undone until `undo_for` has passed; nothing is told before.
    """
    submission.assessor_id = None
    submission.assessment_started_at = None
    verdict = find_verdict(session, submission)
    is_open = assessment.capacity is Capacity.ASSESSOR or verdict.deciding is None
    done = assessment.grantor if is_open else None
    end_allocations(session, submission, done, AllocationEnd.DECIDED, now)
    if assessment.capacity is Capacity.ASSESSOR or verdict.deciding is None:
        if submission.status is not SubmissionStatus.IN_ASSESSMENT:
            tell_in_assessment(session, submission, assessment.grantor, now=now)
        session.flush()
        return None
    set_group_status(session, submission, SubmissionStatus.IN_ASSESSMENT, now=now)
    decision = AttemptDecision(
        institution_id=submission.institution_id,
        submission_id=submission.id,
        attempt_id=assessment.attempt_id,
        assessment_id=verdict.deciding.id,
        decision=verdict.deciding.decision,
        decided_by=assessment.grantor_id,
        decided_at=now,
        release_at=now + undo_for,
    )
    session.add(decision)
    submission.decided_at = now
    session.flush()
    facts = {
        "decision": decision.id,
        "assessment": decision.assessment_id,
        "outcome": decision.decision.value,
        "release_at": decision.release_at.isoformat(),
    }
    audit_deed(session, submission, assessment.grantor, "decision.made", facts, now=now)
    return decision


def undo(session: Session, submission: Submission, *, person: Person, now: datetime) -> Assessment:
    """Take back the last assessment of whoever decided, while nobody has been told.

    The assessment stays on record as undone, and is returned.
    Raises: `ConflictError` if there is nothing to undo, or it is too late;
        `ForbiddenError` for anybody but the one who decided, and for them too
        once they have a conflict of interest.
    """
    refuse_conflict(session, submission, person)
    lock_work(session, submission)
    decision = find_pending_decision(session, submission.id)
    if decision is None or decision.release_at <= now:
        raise ConflictError(
            "This can no longer be undone: it was undone already, or the learner has been told."
        )
    if decision.decided_by != person.id:
        raise ForbiddenError("Only whoever recorded this decision can undo it.")
    own = next(each for each in list_counted(session, submission) if each.grantor_id == person.id)
    decision.undone_at, decision.undone_by = now, person.id
    own.undone_at = now
    submission.decided_at = None
    if submission.assignment.version.grantors_needed == 1:
        submission.assessor_id, submission.assessment_started_at = person.id, now
    session.flush()
    facts = {"decision": decision.id, "assessment": own.id}
    audit_deed(session, submission, person, "decision.undone", facts, now=now)
    return own
