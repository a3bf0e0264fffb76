"""`/admin/awards`: single awards; revoke, suspend, give back, correct, renew."""

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.awards.admin_forms import CorrectForm, FindForm, ReasonForm
from app.awards.administering import State, find_awards, get_award, read_life, state_of
from app.awards.blueprint import bp
from app.awards.editions import reissue
from app.awards.facts import award_address
from app.awards.forms import ActForm
from app.awards.models import Award
from app.awards.renewing import renew_award, why_not_renewed
from app.awards.revocation_requests import (
    confirm_revocation,
    drop_request,
    find_request,
    get_open_request,
    list_requests,
    request_revocation,
)
from app.awards.revoking import needs_second, revoke_award
from app.awards.status_models import EditionReason, RevocationRequest
from app.awards.suspending import resume_award, suspend_award
from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.forms import Form
from app.core.principal import current_principal
from app.courses.models import Person
from app.courses.service import get_person

AWARD = "/admin/awards/<int:award_id>"
REQUEST = "/admin/revocations/<int:request_id>"


@bp.get("/admin/awards")
@requires_administrator
def admin_awards() -> str:
    """Find single awards; those whose revocation waits for a second person stand first."""
    institution_id, now = current_principal().institution_id, utcnow()
    form = FindForm(request.args)
    state = State(form.state.data) if form.state.data in set(State) else None
    page = max(request.args.get("page", 1, type=int), 1)
    text = form.q.data or ""
    found = find_awards(db.session(), institution_id, text=text, state=state, page=page, now=now)
    return render_template(
        "awards/admin_awards.html",
        form=form,
        asked={"q": text or None, "state": state.value if state else None},
        rows=[(award, state_of(award, now)) for award in found.awards],
        found=found,
        page=min(page, found.pages),
        requests=list_requests(db.session(), institution_id, now=now),
    )


@bp.get(AWARD)
@requires_administrator
def admin_award(award_id: int) -> str:
    """Show one award: how it stands, what became of it, what can be done."""
    award, now = _award(db.session(), award_id), utcnow()
    return render_template(
        "awards/admin_award.html",
        award=award,
        state=state_of(award, now),
        life=read_life(db.session(), award),
        asked=find_request(db.session(), award, now=now),
        own_id=current_principal().person_id,
        needs_second=needs_second(award),
        why_not_renewed=why_not_renewed(award, now),
        address=award_address(_base_url(), award.public_id),
        form=ActForm(formdata=None),
    )


@bp.route(f"{AWARD}/revoke", methods=["GET", "POST"])
@requires_administrator
def admin_revoke(award_id: int) -> ResponseReturnValue:
    """Ask why; revoke an award, or ask a second person to, as its level wants it."""
    award, form = _award(db.session(), award_id), ReasonForm()
    if not form.validate_on_submit():
        return _act_page("revoke", award, form)
    principal, reason = current_principal(), form.reason.data
    with transaction() as session:
        fresh = _award(session, award_id)
        if needs_second(fresh):
            person_id, actor = principal.person_id, principal.actor
            request_revocation(
                session, fresh, reason=reason, person_id=person_id, actor=actor, now=utcnow()
            )
            told = _("Asked. Another administrator has to confirm it; until then the award stands.")
        else:
            revoke_award(session, fresh, reason=reason, actor=principal.actor, **_means())
            told = _("The award is revoked.")
    return _done(award_id, told)


@bp.post(f"{REQUEST}/confirm")
@requires_administrator
def admin_confirm(request_id: int) -> ResponseReturnValue:
    """Confirm, as the second person, that an award is revoked."""
    with transaction() as session:
        asked = _request(session, request_id)
        award_id = asked.award_id
        confirm_revocation(session, asked, person=_me(session), **_means())
    return _done(award_id, _("Confirmed. The award is revoked."))


@bp.post(f"{REQUEST}/drop")
@requires_administrator
def admin_drop(request_id: int) -> ResponseReturnValue:
    """Drop the request to revoke an award."""
    with transaction() as session:
        asked = _request(session, request_id)
        award_id = asked.award_id
        drop_request(session, asked, person=_me(session), now=utcnow())
    return _done(award_id, _("Dropped. The award stands."))


@bp.route(f"{AWARD}/suspend", methods=["GET", "POST"])
@requires_administrator
def admin_suspend(award_id: int) -> ResponseReturnValue:
    """Ask why; suspend an award."""
    award, form = _award(db.session(), award_id), ReasonForm()
    if not form.validate_on_submit():
        return _act_page("suspend", award, form)
    with transaction() as session:
        fresh, actor = _award(session, award_id), current_principal().actor
        suspend_award(session, fresh, reason=form.reason.data, actor=actor, **_means())
    return _done(award_id, _("The award is suspended."))


@bp.post(f"{AWARD}/resume")
@requires_administrator
def admin_resume(award_id: int) -> ResponseReturnValue:
    """Give a suspended award back."""
    with transaction() as session:
        fresh = _award(session, award_id)
        resume_award(session, fresh, actor=current_principal().actor, **_means())
    return _done(award_id, _("The award is valid again."))


@bp.route(f"{AWARD}/correct", methods=["GET", "POST"])
@requires_administrator
def admin_correct(award_id: int) -> ResponseReturnValue:
    """Ask for the right name or a new address; issue the credential again."""
    award = _award(db.session(), award_id)
    form = CorrectForm(data={"name": award.recipient_name or ""})
    if not form.validate_on_submit():
        return _act_page("correct", award, form)
    reason = EditionReason.NEW_ADDRESS if form.email.data else EditionReason.CORRECTED
    with transaction() as session:
        reissue(
            session,
            _award(session, award_id),
            reason=reason,
            actor=current_principal().actor,
            email=form.email.data or None,
            name=form.name.data or None,
            **_means(),
        )
    return _done(award_id, _("Issued again, at the same address. What it replaces is kept."))


@bp.post(f"{AWARD}/renew")
@requires_administrator
def admin_renew(award_id: int) -> ResponseReturnValue:
    """Renew an award that has run out or is about to."""
    principal = current_principal()
    with transaction() as session:
        renewed = renew_award(
            session,
            _award(session, award_id),
            awarded_by=principal.person_id,
            actor=principal.actor,
            **_means(),
        )
        renewed_id = renewed.id
    return _done(renewed_id, _("Renewed. This is the new award; the old one keeps its address."))


def _award(session: Session, award_id: int) -> Award:
    return get_award(session, award_id, institution_id=current_principal().institution_id)


def _request(session: Session, request_id: int) -> RevocationRequest:
    institution_id = current_principal().institution_id
    return get_open_request(session, request_id, institution_id=institution_id, now=utcnow())


def _me(session: Session) -> Person:
    principal = current_principal()
    return get_person(session, principal.person_id, institution_id=principal.institution_id)


def _base_url() -> str:
    base_url: str = current_app.extensions["assay.settings"].base_url
    return base_url


def _means() -> dict[str, Any]:
    """Return what signing needs, and the time."""
    vault = current_app.extensions["assay.vault"]
    return {"vault": vault, "base_url": _base_url(), "now": utcnow()}


def _act_page(act: str, award: Award, form: Form) -> ResponseReturnValue:
    page = render_template(
        "awards/admin_act.html", act=act, award=award, form=form, needs_second=needs_second(award)
    )
    return page, form.status


def _done(award_id: int, message: str) -> Response:
    flash(message, "success")
    return redirect(url_for(".admin_award", award_id=award_id), 303)
