"""Course copy: an assignment follows its link into another course; people and work do not."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.models import AchievementVersion, Criterion
from app.catalog.service import list_mappable_versions
from app.catalog.usability import require_usable
from app.core import audit
from app.core.errors import ConflictError, NotFoundError
from app.courses.models import Course, ResourceLink
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
    version = find_version_for(session, source, now=now)
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
        max_file_mb=source.max_file_mb,
        is_by_criterion=source.is_by_criterion,
        max_group_size=source.max_group_size,
        statement=source.statement,
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

    Raises: `ConflictError` if it is no copy, was confirmed before, or its
        achievement may not be used any more.
    """
    require_usable(assignment.version, now=now)
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


def review_copy(session: Session, assignment: Assignment, *, now: datetime) -> CopyReview:
    """Return what should be checked of a copied assignment."""
    copied = assignment.copied
    if copied is None:
        raise NotFoundError("This assignment is no copy.")
    newest = find_version_for(session, assignment, now=now)
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


def find_version_for(
    session: Session, source: Assignment, *, now: datetime
) -> AchievementVersion | None:
    """Return the version that a copy gets: the same, or the newest approved; `None` if none."""
    mappable = list_mappable_versions(session, source.institution_id, now=now)
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


def _same_criteria(source: Assignment, version: AchievementVersion) -> list[Criterion]:
    """Return the criteria of a version that the original shows; if none is left, all of them."""
    keys = {item.key for item in source.criteria}
    return [item for item in version.criteria if item.key in keys] or list(version.criteria)


def _audit(
    session: Session,
    assignment: Assignment,
    actor: str,
    action: str,
    facts: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    audit.record(
        session,
        assignment.institution_id,
        actor=actor,
        action=action,
        subject=f"assignment:{assignment.id}",
        facts=dict(facts),
        now=now,
    )
