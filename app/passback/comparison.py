"""Comparing what a gradebook holds with what it was told; what others changed is shown."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import audit
from app.courses.models import Course, LtiUser
from app.mapping.models import Assignment
from app.outbox import service as outbox
from app.outbox.models import Delivery, DeliveryState
from app.passback.ags import RESULT_READONLY
from app.passback.cells import forget_found, note_found, owe_again
from app.passback.meaning import grade_of, is_blank, is_same_grade, is_told, share
from app.passback.models import ColumnComparison, GradebookCell
from app.passback.places import Place
from app.platforms.models import Platform, PlatformStatus

COMPARISON_KIND = "comparison"
# A course whose gradebook was told nothing for so long is over.
COMPARE_FOR = timedelta(days=180)


@dataclass(frozen=True)
class Difference:
    """A grade that somebody changed by hand: what we told, and what stands there."""

    course_id: int
    assignment_id: int
    person_id: int
    told_points: int | None
    told_max_points: int | None
    found_points: float | None
    found_max_points: float | None
    found_at: datetime


def owe_comparisons(session: Session, *, course_id: int | None = None, now: datetime) -> int:
    """Promise to compare every column that was told something lately; return how many.

    They leave through the outbox: one request to a platform at a time, and
    again later if it is down.
    """
    told = (
        select(GradebookCell.assignment_id)
        .group_by(GradebookCell.assignment_id)
        .having(func.max(GradebookCell.last_timestamp) > now - COMPARE_FOR)
    )
    query = (
        select(Assignment, Course)
        .join(Course, Course.id == Assignment.course_id)
        .join(Platform, Platform.id == Course.platform_id)
        .where(
            Assignment.lineitem_url.is_not(None),
            Assignment.column_missing.is_(False),
            Assignment.id.in_(told),
            Platform.status == PlatformStatus.ACTIVE,
        )
        .order_by(Assignment.id)
    )
    if course_id is not None:
        query = query.where(Course.id == course_id)
    owed = 0
    for assignment, course in session.execute(query):
        if RESULT_READONLY in course.ags_scopes:
            owe_comparison(session, assignment, now=now)
            owed += 1
    return owed


def ask_comparison(session: Session, assignment: Assignment, *, actor: str, now: datetime) -> None:
    """Promise to compare one column because somebody wants it now."""
    delivery = owe_comparison(session, assignment, now=now)
    audit.record(
        session,
        assignment.institution_id,
        actor=actor,
        action="passback.compared",
        subject=Place(assignment_id=assignment.id).column_subject,
        facts={"delivery_id": delivery.id},
        now=now,
    )


def owe_comparison(session: Session, assignment: Assignment, *, now: datetime) -> Delivery:
    """Promise to compare one column."""
    platform_id = assignment.course.platform_id
    return outbox.queue(
        session,
        assignment.institution_id,
        kind=COMPARISON_KIND,
        subject=f"{COMPARISON_KIND}:{assignment.id}",
        payload={"assignment_id": assignment.id, "platform_id": platform_id},
        due_at=now,
        lane=outbox.platform_lane(platform_id),
        now=now,
    )


def compare(
    session: Session,
    assignment_id: int,
    results: Mapping[str, Mapping[str, Any]],
    *,
    asked_at: datetime,
    now: datetime,
) -> int:
    """Compare a column's results, by the LMS's user id, with what was told; return the differences.

    A grade of somebody else is remembered and left. One of ours that never
    arrived, where nothing stands, is sent again; one that arrived unnoticed is
    delivered. What is on its way, or arrived after `asked_at`, is left alone.
    """
    place = Place(assignment_id=assignment_id)
    newest = {
        int(delivery.subject.rpartition(":")[2]): delivery
        for delivery in outbox.list_newest(session, place.subjects())
    }
    subs = _read_subs(session, assignment_id)
    different = 0
    for cell in session.scalars(place.cells().with_for_update()).all():
        delivery, sub = newest.get(cell.person_id), subs.get(cell.person_id)
        if delivery is None or sub is None:
            continue
        result = results.get(sub)
        if delivery.state is DeliveryState.FAILED:
            _look_at_failed(session, cell, delivery, result, now=now)
        elif delivery.state is DeliveryState.DELIVERED and _was_there(delivery, asked_at):
            _look_at_delivered(cell, result, now=now)
        different += cell.found_at is not None
    _note_compared(session, assignment_id, now=now)
    return different


def find_compared_at(session: Session, assignment_id: int) -> datetime | None:
    """Return when a column was last compared; `None` if never."""
    return session.scalar(
        select(ColumnComparison.compared_at).where(ColumnComparison.assignment_id == assignment_id)
    )


def list_differences(session: Session, *, course_id: int | None = None) -> list[Difference]:
    """Return every grade that is known to have been changed by hand."""
    query = (
        select(GradebookCell, Assignment.course_id)
        .join(Assignment, Assignment.id == GradebookCell.assignment_id)
        .where(GradebookCell.found_at.is_not(None))
        .order_by(Assignment.course_id, Assignment.id, GradebookCell.person_id)
    )
    if course_id is not None:
        query = query.where(Assignment.course_id == course_id)
    return [
        Difference(
            course_id=course,
            assignment_id=cell.assignment_id,
            person_id=cell.person_id,
            told_points=cell.graded_points,
            told_max_points=cell.graded_max_points,
            found_points=cell.found_points,
            found_max_points=cell.found_max_points,
            found_at=cell.found_at,
        )
        for cell, course in session.execute(query)
        if cell.assignment_id is not None and cell.found_at is not None
    ]


def _was_there(delivery: Delivery, asked_at: datetime) -> bool:
    return delivery.delivered_at is not None and delivery.delivered_at <= asked_at


def _look_at_delivered(
    cell: GradebookCell, result: Mapping[str, Any] | None, *, now: datetime
) -> None:
    told = share(cell.graded_points, cell.graded_max_points)
    if is_same_grade(told, grade_of(result)):
        forget_found(cell)
    else:
        note_found(cell, result, now=now)


def _look_at_failed(
    session: Session,
    cell: GradebookCell,
    delivery: Delivery,
    result: Mapping[str, Any] | None,
    *,
    now: datetime,
) -> None:
    if is_blank(result):
        forget_found(cell)
        owe_again(session, cell, delivery, at=now, due_at=now, now=now, changes={"restamps": 0})
    elif is_told(json.loads(delivery.payload["body"]), result):
        forget_found(cell)
        delivery.state, delivery.delivered_at = DeliveryState.DELIVERED, now
        delivery.is_parked, delivery.last_error = False, None
    elif cell.found_at is not None:
        note_found(cell, result, now=now)


def _read_subs(session: Session, assignment_id: int) -> dict[int, str]:
    """Return by which id the platform knows each learner of the column."""
    rows = session.execute(
        select(LtiUser.person_id, LtiUser.sub)
        .join(GradebookCell, GradebookCell.person_id == LtiUser.person_id)
        .join(Assignment, Assignment.id == GradebookCell.assignment_id)
        .join(Course, Course.id == Assignment.course_id)
        .where(Assignment.id == assignment_id, LtiUser.platform_id == Course.platform_id)
        .order_by(LtiUser.id.desc())
    )
    return {row.person_id: row.sub for row in rows}


def _note_compared(session: Session, assignment_id: int, *, now: datetime) -> None:
    known = session.scalar(
        select(ColumnComparison).where(ColumnComparison.assignment_id == assignment_id)
    )
    if known is None:
        session.add(ColumnComparison(assignment_id=assignment_id, compared_at=now))
    else:
        known.compared_at = now
