"""Reviewers: what waits for them, and the page on which they decide."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.approval.blueprint import bp
from app.approval.deciding import (
    Seen,
    carry_step,
    cast_vote,
    decline_proposal,
    fulfil_condition,
    return_proposal,
)
from app.approval.eligibility import count_step, require_decider
from app.approval.forms import ActForm
from app.approval.models import Proposal
from app.approval.pages import describe_proposal, note_prefix
from app.approval.queries import get_proposal, list_voted, list_waiting, lock_proposal
from app.approval.review_forms import NoteForm, ReasonForm, VoteForm
from app.approval.standing import Vote
from app.approval.timeline import vote_words
from app.core.access import requires_reviewer
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.principal import current_principal

CARRY, RETURN, DECLINE = "carry", "return", "decline"
CLOSING = "close-"


@bp.get("/reviews")
@requires_reviewer
def reviews() -> str:
    """Show what waits for a reviewer, the longest waiting first, and what they voted on."""
    principal, now = current_principal(), utcnow()
    waiting = list_waiting(db.session(), principal, now=now)
    return render_template(
        "approval/reviews.html",
        waiting=[each for each in waiting if each.is_theirs],
        voted_and_open=[each for each in waiting if not each.is_theirs],
        voted=[
            (event, vote_words(Vote(event.facts["vote"])))
            for event in list_voted(db.session(), principal.person_id)
        ],
        groups=principal.groups,
        now=now,
    )


@bp.route("/proposals/<int:proposal_id>/review", methods=["GET", "POST"])
@requires_reviewer
def review(proposal_id: int) -> ResponseReturnValue:
    """Show a proposal beside the vote; on POST record the vote."""
    principal, now = current_principal(), utcnow()
    proposal = get_proposal(db.session(), proposal_id, principal=principal, now=now)
    if request.method == "GET" and proposal.step is None:
        return redirect(url_for(".show", proposal_id=proposal_id), 302)
    require_decider(db.session(), proposal, principal.person_id, now=now)
    form = _vote_form(proposal)
    if form.validate_on_submit():
        with transaction() as write:
            locked = lock_proposal(write, proposal_id, principal=principal, now=now)
            cast_vote(
                write,
                locked,
                form.ballot,
                person_id=principal.person_id,
                seen=form.seen,
                now=utcnow(),
            )
            step = locked.step
            is_ready = step is not None and count_step(write, locked, step).has_quorum
        message = _("Your vote is recorded.")
        if is_ready:
            message += " " + _("The quorum is there: the step still has to be closed, below.")
        flash(message, "success")
        return redirect(url_for(".review", proposal_id=proposal_id), 303)
    return _review_page(proposal, vote_form=form), form.status


@bp.post("/proposals/<int:proposal_id>/close")
@requires_reviewer
def close(proposal_id: int) -> ResponseReturnValue:
    """Close the running step: carried, returned for changes, or declined."""
    principal, now = current_principal(), utcnow()
    act = request.form.get("act")
    proposal = get_proposal(db.session(), proposal_id, principal=principal, now=now)
    require_decider(db.session(), proposal, principal.person_id, now=now)
    form = ReasonForm(prefix=CLOSING)
    form.validate()
    if act not in {CARRY, RETURN, DECLINE}:
        form.form_errors = [_("Choose what to do with this step.")]
    elif act != CARRY and not form.reason.data and not form.reason.errors:
        form.reason.errors = [_("Give a reason: the proposer must know what to change, or why")]
    if form.errors:
        return _review_page(proposal, reason_form=form), form.status
    flash(_close(proposal_id, form, act), "success")
    return redirect(url_for(".show", proposal_id=proposal_id), 303)


@bp.post("/proposals/<int:proposal_id>/conditions/<condition_id>")
@requires_reviewer
def fulfil(proposal_id: int, condition_id: str) -> ResponseReturnValue:
    """Tick a condition as fulfilled."""
    principal, now = current_principal(), utcnow()
    form = NoteForm(prefix=note_prefix(condition_id))
    form.validate()
    with transaction() as write:
        proposal = lock_proposal(write, proposal_id, principal=principal, now=now)
        fulfil_condition(
            write,
            proposal,
            condition_id,
            note=form.note.data or "",
            principal=principal,
            now=utcnow(),
        )
    flash(_("The condition is ticked as fulfilled, in your name."))
    return redirect(url_for(".show", proposal_id=proposal_id, _anchor="conditions"), 303)


def _close(proposal_id: int, form: ReasonForm, act: str | None) -> str:
    """Do what was chosen, in one transaction; return what to tell the reviewer."""
    principal, now = current_principal(), utcnow()
    person_id, seen = principal.person_id, form.seen
    message: str
    with transaction() as write:
        locked = lock_proposal(write, proposal_id, principal=principal, now=now)
        if act == CARRY:
            is_approved = carry_step(write, locked, person_id=person_id, seen=seen, now=now)
            message = _("The step is carried; the next begins.")
            if is_approved:
                message = _("Approved: instructors can use it in their courses now.")
            return message
        reason = form.reason.data
        act_on = return_proposal if act == RETURN else decline_proposal
        act_on(write, locked, reason=reason, person_id=person_id, seen=seen, now=now)
    message = _("The proposal is declined.")
    if act == RETURN:
        message = _("The proposal is back with its proposer, with your reason.")
    return message


def _seen(proposal: Proposal) -> Seen:
    step = proposal.step
    return Seen(proposal.round, step.key if step else "")


def _vote_form(proposal: Proposal, **bound: object) -> VoteForm:
    step = proposal.step
    criteria = proposal.pinned.review_criteria if step and step.scores else []
    return VoteForm.build(criteria, seen=_seen(proposal), **bound)


def _review_page(
    proposal: Proposal, *, vote_form: VoteForm | None = None, reason_form: ReasonForm | None = None
) -> str:
    principal, now = current_principal(), utcnow()
    seen = _seen(proposal)
    vote_form = vote_form or _vote_form(proposal, formdata=None)
    closing = reason_form or ReasonForm(
        formdata=None, prefix=CLOSING, seen_round=seen.round, seen_step=seen.step_key
    )
    return render_template(
        "approval/review.html",
        **describe_proposal(db.session(), proposal, principal, now=now),
        form=closing if closing.errors else vote_form,
        vote_form=vote_form,
        closing=closing,
        act=ActForm(formdata=None),
    )
