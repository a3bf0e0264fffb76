"""Begin a proposal, answer its questions, submit it, follow it."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.approval.beginning import begin_change, begin_proposal
from app.approval.blueprint import bp
from app.approval.eligibility import list_steps_without, unit_of
from app.approval.forms import ActForm, AnswersForm, BeginForm, ChangeForm, DocumentForm
from app.approval.models import Proposal
from app.approval.pages import describe_proposal
from app.approval.proposing import (
    IncompleteError,
    list_missing,
    save_answers,
    submit_proposal,
    withdraw_proposal,
)
from app.approval.queries import get_proposal, list_own_proposals, lock_proposal
from app.approval.review_forms import NoteForm
from app.approval.starting import Start, get_changeable, prepare_start
from app.catalog.editor_pages import pages_of
from app.catalog.problems import find_problems
from app.core.access import requires, requires_reviewer, signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError, InvalidError
from app.core.principal import Role, current_principal
from app.courses.service import get_course
from app.programme.reviewers import is_reviewer, list_led_units


@bp.get("/proposals")
@signed_in
def own() -> str:
    """List what a person has proposed."""
    return render_template(
        "approval/own.html",
        proposals=list_own_proposals(db.session(), current_principal().person_id),
        may_begin=_may_begin_here(),
    )


@bp.route("/proposals/new", methods=["GET", "POST"])
@requires_reviewer
def begin() -> ResponseReturnValue:
    """Begin a proposal outside a course; on POST make its draft."""
    return _begin()


@bp.post("/proposals/new/change")
@requires_reviewer
def change() -> ResponseReturnValue:
    """Begin the proposal of a change outside a course."""
    return _change()


@bp.route("/courses/<int:course_id>/proposals/new", methods=["GET", "POST"])
@requires(Role.INSTRUCTOR)
def begin_in_course(course_id: int) -> ResponseReturnValue:
    """Begin a proposal from inside a course, prefilled from it; on POST make its draft."""
    del course_id  # the principal has it, checked
    return _begin()


@bp.post("/courses/<int:course_id>/proposals/new/change")
@requires(Role.INSTRUCTOR)
def change_in_course(course_id: int) -> ResponseReturnValue:
    """Begin the proposal of a change from inside a course."""
    del course_id
    return _change()


@bp.get("/proposals/<int:proposal_id>")
@signed_in
def show(proposal_id: int) -> str:
    """Show where a proposal stands, what it says, and its whole history."""
    principal, now = current_principal(), utcnow()
    proposal = get_proposal(db.session(), proposal_id, principal=principal, now=now)
    return render_template(
        "approval/show.html",
        **describe_proposal(db.session(), proposal, principal, now=now),
        act=ActForm(formdata=None),
        note_form=NoteForm(formdata=None),
    )


@bp.route("/proposals/<int:proposal_id>/edit", methods=["GET", "POST"])
@signed_in
def edit(proposal_id: int) -> ResponseReturnValue:
    """Ask the preset's questions; on POST keep what is answered so far."""
    proposal = _own(proposal_id)
    form = AnswersForm.for_questions(proposal.pinned, proposal.answers)
    if form.validate_on_submit():
        principal = current_principal()
        with transaction() as write:
            locked = lock_proposal(write, proposal_id, principal=principal, now=utcnow())
            save_answers(locked, form.answers, principal)
        flash(_("Your answers are saved. Nobody sees them until you submit the proposal."))
        return redirect(url_for(".edit", proposal_id=proposal_id), 303)
    return edit_page(proposal, form=form), form.status


@bp.post("/proposals/<int:proposal_id>/submit")
@signed_in
def submit(proposal_id: int) -> ResponseReturnValue:
    """Put a proposal into review, or say what is missing."""
    form = ActForm()
    try:
        with transaction() as write:
            principal, now = current_principal(), utcnow()
            proposal = lock_proposal(write, proposal_id, principal=principal, now=now)
            submit_proposal(write, proposal, principal, now=now)
    except IncompleteError:
        form.form_errors = [
            _("It cannot be submitted yet: do first what stands under “Still missing”.")
        ]
        return edit_page(_own(proposal_id), act=form), form.status
    flash(_("The proposal is submitted. From now on its content stands still."), "success")
    return redirect(url_for(".show", proposal_id=proposal_id), 303)


@bp.post("/proposals/<int:proposal_id>/withdraw")
@signed_in
def withdraw(proposal_id: int) -> ResponseReturnValue:
    """End a proposal without a decision."""
    form = NoteForm()
    form.validate()
    with transaction() as write:
        principal, now = current_principal(), utcnow()
        proposal = lock_proposal(write, proposal_id, principal=principal, now=now)
        withdraw_proposal(write, proposal, principal, reason=form.note.data or None, now=now)
    flash(_("The proposal is withdrawn. Its content stays as a draft."))
    return redirect(url_for(".show", proposal_id=proposal_id), 303)


