"""Scores for LMS gradebooks: promise them, look at them, send them again."""

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, String, cast, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import audit
from app.core.errors import ConflictError
from app.courses.service import find_enrolment, find_lti_sub
from app.mapping.models import Assignment
from app.outbox import service as outbox
from app.outbox.models import Delivery, DeliveryState
from app.passback.ags import SCORE as SCORE_SCOPE
from app.passback.meaning import (
    GRADED,
    ONE_SECOND,
    Meaning,
    find_meaning,
    plain_comment,
    rising_timestamp,
    written,
)
from app.passback.models import ColumnReservation, GradebookCell
from app.platforms.models import Platform
from app.platforms.quirks import announces_submission, score_extension

KIND = "score"
RESERVATION = timedelta(minutes=5)


def queue_status(
    session: Session,
    assignment: Assignment,
    *,
    person_id: int,
    status: str,
    points: int | None,
    comment: str,
    occurred_at: datetime,
    submitted_at: datetime | None,
    scored_by: int | None,
) -> Delivery | None:
    """Promise to tell the gradebook a learner's status; `None` if there is nobody to tell.

    The body is frozen here, so that a repeated post is identical; only the
    column's address is looked up when it is sent. A learner who has a grade
    keeps it until the next decision: a post without score would erase it.

    Units: `points` in whole points of `assignment.max_points`.
    Raises: `ValueError` if a decision comes without fitting points.
    Source: AGS 2.0 §3.4.4; what Moodle and Canvas erase is in `platforms.quirks`.
    """
    meaning = find_meaning(status)
    user_id = _find_gradable_user(session, assignment, person_id)
    if meaning is None or user_id is None:
        return None
    cell = _claim_cell(session, assignment, person_id, now=occurred_at)
    is_new_submission = status == "submitted"
    if meaning.has_score:
        cell.graded_points = _check_points(assignment, points)
        cell.graded_max_points = assignment.max_points
    elif cell.graded_points is not None:
        if not comment and not is_new_submission:
            return None
        meaning = GRADED
    cell.last_timestamp = rising_timestamp(occurred_at, cell.last_timestamp)
    cell.last_comment = plain_comment(comment) or cell.last_comment
    subject = subject_of(assignment.id, person_id)
    score = _write_score(cell, meaning, user_id)
    scorer = _find_user(session, assignment, scored_by)
    if scorer:
        score["scoringUserId"] = scorer
    if submitted_at is not None:
        score["submission"] = {"submittedAt": written(submitted_at)}
    platform = session.get_one(Platform, assignment.course.platform_id)
    score |= score_extension(
        platform.product_family,
        is_new_submission=is_new_submission or _owes_submission(session, subject),
        has_score=meaning.has_score,
    )
    payload = {
        "body": json.dumps(score, ensure_ascii=False),
        "platform_id": platform.id,
        "assignment_id": assignment.id,
        "person_id": person_id,
    }
    return outbox.queue(
        session,
        assignment.institution_id,
        kind=KIND,
        subject=subject,
        payload=payload,
        due_at=occurred_at,
        now=occurred_at,
    )


def subject_of(assignment_id: int, person_id: int) -> str:
    """Return the outbox's name for one cell of a gradebook."""
    return f"{KIND}:{assignment_id}:{person_id}"


def find_newest_delivery(
    session: Session, *, assignment_id: int, person_id: int
) -> Delivery | None:
    """Return what the gradebook was last told about a learner, or is about to be."""
    return outbox.find_newest_of_subject(session, subject_of(assignment_id, person_id))


def list_newest_deliveries(session: Session, assignment_id: int) -> dict[int, Delivery]:
    """Return the newest delivery of every learner of an assignment, by person id."""
    newest = outbox.list_newest(session, _subjects_of(assignment_id))
    return {int(delivery.subject.rpartition(":")[2]): delivery for delivery in newest}


def reopen_parked(session: Session, assignment: Assignment, now: datetime) -> int:
    """Take up again what waits for the LMS to change; return how many. Call it at each launch.

    A launch tells fresh addresses and rights, so what failed for want of them
    is sent again, unchanged.
    """
    parked = outbox.list_parked(session, _subjects_of(assignment.id))
    for delivery in parked:
        outbox.reopen_delivery(delivery, now=now)
    return len(parked)


def resend(
    session: Session, assignment: Assignment, *, person_id: int, actor: str, now: datetime
) -> Delivery:
    """Send a failed delivery again because a person asks for it, as of now.

    Raises: `ConflictError` if the newest one has not failed.
    """
    cell = session.scalar(_cell_query(assignment.id, person_id))
    newest = find_newest_delivery(session, assignment_id=assignment.id, person_id=person_id)
    if cell is None or newest is None or newest.state is not DeliveryState.FAILED:
        raise ConflictError("There is nothing to send again: reload the page to see how it stands.")
    audit.record(
        session,
        assignment.institution_id,
        actor=actor,
        action="passback.resent",
        subject=newest.subject,
        facts={"delivery_id": newest.id},
        now=now,
    )
    return _restamp(session, cell, newest, at=now, restamps=0, due_at=now, now=now)


def restamp(
    session: Session, delivery_id: int, *, at: datetime, due_at: datetime, now: datetime
) -> Delivery | None:
    """Queue a delivery again with a later timestamp; `None` if a newer one is owed anyway.

    For a gradebook that holds an older decision of ours under a later time.
    """
    delivery = session.get_one(Delivery, delivery_id)
    payload = delivery.payload
    cell = session.scalar(_cell_query(payload["assignment_id"], payload["person_id"]))
    newer = outbox.find_open_after(session, delivery.subject, delivery_id=delivery_id)
    if cell is None or newer is not None:
        return None
    restamps = int(payload.get("restamps", 0)) + 1
    return _restamp(session, cell, delivery, at=at, restamps=restamps, due_at=due_at, now=now)


