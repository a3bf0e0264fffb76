"""Course copy: an assignment follows its link into another course; people and work do not."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.catalog.models import Achievement, AchievementVersion, Criterion
from app.catalog.service import list_mappable_versions
from app.core import audit
from app.core.errors import ConflictError, NotFoundError
from app.courses.models import Course, ResourceLink
from app.courses.origins import list_origins
from app.mapping.history import Origins
from app.mapping.models import Assignment, AssignmentCopy, DeclinedCopy

MAX_EARLIER = 50


@dataclass(frozen=True)
class CopyReview:
    """What an instructor should know before confirming a copy.

    `newest`: the version that the assignment would get if it were set up now;
    `None` if the achievement may no longer be mapped at all. `is_moved`: the
    original's version could not be mapped any more, so the copy has a newer one.
    `is_outdated`: there is a newer version than the copy's. `is_same_course`:
    the original is in this course too.
    """

    newest: AchievementVersion | None
    is_moved: bool
    is_outdated: bool
    is_same_course: bool

    @property
    def is_retired(self) -> bool:
        """Whether nothing new can be mapped to this achievement."""
        return self.newest is None


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


def copy_assignment(
    session: Session,
    source: Assignment,
    *,
    course: Course,
    link: ResourceLink,
    copied_for: int,
    now: datetime,
) -> Assignment | None:
    """Map a link as its original is mapped; `None` if that achievement may no longer be mapped.

    It counts at once, and waits for an instructor's confirmation. Of the
    original's people, work, awards and dates nothing follows. The version stays
    if it may still be mapped; else it is the newest approved one, with the
    criteria of the same keys.

    Raises: `IntegrityError` if the link has just been mapped by somebody else.
    """
    version = find_version_for(session, source)
    if version is None:
        return None
    criteria = _same_criteria(source, version)
    copy = Assignment(
        institution_id=course.institution_id,
        course_id=course.id,
        resource_link_pk=link.id,
        uuid=str(uuid.uuid4()),
        version_id=version.id,
        title=source.title,
        instructions=source.instructions,
        max_files=source.max_files,
        file_kinds=list(source.file_kinds),
        accepts_link=source.accepts_link,
        accepts_text=source.accepts_text,
        grade_rule=source.grade_rule,
        max_points=sum(item.max_points for item in criteria),
        lineitem_url=link.lineitem_url,
        created_by=source.created_by,
        created_at=now,
        criteria=criteria,
    )
    copy.copied = AssignmentCopy(
        source_id=source.id,
        source_version_id=source.version_id,
        source_course=source.course.display_title[:500],
        earlier_uuids=[source.uuid, *list_earlier_uuids(source)][:MAX_EARLIER],
        copied_at=now,
    )
    session.add(copy)
    session.flush()
    facts = {"from": source.id, "version_id": version.id, "link": link.id}
    _audit(session, copy, f"person:{copied_for}", "assignment.copied", facts, now=now)
    return copy


def confirm_copy(
    session: Session, assignment: Assignment, *, confirmed_by: int, now: datetime
) -> None:
    """Note that somebody who teaches the course has looked at a copied assignment.

    Raises: `ConflictError` if it is no copy, or was confirmed before.
    """
    copied = session.scalar(
        select(AssignmentCopy)
        .where(AssignmentCopy.assignment_id == assignment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if copied is None or copied.confirmed_at is not None:
        raise ConflictError("There is nothing to confirm here any more.")
    copied.confirmed_at, copied.confirmed_by = now, confirmed_by
    facts = {"from": copied.source_id}
    _audit(session, assignment, f"person:{confirmed_by}", "assignment.confirmed", facts, now=now)


def decline_copy(session: Session, link_pk: int, *, declined_by: int, now: datetime) -> None:
    """Remember that a link is to be set up by hand: launches copy nothing onto it any more."""
    if not is_declined(session, link_pk):
        session.add(
            DeclinedCopy(resource_link_pk=link_pk, declined_by=declined_by, declined_at=now)
        )
        session.flush()


def is_declined(session: Session, link_pk: int) -> bool:
    """Return whether somebody has undone this link's set-up by hand."""
    found = session.scalar(select(DeclinedCopy.id).where(DeclinedCopy.resource_link_pk == link_pk))
    return found is not None


