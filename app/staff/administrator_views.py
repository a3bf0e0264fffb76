"""`/admin/administrators`: who may administer the institution's part of the installation."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.principal import current_principal
from app.courses.service import get_person
from app.programme.administrators import (
    appoint_administrator,
    end_administrator_but_not_the_last,
    get_administrator,
    list_administrators,
)
from app.staff.blueprint import bp
from app.staff.forms import ActForm, ChooseForm, SearchForm
from app.staff.people import find_people


@bp.route("/admin/administrators", methods=["GET", "POST"])
@requires_administrator
def administrators() -> ResponseReturnValue:
    """List the administrators, and appoint another whom a search has found."""
    principal, read, now = current_principal(), db.session(), utcnow()
    people = find_people(read, principal.institution_id, request.args.get("person", ""))
    form = ChooseForm()
    form.offer_people(people)
    if people and form.validate_on_submit():
        with transaction() as write:
            person = get_person(write, form.person_id.data, institution_id=principal.institution_id)
            appoint_administrator(
                write,
                principal.institution_id,
                person_id=person.id,
                actor=principal.actor,
                now=now,
            )
            name = person.display_name
        flash(_("%(name)s is an administrator.", name=name), "success")
        return redirect(url_for(".administrators"), 303)
    known = list_administrators(read, principal.institution_id)
    page = render_template(
        "staff/administrators.html",
        running=[each for each in known if each.ended_at is None or each.ended_at > now],
        former=[each for each in known if each.ended_at is not None and each.ended_at <= now],
        people=people,
        search=SearchForm(request.args),
        form=form,
        act=ActForm(formdata=None),
    )
    return page, form.status


@bp.post("/admin/administrators/<int:administrator_id>/end")
@requires_administrator
def end_administrator(administrator_id: int) -> ResponseReturnValue:
    """End somebody's rights now; the last administrator stays."""
    principal = current_principal()
    with transaction() as write:
        found = get_administrator(write, administrator_id, institution_id=principal.institution_id)
        is_oneself = found.person_id == principal.person_id
        end_administrator_but_not_the_last(write, found, actor=principal.actor, now=utcnow())
    if is_oneself:
        return redirect(url_for("awards.mine"), 303)  # no page of the administration opens now
    flash(_("Ended. What this person did stands."), "success")
    return redirect(url_for(".administrators"), 303)
