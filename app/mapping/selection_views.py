"""What an instructor changes in a deep-linking selection before it goes back to the LMS."""

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import transaction
from app.core.principal import STAFF, current_principal
from app.mapping.blueprint import bp
from app.mapping.deep_linking import choose_again, get_deep_link_request, take_back
from app.mapping.service import get_assignment, undo_mapping


@bp.post("/deep-linking/<token>/choices/<int:assignment_id>")
@requires(*STAFF)
def change_choice(course_id: int, token: str, assignment_id: int) -> ResponseReturnValue:
    """Leave an assignment out of the answer, put it back, or delete it."""
    person_id, now = current_principal().person_id, utcnow()
    action = request.form.get("action")
    with transaction() as session:
        found = get_deep_link_request(
            session, token, course_id=course_id, person_id=person_id, now=now
        )
        if action == "remove":
            take_back(session, found, assignment_id)
        elif action == "add":
            choose_again(session, found, assignment_id, now=now)
        elif action == "delete":
            take_back(session, found, assignment_id)
            assignment = get_assignment(session, assignment_id, course_id=course_id)
            undo_mapping(session, assignment, undone_by=person_id, now=now)
            flash(_("“%(title)s” was deleted.", title=assignment.title), "success")
        else:
            abort(400)
    return redirect(url_for("launch.selection", course_id=course_id, token=token), 303)
