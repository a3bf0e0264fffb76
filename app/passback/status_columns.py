"""Gradebook columns of the tool's own: where a credential stands, if an instructor wants that."""

import uuid
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import audit
from app.core.errors import ConflictError, ForbiddenError
from app.mapping.columns import COLUMN_KIND
from app.mapping.models import Assignment
from app.outbox import service as outbox
from app.outbox.models import Delivery
from app.passback.ags import LINEITEM
from app.passback.cells import Telling, owe_score
from app.passback.meaning import credential_points, find_credential_meaning
from app.passback.models import GradebookCell, StatusColumn
from app.passback.places import Place

MAX_LABEL = 200
FULL_POINTS = 1
MAKE, DELETE = "make", "delete"


def find_status_column(session: Session, assignment: Assignment) -> StatusColumn | None:
    """Return the status column of an assignment's course and achievement, if it is switched on."""
    column = session.scalar(_query(assignment))
    return column if column is not None and column.is_on else None


def find_any_status_column(session: Session, assignment: Assignment) -> StatusColumn | None:
    """Return the status column, also one that was switched off."""
    return session.scalar(_query(assignment))


def may_make_columns(assignment: Assignment) -> bool:
    """Return whether the LMS lets the tool make columns in this course."""
    course = assignment.course
    return course.lineitems_url is not None and LINEITEM in course.ags_scopes


def switch_on(
    session: Session, assignment: Assignment, *, actor: str, now: datetime
) -> StatusColumn:
    """Give the course a column for the credential's status; the LMS is asked for it later.

    Raises: `ForbiddenError` if the LMS lets the tool make none; `ConflictError`
        if there is one.
    """
    if not may_make_columns(assignment):
        raise ForbiddenError(
            "The LMS does not let Assay make gradebook columns in this course. Its administrator "
            "can allow it: “Assignment and Grade Services: use it for column management”."
        )
    achievement = assignment.version
    column = session.scalar(_query(assignment).with_for_update())
    if column is not None and column.is_on:
        raise ConflictError("The column is switched on already: reload the page.")
    if column is None:
        column = StatusColumn(
            institution_id=assignment.institution_id,
            course_id=assignment.course_id,
            achievement_id=achievement.achievement_id,
            resource_id=str(uuid.uuid4()),
            created_at=now,
        )
    column.is_on, column.label = True, f"{achievement.name[:MAX_LABEL]}: credential status"
    try:
        with session.begin_nested():
            session.add(column)
    except IntegrityError as error:  # the unique key settles a race between two instructors
        raise ConflictError("The column is switched on already: reload the page.") from error
    _owe(session, assignment, column, MAKE, now=now)
    _audit(session, column, actor, "status_column.switched_on", now=now)
    return column


def switch_off(session: Session, assignment: Assignment, *, actor: str, now: datetime) -> None:
    """Take the column away from the gradebook, with what stands in it.

    What it was still to be told is withdrawn; the award itself is not touched.
    Raises: `ConflictError` if there is none.
    """
    column = session.scalar(_query(assignment).with_for_update())
    if column is None or not column.is_on:
        raise ConflictError("The column is switched off already: reload the page.")
    column.is_on = False
    outbox.withdraw(session, Place(status_column_id=column.id).subjects(), now=now)
    _owe(session, assignment, column, DELETE, now=now)
    _audit(session, column, actor, "status_column.switched_off", now=now)


def tell_status_column(
    session: Session,
    assignment: Assignment,
    *,
    person_id: int,
    status: str,
    comment: str,
    occurred_at: datetime,
    scored_by: int | None,
) -> Delivery | None:
    """Promise to tell the credential's status to its column, if there is one.

    An award stands until it is revoked: what happens to other assignments of
    the same achievement meanwhile does not take it away.
    """
    column = find_status_column(session, assignment)
    meaning = find_credential_meaning(status)
    if column is None or meaning is None:
        return None
    place = Place(status_column_id=column.id)
    cell = session.scalar(place.cells().where(GradebookCell.person_id == person_id))
    is_awarded = cell is not None and cell.graded_points == FULL_POINTS
    if is_awarded and status not in {"awarded", "revoked"}:
        return None
    telling = Telling(
        course=assignment.course,
        person_id=person_id,
        meaning=meaning,
        points=credential_points(status),
        max_points=FULL_POINTS,
        comment=comment,
        occurred_at=occurred_at,
        submitted_at=None,
        scored_by=scored_by,
        is_new_submission=False,
    )
    return owe_score(session, place, telling)


def _query(assignment: Assignment) -> Select[StatusColumn]:
    return select(StatusColumn).where(
        StatusColumn.course_id == assignment.course_id,
        StatusColumn.achievement_id == assignment.version.achievement_id,
    )


def _owe(
    session: Session, assignment: Assignment, column: StatusColumn, act: str, *, now: datetime
) -> None:
    platform_id = assignment.course.platform_id
    outbox.queue(
        session,
        column.institution_id,
        kind=COLUMN_KIND,
        subject=Place(status_column_id=column.id).column_subject,
        payload={"status_column_id": column.id, "platform_id": platform_id, "act": act},
        due_at=now,
        lane=outbox.platform_lane(platform_id),
        now=now,
    )


def _audit(
    session: Session, column: StatusColumn, actor: str, action: str, *, now: datetime
) -> None:
    audit.record(
        session,
        column.institution_id,
        actor=actor,
        action=action,
        subject=f"status_column:{column.id}",
        facts={"course": column.course_id, "achievement": column.achievement_id},
        now=now,
    )