def keep_column(session: Session, assignment_id: int, url: str) -> None:
    """Remember the address of an assignment's column."""
    assignment = session.get_one(Assignment, assignment_id, with_for_update=True)
    assignment.lineitem_url = url
    assignment.column_missing = False


def note_column_missing(session: Session, assignment_id: int) -> None:
    """Remember that the LMS no longer knows the column."""
    assignment = session.get_one(Assignment, assignment_id, with_for_update=True)
    assignment.column_missing = True


def reserve_column(session: Session, assignment_id: int, *, now: datetime) -> bool:
    """Take the right to make an assignment's column; return whether it was free.

    The assignment's row is locked meanwhile, so two workers cannot both take it.
    """
    assignment = session.get_one(
        Assignment, assignment_id, with_for_update=True, populate_existing=True
    )
    if assignment.lineitem_url is not None:
        return False
    reservation = session.scalar(
        select(ColumnReservation).where(ColumnReservation.assignment_id == assignment_id)
    )
    if reservation is None:
        session.add(
            ColumnReservation(assignment_id=assignment_id, reserved_until=now + RESERVATION)
        )
    elif reservation.reserved_until > now:
        return False
    else:
        reservation.reserved_until = now + RESERVATION
    return True


def release_column(session: Session, assignment_id: int, *, now: datetime) -> None:
    """Give the right to make a column back."""
    reservation = session.scalar(
        select(ColumnReservation).where(ColumnReservation.assignment_id == assignment_id)
    )
    if reservation is not None:
        reservation.reserved_until = now


def _subjects_of(assignment_id: int) -> Select[str]:
    """Return the query that names every cell of a column; it finds them by an index."""
    person = cast(GradebookCell.person_id, String)
    return select(literal(f"{KIND}:{assignment_id}:") + person).where(
        GradebookCell.assignment_id == assignment_id
    )


def _find_gradable_user(session: Session, assignment: Assignment, person_id: int) -> str | None:
    """Return the LMS's id of a learner whom the gradebook can be told about."""
    if SCORE_SCOPE not in assignment.course.ags_scopes:
        return None
    enrolment = find_enrolment(session, course_id=assignment.course_id, person_id=person_id)
    if enrolment is not None and enrolment.is_test_user:
        return None
    return _find_user(session, assignment, person_id)


def _find_user(session: Session, assignment: Assignment, person_id: int | None) -> str | None:
    if person_id is None:
        return None
    platform_id = assignment.course.platform_id
    return find_lti_sub(session, platform_id=platform_id, person_id=person_id)


def _check_points(assignment: Assignment, points: int | None) -> int:
    if points is None or not 0 <= points <= assignment.max_points:
        raise ValueError(f"A decision is worth 0 to {assignment.max_points} points.")
    return points


def _write_score(cell: GradebookCell, meaning: Meaning, user_id: str) -> dict[str, Any]:
    score: dict[str, Any] = {
        "userId": user_id,
        "timestamp": written(cell.last_timestamp),
        "activityProgress": meaning.activity_progress,
        "gradingProgress": meaning.grading_progress,
        "comment": cell.last_comment,
    }
    if meaning.has_score:
        score |= {"scoreGiven": cell.graded_points, "scoreMaximum": cell.graded_max_points}
    return score


def _cell_query(assignment_id: int, person_id: int) -> Select[GradebookCell]:
    return (
        select(GradebookCell)
        .where(GradebookCell.assignment_id == assignment_id, GradebookCell.person_id == person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _claim_cell(
    session: Session, assignment: Assignment, person_id: int, *, now: datetime
) -> GradebookCell:
    """Return the cell, locked; make it if this is the first that is told about the learner."""
    cell = session.scalar(_cell_query(assignment.id, person_id))
    if cell is not None:
        return cell
    fresh = GradebookCell(
        institution_id=assignment.institution_id,
        assignment_id=assignment.id,
        person_id=person_id,
        last_timestamp=now - ONE_SECOND,
        last_comment="",
    )
    try:
        with session.begin_nested():
            session.add(fresh)
    except IntegrityError:  # somebody else made it this very moment; wait for their lock
        return session.scalars(_cell_query(assignment.id, person_id)).one()
    return fresh


def _owes_submission(session: Session, subject: str) -> bool:
    """Return whether a message that never arrived was to announce a new attempt."""
    newest = outbox.find_newest_of_subject(session, subject)
    if newest is None or newest.state is DeliveryState.DELIVERED:
        return False
    return announces_submission(json.loads(newest.payload["body"]))


def _restamp(
    session: Session,
    cell: GradebookCell,
    delivery: Delivery,
    *,
    at: datetime,
    restamps: int,
    due_at: datetime,
    now: datetime,
) -> Delivery:
    cell.last_timestamp = rising_timestamp(at, cell.last_timestamp)
    score = json.loads(delivery.payload["body"]) | {"timestamp": written(cell.last_timestamp)}
    payload = delivery.payload | {
        "body": json.dumps(score, ensure_ascii=False),
        "restamps": restamps,
    }
    return outbox.queue(
        session,
        delivery.institution_id,
        kind=KIND,
        subject=delivery.subject,
        payload=payload,
        due_at=due_at,
        now=now,
    )
