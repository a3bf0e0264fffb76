"""A round of allocation: what cannot stay where it is is taken back, what waits is given out."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, not_, or_, select, text
from sqlalchemy.orm import Session

from app.assessment.allocating_ends import end_allocations
from app.assessment.allocation import BY_LOAD, allocate, replace_holder
from app.assessment.conflicts import has_conflict
from app.assessment.desk_models import Absence, Allocation, AllocationEnd
from app.assessment.queue_states import count_assessed, is_disputed, needed_grantors
from app.catalog.models import Achievement
from app.core import audit
from app.courses.models import Person
from app.courses.reach import can_reach
from app.evidence.models import WAITS, Submission, SubmissionStatus
from app.programme.service import is_granted

# So many of one achievement and course in vain, and the round goes on to the next.
IN_VAIN = 20
NOT_ASSESSED = (SubmissionStatus.DRAFT, SubmissionStatus.REVISION_REQUESTED)
HOLDER: Any = Allocation.person_id


def list_misplaced(session: Session, *, now: datetime) -> list[tuple[int, AllocationEnd]]:
    """Return the running allocations that cannot stay, and why: by their ids.

    The work waits no more; a conflict of interest has come up; the appointment has ended;
    its holder is away, or has no way to it, and has not started on it.
    """
    is_away = select(Absence.id).where(
        Absence.person_id == HOLDER, Absence.starts_at <= now, Absence.ends_at > now
    )
    may_not = not_(
        is_granted(
            HOLDER,
            achievement_id=Submission.achievement_id,
            course_id=Submission.course_id,
            now=now,
        )
    )
    lost = not_(can_reach(HOLDER, Submission.course_id, now=now))
    is_idle = or_(Submission.assessor_id.is_(None), Submission.assessor_id != HOLDER)
    found: dict[int, AllocationEnd] = {}
    taken_back = Submission.status.in_(NOT_ASSESSED)
    for condition, end in (
        (taken_back, AllocationEnd.WITHDRAWN),
        (text(f"NOT ({WAITS.text})"), AllocationEnd.DECIDED),
        (has_conflict(HOLDER), AllocationEnd.RECUSED),
        (may_not, AllocationEnd.HANDED_OVER),
        (lost & is_idle, AllocationEnd.HANDED_OVER),
        (is_away.exists() & is_idle, AllocationEnd.HANDED_OVER),
    ):
        for allocation_id in session.scalars(_running().where(condition)):
            found.setdefault(allocation_id, end)
    return sorted(found.items())


def take_back(session: Session, allocation_id: int, end: AllocationEnd, *, now: datetime) -> None:
    """End an allocation that cannot stay, unless it has ended meanwhile."""
    allocation = session.get(Allocation, allocation_id, with_for_update=True)
    if allocation is None or allocation.ended_at is not None:
        return
    submission = session.get_one(Submission, allocation.submission_id)
    end_allocations(session, submission, allocation.person, end, now)
    audit.record(
        session,
        allocation.institution_id,
        actor=BY_LOAD,
        action="allocation.taken_back",
        subject=f"submission:{submission.id}",
        facts={"allocation": allocation.id, "person": allocation.person_id, "end": end.value},
        now=now,
    )


def list_unallocated(
    session: Session,
    *,
    institution_id: int | None = None,
    achievement_ids: Collection[int] | None = None,
) -> Sequence[Any]:
    """Return what waits and fewer have than should: id, achievement, course; first in the queue.

    Only of achievements whose work is allocated. `None`: of all.
    """
    running = (
        select(func.count())
        .select_from(Allocation)
        .where(Allocation.submission_id == Submission.id, Allocation.ended_at.is_(None))
        .correlate(Submission)
        .scalar_subquery()
    )
    conditions: list[ColumnElement[bool]] = [Achievement.is_allocated.is_(True)]
    if institution_id is not None:
        conditions.append(Submission.institution_id == institution_id)
    if achievement_ids is not None:
        conditions.append(Submission.achievement_id.in_(achievement_ids))
    is_short = or_(running + count_assessed() < needed_grantors(), (running == 0) & is_disputed())
    return session.execute(
        select(Submission.id, Submission.achievement_id, Submission.course_id)
        .join(Achievement, Achievement.id == Submission.achievement_id)
        .where(WAITS, *conditions, is_short)
        .order_by(Submission.queue_at, Submission.id)
    ).all()


def allocate_waiting(
    session: Session,
    *,
    institution_id: int,
    achievement_ids: Collection[int] | None,
    most: int,
    now: datetime,
) -> int:
    """Give out what waits, up to a figure; return how many works somebody has now."""
    given = 0
    in_vain = Vain()
    for submission_id, *place in list_unallocated(
        session, institution_id=institution_id, achievement_ids=achievement_ids
    ):
        if in_vain.is_hopeless(place):
            continue
        if allocate(session, session.get_one(Submission, submission_id), now=now):
            given += 1
        else:
            in_vain.note(place)
        if given == most:
            break
    return given


def count_held(session: Session, person_id: int) -> int:
    """Count what somebody has been given and has not finished."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Allocation)
            .where(Allocation.person_id == person_id, Allocation.ended_at.is_(None))
        )
        or 0
    )


def pass_on(session: Session, person: Person, *, now: datetime) -> int:
    """Give others what somebody has and has not started on; return how much has gone.

    What nobody else may assess stays.
    """
    passed = 0
    held = session.scalars(
        select(Submission)
        .join(Allocation, Allocation.submission_id == Submission.id)
        .where(
            Allocation.person_id == person.id,
            Allocation.ended_at.is_(None),
            or_(Submission.assessor_id.is_(None), Submission.assessor_id != person.id),
        )
        .order_by(Submission.queue_at, Submission.id)
    ).all()
    for submission in held:
        if replace_holder(session, submission, person, now=now):
            passed += 1
    return passed


class Vain:
    """Where nobody could be given anything: one full queue does not hold up the others."""

    def __init__(self) -> None:
        """Begin with hope."""
        self._tries: Counter[tuple[Any, ...]] = Counter()

    def note(self, place: Sequence[Any]) -> None:
        """Note that nobody could be given a work of this achievement and course."""
        self._tries[tuple(place)] += 1

    def is_hopeless(self, place: Sequence[Any]) -> bool:
        """Whether that has been so often enough for one round."""
        return self._tries[tuple(place)] >= IN_VAIN


def _running() -> Any:
    return (
        select(Allocation.id)
        .join(Submission, Submission.id == Allocation.submission_id)
        .where(Allocation.ended_at.is_(None))
    )
