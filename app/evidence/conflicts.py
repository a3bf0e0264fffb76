"""Conflicts of interest that were declared: whose work somebody stays away from."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core.errors import ForbiddenError
from app.evidence.conflict_models import ConflictOfInterest
from app.evidence.groups import list_author_ids
from app.evidence.models import Submission

DECLARED = (
    "You have a conflict of interest with whoever handed this in. Another grantor assesses it."
)
RECUSED = "You have withdrawn from assessing this work. Another grantor assesses it."


def refuse_declared(session: Session, submission: Submission, person_id: int) -> None:
    """Refuse somebody who has declared a conflict with one of the authors, or has withdrawn.

    Raises: `ForbiddenError`, saying which.
    """
    declared = session.scalars(
        select(ConflictOfInterest)
        .where(
            ConflictOfInterest.institution_id == submission.institution_id,
            ConflictOfInterest.person_id == person_id,
            ConflictOfInterest.learner_id.in_(list_author_ids(session, submission)),
            ConflictOfInterest.ended_at.is_(None),
            or_(
                ConflictOfInterest.submission_id.is_(None),
                ConflictOfInterest.submission_id == (submission.lead_id or submission.id),
            ),
        )
        .order_by(ConflictOfInterest.submission_id.is_not(None))
    ).first()
    if declared is not None:
        raise ForbiddenError(RECUSED if declared.submission_id else DECLARED)
