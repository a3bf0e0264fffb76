"""Where somebody may assess today: for which achievements, in which courses, as what."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from app.core.orm import UtcDateTime
from app.core.prepared import Prepared, wire_of
from app.core.principal import Principal
from app.programme.models import AppointmentCourse, AssessingRole, GrantorAppointment

# An appointment for few courses is read course by course; one for many, achievement by achievement.
FEW_COURSES = 4

_NOW = bindparam("now", type_=UtcDateTime)
_STATEMENT: Any = (
    select(
        GrantorAppointment.achievement_id,
        GrantorAppointment.role,
        GrantorAppointment.is_limited,
        AppointmentCourse.course_id,
    )
    .outerjoin(AppointmentCourse, AppointmentCourse.appointment_id == GrantorAppointment.id)
    .where(
        GrantorAppointment.institution_id == bindparam("institution_id"),
        GrantorAppointment.person_id == bindparam("person_id"),
        GrantorAppointment.starts_at <= _NOW,
        or_(GrantorAppointment.ends_at.is_(None), GrantorAppointment.ends_at > _NOW),
    )
    .order_by(GrantorAppointment.achievement_id)
)
_RUNNING = Prepared(_STATEMENT)


@dataclass(frozen=True)
class Scope:
    """One achievement that somebody may assess. `course_ids`: `None` for every course."""

    achievement_id: int
    course_ids: frozenset[int] | None
    moderates: bool


@dataclass(frozen=True)
class Branch:
    """One stretch of an index: an achievement's work, of one course or (`None`) of all.

    `is_checked`: whether each row's course must be asked for, because not all are allowed.
    """

    achievement_id: int
    course_id: int | None
    is_checked: bool


def list_scopes(session: Session, grantor: Principal, *, now: datetime) -> list[Scope]:
    """Return what somebody may assess today; an appointment that names no course gives nothing."""
    facts = {"institution_id": grantor.institution_id, "person_id": grantor.person_id, "now": now}
    everywhere: set[int] = set()
    moderated: set[int] = set()
    courses: dict[int, set[int]] = defaultdict(set)
    for achievement_id, role, is_limited, course_id in _RUNNING.all(wire_of(session), facts):
        if not is_limited:
            everywhere.add(achievement_id)
        elif course_id is not None:
            courses[achievement_id].add(course_id)
        else:
            continue
        if role is AssessingRole.MODERATOR:
            moderated.add(achievement_id)
    return [
        Scope(
            achievement_id,
            None if achievement_id in everywhere else frozenset(courses[achievement_id]),
            achievement_id in moderated,
        )
        for achievement_id in sorted(everywhere | courses.keys())
    ]


def branch(
    scopes: list[Scope], *, achievement_id: int | None, course_id: int | None, moderated_only: bool
) -> list[Branch]:
    """Return the stretches to read for what is looked for."""
    branches: list[Branch] = []
    for scope in scopes:
        if achievement_id not in {None, scope.achievement_id}:
            continue
        if moderated_only and not scope.moderates:
            continue
        branches += _branch_one(scope, course_id)
    return branches


def _branch_one(scope: Scope, course_id: int | None) -> list[Branch]:
    allowed = scope.course_ids
    if course_id is not None:
        is_allowed = allowed is None or course_id in allowed
        return [Branch(scope.achievement_id, course_id, is_checked=False)] if is_allowed else []
    if allowed is None:
        return [Branch(scope.achievement_id, None, is_checked=False)]
    if len(allowed) <= FEW_COURSES:
        return [Branch(scope.achievement_id, each, is_checked=False) for each in sorted(allowed)]
    return [Branch(scope.achievement_id, None, is_checked=True)]
