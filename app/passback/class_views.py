"""What staff do with a whole column: send again, compare, have it made anew."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import transaction
from app.core.errors import ConflictError
from app.core.principal import STAFF, current_principal
from app.mapping.service import get_assignment
from app.passback.ags import RESULT_READONLY
from app.passback.blueprint import COLUMN, bp
from app.passback.comparison import ask_comparison
from app.passback.places import Place
from app.passback.service import remake_column, resend_all


@bp.post(f"{COLUMN}/gradebook/resend")
@requires(*STAFF)
def resend_failed(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Send everything again that the gradebook did not take."""
    principal = current_principal()
    with transaction() as session:
        assignment = get_assignment(session, assignment_id, course_id=course_id)
        again = resend_all(
            session,
            Place(assignment_id=assignment.id),
            institution_id=assignment.institution_id,
            actor=principal.actor,
            now=utcnow(),
        )
    if again:
        flash(
            ngettext("%(num)d grade is sent again.", "%(num)d grades are sent again.", again),
            "success",
        )
    else:
        flash(_("There was nothing to send again."), "info")
    return _class_page(course_id, assignment_id)


@bp.post(f"{COLUMN}/gradebook/compare")
@requires(*STAFF)
def compare(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Have the column compared now with what it was told; the worker asks the LMS."""
    with transaction() as session:
        assignment = get_assignment(session, assignment_id, course_id=course_id)
        if assignment.lineitem_url is None or RESULT_READONLY not in assignment.course.ags_scopes:
            raise ConflictError("The LMS does not let the tool read this gradebook column.")
        ask_comparison(session, assignment, actor=current_principal().actor, now=utcnow())
    flash(_("The gradebook is being compared. Load this page again in a minute."), "success")
    return _class_page(course_id, assignment_id)


@bp.post(f"{COLUMN}/gradebook/remake")
@requires(*STAFF)
def remake(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Have a column made anew that somebody took away from the gradebook."""
    with transaction() as session:
        assignment = get_assignment(session, assignment_id, course_id=course_id)
        remake_column(session, assignment, actor=current_principal().actor, now=utcnow())
    flash(_("The gradebook column will be made again, and the grades sent into it."), "success")
    return _class_page(course_id, assignment_id)


def _class_page(course_id: int, assignment_id: int) -> ResponseReturnValue:
    page = url_for("assessment.overview", course_id=course_id, assignment_id=assignment_id)
    return redirect(page, 303)
