"""`/admin/accounts`: which campus accounts are tied to whom, and invitations to tie one."""

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError
from app.core.principal import current_principal
from app.courses.service import get_person
from app.staff.blueprint import bp
from app.staff.forms import ActForm, InviteForm, SearchForm
from app.staff.invitations import (
    get_invitation,
    invite_person,
    list_identities,
    list_open_invitations,
    untie_identity,
    withdraw_invitation,
)
from app.staff.merging import list_merged
from app.staff.people import Known, find_people


@bp.get("/admin/accounts")
@requires_administrator
def accounts() -> ResponseReturnValue:
    """List the campus accounts and open invitations; find somebody to invite."""
    return _page(InviteForm(formdata=None), link=None)


@bp.post("/admin/accounts")
@requires_administrator
def invite() -> ResponseReturnValue:
    """Make a one-time link for one person, and show it in this one answer.

    It is stored nowhere, so a redirect could not show it.
    """
    principal, form = current_principal(), InviteForm()
    form.offer_people(_found())
    if not form.validate_on_submit():
        return _page(form, link=None)
    if "assay.campus" not in current_app.extensions:
        raise ConflictError("Assay has no campus sign-in here, so nobody can be invited to it.")
    with transaction() as write:
        person = get_person(write, form.person_id.data, institution_id=principal.institution_id)
        _made, secret = invite_person(write, person, actor=principal.actor, now=utcnow())
        name = person.display_name
    base_url = current_app.extensions["assay.settings"].base_url
    link = f"{base_url}{url_for('.sign_in', invitation=secret)}"
    return _page(form, link=link, name=name)


@bp.post("/admin/accounts/invitations/<int:invitation_id>/withdraw")
@requires_administrator
def withdraw(invitation_id: int) -> ResponseReturnValue:
    """Take an invitation back."""
    principal = current_principal()
    with transaction() as write:
        found = get_invitation(write, invitation_id, institution_id=principal.institution_id)
        withdraw_invitation(write, found, actor=principal.actor, now=utcnow())
    flash(_("The invitation is withdrawn; its link opens nothing any more."))
    return redirect(url_for(".accounts"), 303)


@bp.post("/admin/accounts/<int:identity_id>/untie")
@requires_administrator
def untie(identity_id: int) -> ResponseReturnValue:
    """Part a campus account from its person."""
    principal = current_principal()
    with transaction() as write:
        untie_identity(
            write,
            identity_id,
            institution_id=principal.institution_id,
            actor=principal.actor,
            now=utcnow(),
        )
    flash(_("Parted. The campus account opens nothing here any more."))
    return redirect(url_for(".accounts"), 303)


@bp.get("/admin/people/merged")
@requires_administrator
def merged() -> str:
    """List who turned out to be known twice."""
    return render_template(
        "staff/merged.html", rows=list_merged(db.session(), current_principal().institution_id)
    )


def _found() -> list[Known]:
    searched = request.args.get("person", "")
    return find_people(db.session(), current_principal().institution_id, searched)


def _page(form: InviteForm, *, link: str | None, name: str = "") -> ResponseReturnValue:
    principal, read = current_principal(), db.session()
    people = _found()
    form.offer_people(people)
    page = render_template(
        "staff/accounts.html",
        identities=list_identities(read, principal.institution_id),
        invitations=list_open_invitations(read, principal.institution_id, now=utcnow()),
        people=people,
        search=SearchForm(request.args),
        form=form,
        act=ActForm(formdata=None),
        link=link,
        name=name,
    )
    return page, form.status, {"Cache-Control": "no-store"}
