"""`/admin/invitations`: links with which an LMS registers itself."""

from datetime import timedelta

from flask import current_app, flash, redirect, render_template, url_for
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


@bp.route("/admin/invitations", methods=["GET", "POST"])
@requires_administrator
def invitations() -> ResponseReturnValue:
    """List the invitations; on POST, make one, and show its link in this one answer.

    It is stored nowhere, so a redirect could not show it: a session without cookies keeps nothing.
    """
    principal, form, secret = current_principal(), InvitationForm(), None
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
    base_url = current_app.extensions["assay.settings"].base_url
    page = render_template(
        "platforms/invitations.html",
        form=form,
        act=ActForm(),
        invitations=list_invitations(db.session(), principal.institution_id),
        link=f"{base_url}{url_for('.register', invite=secret)}" if secret else None,
        now=utcnow(),
    )
    return page, form.status, {"Cache-Control": "no-store"}


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
