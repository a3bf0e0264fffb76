"""From assessments to a decision: how many must agree, who settles, and when it is told.

A decision waits a few minutes before anything leaves the tool, so that it can
be undone; then `release` draws its consequences.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.assessment.allocating_ends import end_allocations
from app.assessment.desk_models import AllocationEnd
from app.assessment.models import Assessment, AttemptDecision, Capacity
from app.assessment.queries import find_pending_decision, list_counted
from app.assessment.service import audit_deed, lock_work
from app.core.errors import ConflictError, ForbiddenError
from app.courses.models import Person
from app.evidence.models import Submission, SubmissionStatus
from app.evidence.service import set_group_status


@dataclass(frozen=True)
class Verdict:
    """Where a work stands after the assessments so far.

    `deciding`: the assessment whose ratings count; `None` while none decides.
    `missing`: so many grantors are still owed. `is_disputed`: they are all in
    and do not agree, so that a moderator settles it.
    """

    deciding: Assessment | None
    missing: int
    is_disputed: bool


def reach_verdict(counted: Sequence[Assessment], *, needed: int) -> Verdict:
    """Return what the assessments of grantors and moderators come to.

    A moderator's is the last word. Of several grantors who agree, the one with the
    fewest points counts: nobody is awarded a level that one of them did not see.
    """
    settled = [each for each in counted if each.capacity is Capacity.MODERATOR]
    if settled:
        return Verdict(settled[-1], 0, is_disputed=False)
    missing = max(needed - len(counted), 0)
    if missing:
        return Verdict(None, missing, is_disputed=False)
    if len({each.decision for each in counted}) > 1:
        return Verdict(None, 0, is_disputed=True)
    return Verdict(min(counted, key=lambda each: (each.points, each.id)), 0, is_disputed=False)


def find_verdict(session: Session, submission: Submission) -> Verdict:
    """Return where a submission's current attempt stands."""
    return reach_verdict(
        list_counted(session, submission), needed=submission.assignment.version.grantors_needed
    )


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
    set_group_status(session, submission, SubmissionStatus.IN_ASSESSMENT, now=now)
    verdict = find_verdict(session, submission)
    is_open = assessment.capacity is Capacity.ASSESSOR or verdict.deciding is None
    done = assessment.grantor if is_open else None
    end_allocations(session, submission, done, AllocationEnd.DECIDED, now)
    if assessment.capacity is Capacity.ASSESSOR or verdict.deciding is None:
        return None
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
        `ForbiddenError` for anybody but the one who decided.
    """
    lock_work(session, submission)
    decision = find_pending_decision(session, submission.id)
    if decision is None or decision.release_at <= now:
        raise ConflictError("This can no longer be undone: the learner has been told.")
    if decision.decided_by != person.id:
        raise ForbiddenError("Only whoever recorded this decision can undo it.")
    own = next(each for each in list_counted(session, submission) if each.grantor_id == person.id)
    decision.undone_at, decision.undone_by = now, person.id
    own.undone_at = now
    submission.decided_at = None
    submission.assessor_id, submission.assessment_started_at = person.id, now
    session.flush()
    facts = {"decision": decision.id, "assessment": own.id}
    audit_deed(session, submission, person, "decision.undone", facts, now=now)
    return own