def review_copy(session: Session, assignment: Assignment) -> CopyReview:
    """Return what should be checked of a copied assignment."""
    copied = assignment.copied
    if copied is None:
        raise NotFoundError("This assignment is no copy.")
    newest = find_version_for(session, assignment)
    source = session.get(Assignment, copied.source_id) if copied.source_id else None
    return CopyReview(
        newest=newest,
        is_moved=copied.source_version_id != assignment.version_id,
        is_outdated=newest is not None and newest.id != assignment.version_id,
        is_same_course=source is not None and source.course_id == assignment.course_id,
    )


def list_unconfirmed(session: Session, course_id: int) -> list[Assignment]:
    """Return the course's copied assignments that nobody has confirmed yet, oldest first."""
    return list(
        session.scalars(
            select(Assignment)
            .join(AssignmentCopy, AssignmentCopy.assignment_id == Assignment.id)
            .where(Assignment.course_id == course_id, AssignmentCopy.confirmed_at.is_(None))
            .order_by(Assignment.id)
        )
    )


def list_candidates(session: Session, link: ResourceLink) -> list[Assignment]:
    """Return what a link that says nothing may be a copy of, likeliest first.

    These are the assignments of the courses that the LMS names as this one's
    origins; those of the link's own title come first. What may no longer be
    mapped is left out.
    """
    course = link.course
    found = _list_in_contexts(session, _known_origins(session, course), course=course)
    versions = list_mappable_versions(session, course.institution_id)
    mappable = {version.achievement_id for version in versions}
    title = _folded(link.title)
    usable = [item for item in found if item.version.achievement_id in mappable]
    return sorted(usable, key=lambda item: _folded(item.title) != title)


def find_version_for(session: Session, source: Assignment) -> AchievementVersion | None:
    """Return the version that a copy gets: the same, or the newest approved; `None` if none."""
    mappable = list_mappable_versions(session, source.institution_id)
    of_it = [item for item in mappable if item.achievement_id == source.version.achievement_id]
    same = next((item for item in of_it if item.id == source.version_id), None)
    return same or max(of_it, key=lambda item: item.number, default=None)


def list_earlier_uuids(assignment: Assignment) -> list[str]:
    """Return the identities of what it was copied from, nearest first."""
    return list(assignment.copied.earlier_uuids) if assignment.copied else []


def list_inherited_ids(session: Session, assignment: Assignment) -> list[str]:
    """Return the `resourceId`s that the LMS may have copied into this assignment's column.

    Not those of another assignment of the same course: its column is its own.
    Source: AGS 2.0 §3.2.8 (copied columns keep tag and resourceId).
    """
    earlier = list_earlier_uuids(assignment)
    if not earlier:
        return []
    here = set(
        session.scalars(
            select(Assignment.uuid).where(
                Assignment.course_id == assignment.course_id, Assignment.uuid.in_(earlier)
            )
        )
    )
    return [each for each in earlier if each not in here]


def list_taken_columns(session: Session, assignment: Assignment) -> frozenset[str]:
    """Return the gradebook columns of the course's other assignments, as far as they are known."""
    return frozenset(
        url
        for url in session.scalars(
            select(Assignment.lineitem_url).where(
                Assignment.course_id == assignment.course_id, Assignment.id != assignment.id
            )
        )
        if url is not None
    )


def get_candidate(session: Session, link: ResourceLink, assignment_id: int) -> Assignment:
    """Return one of the assignments that a link may be a copy of.

    Raises: `NotFoundError` if it is none of them.
    """
    found = next(
        (item for item in list_candidates(session, link) if item.id == assignment_id), None
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


def _same_criteria(source: Assignment, version: AchievementVersion) -> list[Criterion]:
    """Return the criteria of a version that the original shows; if none is left, all of them."""
    keys = {item.key for item in source.criteria}
    return [item for item in version.criteria if item.key in keys] or list(version.criteria)


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


def _audit(
    session: Session,
    assignment: Assignment,
    actor: str,
    action: str,
    facts: dict[str, object],
    *,
    now: datetime,
) -> None:
    audit.record(
        session,
        assignment.institution_id,
        actor=actor,
        action=action,
        subject=f"assignment:{assignment.id}",
        facts=facts,
        now=now,
    )
