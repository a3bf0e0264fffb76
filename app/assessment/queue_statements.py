"""The statement that reads a stretch of the queue: as many rows as are shown, from the indexes.

One limited select per achievement, merged: however much waits, each reads no more rows than
the page has. Worded once for each shape of question, and kept (`core/prepared.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
    values,
)
from sqlalchemy.orm import Session

from app.assessment.conflicts import has_conflict
from app.assessment.queue_filters import Filters, Place, QueueState
from app.assessment.queue_scopes import Branch
from app.assessment.queue_states import ME, in_state
from app.core.orm import UtcDateTime
from app.core.prepared import Prepared, Wire, wire_of
from app.evidence.models import IS_ASKED, IS_STARTED, WAITS, Submission
from app.programme.service import is_granted

# What somebody has begun on: few rows, with an index of their own.
BEGUN = frozenset(
    {
        QueueState.STARTED_BY_ME,
        QueueState.STARTED_BY_OTHERS,
        QueueState.RECOMMENDED,
        QueueState.ANOTHER,
        QueueState.DISPUTED,
    }
)
# What a short list says, which is read first: by its rows, not by the queue's.
LISTED = frozenset({QueueState.MINE, QueueState.APPEAL})
SHAPES = 512  # so many are kept; a grantor's own filters are a handful


@dataclass(frozen=True)
class Shape:
    """All that changes the words of the statement.

    `branches`: of each, whether it is of one course, and whether each row's course is checked.
    """

    branches: tuple[tuple[bool, bool], ...]
    state: QueueState | None
    is_by_age: bool
    has_start: bool
    has_end: bool
    has_place: bool
    is_backwards: bool

    @property
    def is_plain(self) -> bool:
        """Whether an achievement is all that tells its branches apart."""
        return self.state not in LISTED and not any(map(any, self.branches))


def read_places(
    session: Session,
    branches: Sequence[Branch],
    filters: Filters,
    *,
    person_id: int,
    place: Place | None,
    is_backwards: bool,
    limit: int,
    now: datetime,
) -> list[Place]:
    """Return the next places of the queue after (or, backwards, before) one, nearest first."""
    if not branches:
        return []
    shape, facts = _ask(
        branches, filters, person_id=person_id, place=place, is_backwards=is_backwards, now=now
    )
    wire = wire_of(session)
    worded = _places_of_each if _is_planned_anew(wire) and shape.is_plain else _places
    found = worded(shape).all(wire, {**facts, "most": limit})
    return [Place(at, submission_id) for submission_id, at in found]


def count_places(
    session: Session,
    branches: Sequence[Branch],
    filters: Filters,
    *,
    person_id: int,
    most: int,
    now: datetime,
) -> int:
    """Count what is in the queue, up to a figure that is enough to know."""
    if not branches:
        return 0
    shape, facts = _ask(
        branches, filters, person_id=person_id, place=None, is_backwards=False, now=now
    )
    wire = wire_of(session)
    worded = _count(shape, is_short=_is_planned_anew(wire))
    row = worded.first(wire, {**facts, "most": most})
    count: int = row[0] if row else 0
    return count


def count_kept_away(
    session: Session,
    branches: Sequence[Branch],
    filters: Filters,
    *,
    person_id: int,
    most: int,
    now: datetime,
) -> int:
    """Count what a conflict of interest keeps from somebody, of a queue that is counted whole."""
    shape, facts = _ask(
        branches, filters, person_id=person_id, place=None, is_backwards=False, now=now
    )
    wire = wire_of(session)
    worded = _kept_away(shape, is_short=_is_planned_anew(wire))
    row = worded.first(wire, {**facts, "most": most})
    count: int = row[0] if row else 0
    return count


def _is_planned_anew(wire: Wire) -> bool:
    """Whether the database plans a statement each time, so that few words count.

    SQLite keeps its plans, and reads the wrong index where any of several achievements will do.
    """
    return wire.dialect.name == "postgresql"


def _ask(
    branches: Sequence[Branch],
    filters: Filters,
    *,
    person_id: int,
    place: Place | None,
    is_backwards: bool,
    now: datetime,
) -> tuple[Shape, dict[str, Any]]:
    start, end = filters.span(now)
    shape = Shape(
        branches=tuple((each.course_id is not None, each.is_checked) for each in branches),
        state=filters.state,
        is_by_age=filters.is_by_age,
        has_start=start is not None,
        has_end=end is not None,
        has_place=place is not None,
        is_backwards=is_backwards,
    )
    facts: dict[str, Any] = {
        "person_id": person_id,
        "now": now,
        "start": start,
        "end": end,
        "came_in": filters.handed_in_before(now),
        "at": place.at if place else None,
        "after_id": place.submission_id if place else None,
    }
    for number, each in enumerate(branches):
        facts[f"achievement_{number}"], facts[f"course_{number}"] = (
            each.achievement_id,
            each.course_id,
        )
    return shape, facts


@lru_cache(SHAPES)
def _places(shape: Shape) -> Prepared:
    if shape.state in LISTED:
        return Prepared(_select(shape, None))
    parts = [_select(shape, number).subquery(f"part_{number}") for number in range(_size(shape))]
    merged = union_all(*(select(part.c.id, part.c.at) for part in parts)).subquery("merged")
    return Prepared(_in_order(shape, select(merged.c.id, merged.c.at), merged.c))


@lru_cache(SHAPES)
def _places_of_each(shape: Shape) -> Prepared:
    """Word the same with one select for all branches: PostgreSQL plans each it reads."""
    column_of = column("achievement_id", Integer)
    each = values(column_of, name="each_achievement").data(
        [(bind,) for bind in _achievements(shape)]
    )
    part = _select_where(
        shape, [Submission.achievement_id == each.c.achievement_id, *_shared(shape)]
    ).lateral("part")
    return Prepared(
        _in_order(shape, select(part.c.id, part.c.at).select_from(each.join(part, true())), part.c)
    )


def _in_order(shape: Shape, statement: Any, columns: Any) -> Any:
    order = (columns.at, columns.id)
    if shape.is_backwards:
        order = (columns.at.desc(), columns.id.desc())
    return statement.order_by(*order).limit(bindparam("most", type_=Integer))


def _achievements(shape: Shape) -> list[Any]:
    return [bindparam(f"achievement_{number}", type_=Integer) for number in range(_size(shape))]


@lru_cache(SHAPES)
def _count(shape: Shape, *, is_short: bool = False) -> Prepared:
    return Prepared(select(func.count()).select_from(_enough(shape, is_short=is_short)))


@lru_cache(SHAPES)
def _kept_away(shape: Shape, *, is_short: bool = False) -> Prepared:
    found = _enough(shape, is_short=is_short)
    return Prepared(
        select(func.count())
        .select_from(Submission)
        .where(Submission.id.in_(select(found.c.id)), has_conflict(cast("int", ME)))
    )


def _enough(shape: Shape, *, is_short: bool) -> Any:
    """Return as many as are to be counted, in no order.

    Each branch is limited too: so PostgreSQL does not start helpers to count few rows.
    `is_short`: said of all branches at once, where that is all the same to the reader.
    """
    most = bindparam("most", type_=Integer)
    if is_short and shape.is_plain:
        in_any = Submission.achievement_id.in_(_achievements(shape))
        return select(Submission.id).where(in_any, *_shared(shape)).limit(most).subquery("enough")
    numbers = (None,) if shape.state in LISTED else range(_size(shape))
    parts = [
        select(select(Submission.id).where(*_conditions(shape, number)).limit(most).subquery().c.id)
        for number in numbers
    ]
    return select(union_all(*parts).subquery("found")).limit(most).subquery("enough")


def _size(shape: Shape) -> int:
    return len(shape.branches)


def _select(shape: Shape, number: int | None) -> Any:
    """Return the select of one branch, or (`None`) of all: in order, no more than is wanted."""
    return _select_where(shape, _conditions(shape, number))


def _select_where(shape: Shape, conditions: Sequence[ColumnElement[bool]]) -> Any:
    at = _key(shape)
    order = (at.desc(), Submission.id.desc()) if shape.is_backwards else (at, Submission.id)
    statement = select(Submission.id, at.label("at")).where(*conditions)
    if shape.has_place:
        here = tuple_(at, Submission.id)
        there = tuple_(bindparam("at", type_=UtcDateTime), bindparam("after_id", type_=Integer))
        statement = statement.where(here < there if shape.is_backwards else here > there)
    return statement.order_by(*order).limit(bindparam("most", type_=Integer))


def _key(shape: Shape) -> Any:
    return Submission.submitted_at if shape.is_by_age else Submission.queue_at


def _conditions(shape: Shape, number: int | None) -> list[ColumnElement[bool]]:
    here = [_in_any(shape)] if number is None else _in_branch(shape, number)
    return [*here, *_shared(shape)]


def _shared(shape: Shape) -> list[ColumnElement[bool]]:
    """Return what rows fulfil in whatever branch."""
    found: list[Any] = [*in_state(shape.state)]
    if shape.state is QueueState.QUESTION:
        found.append(IS_ASKED)
    else:
        found.append(IS_STARTED if shape.state in BEGUN else WAITS)
    if shape.is_by_age:
        found.append(Submission.submitted_at <= bindparam("came_in", type_=UtcDateTime))
    return found + _promised(shape)


def _in_branch(shape: Shape, number: int) -> list[ColumnElement[bool]]:
    is_of_course, is_checked = shape.branches[number]
    found = [Submission.achievement_id == bindparam(f"achievement_{number}", type_=Integer)]
    if is_of_course:
        found.append(Submission.course_id == bindparam(f"course_{number}", type_=Integer))
    if is_checked:
        found.append(_is_granted())
    return found


def _in_any(shape: Shape) -> ColumnElement[bool]:
    """Whether a row is in one of the branches; said so that no index of the queue is chosen."""
    plain = literal_column("+submission.achievement_id", Integer)
    places = []
    for number, (is_of_course, is_checked) in enumerate(shape.branches):
        found = [plain == bindparam(f"achievement_{number}", type_=Integer)]
        if is_of_course:
            found.append(Submission.course_id == bindparam(f"course_{number}", type_=Integer))
        if is_checked:
            found.append(_is_granted())
        places.append(and_(*found))
    return or_(*places)


def _is_granted() -> ColumnElement[bool]:
    return is_granted(
        bindparam("person_id", type_=Integer),
        achievement_id=Submission.achievement_id,
        course_id=Submission.course_id,
        now=bindparam("now", type_=UtcDateTime),
    )


def _promised(shape: Shape) -> list[ColumnElement[bool]]:
    """Promises that are looked for; what was promised nothing stands far behind all of them."""
    found: list[ColumnElement[bool]] = []
    if shape.has_start:
        found.append(Submission.queue_at > bindparam("start", type_=UtcDateTime))
    if shape.has_end:
        found.append(Submission.queue_at <= bindparam("end", type_=UtcDateTime))
    return found
