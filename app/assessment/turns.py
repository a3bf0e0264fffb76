"""Whose turn it is to assess a work, and as what they do it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assessment.models import Assessment, Capacity
from app.assessment.verdict import find_verdict
from app.core.errors import ConflictError
from app.evidence.models import Submission
from app.evidence.service import current_attempt
from app.programme.models import AssessingRole, GrantorAppointment

RECORDED = (
    "This submission has already been assessed by you. What you recorded is kept; "
    "others go on from here."
)
DISPUTED = (
    "The grantors who assessed this do not agree, so a moderator settles it. "
    "Nothing more is assessed before."
)
DISPUTANT = "You are one of the grantors who do not agree here. Another moderator settles it."


def find_capacity(
    session: Session, submission: Submission, appointment: GrantorAppointment
) -> Capacity:
    """Return as what somebody would assess a work now.

    An assessor only recommends. A moderator settles what grantors do not agree
    on, once all of them are in; until then they are a grantor like others.

    Raises: `ConflictError` if it is not their turn: they have assessed it, or the
        grantors do not agree and they may not settle that.
    """
    is_disputed = find_verdict(session, submission).is_disputed
    if find_own(session, submission, appointment.person_id) is not None:
        is_moderator = appointment.role is AssessingRole.MODERATOR
        raise ConflictError(DISPUTANT if is_disputed and is_moderator else RECORDED)
    if is_disputed:
        if appointment.role is not AssessingRole.MODERATOR:
            raise ConflictError(DISPUTED)
        return Capacity.MODERATOR
    is_assessor = appointment.role is AssessingRole.ASSESSOR
    return Capacity.ASSESSOR if is_assessor else Capacity.GRANTOR


def find_own(session: Session, submission: Submission, person_id: int) -> Assessment | None:
    """Return what somebody recorded on the current attempt, if they did and did not undo it."""
    return session.scalar(
        select(Assessment).where(
            Assessment.attempt_id == current_attempt(submission).id,
            Assessment.grantor_id == person_id,
            Assessment.undone_at.is_(None),
        )
    )
