"""`/courses/…/roster`: reading who is in a course from the LMS, when a person asks for it."""

from flask import Blueprint, current_app, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.access import requires
from app.core.forms import Form
from app.core.pages import came_from
from app.core.principal import STAFF, current_principal
from app.courses.nrps import RosterError
from app.courses.roster import PATIENCE, RosterReader

bp = Blueprint("courses", __name__)


@bp.app_context_processor
def _for_templates() -> dict[str, object]:
    """Let pages of other rooms include the room's fragment."""
    return {"roster_form": Form}


@bp.post("/courses/<int:course_id>/roster")
@requires(*STAFF)
def refresh_roster(course_id: int) -> ResponseReturnValue:
    """Read the class list from the LMS now; one of the few calls that a page waits for."""
    reader = RosterReader(
        current_app.extensions["assay.vault"], current_app.extensions["assay.http"]
    )
    try:
        outcome = reader.refresh(course_id, patience=PATIENCE, actor=current_principal().actor)
    except RosterError:
        pass  # the page says why, beside when the list was last read
    else:
        flash(
            _(
                "The class list was read. New: %(added)d, changed: %(changed)d, no longer in the "
                "course: %(gone)d.",
                added=outcome.added,
                changed=outcome.changed,
                gone=outcome.gone,
            )
        )
    return redirect(came_from() or url_for("launch.course_home", course_id=course_id), 303)
