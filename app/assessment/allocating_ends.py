"""Taking a submission from somebody to whom it was allocated."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assessment.desk_models import Allocation, AllocationEnd
from app.evidence.models import Submission


def end_allocations(
    session: Session, submission: Submission, person_id: int, end: AllocationEnd, now: datetime
) -> None:
    """End what was allocated to a person of a submission; done twice, it is done once."""
    running = session.scalars(
        select(Allocation)
        .where(
            Allocation.submission_id == (submission.lead_id or submission.id),
            Allocation.person_id == person_id,
            Allocation.ended_at.is_(None),
        )
        .with_for_update()
    )
    for allocation in running:
        allocation.ended_at, allocation.end = now, end
    session.flush()
