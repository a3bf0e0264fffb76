"""Which assignment a new link is a copy of, as far as the LMS tells."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.catalog.models import Achievement, AchievementVersion, Criterion
from app.catalog.service import list_mappable_versions
from app.core.errors import NotFoundError
from app.courses.models import Course, ResourceLink
from app.courses.origins import list_origins
from app.mapping.copying import list_earlier_uuids
from app.mapping.history import Origins
from app.mapping.models import Assignment, AssignmentCopy


def find_unbound(session: Session, assignment_uuid: str, *, course_id: int) -> Assignment | None:
    """Return this course's assignment of this identity if no link has it yet; locked."""
    return session.scalar(
        select(Assignment)
        .where(
            Assignment.uuid == assignment_uuid,
            Assignment.course_id == course_id,
            Assignment.resource_link_pk.is_(None),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def find_source(session: Session, origins: Origins, *, course: Course) -> Assignment | None:
    """Return the assignment that a new link of this course is a copy of, if it can be told.

    The identity in `custom` is that of the first of all copies. Where the link's
    or the course's own history names a nearer one, that is taken: it has what was
    changed since. What is another institution's is not known here.
    """
    named = _find_by_uuid(session, origins.uuid, course=course) if origins.uuid else None
    by_history = _find_by_links(session, origins.link_ids, course=course)
    if named is None:
        return by_history
    if by_history is not None and _descends(by_history, named):
        return by_history
    context_ids = origins.context_ids or _known_origins(session, course)
    for near in _list_in_contexts(session, context_ids, course=course):
        if _descends(near, named):
            return near
    return named


def list_candidates(session: Session, link: ResourceLink, *, now: datetime) -> list[Assignment]:
    """Return what a link that says nothing may be a copy of, likeliest first.

    These are the assignments of the courses that the LMS names as this one's
    origins; those of the link's own title come first. What may no longer be
    mapped, or has been copied into this course already, is left out.
    """
    course = link.course
    found = _list_in_contexts(session, _known_origins(session, course), course=course)
    if not found:
        return []
    versions = list_mappable_versions(session, course.institution_id, now=now)
    mappable = {version.achievement_id for version in versions}
    title = _folded(link.title)
    here = set(
        session.scalars(
            select(AssignmentCopy.source_id)
            .join(Assignment, Assignment.id == AssignmentCopy.assignment_id)
            .where(Assignment.course_id == course.id)
        )
    )
    usable = [
        item for item in found if item.version.achievement_id in mappable and item.id not in here
    ]
    return sorted(usable, key=lambda item: _folded(item.title) != title)


def get_candidate(
    session: Session, link: ResourceLink, assignment_id: int, *, now: datetime
) -> Assignment:
    """Return one of the assignments that a link may be a copy of.

    Raises: `NotFoundError` if it is none of them.
    """
    found = next(
        (item for item in list_candidates(session, link, now=now) if item.id == assignment_id),
        None,
    )
    if found is None:
        raise NotFoundError(
            "There is no such assignment in a course that this one was copied from."
        )
    return found


def _find_by_uuid(session: Session, wanted: str, *, course: Course) -> Assignment | None:
    return session.scalar(
        _loaded().where(
            Assignment.uuid == wanted, Assignment.institution_id == course.institution_id
        )
    )


def _find_by_links(
    session: Session, link_ids: Sequence[str], *, course: Course
) -> Assignment | None:
    """Return what the newest known link of a history is mapped to; an LMS's ids are its own."""
    if not link_ids:
        return None
    rows = session.execute(
        select(ResourceLink.resource_link_id, Assignment.id)
        .join(Course, Course.id == ResourceLink.course_id)
        .join(Assignment, Assignment.resource_link_pk == ResourceLink.id)
        .where(
            Course.deployment_pk == course.deployment_pk,
            ResourceLink.resource_link_id.in_(link_ids),
        )
        .order_by(Assignment.id)
    )
    by_link = {row.resource_link_id: row.id for row in rows}
    known = next((by_link[each] for each in link_ids if each in by_link), None)
    return session.scalar(_loaded().where(Assignment.id == known)) if known else None


def _list_in_contexts(
    session: Session, context_ids: Sequence[str], *, course: Course
) -> list[Assignment]:
    """Return the assignments of these courses of the same deployment, nearest course first."""
    if not context_ids:
        return []
    found = session.scalars(
        _loaded()
        .join(Course, Course.id == Assignment.course_id)
        .where(
            Course.deployment_pk == course.deployment_pk,
            Course.context_id.in_(context_ids),
            Course.id != course.id,
        )
        .order_by(Assignment.id)
    ).unique()
    place = {context_id: number for number, context_id in enumerate(context_ids)}
    return sorted(found, key=lambda item: place[item.course.context_id])


def _known_origins(session: Session, course: Course) -> list[str]:
    return list_origins(session, deployment_pk=course.deployment_pk, context_id=course.context_id)


def _descends(assignment: Assignment, ancestor: Assignment) -> bool:
    return assignment.id == ancestor.id or ancestor.uuid in list_earlier_uuids(assignment)


def _loaded() -> Select[Assignment]:
    return select(Assignment).options(
        joinedload(Assignment.copied),
        joinedload(Assignment.course),
        joinedload(Assignment.version)
        .joinedload(AchievementVersion.achievement)
        .joinedload(Achievement.level),
        selectinload(Assignment.criteria).selectinload(Criterion.rubric_levels),
    )


def _folded(title: str | None) -> str:
    return " ".join((title or "").casefold().split())
