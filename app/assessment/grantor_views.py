"""The way from one submission to the next, within what the queue was narrowed to."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.assessment.blueprint import asked_filters, bp, queue_marks
from app.assessment.queue_steps import find_steps
from app.core.access import requires_grantor
from app.core.clock import utcnow
from app.core.db import db
from app.core.principal import current_principal
from app.evidence.service import get_work


@bp.get("/assessment/submissions/<int:submission_id>/beside")
@requires_grantor
def beside(submission_id: int) -> ResponseReturnValue:
    """Lead on to the submission after this one, or before it, as the queue stands now.

    Looked up when it is asked for, and not by every page of the workbench.
    """
    is_forward = request.args.get("way") != "previous"
    session, grantor = db.session(), current_principal()
    submission = get_work(session, submission_id, institution_id=grantor.institution_id)
    steps = find_steps(session, grantor, submission, asked_filters(), now=utcnow())
    found = steps.next if is_forward else steps.previous
    if found is not None:
        return redirect(url_for(".assess", submission_id=found.id, **queue_marks()), 303)
    if is_forward:
        flash(_("That was the last one that is free for you."), "success")
    else:
        flash(_("There is none before it that is free for you."), "success")
    return redirect(url_for(".queue", **queue_marks()), 303)
