"""Administrators: every proposal, and approvals that were made elsewhere."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.approval.beginning import find_open_proposal
from app.approval.blueprint import bp
from app.approval.document_views import forget_unused, receive
from app.approval.documents import ReceivedDocument
from app.approval.eligibility import find_stuck
from app.approval.models import ProposalStatus
from app.approval.queries import list_all_proposals
from app.approval.registering import Elsewhere, register_approval
from app.approval.review_forms import RegisterForm
from app.catalog.drafts import get_version
from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.core.principal import current_principal
from app.core.uploads import accepts_uploads


@bp.get("/admin/proposals")
@requires_administrator
def every() -> str:
    """List the institution's proposals, newest first; `?status=` for those of one status."""
    wanted = request.args.get("status", "")
    status = ProposalStatus(wanted) if wanted in set(ProposalStatus) else None
    read, institution_id = db.session(), current_principal().institution_id
    page = list_all_proposals(
        read, institution_id, status=status, page=request.args.get("page", 1, type=int)
    )
    return render_template(
        "approval/every.html",
        page=page,
        stuck=find_stuck(read, page.proposals, institution_id=institution_id, now=utcnow()),
        status=status,
        statuses=list(ProposalStatus),
    )


@bp.route("/proposals/versions/<int:version_id>/register", methods=["GET", "POST"])
@accepts_uploads
@requires_administrator
def register(version_id: int) -> ResponseReturnValue:
    """Ask for an approval that was made elsewhere; on POST approve the version by it."""
    principal = current_principal()
    version = get_version(db.session(), version_id, institution_id=principal.institution_id)
    form, received = RegisterForm(), None
    try:
        if form.validate_on_submit():
            received = _receive(form)
        if received is not None or (form.is_submitted() and not form.errors):
            with transaction() as write:
                proposal = register_approval(
                    write,
                    get_version(write, version_id, institution_id=principal.institution_id),
                    Elsewhere(
                        reference=form.reference.data,
                        decided_on=form.decided_on.data,
                        decided_by=form.decided_by.data,
                        until=form.until.data,
                    ),
                    document=received,
                    principal=principal,
                    now=utcnow(),
                )
                proposal_id = proposal.id
            flash(_("The approval is registered: the micro-credential can be used now."), "success")
            return redirect(url_for(".show", proposal_id=proposal_id), 303)
    except InvalidError as error:
        form.form_errors = [str(error)]
    finally:
        forget_unused(received)
    page = render_template(
        "approval/register.html",
        form=form,
        version=version,
        proposal=find_open_proposal(db.session(), version.id),
    )
    return page, form.status


def _receive(form: RegisterForm) -> ReceivedDocument | None:
    try:
        return receive(form.document.data)
    except InvalidError as error:
        form.document.errors = [str(error)]
        return None
