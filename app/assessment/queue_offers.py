"""What a grantor's queue can be narrowed to. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, bindparam, func, literal, select
from sqlalchemy.orm import Session

from app.assessment.queue_rows import list_lms_names
from app.assessment.queue_scopes import list_scopes
from app.assessment.queue_works import SIZES, fill_ids, in_parts, with_ids
from app.catalog.models import AchievementVersion
from app.catalog.usability import list_published_statuses
from app.core.prepared import Prepared, wire_of
from app.core.principal import Principal
from app.courses.models import Course
from app.mapping.models import Assignment


@dataclass(frozen=True)
class Offers:
    """Achievements and courses by their ids, in the order of their names.

    `moderated`: ids of the achievements that the person moderates.
    """

    achievements: dict[int, str]
    courses: dict[int, str]
    moderated: frozenset[int]


def list_offers(session: Session, grantor: Principal, *, now: datetime) -> Offers:
    """Return the achievements that somebody may assess, and the courses in which they are used."""
    scopes = list_scopes(session, grantor, now=now)
    achievement_ids = [scope.achievement_id for scope in scopes]
    everywhere = [scope.achievement_id for scope in scopes if scope.course_ids is None]
    limited = frozenset[int]().union(*(scope.course_ids or () for scope in scopes))
    return Offers(
        _name_achievements(session, achievement_ids),
        _name_courses(session, grantor.institution_id, everywhere, sorted(limited)),
        frozenset(scope.achievement_id for scope in scopes if scope.moderates),
    )


def _name_achievements(session: Session, achievement_ids: Sequence[int]) -> dict[int, str]:
    """Return the names by which achievements go now: of their newest version that was approved."""
    wire = wire_of(session)
    names = [
        row
        for part, size in in_parts(achievement_ids)
        for row in _names(size).all(wire, fill_ids(part, size))
    ]
    return {achievement_id: name for name, achievement_id in sorted(names)}


def _name_courses(
    session: Session, institution_id: int, everywhere: Sequence[int], limited: Sequence[int]
) -> dict[int, str]:
    """Return the titles of courses, with the LMS where there is more than one."""
    wire = wire_of(session)
    rows = {
        row
        for worded, ids in ((_courses_using, everywhere), (_courses, limited))
        for part, size in in_parts(ids)
        for row in worded(size).all(wire, {"institution_id": institution_id} | fill_ids(part, size))
    }
    lms_names = list_lms_names(session, institution_id)
    names = {
        course_id: (title or label or f"Course {course_id}")
        + (f" ({lms_names[platform_id]})" if len(lms_names) > 1 else "")
        for course_id, title, label, platform_id in rows
    }
    return dict(sorted(names.items(), key=lambda each: (each[1].casefold(), each[0])))


@lru_cache(len(SIZES))
def _names(size: int) -> Prepared:
    newest = (
        select(func.max(AchievementVersion.id))
        .where(
            with_ids(size, AchievementVersion.achievement_id),
            AchievementVersion.status.in_(_PUBLISHED),
        )
        .group_by(AchievementVersion.achievement_id)
    )
    statement: Any = select(AchievementVersion.name, AchievementVersion.achievement_id).where(
        AchievementVersion.id.in_(newest)
    )
    return Prepared(statement)


@lru_cache(len(SIZES))
def _courses(size: int) -> Prepared:
    return Prepared(_select_courses().where(with_ids(size, Course.id)))


@lru_cache(len(SIZES))
def _courses_using(size: int) -> Prepared:
    used = (
        select(Assignment.course_id)
        .join(AchievementVersion, AchievementVersion.id == Assignment.version_id)
        .where(
            Assignment.institution_id == _INSTITUTION,
            with_ids(size, AchievementVersion.achievement_id),
        )
    )
    return Prepared(_select_courses().where(Course.id.in_(used)))


def _select_courses() -> Any:
    return select(Course.id, Course.title, Course.label, Course.platform_id).where(
        Course.institution_id == _INSTITUTION
    )


_INSTITUTION = bindparam("institution_id", type_=Integer)
# Each by itself: how many there are is no matter of the statement's words.
_PUBLISHED = [
    literal(status, AchievementVersion.status.type) for status in list_published_statuses()
]
