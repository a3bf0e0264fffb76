"""The workbench: the work beside its rubric, filled in, kept as a draft, recorded."""

from datetime import timedelta

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.assessment.allocating_ends import describe_allocation
from app.assessment.blueprint import bp, find_return_url, queue_marks, review_marks, settings
from app.assessment.comments import list_offered
from app.assessment.decision_views import show_decision
from app.assessment.drafts import discard_draft
from app.assessment.forms import AssessForm, StartForm, list_filled_in, list_raw_texts
from app.assessment.models import Assessment, Capacity, Decision
from app.assessment.moderation_views import record_label, show_standing, shown_authors, start_from
from app.assessment.presence import forget_presence
from app.assessment.releasing import Outcome, record_and_settle
from app.assessment.revised import NOTHING, Revised, find_revised
from app.assessment.service import start_assessing
from app.assessment.work_pane import describe_work
from app.assessment.workbench import Bench, Desk, open_bench, read_desk
from app.assessment.workbench import refuse_if_moved_on as _refuse_if_moved_on
from app.catalog.usability import why_unusable
from app.core.access import requires_grantor, signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from app.core.principal import current_principal
from app.courses.service import get_person
from app.evidence.models import Attempt
from app.evidence.naming import file_names_for_assessing
from app.evidence.service import get_work


@bp.get("/assessment/submissions/<int:submission_id>")
@requires_grantor
def assess(submission_id: int) -> ResponseReturnValue:
    """Show the work beside its rubric; once it is decided, or recorded by this person, that."""
    grantor, now = current_principal(), utcnow()
    bench = open_bench(db.session(), submission_id, grantor, now=now)
    if bench.submission.id != submission_id:  # in a group, the work hangs on whoever began
        lead = url_for(".assess", submission_id=bench.submission.id, **review_marks())
        return redirect(lead, 303)
    if not bench.is_waiting or bench.attempt is None:
        return show_decision(bench, own=None)
    desk = read_desk(db.session(), bench, grantor, now=now)
    if not desk.others.may_assess:
        if desk.others.own is not None and not desk.others.is_disputed:
            return show_decision(bench, own=desk.others.own)
        return show_standing(bench.submission, desk.others)
    form = build_form(bench, bench.attempt, desk)
    if desk.draft is None:
        form.take_up(_find_revised(bench, desk).kept)
    return show_bench(bench, desk, form, taken=start_from(form, desk.others))


@bp.post("/assessment/submissions/<int:submission_id>")
@signed_in  # whoever was a grantor a moment ago gets back what they typed
def record(submission_id: int) -> ResponseReturnValue:
    """Record an assessment; what cannot be recorded is shown again, and nothing typed is lost."""
    grantor, now = current_principal(), utcnow()
    try:
        bench = open_bench(db.session(), submission_id, grantor, now=now)
        attempt = bench.newest_attempt
    except (ConflictError, ForbiddenError) as error:
        return show_kept(error)
    desk = read_desk(db.session(), bench, grantor, now=now)
    form = build_form(bench, attempt, desk)
    try:
        refuse_if_moved_on(bench, form)
        if not all([form.validate(), _may_record(bench, form)]):  # both say what they have to say
            return show_bench(bench, desk, form)
        outcome = _record(submission_id, form)
    except (ConflictError, ForbiddenError, InvalidError) as error:
        return show_kept(error, form, submission_id=submission_id)
    flash(_outcome_message(outcome, bench), "success")
    return redirect(url_for(".assess", submission_id=submission_id, **review_marks()), 303)


@bp.post("/assessment/submissions/<int:submission_id>/start")
@requires_grantor
def start(submission_id: int) -> ResponseReturnValue:
    """Note that this grantor has started on the submission, or takes it over."""
    form = StartForm()
    form.validate()
    principal = current_principal()
    with transaction() as session:
        start_assessing(
            session,
            get_work(session, submission_id, institution_id=principal.institution_id),
            grantor=get_person(
                session, principal.person_id, institution_id=principal.institution_id
            ),
            seen_assessor_id=form.seen_assessor_id.data,
            now=utcnow(),
        )
    return redirect(url_for(".assess", submission_id=submission_id, **review_marks()), 303)


def build_form(bench: Bench, attempt: Attempt, desk: Desk) -> AssessForm:
    """Build the form of the workbench; on a page view, with what was filled in before."""
    return AssessForm.for_attempt(
        attempt,
        bench.assignment.criteria,
        holder_id=bench.submission.assessor_id,
        saved=list_offered(
            db.session(),
            person_id=current_principal().person_id,
            achievement_id=bench.submission.achievement_id,
        ),
        draft=desk.draft,
    )


