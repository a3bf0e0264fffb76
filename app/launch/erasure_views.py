"""`/admin/erasure`: who asked to be forgotten, for the institution's administrators.

It stands in this room because forgetting somebody ends their sessions.
"""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError
from app.core.principal import current_principal
from app.courses.privacy import list_open_requests
from app.courses.service import get_person
from app.launch.blueprint import bp
from app.launch.erasure import erase_names
from app.launch.forms import ActForm


@bp.get("/admin/erasure")
@requires_administrator
def erasure_requests() -> str:
    """List whose name and e-mail are to be erased, the oldest request first."""
    requests = list_open_requests(db.session(), institution_id=current_principal().institution_id)
    return render_template("platforms/erasure.html", requests=requests, form=ActForm())


@bp.post("/admin/erasure/<int:person_id>")
@requires_administrator
def erase(person_id: int) -> ResponseReturnValue:
    """Erase the name and e-mail of somebody who asked for it."""
    principal = current_principal()
    with transaction() as write:
        person = get_person(write, person_id, institution_id=principal.institution_id)
        asked = list_open_requests(write, institution_id=principal.institution_id)
        if all(request.person_id != person.id for request in asked):
            raise ConflictError("Nobody asks for this any more: reload the list.")
        erase_names(write, person, actor=principal.actor, now=utcnow())
    flash(_("The name and the e-mail are erased. Work and awards stay, without the name."))
    return redirect(url_for(".erasure_requests"), 303)
