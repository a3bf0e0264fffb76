"""The pages that people see: courses, activities, gradebook, participants."""

from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from app.sandbox.browser_features import storage_of
from app.sandbox.enrolment import read_roll
from app.sandbox.gradebook import read_gradebook
from app.sandbox.lms import current_lms, current_profile
from app.sandbox.lookup import get_activity, get_course, get_line_item, get_person
from app.sandbox.models import Course, Placed
from app.sandbox.signing_in import PERSON_COOKIE, current_person
from app.sandbox.teaching import require_editor

bp = Blueprint("pages", __name__)


def install_error_pages(app: Flask) -> None:
    """Show refusals as pages."""

    @app.errorhandler(HTTPException)
    def _show(error: HTTPException) -> ResponseReturnValue:
        page = render_template(
            "sandbox/refused.html", heading=error.name, reason=error.description or ""
        )
        return page, error.code or 500


@bp.get("/")
def home() -> ResponseReturnValue:
    """List the courses and say who is who."""
    with current_lms().database.reading() as session:
        courses = session.query(Course).order_by(Course.id).all()
        return render_template("sandbox/home.html", courses=courses)


@bp.post("/person")
def switch_person() -> ResponseReturnValue:
    """Become another person and stay where one is."""
    chosen = get_person(request.form.get("person", ""))
    response = redirect(_local_path(request.form.get("next", "/")), 303)
    # The tool's pages lead back here from inside a frame, so the cookie must be sent there too;
    # browsers take `Secure` from the loopback address.
    response.set_cookie(PERSON_COOKIE, chosen.id, httponly=True, secure=True, samesite="None")
    return response


@bp.get("/courses/<course_id>")
def course(course_id: str) -> ResponseReturnValue:
    """List a course's activities."""
    with current_lms().database.reading() as session:
        links = session.scalars(
            select(Placed).where(Placed.course_id == course_id, Placed.person_id == "")
        ).all()
        found = get_course(session, course_id)
        return render_template("sandbox/course.html", course=found, links=links)


@bp.get("/courses/<course_id>/activities/new")
def add_activity(course_id: str) -> ResponseReturnValue:
    """Hold the tool in which the instructor chooses what to add."""
    require_editor()
    with current_lms().database.reading() as session:
        return render_template(
            "sandbox/tool.html",
            course=get_course(session, course_id),
            title="Add an activity from Assay",
            frame_url=url_for("launches.deep_linking", course_id=course_id),
            storage=storage_of(current_lms()),
        )


@bp.get("/courses/<course_id>/activities/<int:activity_id>")
def activity(course_id: str, activity_id: int) -> ResponseReturnValue:
    """Hold the tool in a frame."""
    with current_lms().database.reading() as session:
        found = get_activity(session, activity_id, course_id=course_id)
        frame_url = url_for("launches.activity", course_id=course_id, activity_id=activity_id)
        return render_template(
            "sandbox/tool.html",
            course=found.course,
            activity=found,
            title=found.title,
            frame_url=frame_url,
            window_url=f"{frame_url}?target=window",
            storage=storage_of(current_lms()),
        )


@bp.post("/courses/<course_id>/activities/<int:activity_id>/delete")
def delete_activity(course_id: str, activity_id: int) -> ResponseReturnValue:
    """Delete an activity that was added, with its gradebook column."""
    require_editor()
    with current_lms().database.writing() as session:
        found = get_activity(session, activity_id, course_id=course_id)
        if not found.is_added:
            abort(403)
        session.delete(found)
    return redirect(url_for(".course", course_id=course_id), 303)


@bp.post("/courses/<course_id>/activities/<int:activity_id>/names")
def share_names(course_id: str, activity_id: int) -> ResponseReturnValue:
    """Choose whether launches of this activity tell names and e-mail addresses."""
    require_editor()
    with current_lms().database.writing() as session:
        found = get_activity(session, activity_id, course_id=course_id)
        found.shares_names = request.form.get("shares_names") == "yes"
    return redirect(url_for(".activity", course_id=course_id, activity_id=activity_id), 303)


@bp.get("/courses/<course_id>/gradebook")
def gradebook(course_id: str) -> ResponseReturnValue:
    """Show everyone's grades to staff, and students their own."""
    with current_lms().database.reading() as session:
        found = get_course(session, course_id)
        roll = read_roll(session, current_profile(), course_id)
        shown = read_gradebook(session, current_profile(), found, current_person(), roll.students)
        return render_template("sandbox/gradebook.html", course=found, gradebook=shown)


@bp.get("/courses/<course_id>/gradebook/<int:item_id>/<person_id>")
def review(course_id: str, item_id: int, person_id: str) -> ResponseReturnValue:
    """Hold the tool's view of one student's submission."""
    if not current_profile().has_reviews:
        abort(404)
    with current_lms().database.reading() as session:
        item = get_line_item(session, item_id, course_id=course_id)
        student = get_person(person_id)
        frame_url = url_for(
            "launches.review", course_id=course_id, item_id=item_id, person_id=person_id
        )
        return render_template(
            "sandbox/tool.html",
            course=item.course,
            title=f"{item.label}: {student.name}",
            frame_url=frame_url,
            window_url=f"{frame_url}?target=window",
            storage=storage_of(current_lms()),
        )


@bp.get("/courses/<course_id>/participants")
def participants(course_id: str) -> ResponseReturnValue:
    """List who is in the course, and who was."""
    with current_lms().database.reading() as session:
        roll = read_roll(session, current_profile(), course_id)
        return render_template(
            "sandbox/participants.html", course=get_course(session, course_id), roll=roll
        )


def _local_path(address: str) -> str:
    """Return the path of an address of ours; of any other, the start page."""
    parts = urlsplit(address)
    is_ours = not parts.scheme and not parts.netloc and address.startswith("/")
    return address if is_ours and not address.startswith(("//", "/\\")) else "/"