def edit_page(
    proposal: Proposal,
    *,
    form: AnswersForm | None = None,
    documents: DocumentForm | None = None,
    act: ActForm | None = None,
) -> str:
    """Return the page on which a proposer works; one of the forms may have been sent."""
    principal, now = current_principal(), utcnow()
    return render_template(
        "approval/edit.html",
        **describe_proposal(db.session(), proposal, principal, now=now),
        form=form or AnswersForm.for_questions(proposal.pinned, proposal.answers),
        sent=next((each for each in (form, documents, act) if each and each.errors), None),
        document_form=documents or DocumentForm(formdata=None),
        act=act or ActForm(formdata=None),
        note_form=NoteForm(formdata=None),
        missing=list_missing(db.session(), proposal, now=now),
        problems=find_problems(db.session(), proposal.version, now=now),
        parts=pages_of(proposal.version),
        without=list_steps_without(db.session(), proposal, now=now),
        unit=unit_of(proposal),
        units=list_led_units(db.session(), proposal.institution_id, now=now),
    )


def _own(proposal_id: int) -> Proposal:
    """Return the principal's own proposal while it is their turn.

    Raises: `NotFoundError`; `ConflictError` if it is in review or over.
    """
    principal, now = current_principal(), utcnow()
    proposal = get_proposal(db.session(), proposal_id, principal=principal, now=now)
    if not proposal.is_editable or proposal.proposer_id != principal.person_id:
        raise ConflictError(
            _("This proposal cannot be changed now, or not by you. Open it to see where it stands.")
        )
    return proposal


def _begin() -> ResponseReturnValue:
    start = prepare_start(
        db.session(), current_principal(), name=request.args.get("name", ""), now=utcnow()
    )
    form = _begin_form(start)
    if form.validate_on_submit():
        principal = current_principal()
        try:
            with transaction() as write:
                proposal = begin_proposal(
                    write,
                    principal,
                    level_key=form.level.data,
                    issuer_slug=form.issuer.data,
                    audience=form.audience.data if "audience" in form else None,
                    name=form.name.data,
                    slug=form.slug.data or None,
                    unit=form.unit.data or None,
                    now=utcnow(),
                )
                proposal_id = proposal.id
        except ConflictError as error:
            form.slug.errors = [str(error)]
        except InvalidError as error:
            form.level.errors = [str(error)]
        else:
            flash(_("Your proposal is begun. Complete its content and answer the questions."))
            return redirect(url_for(".edit", proposal_id=proposal_id), 303)
    return _start_page(start, form, _change_form(start)), form.status


def _change() -> ResponseReturnValue:
    principal = current_principal()
    start = prepare_start(db.session(), principal, name="", now=utcnow())
    form = _change_form(start)
    if not form.validate_on_submit():
        return _start_page(start, _begin_form(start), form), form.status
    with transaction() as write:
        proposal = begin_change(
            write,
            principal,
            get_changeable(write, form.achievement.data, institution_id=principal.institution_id),
            audience=form.audience.data if "audience" in form else None,
            now=utcnow(),
        )
        proposal_id = proposal.id
    flash(_("The change is begun with the content as it is now. Reviewers will see what differs."))
    return redirect(url_for(".edit", proposal_id=proposal_id), 303)


def _begin_form(start: Start) -> BeginForm:
    return BeginForm.build(
        levels=[(level.key, level.name) for level in start.levels],
        issuers=[(issuer.slug, issuer.name) for issuer in start.issuers],
        audiences=start.audiences,
        defaults=start.defaults,
    )


def _change_form(start: Start) -> ChangeForm:
    return ChangeForm.build(
        achievements=start.achievements, audiences=start.audiences, defaults=start.defaults
    )


def _start_page(start: Start, form: BeginForm, change_form: ChangeForm) -> str:
    principal = current_principal()
    course = (
        get_course(db.session(), principal.course_id, institution_id=principal.institution_id)
        if principal.course_id
        else None
    )
    return render_template(
        "approval/begin.html",
        start=start,
        form=change_form if change_form.errors else form,
        begin_form=form,
        change_form=change_form,
        course=course,
        own=list_own_proposals(db.session(), principal.person_id),
    )


def _may_begin_here() -> bool:
    """Whether the page outside courses may be opened; instructors begin inside theirs."""
    principal, now = current_principal(), utcnow()
    return principal.is_administrator or is_reviewer(db.session(), principal.person_id, now=now)