def show_bench(
    bench: Bench,
    desk: Desk,
    form: AssessForm,
    *,
    taken: Assessment | None = None,
    status: int | None = None,
) -> ResponseReturnValue:
    """Return the page of the workbench."""
    attempt = bench.attempt
    page = render_template(
        "assessment/assess.html",
        form=form,
        start_form=StartForm(formdata=None, seen_assessor_id=bench.submission.assessor_id),
        submission=bench.submission,
        assignment=bench.assignment,
        attempt=attempt,
        artifacts=describe_work(attempt),
        file_names=file_names_for_assessing(bench.submission),
        learner_name=shown_authors(bench.submission),
        is_blind=bench.is_blind,
        recommends=desk.others.only_recommends,
        record_label=record_label(desk.others),
        taken=taken,
        revised=_find_revised(bench, desk),
        appeal=desk.others.appeal,
        draft=desk.draft,
        older_texts=list_filled_in(
            desk.older_draft.content if desk.older_draft else {}, bench.assignment.criteria
        ),
        earlier=desk.others.earlier,
        others=desk.others,
        present=desk.present,
        why_unusable=why_unusable(bench.assignment.version, now=utcnow()),
        return_url=find_return_url(),
        marks=review_marks(),
        queue_marks=queue_marks(),
        allocation=describe_allocation(
            db.session(), bench.submission, person_id=current_principal().person_id
        ),
        now=utcnow(),
    )
    return page, status or form.status


def show_kept(
    error: DomainError, form: AssessForm | None = None, *, submission_id: int | None = None
) -> ResponseReturnValue:
    """Say why something was not recorded or saved, and give back what was typed.

    Without `form`: to somebody who may not see the rubric any more.
    """
    db.session.rollback()
    status = {ConflictError: 409, ForbiddenError: 403}.get(type(error), 422)
    page = render_template(
        "assessment/kept.html",
        message=str(error),
        status=status,
        typed=form.list_typed() if form else list_raw_texts(request.form),
        submission_id=submission_id,
        marks=review_marks(),
    )
    return page, status


def refuse_if_moved_on(bench: Bench, form: AssessForm) -> None:
    """Refuse what was filled in about work that has changed since the page was shown."""
    _refuse_if_moved_on(bench, form.attempt_id.data)


def _find_revised(bench: Bench, desk: Desk) -> Revised:
    if bench.attempt is None:
        return NOTHING
    return find_revised(bench.attempt, desk.others, person_id=current_principal().person_id)


def _may_record(bench: Bench, form: AssessForm) -> bool:
    holder = bench.submission.assessor
    name = _("Another grantor") if bench.is_blind or holder is None else holder.display_name
    return form.confirm_holder(
        current_principal().person_id, holder_id=bench.submission.assessor_id, name=name
    )


def _record(submission_id: int, form: AssessForm) -> Outcome:
    principal, now = current_principal(), utcnow()
    with transaction() as session:
        submission = get_work(session, submission_id, institution_id=principal.institution_id)
        outcome = record_and_settle(
            session,
            submission,
            form.judgement,
            undo_for=timedelta(minutes=settings().undo_minutes),
            grantor=get_person(
                session, principal.person_id, institution_id=principal.institution_id
            ),
            vault=current_app.extensions["assay.vault"],
            base_url=settings().base_url,
            now=now,
        )
        discard_draft(session, form.attempt_id.data, principal.person_id)
        forget_presence(session, submission, person_id=principal.person_id)
        return outcome


def _outcome_message(outcome: Outcome, bench: Bench) -> str:
    if outcome.decision is None:
        if bench.appointment.role.value == Capacity.ASSESSOR.value:
            said: str = _("Recommendation recorded. A grantor decides.")
        else:
            said = _("Assessment recorded. The decision needs another assessment.")
    elif outcome.decision.released_at is None:
        said = _("Assessment recorded. Nobody has been told yet: you can still undo it.")
    elif outcome.award is not None:
        said = _("Assessment recorded, and the credential is awarded. The gradebook is being told.")
    elif outcome.decision.decision is Decision.MET:
        said = _("Assessment recorded. The gradebook is being told.")
    else:
        said = _("Assessment recorded. The learner and the gradebook are being told.")
    return said
