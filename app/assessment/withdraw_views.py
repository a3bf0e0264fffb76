"""A learner takes back what waits to be assessed."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.assessment.blueprint import bp
from app.assessment.withdrawing import withdraw
from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.principal import Role, current_principal
from app.mapping.service import get_assignment


@bp.post("/courses/<int:course_id>/assignments/<int:assignment_id>/withdraw")
@requires(Role.LEARNER)
def withdraw_work(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Take the attempt that the page showed back into a draft."""
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    with transaction() as session:
        withdraw(
            session,
            assignment,
            learner_id=current_principal().person_id,
            attempt_id=request.form.get("attempt", 0, type=int),
            now=utcnow(),
        )
    flash(
        _("Your work is taken back. It is in your draft; hand it in again when it is ready."),
        "success",
    )
    return redirect(url_for("evidence.work", course_id=course_id, assignment_id=assignment_id), 303)
