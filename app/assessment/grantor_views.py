"""The grantor's workbench."""

from datetime import timedelta

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.assessment import workflow
from app.assessment.allocating_ends import describe_allocation
from app.assessment.blueprint import asked_filters, bp, find_return_url, queue_marks, review_marks
from app.assessment.forms import AssessForm, StartForm
from app.assessment.models import Decision
from app.assessment.queries import list_assessments
from app.assessment.queue_steps import find_next_after, find_steps
from app.assessment.recording import Judgement
from app.assessment.releasing import Outcome, record_and_settle
from app.assessment.service import check_grantor, start_assessing
from app.awards.service import find_newest_award
from app.catalog.usability import why_unusable
from app.core.access import requires_grantor
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.principal import current_principal
from app.courses.service import get_person
from app.evidence.models import Submission, SubmissionStatus
from app.evidence.service import current_attempt, get_submission
from app.evidence.showing import describe_artifacts
from app.evidence.storage import open_storage
from app.mapping.service import get_assignment
from app.passback.service import find_newest_delivery
from app.settings import Settings


@bp.route("/assessment/submissions/<int:submission_id>", methods=["GET", "POST"])
@requires_grantor
def assess(submission_id: int) -> ResponseReturnValue:
    """Show the work beside its rubric; on POST record the grantor's assessment."""
    submission = _find(submission_id)
    if request.method == "GET" and not workflow.is_waiting(submission.status.value):
        return _show_decision(submission)
    attempt = current_attempt(submission)
    form = AssessForm.for_criteria(
        submission.assignment.criteria,
        attempt_id=attempt.id,
        holder_id=submission.assessor_id,
    )
    if form.validate_on_submit() and _may_record(submission, form):
        outcome = _record(submission_id, form)
        flash(_outcome_message(outcome), "success")
        here = url_for(".assess", submission_id=submission_id, **review_marks())
        return redirect(here, 303)
    page = render_template(
        "assessment/assess.html",
        form=form,
        start_form=StartForm(formdata=None, seen_assessor_id=submission.assessor_id),
        submission=submission,
        assignment=submission.assignment,
        attempt=attempt,
        artifacts=describe_artifacts(attempt, open_storage(_settings())),
        earlier=list_assessments(db.session(), submission_id),
        why_unusable=why_unusable(submission.assignment.version, now=utcnow()),
        return_url=find_return_url(),
        marks=review_marks(),
        queue_marks=queue_marks(),
        steps=find_steps(
            db.session(), current_principal(), submission, asked_filters(), now=utcnow()
        ),
        allocation=describe_allocation(
            db.session(), submission, person_id=current_principal().person_id
        ),
    )
    return page, form.status


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
            get_submission(session, submission_id, institution_id=principal.institution_id),
            grantor=get_person(
                session, principal.person_id, institution_id=principal.institution_id
            ),
            seen_assessor_id=form.seen_assessor_id.data,
            now=utcnow(),
        )
    return redirect(url_for(".assess", submission_id=submission_id, **review_marks()), 303)


def _find(submission_id: int) -> Submission:
    """Return a submission that the principal may assess, its assignment loaded with the rubric."""
    session, principal = db.session(), current_principal()
    submission = get_submission(session, submission_id, institution_id=principal.institution_id)
    grantor = get_person(session, principal.person_id, institution_id=principal.institution_id)
    check_grantor(session, submission, grantor, now=utcnow())
    get_assignment(session, submission.assignment_id, course_id=submission.course_id)
    return submission


def _may_record(submission: Submission, form: AssessForm) -> bool:
    return form.confirm_holder(
        current_principal().person_id,
        holder_id=submission.assessor_id,
        name=submission.assessor.display_name if submission.assessor else "",
    )


def _record(submission_id: int, form: AssessForm) -> Outcome:
    principal = current_principal()
    with transaction() as session:
        return record_and_settle(
            session,
            get_submission(session, submission_id, institution_id=principal.institution_id),
            Judgement(
                attempt_id=form.attempt_id.data,
                ratings=form.ratings,
                comments=form.comments,
                decision=Decision(form.decision.data),
                reason=form.reason.data or "",
            ),
            undo_for=timedelta(minutes=_settings().undo_minutes),
            grantor=get_person(
                session, principal.person_id, institution_id=principal.institution_id
            ),
            vault=current_app.extensions["assay.vault"],
            base_url=_settings().base_url,
            now=utcnow(),
        )


def _show_decision(submission: Submission) -> str:
    session = db.session()
    award = None
    if submission.status in {SubmissionStatus.AWARDED, SubmissionStatus.REVOKED}:
        award = find_newest_award(
            session, person_id=submission.learner_id, achievement_id=submission.achievement_id
        )
    return render_template(
        "assessment/decided.html",
        submission=submission,
        assignment=submission.assignment,
        assessments=list_assessments(session, submission.id),
        award=award,
        delivery=find_newest_delivery(
            session, assignment_id=submission.assignment_id, person_id=submission.learner_id
        ),
        next_submission=find_next_after(
            session, current_principal(), submission, asked_filters(), now=utcnow()
        ),
        return_url=find_return_url(),
        queue_marks=queue_marks(),
    )


def _outcome_message(outcome: Outcome) -> str:
    recorded: str = _("Assessment recorded. The gradebook is being told.")
    if outcome.award is not None:
        recorded = _(
            "Assessment recorded, and the credential is awarded. The gradebook is being told."
        )
    return recorded


def _settings() -> Settings:
    settings: Settings = current_app.extensions["assay.settings"]
    return settings
