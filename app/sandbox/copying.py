"""Copies of courses: activities and columns follow, grades do not.

Source: AGS 2.0 §3.2.8 (tag and resourceId of columns); LTI 1.3 core §5.3.5 (a copied link
has a new id) and appendix B (histories).
"""

from urllib.parse import quote, unquote

from flask import Blueprint, abort, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.sandbox.lms import current_lms
from app.sandbox.lookup import get_course
from app.sandbox.models import Activity, Course, LineItem
from app.sandbox.notices import send_copy_notice
from app.sandbox.signing_in import current_person

bp = Blueprint("copying", __name__, url_prefix="/courses/<course_id>")


@bp.post("/copy")
def copy_course(course_id: str) -> ResponseReturnValue:
    """Copy a course, and tell the tool."""
    if not current_person().is_editor:
        abort(403, "Only an instructor of the course may do this.")
    lms = current_lms()
    with lms.database.writing() as session:
        source = get_course(session, course_id)
        copy = _copy(session, source)
        copy_id = copy.id
        origins = [unquote(each) for each in copy.history.split(",")]
    send_copy_notice(lms, course_id=copy_id, origin_ids=origins)
    return redirect(url_for("pages.course", course_id=copy_id), 303)


def prepend(new: str, history: str) -> str:
    """Return a history with one more id at its beginning, written as in a URL."""
    return ",".join(filter(None, (quote(new, safe=""), history)))


def _copy(session: Session, source: Course) -> Course:
    number = (session.scalar(select(func.count()).select_from(Course)) or 0) + 101
    copy = Course(
        id=f"course-{number}",
        label=source.label,
        title=f"{source.title} (copy)",
        history=prepend(source.id, source.history),
    )
    session.add(copy)
    session.flush()
    twins = {activity.id: _copy_activity(activity, copy) for activity in source.activities}
    session.add_all(twins.values())
    for item in source.line_items:
        twin = LineItem(
            course_id=copy.id,
            label=item.label,
            score_maximum=item.score_maximum,
            resource_id=item.resource_id,
            tag=item.tag,
            submission_review=item.submission_review,
        )
        twin.activity = twins[item.activity_id] if item.activity_id else None
        session.add(twin)
    return copy


def _copy_activity(activity: Activity, copy: Course) -> Activity:
    return Activity(
        course_id=copy.id,
        title=activity.title,
        text=activity.text,
        url=activity.url,
        custom=dict(activity.custom),
        opens_at=activity.opens_at,
        closes_at=activity.closes_at,
        submission_opens_at=activity.submission_opens_at,
        due_at=activity.due_at,
        history=prepend(activity.resource_link_id, activity.history),
        is_added=True,
        shares_names=activity.shares_names,
    )
