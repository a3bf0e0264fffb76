"""What a row of the queue says beside the work itself. Reads only."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assessment import queue_states
from app.assessment.desk_models import Allocation
from app.courses.models import Person
from app.evidence.models import ScanState, Submission
from app.platforms.models import Platform


@dataclass(frozen=True)
class Marks:
    """What is to be known of a work before it is opened.

    `assessed`: so many grantors have assessed it; `is_recommended`: an assessor
    has; `is_own`: the person who asks has. `has_left`: the learner is in the
    course no more, as the LMS's roster says; the work stays assessable.
    """

    assessed: int
    is_recommended: bool
    is_own: bool
    is_disputed: bool
    is_appealed: bool
    has_question: bool
    has_left: bool
    is_infected: bool
    is_being_checked: bool


def read_marks(session: Session, ids: Sequence[int], *, person_id: int) -> dict[int, Marks]:
    """Return the marks of submissions, by their ids: one question, however many."""
    rows = session.execute(
        select(
            Submission.id,
            queue_states.count_assessed(),
            queue_states.is_recommended(),
            queue_states.is_assessed_by(person_id),
            queue_states.is_disputed(),
            queue_states.is_appealed(),
            queue_states.has_question(),
            queue_states.has_left(),
            queue_states.has_file_that_is(ScanState.INFECTED),
            queue_states.has_file_that_is(ScanState.WAITING),
        ).where(Submission.id.in_(ids))
    )
    return {submission_id: Marks(*facts) for submission_id, *facts in rows}


def list_holders(session: Session, ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    """Return to whom submissions are allocated, by their ids: person ids and names."""
    holders: dict[int, list[tuple[int, str]]] = defaultdict(list)
    rows = session.execute(
        select(Allocation.submission_id, Allocation.person_id, Person.name)
        .join(Person, Person.id == Allocation.person_id)
        .where(Allocation.submission_id.in_(ids), Allocation.ended_at.is_(None))
        .order_by(Allocation.id)
    )
    for submission_id, person_id, name in rows:
        holders[submission_id].append((person_id, name or f"Person {person_id}"))
    return holders


def list_lms_names(session: Session, institution_id: int) -> dict[int, str]:
    """Return the names of the institution's platforms, by their ids."""
    rows = session.execute(
        select(Platform.id, Platform.name).where(Platform.institution_id == institution_id)
    )
    return dict(rows.all())
