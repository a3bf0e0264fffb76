"""The grantors of an institution as its administrators see them. Reads only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.catalog.models import Achievement, AchievementVersion
from app.catalog.service import find_approved_version, list_achievements
from app.core.errors import NotFoundError
from app.courses.models import Course
from app.mapping.models import Assignment
from app.programme.models import GrantorAppointment
from app.programme.service import list_appointments, list_appointments_of

AT_MOST_COURSES = 40
# Levels whose awards somebody makes who is appointed for it: by assessing work, or by giving.
BY_APPOINTED = ("grantor", "request")
DAY = timedelta(days=1)


class State(StrEnum):
    """Where an appointment stands today."""

    RUNNING = "running"
    TO_COME = "to come"
    ENDED = "ended"


@dataclass(frozen=True)
class Row:
    """One appointment as a list shows it. `is_given`: without work, as a Souvenir is."""

    appointment: GrantorAppointment
    achievement: str
    state: State
    is_given: bool = False

    @property
    def last_day(self) -> date | None:
        """The last day on which it holds, where one is set."""
        ends_at = self.appointment.ends_at
        return last_day_of(ends_at) if ends_at else None

    @property
    def scope(self) -> str:
        """The courses in which it holds; empty for all of them."""
        if not self.appointment.is_limited:
            return ""
        return ", ".join(course.display_title for course in self.appointment.courses)


def list_rows(
    session: Session,
    institution_id: int,
    *,
    achievement_id: int | None,
    with_ended: bool,
    now: datetime,
) -> list[Row]:
    """Return the appointments, of one achievement or all, by achievement and name."""
    names = name_achievements(session, institution_id)
    rows = [
        Row(item, names[item.achievement_id], state_of(item, now))
        for item in list_appointments(session, institution_id)
        if achievement_id in {None, item.achievement_id}
    ]
    if not with_ended:
        rows = [row for row in rows if row.state is not State.ENDED]
    return sorted(
        rows,
        key=lambda row: (
            row.achievement.casefold(),
            row.state is State.ENDED,
            row.appointment.person.display_name.casefold(),
            row.appointment.id,
        ),
    )


def list_own_rows(
    session: Session, person_id: int, *, institution_id: int, now: datetime
) -> list[Row]:
    """Return what a person may assess or give, today or later."""
    names = name_achievements(session, institution_id)
    given = {
        achievement.id
        for achievement in list_achievements(session, institution_id)
        if achievement.level.award_by == "request"
    }
    return [
        Row(
            item,
            names[item.achievement_id],
            state_of(item, now),
            is_given=item.achievement_id in given,
        )
        for item in list_appointments_of(session, person_id, now=now)
    ]


def state_of(appointment: GrantorAppointment, now: datetime) -> State:
    """Return where an appointment stands."""
    if appointment.ends_at is not None and appointment.ends_at <= now:
        return State.ENDED
    return State.RUNNING if appointment.starts_at <= now else State.TO_COME


def name_achievements(session: Session, institution_id: int) -> dict[int, str]:
    """Return the name of each achievement: of its approved version, else of the newest."""
    names = {}
    for achievement in list_achievements(session, institution_id):
        version = find_approved_version(achievement) or next(reversed(achievement.versions), None)
        names[achievement.id] = (version.name if version else "") or achievement.slug
    return names


def list_granted_achievements(session: Session, institution_id: int) -> list[tuple[int, str]]:
    """Return id, and name with level, of what a grantor can be appointed for."""
    return [
        (achievement.id, f"{version.name} · {achievement.level.name}")
        for achievement in list_achievements(session, institution_id)
        if not achievement.is_retired
        and achievement.level.award_by in BY_APPOINTED
        and (version := find_approved_version(achievement))
    ]


def get_granted_achievement(
    session: Session, achievement_id: int, *, institution_id: int
) -> Achievement:
    """Return an achievement that grantors can be appointed for.

    Raises: `NotFoundError`.
    """
    found = session.get(Achievement, achievement_id)
    known = {each for each, _name in list_granted_achievements(session, institution_id)}
    if found is None or found.id not in known:
        raise NotFoundError("There is no such micro-credential that an appointed person awards.")
    return found


def is_assessed(session: Session, achievement_id: int) -> bool:
    """Return whether work is assessed for an achievement, rather than a Souvenir given."""
    return session.get_one(Achievement, achievement_id).level.award_by == BY_APPOINTED[0]


def list_offered_courses(
    session: Session,
    institution_id: int,
    achievement_id: int,
    *,
    text: str,
    chosen: Collection[int],
) -> list[Course]:
    """Return the courses to choose a scope from: mapped ones, found ones, and those chosen."""
    mapped = (
        select(Assignment.course_id)
        .join(Assignment.version)
        .where(AchievementVersion.achievement_id == achievement_id)
    )
    wanted: list[ColumnElement[bool]] = [Course.id.in_(mapped), Course.id.in_(chosen)]
    if text.strip():
        wanted += [
            Course.title.icontains(text.strip(), autoescape=True),
            Course.label.icontains(text.strip(), autoescape=True),
        ]
    return list(
        session.scalars(
            select(Course)
            .where(Course.institution_id == institution_id, or_(*wanted))
            .order_by(Course.id.in_(chosen).desc(), Course.title, Course.id)
            .limit(AT_MOST_COURSES)
        )
    )


def begin_of(day: date) -> datetime:
    """Return the moment at which a day begins, in UTC."""
    return datetime.combine(day, time(), UTC)


def end_of(day: date | None) -> datetime | None:
    """Return the moment after the last of a day, so that the day itself is included."""
    return begin_of(day) + DAY if day else None


def last_day_of(ends_at: datetime) -> date:
    """Return the last day, or part of one, before a moment."""
    return (ends_at - timedelta(microseconds=1)).date()
