"""What a teacher does in the LMS itself, past the tool: grades, columns, enrolments."""

import math
from datetime import UTC, datetime

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.sandbox.enrolment import change_enrolment
from app.sandbox.example import POINTS
from app.sandbox.grades import change_by_hand
from app.sandbox.lms import current_lms
from app.sandbox.lookup import get_activity, get_course, get_line_item, get_person
from app.sandbox.models import LineItem
from app.sandbox.signing_in import current_person

bp = Blueprint("teaching", __name__, url_prefix="/courses/<course_id>")


@bp.post("/gradebook/<int:item_id>/<person_id>/grade")
def change_grade(course_id: str, item_id: int, person_id: str) -> ResponseReturnValue:
    """Set somebody's grade by hand; no points erase it."""
    require_editor()
    student = get_person(person_id)
    with current_lms().database.writing() as session:
        item = get_line_item(session, item_id, course_id=course_id)
        change_by_hand(
            session,
            item,
            student.id,
            points=_read_points(item),
            comment=request.form.get("comment", "").strip(),
            now=datetime.now(UTC),
        )
    return redirect(url_for("pages.gradebook", course_id=course_id), 303)


@bp.post("/gradebook/<int:item_id>/delete")
def delete_column(course_id: str, item_id: int) -> ResponseReturnValue:
    """Delete a column with its grades; its activity stays."""
    require_editor()
    with current_lms().database.writing() as session:
        session.delete(get_line_item(session, item_id, course_id=course_id))
    return redirect(url_for("pages.gradebook", course_id=course_id), 303)


@bp.post("/activities/<int:activity_id>/column")
def make_graded(course_id: str, activity_id: int) -> ResponseReturnValue:
    """Give an activity a column, if it has none."""
    require_editor()
    with current_lms().database.writing() as session:
        activity = get_activity(session, activity_id, course_id=course_id)
        if not activity.line_items:
            activity.line_items = [
                LineItem(course_id=course_id, label=activity.title, score_maximum=POINTS)
            ]
    return redirect(url_for("pages.activity", course_id=course_id, activity_id=activity_id), 303)


@bp.post("/participants/<person_id>")
def change_participant(course_id: str, person_id: str) -> ResponseReturnValue:
    """End somebody's enrolment, or take them in again."""
    require_editor()
    person = get_person(person_id)
    is_ended = request.form.get("enrolled") != "yes"
    if is_ended and person == current_person():
        abort(409, "Somebody else must end your own enrolment.")
    with current_lms().database.writing() as session:
        course = get_course(session, course_id)
        change_enrolment(session, course.id, person, is_ended=is_ended)
    return redirect(url_for("pages.participants", course_id=course_id), 303)


def require_editor() -> None:
    """Go on only for somebody who changes the course. Others get 403."""
    if not current_person().is_editor:
        abort(403, "Only an instructor of the course may do this.")


def _read_points(item: LineItem) -> float | None:
    text = request.form.get("points", "").strip()
    if not text:
        return None
    try:
        points = float(text)
    except ValueError:
        abort(400, "Points are a number.")
    if not math.isfinite(points) or not 0 <= points <= item.score_maximum:
        abort(400, f"Points are 0 to {item.score_maximum:g}.")
    return points
