"""`/admin/invitations`: links with which an LMS registers itself."""

from datetime import timedelta

from flask import current_app, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.principal import current_principal
from app.platforms.blueprint import bp
from app.platforms.forms import ActForm, InvitationForm
from app.platforms.invitations import (
    get_invitation,
    invite,
    list_invitations,
    withdraw_invitation,
)

# Between the POST that made a link and the page that shows it once; it is stored nowhere else.
NEW_SECRET = "new_invitation"  # noqa: S105 - the name of a place


@bp.route("/admin/invitations", methods=["GET", "POST"])
@requires_administrator
def invitations() -> ResponseReturnValue:
    """List the invitations; on POST, make one."""
    principal, form = current_principal(), InvitationForm()
    if form.validate_on_submit():
        with transaction() as write:
            _made, secret = invite(
                write,
                principal.institution_id,
                name=form.name.data or None,
                lifetime=timedelta(days=int(form.days.data)),
                actor=principal.actor,
                now=utcnow(),
            )
        session[NEW_SECRET] = secret
        return redirect(url_for(".invitations"), 303)
    secret = session.pop(NEW_SECRET, None)
    base_url = current_app.extensions["assay.settings"].base_url
    page = render_template(
        "platforms/invitations.html",
        form=form,
        act=ActForm(),
        invitations=list_invitations(db.session(), principal.institution_id),
        link=f"{base_url}{url_for('.register', invite=secret)}" if secret else None,
        now=utcnow(),
    )
    return page, form.status


@bp.post("/admin/invitations/<int:invitation_id>/withdraw")
@requires_administrator
def withdraw(invitation_id: int) -> ResponseReturnValue:
    """Take an invitation back."""
    principal = current_principal()
    with transaction() as write:
        invitation = get_invitation(write, invitation_id, institution_id=principal.institution_id)
        withdraw_invitation(write, invitation, actor=principal.actor, now=utcnow())
    flash(_("The invitation is withdrawn; its link opens nothing any more."))
    return redirect(url_for(".invitations"), 303)
