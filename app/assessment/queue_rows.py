"""What a row of the queue says beside the work itself. Reads only."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.orm import Session

from app.assessment import queue_states
from app.assessment.desk_models import Allocation
from app.assessment.queue_works import SIZES, fill_ids, in_parts, with_ids
from app.core.prepared import Prepared, wire_of
from app.courses.models import Person
from app.evidence.models import ScanState, Submission
from app.platforms.models import Platform


@dataclass(frozen=True)
class Marks:
    """What is to be known of a work before it is opened.

    `assessed`: so many grantors have assessed it; `is_recommended`: an assessor
    has; `is_own`: the person who asks has. `has_left`: the learner is in the
    course no more, as the LMS's roster says; the work stays assessable.
    `attempt`: the number of what was handed in last; `None` if it was taken back.
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
    attempt: int | None


def read_marks(session: Session, ids: Sequence[int], *, person_id: int) -> dict[int, Marks]:
    """Return the marks of submissions, by their ids: one question, however many."""
    wire = wire_of(session)
    return {
        row[0]: Marks(*row[1:])
        for part, size in in_parts(ids)
        for row in _marks(size).all(wire, {"person_id": person_id} | fill_ids(part, size))
    }


def list_holders(session: Session, ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    """Return to whom submissions are allocated, by their ids: person ids and names."""
    holders: dict[int, list[tuple[int, str]]] = defaultdict(list)
    wire = wire_of(session)
    for part, size in in_parts(ids):
        for submission_id, person_id, name in _holders(size).all(wire, fill_ids(part, size)):
            holders[submission_id].append((person_id, name or f"Person {person_id}"))
    return holders


def list_lms_names(session: Session, institution_id: int) -> dict[int, str]:
    """Return the names of the institution's platforms, by their ids."""
    rows = _LMS_NAMES.all(wire_of(session), {"institution_id": institution_id})
    return dict(rows)


_PLATFORMS: Any = select(Platform.id, Platform.name).where(
    Platform.institution_id == bindparam("institution_id", type_=Integer)
)
_LMS_NAMES = Prepared(_PLATFORMS)


@lru_cache(len(SIZES))
def _marks(size: int) -> Prepared:
    statement: Any = select(
        Submission.id,
        queue_states.count_assessed(),
        queue_states.is_recommended(),
        queue_states.is_assessed_by(queue_states.ME),
        queue_states.is_disputed(),
        queue_states.is_appealed(),
        queue_states.has_question(),
        queue_states.has_left(),
        queue_states.has_file_that_is(ScanState.INFECTED),
        queue_states.has_file_that_is(ScanState.WAITING),
        queue_states.attempt_number(),
    ).where(with_ids(size))
    return Prepared(statement)


@lru_cache(len(SIZES))
def _holders(size: int) -> Prepared:
    statement: Any = (
        select(Allocation.submission_id, Allocation.person_id, Person.name)
        .join(Person, Person.id == Allocation.person_id)
        .where(with_ids(size, Allocation.submission_id), Allocation.ended_at.is_(None))
        .order_by(Allocation.id)
    )
    return Prepared(statement)
