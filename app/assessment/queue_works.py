"""The works on a page of the queue, as plain rows: what is shown of each, read in one statement.

Worded once for each number of works and kept (`core/prepared.py`): to build objects of seven
tables for them took longer than to find and read them.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Integer, bindparam, not_, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.assessment.conflicts import has_conflict
from app.assessment.queue_states import ME, is_assessed_by, is_free_for
from app.catalog.models import Achievement, AchievementVersion
from app.catalog.usability import is_usable_now, why_unusable
from app.core.orm import UtcDateTime
from app.core.prepared import Prepared, wire_of
from app.core.principal import Principal
from app.courses.models import Course, Person
from app.evidence.models import Submission, SubmissionStatus
from app.mapping.models import Assignment
from app.platforms.models import Platform
from app.programme.models import Level

# How many works one statement is worded for: what is not asked for is filled with no row's id.
SIZES = (26, 104, 416, 1_664)
NO_ID = 0
NOW = bindparam("now", type_=UtcDateTime)


@dataclass(frozen=True, slots=True)
class Work:
    """One work as the queue shows it.

    `learner_name`: as it is; the page shows `queue.QueueRow.name`. `why_unusable`: why it cannot
    be assessed now, in a sentence; `None` if it can.
    """

    id: int
    status: SubmissionStatus
    submitted_at: datetime
    promised_at: datetime | None
    assessor_id: int | None
    assessor_name: str | None
    learner_name: str
    assignment_uuid: str
    assignment_title: str
    course_title: str
    lms: str
    version_id: int
    public_id: str
    badge: str
    level: str
    is_anonymous: bool
    grantors_needed: int
    why_unusable: str | None


def with_ids(size: int, column: Any = Submission.id) -> ColumnElement[bool]:
    """Return the condition that a submission is one of so many; `fill_ids` binds which."""
    found: ColumnElement[bool] = column.in_(
        [bindparam(f"id_{number}", type_=Integer) for number in range(size)]
    )
    return found


def fill_ids(ids: Sequence[int], size: int) -> dict[str, Any]:
    """Return what `with_ids` is bound to."""
    filled = [*ids, *(NO_ID for _ in range(size - len(ids)))]
    return {f"id_{number}": each for number, each in enumerate(filled)}


def in_parts(ids: Sequence[int]) -> Iterable[tuple[Sequence[int], int]]:
    """Return ids in as few parts as statements are worded for, and each one's size."""
    largest = SIZES[-1]
    for start in range(0, len(ids), largest):
        part = ids[start : start + largest]
        yield part, next(size for size in SIZES if size >= len(part))


def read_works(
    session: Session, grantor: Principal, ids: Sequence[int], *, now: datetime
) -> dict[int, Work]:
    """Return those works that no conflict of interest keeps from the grantor, by their ids."""
    asked = {
        "institution_id": grantor.institution_id,
        "person_id": grantor.person_id,
        "now": now,
    }
    wire = wire_of(session)
    rows = [
        row
        for part, size in in_parts(ids)
        for row in _works(size).all(wire, asked | fill_ids(part, size))
    ]
    reasons = _explain(session, {row[13] for row in rows if not row[-1]}, now=now)
    return {row[0]: _describe(row, reasons) for row in rows}


def list_assessable(
    session: Session, grantor: Principal, ids: Sequence[int], *, is_taken: bool, now: datetime
) -> set[int]:
    """Return those submissions that a grantor could assess now, and has not yet.

    Neither started by others (or, `is_taken`, by somebody at all), nor allocated to others only.
    """
    asked = {"person_id": grantor.person_id, "now": now}
    wire = wire_of(session)
    return {
        row[0]
        for part, size in in_parts(ids)
        for row in _assessable(size, is_taken=is_taken).all(wire, asked | fill_ids(part, size))
    }


@lru_cache(2 * len(SIZES))
def _assessable(size: int, *, is_taken: bool) -> Prepared:
    free = or_(Submission.assessor_id.is_(None), Submission.assessor_id == ME)
    statement: Any = (
        select(Submission.id)
        .join(Submission.assignment)
        .join(Assignment.version)
        .join(AchievementVersion.achievement)
        .where(
            with_ids(size),
            not_(has_conflict(cast("int", ME))),
            not_(is_assessed_by(ME)),
            is_usable_now(NOW),
            Submission.assessor_id.is_not(None) if is_taken else free,
            is_free_for(cast("int", ME)),
        )
    )
    return Prepared(statement)


@lru_cache(len(SIZES))
def _works(size: int) -> Prepared:
    learner, assessor = aliased(Person), aliased(Person)
    statement: Any = (
        select(
            Submission.id,
            Submission.status,
            Submission.submitted_at,
            Submission.promised_at,
            Submission.assessor_id,
            assessor.name,
            learner.id,
            learner.name,
            Assignment.uuid,
            Assignment.title,
            Course.title,
            Course.label,
            Platform.name,
            AchievementVersion.id,
            AchievementVersion.public_id,
            AchievementVersion.name,
            Level.short_name,
            AchievementVersion.is_anonymous,
            AchievementVersion.grantors_needed,
            is_usable_now(NOW).label("is_usable"),
        )
        .join(learner, learner.id == Submission.learner_id)
        .outerjoin(assessor, assessor.id == Submission.assessor_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Course, Course.id == Assignment.course_id)
        .join(Platform, Platform.id == Course.platform_id)
        .join(AchievementVersion, AchievementVersion.id == Assignment.version_id)
        .join(Achievement, Achievement.id == AchievementVersion.achievement_id)
        .join(Level, Level.id == Achievement.level_id)
        .where(
            with_ids(size),
            Submission.institution_id == bindparam("institution_id", type_=Integer),
            not_(has_conflict(cast("int", ME))),
        )
    )
    return Prepared(statement)


def _describe(row: Sequence[Any], reasons: dict[int, str | None]) -> Work:
    found, status, submitted_at, promised_at, assessor_id, assessor, *rest = row
    learner_id, learner, uuid, title, course, label, lms, version_id, *rest = rest
    public_id, badge, level, is_anonymous, grantors_needed, is_usable = rest
    return Work(
        id=found,
        status=status,
        submitted_at=submitted_at,
        promised_at=promised_at,
        assessor_id=assessor_id,
        assessor_name=named(assessor_id, assessor),
        learner_name=named(learner_id, learner) or "",
        assignment_uuid=uuid,
        assignment_title=title,
        course_title=course or label or "Untitled course",
        lms=lms,
        version_id=version_id,
        public_id=public_id,
        badge=badge,
        level=level,
        is_anonymous=is_anonymous,
        grantors_needed=grantors_needed,
        why_unusable=None if is_usable else reasons[version_id],
    )


def named(person_id: int | None, name: str | None) -> str | None:
    """Return how a person is called, as `Person.display_name` says; `None` for nobody."""
    return None if person_id is None else name or f"Person {person_id}"


def _explain(
    session: Session, version_ids: Collection[int], *, now: datetime
) -> dict[int, str | None]:
    """Return why versions cannot be used: seldom any is asked for, so by their models."""
    if not version_ids:
        return {}
    versions = session.scalars(
        select(AchievementVersion)
        .where(AchievementVersion.id.in_(version_ids))
        .options(joinedload(AchievementVersion.achievement))
    )
    return {version.id: why_unusable(version, now=now) for version in versions}
