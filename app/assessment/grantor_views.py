"""The grantor's queue and workbench."""

from datetime import timedelta
from functools import partial

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.approval.queries import count_waiting
from app.assessment import workflow
from app.assessment.agreement import compare_assessments, newest_of
from app.assessment.anonymity import without_names
from app.assessment.blueprint import bp, find_return_url, review_marks
from app.assessment.forms import AssessForm, StartForm
from app.assessment.models import Decision
from app.assessment.moderation_views import others_of, record_label, show_standing, start_from
from app.assessment.queries import Place, find_next, list_queue
from app.assessment.recording import Judgement
from app.assessment.releasing import Outcome, record_and_settle
from app.assessment.service import check_grantor, start_assessing
from app.awards.service import find_newest_award
from app.awards.souvenirs import Giver, list_givable
from app.catalog.usability import why_unusable
from app.core.access import requires_grantor
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.principal import current_principal
from app.courses.service import get_person
from app.evidence.models import Attempt, Submission, SubmissionStatus
from app.evidence.service import current_attempt, get_submission
from app.evidence.showing import ShownArtifact, describe_artifacts
from app.evidence.storage import open_storage
from app.mapping.service import get_assignment
from app.passback.service import find_newest_delivery
from app.programme.reviewers import is_reviewer
from app.settings import Settings


@bp.get("/assessment/queue")
@requires_grantor
def queue() -> str:
    """Show what waits for this grantor, oldest first."""
    grantor, now = current_principal(), utcnow()
    after = Place.find(request.args.get("after", ""))
    page = list_queue(db.session(), grantor, after=after, now=now)
    reviews = is_reviewer(db.session(), grantor.person_id, now=now)
    return render_template(
        "assessment/queue.html",
        page=page,
        is_first_page=after is None,
        next_submission=find_next(db.session(), grantor, now=now),
        why_unusable=partial(why_unusable, now=now),
        grantor=grantor,
        is_reviewer=reviews,
        review_count=count_waiting(db.session(), grantor, now=now) if reviews else 0,
        gives_souvenirs=bool(list_givable(db.session(), Giver.of(grantor), now=now)),
        now=now,
    )


@bp.route("/assessment/submissions/<int:submission_id>", methods=["GET", "POST"])
@requires_grantor
def assess(submission_id: int) -> ResponseReturnValue:
    """Show the work beside its rubric; on POST record the grantor's assessment."""
    submission = _find(submission_id)
    if request.method == "GET" and not workflow.is_waiting(submission.status.value):
        return _show_decision(submission)
    others = others_of(submission)
    if request.method == "GET" and not others.may_assess:
        return show_standing(submission, others)
    attempt = current_attempt(submission)
    form = AssessForm.for_criteria(
        submission.assignment.criteria,
        attempt_id=attempt.id,
        holder_id=submission.assessor_id,
    )
    taken = start_from(form, others) if request.method == "GET" else None
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
        artifacts=_describe(submission, attempt),
        earlier=others.earlier,
        others=others,
        taken=taken,
        record_label=record_label(others),
        why_unusable=why_unusable(submission.assignment.version, now=utcnow()),
        return_url=find_return_url(),
        marks=review_marks(),
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


def _describe(submission: Submission, attempt: Attempt) -> list[ShownArtifact]:
    """Return the artifacts to show; where nobody is told whose they are, without file names."""
    items = describe_artifacts(attempt, open_storage(_settings()))
    return without_names(items) if submission.assignment.version.is_anonymous else items


def _show_decision(submission: Submission) -> str:
    session, others = db.session(), others_of(submission)
    award, is_awarded = None, {SubmissionStatus.AWARDED, SubmissionStatus.REVOKED}
    # The credential's page says whose it is.
    if submission.status in is_awarded and not submission.assignment.version.is_anonymous:
        award = find_newest_award(
            session, person_id=submission.learner_id, achievement_id=submission.achievement_id
        )
    return render_template(
        "assessment/decided.html",
        submission=submission,
        assignment=submission.assignment,
        assessments=others.earlier,
        agreement=compare_assessments(newest_of(others.earlier)),
        award=award,
        delivery=find_newest_delivery(
            session, assignment_id=submission.assignment_id, person_id=submission.learner_id
        ),
        next_submission=find_next(session, current_principal(), now=utcnow()),
        return_url=find_return_url(),
    )


def _outcome_message(outcome: Outcome) -> str:
    recorded: str = _("Assessment recorded. The gradebook is being told.")
    if outcome.decision is None:
        recorded = _("Recorded. Others go on from here; the learner is told when it is decided.")
    if outcome.award is not None:
        recorded = _(
            "Assessment recorded, and the credential is awarded. The gradebook is being told."
        )
    return recorded


def _settings() -> Settings:
    settings: Settings = current_app.extensions["assay.settings"]
    return settings
