"""Scores into the gradebook, and results out of it.

As strict as the LMSs that are strictest: an older or equal timestamp is
refused, whatever a score leaves out is emptied.
Source: Assignment and Grade Services 2.0 §3.3 and §3.4; Moodle's mod_lti gradebookservices.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.sandbox.claims import line_item_url
from app.sandbox.line_items import get_service_item
from app.sandbox.lms import current_lms
from app.sandbox.models import TYPE_ID, Grade, LineItem
from app.sandbox.people import find_person
from app.sandbox.replies import ServiceError, check_accept, read_json, reply, take_page
from app.sandbox.tokens import requires_scope
from app.sandbox.vocabulary import (
    ACTIVITY_PROGRESS,
    GRADING_PROGRESS,
    RESULT_READ,
    RESULTS_TYPE,
    SCORE,
    SCORE_TYPE,
)

bp = Blueprint("scores", __name__, url_prefix="/lti/courses/<course_id>/lineitems/<int:item_id>")

FULLY_GRADED = "FullyGraded"


@dataclass(frozen=True)
class Score:
    """A score as the tool sent it, checked; `given` of `maximum` points, `None` for no grade."""

    person_id: str
    sent_at: int
    activity_progress: str
    grading_progress: str
    given: float | None
    maximum: float
    comment: str
    scoring_person_id: str
    submitted_at: str

    @property
    def share(self) -> float | None:
        """Return the grade as a part of the maximum, at most 1; `None` wipes the grade."""
        if self.given is None or self.grading_progress != FULLY_GRADED:
            return None
        return min(self.given / self.maximum, 1.0)


@bp.post("/scores")
@requires_scope(SCORE)
def publish(course_id: str, item_id: int) -> ResponseReturnValue:
    """Take one score."""
    with current_lms().database.writing() as session:
        item = get_service_item(session, item_id, course_id)
        _store(session, item, read_score(read_json(SCORE_TYPE)))
        base, _, query = line_item_url(current_lms().config, item).partition("?")
    return reply({"resultUrl": f"{base}/results?{query}"}, "application/json")


@bp.get("/results")
@requires_scope(RESULT_READ)
def results(course_id: str, item_id: int) -> ResponseReturnValue:
    """List what stands in the column."""
    check_accept(RESULTS_TYPE)
    config = current_lms().config
    with current_lms().database.reading() as session:
        item = get_service_item(session, item_id, course_id)
        statement = select(Grade).where(Grade.line_item_id == item.id).order_by(Grade.id)
        if "user_id" in request.args:
            statement = statement.where(Grade.person_id == request.args["user_id"])
        address = f"{config.course_url(course_id)}/lineitems/{item.id}/results"
        found = [_describe(grade, item, address) for grade in session.scalars(statement)]
    page, headers = take_page(found, address)
    answer = reply(page, RESULTS_TYPE)
    answer.headers.update(headers)
    return answer


def read_score(body: dict[str, Any]) -> Score:
    """Check a score.

    Raises: `ServiceError` with the status that real LMSs give.
    """
    for name in ("userId", "timestamp", "activityProgress", "gradingProgress"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise ServiceError(400, f"{name} is missing.")
    if body["activityProgress"] not in ACTIVITY_PROGRESS:
        raise ServiceError(400, "activityProgress is unknown.")
    if body["gradingProgress"] not in GRADING_PROGRESS:
        raise ServiceError(400, "gradingProgress is unknown.")
    given, maximum = _number(body, "scoreGiven"), _number(body, "scoreMaximum")
    if given is not None and maximum is None:
        raise ServiceError(422, "scoreGiven needs scoreMaximum.")
    if maximum == 0:
        raise ServiceError(400, "scoreMaximum must be above 0.")
    _check_people(body)
    return Score(
        person_id=body["userId"],
        sent_at=int(_moment(body["timestamp"]).timestamp()),
        activity_progress=body["activityProgress"],
        grading_progress=body["gradingProgress"],
        given=given,
        maximum=maximum or 1.0,
        comment=_comment(body),
        scoring_person_id=body.get("scoringUserId", ""),
        submitted_at=_submitted_at(body),
    )


def _check_people(body: dict[str, Any]) -> None:
    person = find_person(body["userId"])
    if person is None:
        raise ServiceError(400, "Nobody here has this userId.")
    if not person.is_student:
        raise ServiceError(422, "This person is no student of the course.")
    if "scoringUserId" in body:
        scorer = body["scoringUserId"]
        if not isinstance(scorer, str) or find_person(scorer) is None:
            raise ServiceError(400, "scoringUserId names nobody here.")


def _number(body: dict[str, Any], name: str) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ServiceError(400, f"{name} must be a number.")
    if value < 0:
        raise ServiceError(400, f"{name} must not be negative.")
    return float(value)


def _comment(body: dict[str, Any]) -> str:
    comment = body.get("comment")
    if comment is not None and not isinstance(comment, str):
        raise ServiceError(400, "comment must be text.")
    return comment or ""


def _submitted_at(body: dict[str, Any]) -> str:
    submission = body.get("submission")
    if submission is None:
        return ""
    if not isinstance(submission, dict):
        raise ServiceError(400, "submission must be an object.")
    for value in submission.values():
        _moment(value)
    return str(submission.get("submittedAt", ""))


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ServiceError(400, "A time must be written as ISO 8601.") from error
    if moment.tzinfo is None:
        raise ServiceError(400, "A time must name its zone.")
    return moment


def _store(session: Session, item: LineItem, score: Score) -> None:
    grade = session.scalar(
        select(Grade).where(Grade.line_item_id == item.id, Grade.person_id == score.person_id)
    )
    if grade is None:
        grade = Grade(line_item_id=item.id, person_id=score.person_id)
        session.add(grade)
    elif score.sent_at <= grade.sent_at:
        raise ServiceError(409, "A score with this timestamp or a later one stands already.")
    grade.points = None if score.share is None else score.share * item.score_maximum
    grade.comment = score.comment
    grade.activity_progress = score.activity_progress
    grade.grading_progress = score.grading_progress
    grade.scoring_person_id = score.scoring_person_id
    grade.submitted_at = score.submitted_at
    grade.sent_at = score.sent_at


def _describe(grade: Grade, item: LineItem, address: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "id": f"{address}/{grade.person_id}?type_id={TYPE_ID}",
        "userId": grade.person_id,
        "scoreOf": line_item_url(current_lms().config, item),
    }
    if grade.points is not None:
        result |= {"resultScore": grade.points, "resultMaximum": item.score_maximum}
    if grade.comment:
        result["comment"] = grade.comment
    if grade.scoring_person_id:
        result["scoringUserId"] = grade.scoring_person_id
    return result
