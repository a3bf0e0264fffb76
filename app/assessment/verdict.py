"""What assessments come to: how many must agree, and who settles what they do not agree on."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.assessment.models import Assessment, Capacity
from app.assessment.queries import list_counted
from app.evidence.models import Submission


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
