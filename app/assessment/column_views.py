"""The column of a credential's status: an instructor switches it on and off."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.assessment.blueprint import bp
from app.assessment.status_column import switch_on_status_column
from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError
from app.core.forms import Form
from app.core.principal import STAFF, current_principal
from app.mapping.service import get_assignment
from app.passback.status_columns import find_status_column, switch_off

COLUMN = "/courses/<int:course_id>/assignments/<int:assignment_id>/status-column"


@bp.post(f"{COLUMN}/on")
@requires(*STAFF)
def status_column_on(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Give the course a gradebook column for the credential's status."""
    actor = current_principal().actor
    with transaction() as session:
        assignment = get_assignment(session, assignment_id, course_id=course_id)
        switch_on_status_column(session, assignment, actor=actor, now=utcnow())
    flash(_("The column is being made in the gradebook."), "success")
    return _class_page(course_id, assignment_id)


@bp.route(f"{COLUMN}/off", methods=["GET", "POST"])
@requires(*STAFF)
def status_column_off(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Ask whether the column is to be deleted; on POST delete it from the gradebook."""
    form = Form()
    if form.validate_on_submit():
        actor = current_principal().actor
        with transaction() as session:
            assignment = get_assignment(session, assignment_id, course_id=course_id)
            switch_off(session, assignment, actor=actor, now=utcnow())
        flash(_("The column is being deleted from the gradebook."), "success")
        return _class_page(course_id, assignment_id)
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    column = find_status_column(db.session(), assignment)
    if column is None:
        raise ConflictError("The column is switched off already: reload the page.")
    page = render_template(
        "assessment/status_column_off.html", assignment=assignment, column=column, form=form
    )
    return page, form.status


def _class_page(course_id: int, assignment_id: int) -> ResponseReturnValue:
    page = url_for(
        ".overview", course_id=course_id, assignment_id=assignment_id, _anchor="gradebook"
    )
    return redirect(page, 303)
