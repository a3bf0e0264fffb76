"""What only Canvas has: SpeedGrader, and the tool in the course's menu.

Source: Canvas Score API (`basic_lti_launch`), placement `course_navigation`.
"""

from urllib.parse import urlsplit

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.sandbox.attempts import LAUNCH, list_attempts
from app.sandbox.launches import login_page
from app.sandbox.lms import current_lms, current_profile
from app.sandbox.lookup import get_course, get_line_item, get_person
from app.sandbox.messages import navigation_hint, speedgrader_hint
from app.sandbox.models import LineItem
from app.sandbox.profiles import CANVAS
from app.sandbox.records import Attempt
from app.sandbox.signing_in import current_person

bp = Blueprint("canvas", __name__, url_prefix="/courses/<course_id>")


@bp.before_request
def _only_canvas() -> None:
    if current_profile().name != CANVAS.name:
        abort(404)


@bp.get("/navigation")
def navigation(course_id: str) -> ResponseReturnValue:
    """Hold the tool as the course's menu opens it: without a link of its own."""
    with current_lms().database.reading() as session:
        return render_template(
            "sandbox/tool.html",
            course=get_course(session, course_id),
            title="Assay",
            tab="navigation",
            frame_url=url_for(".navigation_launch", course_id=course_id),
        )


@bp.get("/navigation/launch")
def navigation_launch(course_id: str) -> ResponseReturnValue:
    """Start the launch from the course's menu."""
    with current_lms().database.reading() as session:
        course = get_course(session, course_id)
        return login_page(session, navigation_hint(current_person(), course), course.title)


@bp.get("/gradebook/<int:item_id>/<person_id>/speedgrader")
def speedgrader(course_id: str, item_id: int, person_id: str) -> ResponseReturnValue:
    """Show one student's attempts, and open in the tool what came with the chosen one."""
    _require_staff()
    student = get_person(person_id)
    with current_lms().database.reading() as session:
        item = get_line_item(session, item_id, course_id=course_id)
        attempts = list_attempts(session, item.id, student.id)
        number = _chosen(len(attempts))
        chosen = attempts[number - 1] if attempts else None
        frame_url = url_for(
            ".speedgrader_launch",
            course_id=course_id,
            item_id=item_id,
            person_id=person_id,
            attempt=number,
        )
        return render_template(
            "sandbox/speedgrader.html",
            course=item.course,
            item=item,
            student=student,
            attempts=attempts,
            number=number,
            chosen=chosen,
            frame_url=frame_url if chosen and _address(item, chosen) else "",
        )


@bp.get("/gradebook/<int:item_id>/<person_id>/speedgrader/launch")
def speedgrader_launch(course_id: str, item_id: int, person_id: str) -> ResponseReturnValue:
    """Start an LTI launch at the address that came with a submission."""
    _require_staff()
    student = get_person(person_id)
    with current_lms().database.reading() as session:
        item = get_line_item(session, item_id, course_id=course_id)
        attempts = list_attempts(session, item.id, student.id)
        address = _address(item, attempts[_chosen(len(attempts)) - 1]) if attempts else ""
        if not address or item.activity is None:
            abort(404)
        hint = speedgrader_hint(current_person(), item.activity, address)
        return login_page(session, hint, item.label)


def _address(item: LineItem, attempt: Attempt) -> str:
    """Return the tool's address of an attempt; "" if it has none that is the tool's."""
    parts = urlsplit(attempt.data)
    is_tools = f"{parts.scheme}://{parts.netloc}" == current_lms().config.tool_origin
    return attempt.data if attempt.kind == LAUNCH and is_tools and item.activity else ""


def _chosen(count: int) -> int:
    text = request.args.get("attempt", "")
    number = int(text) if text.isascii() and text.isdigit() else count
    return number if 1 <= number <= count else count


def _require_staff() -> None:
    if not current_person().is_staff:
        abort(403, "Only staff of the course grade.")
