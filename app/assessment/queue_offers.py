"""What a grantor's queue can be narrowed to. Reads only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.assessment.queue_rows import list_lms_names
from app.assessment.queue_scopes import list_scopes
from app.catalog.models import PUBLISHED_STATUSES, AchievementVersion
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
        _name_courses(session, grantor.institution_id, everywhere, limited),
        frozenset(scope.achievement_id for scope in scopes if scope.moderates),
    )


def _name_achievements(session: Session, achievement_ids: Collection[int]) -> dict[int, str]:
    """Return the names by which achievements go now: of their newest version that was approved."""
    newest = (
        select(func.max(AchievementVersion.id))
        .where(
            AchievementVersion.achievement_id.in_(achievement_ids),
            AchievementVersion.status.in_(PUBLISHED_STATUSES),
        )
        .group_by(AchievementVersion.achievement_id)
    )
    rows = session.execute(
        select(AchievementVersion.achievement_id, AchievementVersion.name)
        .where(AchievementVersion.id.in_(newest))
        .order_by(AchievementVersion.name)
    )
    return dict(rows.all())


def _name_courses(
    session: Session, institution_id: int, everywhere: Collection[int], limited: Collection[int]
) -> dict[int, str]:
    """Return the titles of courses, with the LMS where there is more than one."""
    used = (
        select(Assignment.course_id)
        .join(AchievementVersion, AchievementVersion.id == Assignment.version_id)
        .where(
            Assignment.institution_id == institution_id,
            AchievementVersion.achievement_id.in_(everywhere),
        )
    )
    rows = session.execute(
        select(Course.id, Course.title, Course.label, Course.platform_id).where(
            Course.institution_id == institution_id,
            or_(Course.id.in_(used), Course.id.in_(limited)),
        )
    ).all()
    lms_names = list_lms_names(session, institution_id)
    names = {
        course_id: (title or label or f"Course {course_id}")
        + (f" ({lms_names[platform_id]})" if len(lms_names) > 1 else "")
        for course_id, title, label, platform_id in rows
    }
    return dict(sorted(names.items(), key=lambda each: (each[1].casefold(), each[0])))
