"""One cell of a gradebook: what it is to be told next, and what somebody else left in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.courses.models import Course
from app.courses.service import find_enrolment, find_lti_sub
from app.outbox import service as outbox
from app.outbox.models import Delivery, DeliveryState
from app.passback.ags import SCORE as SCORE_SCOPE
from app.passback.meaning import (
    GRADED,
    ONE_SECOND,
    Meaning,
    plain_comment,
    rising_timestamp,
    written,
)
from app.passback.models import GradebookCell
from app.passback.places import Place
from app.platforms.models import Platform
from app.platforms.quirks import announces_submission, score_extension

KIND = "score"


@dataclass(frozen=True)
class Telling:
    """What a gradebook is to be told of one learner.

    `points` of `max_points`: whole points, `None` where the meaning has no
    score. `is_new_submission`: it announces a new attempt.
    """

    course: Course
    person_id: int
    meaning: Meaning
    points: int | None
    max_points: int
    comment: str
    occurred_at: datetime
    submitted_at: datetime | None
    scored_by: int | None
    is_new_submission: bool


def owe_score(session: Session, place: Place, telling: Telling) -> Delivery | None:
    """Promise one score to a cell; `None` if there is nobody to tell, or nothing.

    The body is frozen here, so that a repeated post is identical; only
    addresses are put in when it is sent. A learner who has a grade keeps it
    until the next decision: a post without score would erase it.

    Raises: `ValueError` if a decision comes without fitting points.
    """
    course, person_id = telling.course, telling.person_id
    user_id = find_gradable_user(session, course, person_id)
    if user_id is None:
        return None
    cell, is_first = _claim_cell(session, place, telling)
    meaning = telling.meaning
    if meaning.has_score:
        cell.graded_points = _check_points(telling)
        cell.graded_max_points = telling.max_points
    elif cell.graded_points is not None:
        if not telling.comment and not telling.is_new_submission:
            return None
        meaning = GRADED
    cell.last_timestamp = rising_timestamp(telling.occurred_at, cell.last_timestamp)
    cell.last_comment = plain_comment(telling.comment) or cell.last_comment
    platform = session.get_one(Platform, course.platform_id)
    subject = place.subject_of(person_id)
    score = _write_score(cell, meaning, user_id)
    scorer = telling.scored_by and _find_user(session, course, telling.scored_by)
    if scorer:
        score["scoringUserId"] = scorer
    submitted_at = written(telling.submitted_at) if telling.submitted_at else None
    if submitted_at:
        score["submission"] = {"submittedAt": submitted_at}
    score |= score_extension(
        platform.product_family,
        is_new_submission=telling.is_new_submission or _owes_submission(session, subject),
        has_score=meaning.has_score,
        submitted_at=submitted_at,
    )
    return outbox.queue(
        session,
        course.institution_id,
        kind=KIND,
        subject=subject,
        payload={
            "body": json.dumps(score, ensure_ascii=False),
            "platform_id": platform.id,
            "person_id": person_id,
            "is_first": is_first,
            **place.names,
        },
        due_at=telling.occurred_at,
        lane=outbox.platform_lane(platform.id),
        now=telling.occurred_at,
    )


def owe_again(
    session: Session,
    cell: GradebookCell,
    delivery: Delivery,
    *,
    at: datetime,
    due_at: datetime,
    now: datetime,
    changes: Mapping[str, Any],
    score_changes: Mapping[str, Any] | None = None,
) -> Delivery:
    """Queue a delivery again with a later timestamp; `changes`: what else the payload says."""
    cell.last_timestamp = rising_timestamp(at, cell.last_timestamp)
    score = {
        **json.loads(delivery.payload["body"]),
        "timestamp": written(cell.last_timestamp),
        **(score_changes or {}),
    }
    payload = {**delivery.payload, "body": json.dumps(score, ensure_ascii=False), **changes}
    return outbox.queue(
        session,
        delivery.institution_id,
        kind=KIND,
        subject=delivery.subject,
        payload=payload,
        due_at=due_at,
        lane=delivery.lane,
        now=now,
    )


def note_found(cell: GradebookCell, result: Mapping[str, Any] | None, *, now: datetime) -> bool:
    """Remember that the gradebook holds a grade of somebody else; return whether that is news."""
    points, maximum = _number(result, "resultScore"), _number(result, "resultMaximum")
    if points is not None:
        maximum = maximum or 1.0
    if cell.found_at is not None and (cell.found_points, cell.found_max_points) == (
        points,
        maximum,
    ):
        return False
    cell.found_points, cell.found_max_points, cell.found_at = points, maximum, now
    return True


def forget_found(cell: GradebookCell) -> None:
    """Remember that the gradebook says what it was told."""
    cell.found_points = cell.found_max_points = cell.found_at = None


def find_gradable_user(session: Session, course: Course, person_id: int) -> str | None:
    """Return the LMS's id of a learner whom the gradebook can be told about."""
    if SCORE_SCOPE not in course.ags_scopes:
        return None
    enrolment = find_enrolment(session, course_id=course.id, person_id=person_id)
    if enrolment is not None and enrolment.is_test_user:
        return None
    return _find_user(session, course, person_id)


def _find_user(session: Session, course: Course, person_id: int) -> str | None:
    return find_lti_sub(session, platform_id=course.platform_id, person_id=person_id)


def _check_points(telling: Telling) -> int:
    if telling.points is None or not 0 <= telling.points <= telling.max_points:
        raise ValueError(f"A decision is worth 0 to {telling.max_points} points.")
    return telling.points


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


def _claim_cell(session: Session, place: Place, telling: Telling) -> tuple[GradebookCell, bool]:
    """Return the cell, locked, and whether this is the first that is told about the learner."""
    cell = session.scalar(place.cell(telling.person_id))
    if cell is not None:
        return cell, False
    fresh = GradebookCell(
        institution_id=telling.course.institution_id,
        person_id=telling.person_id,
        last_timestamp=telling.occurred_at - ONE_SECOND,
        last_comment="",
        **place.names,
    )
    try:
        with session.begin_nested():
            session.add(fresh)
    except IntegrityError:  # somebody else made it this very moment; wait for their lock
        return session.scalars(place.cell(telling.person_id)).one(), False
    return fresh, True


def _owes_submission(session: Session, subject: str) -> bool:
    """Return whether a message that never arrived was to announce a new attempt."""
    newest = outbox.find_newest_of_subject(session, subject)
    if newest is None or newest.state is DeliveryState.DELIVERED:
        return False
    return announces_submission(json.loads(newest.payload["body"]))


def _number(result: Mapping[str, Any] | None, name: str) -> float | None:
    value = (result or {}).get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
