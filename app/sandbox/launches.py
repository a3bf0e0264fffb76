"""The pages that start a launch: a form that the browser posts to the tool's login."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.sandbox.claims import WANTED
from app.sandbox.lms import current_lms, current_profile
from app.sandbox.lookup import get_activity, get_course, get_line_item, get_person
from app.sandbox.messages import (
    activity_hint,
    deep_linking_hint,
    login_fields,
    may_choose,
    review_hint,
)
from app.sandbox.signing_in import current_person
from app.sandbox.vocabulary import ASSIGNMENT_PLACEMENT

bp = Blueprint("launches", __name__, url_prefix="/courses/<course_id>")


@bp.get("/activities/<int:activity_id>/launch")
def activity(course_id: str, activity_id: int) -> ResponseReturnValue:
    """Start the launch of an activity."""
    with current_lms().database.reading() as session:
        found = get_activity(session, activity_id, course_id=course_id)
        hint = activity_hint(current_person(), found, target=_target())
        return login_page(session, hint, found.title)


@bp.get("/gradebook/<int:item_id>/<person_id>/launch")
def review(course_id: str, item_id: int, person_id: str) -> ResponseReturnValue:
    """Start a submission review.

    As in Moodle, a student who knows the address can ask for somebody else's:
    whether it is shown is the tool's to decide. Canvas has no such message.
    """
    if not current_profile().has_reviews:
        abort(404)
    with current_lms().database.reading() as session:
        item = get_line_item(session, item_id, course_id=course_id)
        student = get_person(person_id)
        hint = review_hint(current_person(), item, student, target=_target())
        return login_page(session, hint, item.label)


@bp.get("/deep-linking/launch")
def deep_linking(course_id: str) -> ResponseReturnValue:
    """Start the choice of a new activity, of a link, or of homework in the tool."""
    placement = request.args.get("placement", ASSIGNMENT_PLACEMENT)
    if placement not in WANTED or not may_choose(current_person(), placement):
        abort(403)
    with current_lms().database.reading() as session:
        course = get_course(session, course_id)
        hint = deep_linking_hint(current_person(), course, placement)
        return login_page(session, hint, course.title)


def _target() -> str:
    return "window" if request.args.get("target") == "window" else "iframe"


def login_page(session: Session, hint: dict[str, str], title: str) -> ResponseReturnValue:
    """Return the form that the browser posts to the tool's login."""
    lms = current_lms()
    return render_template(
        "sandbox/send.html",
        action=f"{lms.config.tool_url}/lti/login",
        fields=login_fields(lms, session, hint),
        heading=f"Opening “{title}”",
    )
