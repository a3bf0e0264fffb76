"""Who has a submission, and when they have it no longer."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.assessment.desk_models import Allocation, AllocationEnd
from app.core.errors import ConflictError
from app.courses.models import Person
from app.evidence.models import Submission


@dataclass(frozen=True)
class Holding:
    """Who has a work, for the page on which it is assessed.

    `own`: the allocation of the person who asks; `others`: those of everybody else.
    """

    own: Allocation | None
    others: list[Allocation]

    @property
    def is_elsewhere(self) -> bool:
        """Whether others have it, and the person who asks has not."""
        return self.own is None and bool(self.others)


def describe_allocation(session: Session, submission: Submission, *, person_id: int) -> Holding:
    """Return who has a work, as somebody sees it who might assess it."""
    running = list_running(session, submission)
    return Holding(
        next((each for each in running if each.person_id == person_id), None),
        [each for each in running if each.person_id != person_id],
    )


def list_running(session: Session, submission: Submission) -> list[Allocation]:
    """Return to whom a submission is allocated now, first one first."""
    return list(
        session.scalars(
            select(Allocation)
            .where(Allocation.submission_id == submission.id, Allocation.ended_at.is_(None))
            .options(joinedload(Allocation.person), joinedload(Allocation.giver))
            .order_by(Allocation.id)
        )
    )


def end_allocations(
    session: Session,
    submission: Submission,
    person: Person | None,
    end: AllocationEnd,
    now: datetime,
) -> list[Allocation]:
    """End one person's allocation of a submission, or (`None`) everybody's; return them.

    Whoever ends it writes down why, with what it was a part of.
    """
    ended = [
        allocation
        for allocation in list_running(session, submission)
        if person is None or allocation.person_id == person.id
    ]
    for allocation in ended:
        allocation.ended_at, allocation.end = now, end
    session.flush()
    return ended


def refuse_if_allocated(session: Session, submission: Submission, person: Person) -> None:
    """Refuse work that others were given, unless it is taken over first.

    Raises: `ConflictError`, naming them.
    """
    running = list_running(session, submission)
    if not running or person.id in {each.person_id for each in running}:
        return
    if submission.assignment.version.grantors_needed > 1:  # they must not know of each other
        raise ConflictError("This work was given to others, and nobody else is needed for it.")
    names = ", ".join(each.person.display_name for each in running)
    raise ConflictError(
        f"This work was given to {names}. Take it over first, if you have agreed on that."
    )
