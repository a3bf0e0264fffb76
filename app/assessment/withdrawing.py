"""What it means for those who assess that a learner takes work back."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assessment.desk_models import Allocation, AllocationEnd
from app.evidence.withdrawing import withdraw_attempt
from app.mapping.models import Assignment


def withdraw(
    session: Session, assignment: Assignment, *, learner_id: int, attempt_id: int, now: datetime
) -> None:
    """Take an attempt back, and let go of it whoever it was allocated to.

    Raises: as `evidence.withdrawing.withdraw_attempt`.
    """
    submission = withdraw_attempt(
        session, assignment, learner_id=learner_id, attempt_id=attempt_id, now=now
    )
    running = session.scalars(
        select(Allocation)
        .where(Allocation.submission_id == submission.id, Allocation.ended_at.is_(None))
        .with_for_update()
    )
    for allocation in running:
        allocation.ended_at, allocation.end = now, AllocationEnd.WITHDRAWN
