"""From a version in the catalogue to its proposal; a draft that has none is proposed here."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.approval.beginning import find_newest_proposal, propose_draft
from app.approval.blueprint import bp
from app.approval.eligibility import may_see
from app.approval.forms import ProposeForm
from app.catalog.drafts import get_version
from app.catalog.models import AchievementVersion, VersionStatus
from app.catalog.rights import require_may_see
from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.principal import current_principal
from app.programme.service import get_rules


@bp.get("/proposals/versions/<int:version_id>")
@signed_in
def of_version(version_id: int) -> ResponseReturnValue:
    """Lead to the proposal of a version; where it has none, say so and offer to begin one."""
    principal, now = current_principal(), utcnow()
    version = _seen(version_id)
    proposal = find_newest_proposal(db.session(), version.id)
    counts = proposal is not None and (
        proposal.is_open or version.status is not VersionStatus.DRAFT
    )
    if proposal is not None and counts and may_see(db.session(), proposal, principal, now=now):
        is_their_turn = proposal.is_editable and proposal.proposer_id == principal.person_id
        page = ".edit" if is_their_turn else ".show"
        return redirect(url_for(page, proposal_id=proposal.id), 302)
    return _page(version, _form())


@bp.post("/proposals/versions/<int:version_id>")
@signed_in
def propose(version_id: int) -> ResponseReturnValue:
    """Begin a proposal for a draft."""
    principal, form = current_principal(), _form()
    version = _seen(version_id)
    if not form.validate():
        return _page(version, form), form.status
    with transaction() as write:
        proposal = propose_draft(
            write,
            principal,
            get_version(write, version_id, institution_id=principal.institution_id),
            audience=form.audience.data if "audience" in form else None,
            now=utcnow(),
        )
        proposal_id = proposal.id
    flash(_("Your proposal is begun. Complete its content and answer the questions."))
    return redirect(url_for(".edit", proposal_id=proposal_id), 303)


def _seen(version_id: int) -> AchievementVersion:
    principal, session = current_principal(), db.session()
    version = get_version(session, version_id, institution_id=principal.institution_id)
    require_may_see(session, principal, version, now=utcnow())
    return version


def _form() -> ProposeForm:
    rules = get_rules(db.session(), current_principal().institution_id)
    return ProposeForm.build(audiences=rules.audience)


def _page(version: AchievementVersion, form: ProposeForm) -> str:
    principal = current_principal()
    is_draft = version.status is VersionStatus.DRAFT
    is_theirs = principal.is_administrator or version.proposed_by == principal.person_id
    return render_template(
        "approval/of_version.html",
        form=form,
        version=version,
        may_propose=is_draft and is_theirs,
        may_register=principal.is_administrator and version.draft is not None,
    )
