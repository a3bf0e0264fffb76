"""A decision after it was recorded: looked at, undone, sent at once; an assessment taken back."""

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.assessment.agreement import compare_assessments, newest_of
from app.assessment.blueprint import (
    asked_filters,
    bp,
    find_return_url,
    queue_marks,
    review_marks,
    settings,
)
from app.assessment.deciding import undo as undo_decision
from app.assessment.drafts import list_drafts_of, restore_draft
from app.assessment.forms import list_filled_in
from app.assessment.marking_views import mark_form
from app.assessment.models import Assessment, AttemptDecision
from app.assessment.moderation_views import shown_authors
from app.assessment.others import describe_others
from app.assessment.queries import find_pending_decision
from app.assessment.queue_steps import find_next_after
from app.assessment.releasing import release
from app.assessment.sending import get_own_pending
from app.assessment.service import check_grantor
from app.assessment.taking_back import take_back as take_back_assessment
from app.assessment.work_pane import describe_work
from app.assessment.workbench import Bench, open_bench
from app.awards.models import Award
from app.awards.service import find_newest_award
from app.core.access import requires_grantor
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.forms import Form
from app.core.principal import current_principal
from app.courses.service import get_person
from app.evidence.models import Submission, SubmissionStatus
from app.evidence.naming import file_names_for_assessing
from app.evidence.service import get_work
from app.passback.service import find_newest_delivery


def show_decision(bench: Bench, *, own: Assessment | None) -> str:
    """Return the page of a submission that waits for nobody here.

    `own`: what this person has recorded while the decision is still owed.
    """
    session, submission, principal = db.session(), bench.submission, current_principal()
    now = utcnow()
    pending = find_pending_decision(session, submission.id)
    drafts = list_drafts_of(session, submission.id, principal.person_id)
    others = describe_others(session, submission, bench.appointment, now=now)
    seen = [others.own] if others.own else []
    seen = list(dict.fromkeys([*seen, *others.records, *others.earlier]))
    return render_template(
        "assessment/decided.html",
        submission=submission,
        assignment=submission.assignment,
        learner_name=shown_authors(submission),
        file_names=file_names_for_assessing(submission),
        assessments=[own] if own else seen,
        agreement=None if own else compare_assessments(newest_of(seen)),
        others=others,
        own=own,
        pending=pending,
        minutes_left=_minutes_left(pending),
        attempt=bench.attempt,
        artifacts=describe_work(bench.attempt),
        mark_form=mark_form(submission),
        draft_texts=list_filled_in(
            drafts[0].content if drafts else {}, submission.assignment.criteria
        ),
        was_withdrawn=bench.attempt is None and bool(submission.attempts),
        award=_find_award(submission),
        delivery=find_newest_delivery(
            session, assignment_id=submission.assignment_id, person_id=submission.learner_id
        ),
        next_submission=find_next_after(session, principal, submission, asked_filters(), now=now),
        return_url=find_return_url(),
        marks=review_marks(),
        queue_marks=queue_marks(),
        form=Form(),
        now=now,
    )


@bp.get("/assessment/submissions/<int:submission_id>/decision")
@requires_grantor
def decision(submission_id: int) -> ResponseReturnValue:
    """Answer the part of the page that counts down to the decision's release."""
    session, now = db.session(), utcnow()
    bench = open_bench(session, submission_id, current_principal(), now=now)
    pending = find_pending_decision(session, bench.submission.id)
    left = _minutes_left(pending)
    if pending and not pending.problem and request.args.get("shown") == str(left):
        return "", 204
    return render_template(
        "assessment/_pending.html",
        submission=bench.submission,
        pending=pending,
        minutes_left=left,
        marks=review_marks(),
        form=Form(),
        now=now,
    )


@bp.post("/assessment/submissions/<int:submission_id>/undo")
@requires_grantor
def undo(submission_id: int) -> ResponseReturnValue:
    """Take a decision back that nobody has been told; what was recorded is a draft again."""
    principal, now = current_principal(), utcnow()
    with transaction() as session:
        submission = get_work(session, submission_id, institution_id=principal.institution_id)
        person = get_person(session, principal.person_id, institution_id=principal.institution_id)
        check_grantor(session, submission, person, now=now)
        undone = undo_decision(session, submission, person=person, now=now)
        restore_draft(session, undone, now=now)
    flash(_("Undone: nobody was told. What you recorded stands in the form again."), "success")
    return redirect(url_for(".assess", submission_id=submission_id, **review_marks()), 303)


@bp.post("/assessment/submissions/<int:submission_id>/send")
@requires_grantor
def send(submission_id: int) -> ResponseReturnValue:
    """Tell a decision at once, rather than when the time to undo it has passed."""
    principal, now = current_principal(), utcnow()
    with transaction() as session:
        submission = get_work(session, submission_id, institution_id=principal.institution_id)
        person = get_person(session, principal.person_id, institution_id=principal.institution_id)
        check_grantor(session, submission, person, now=now)
        outcome = release(
            session,
            get_own_pending(session, submission, person=person),
            vault=current_app.extensions["assay.vault"],
            base_url=settings().base_url,
            now=now,
        )
    if outcome.award is not None:
        flash(_("Sent: the credential is awarded, and the gradebook is being told."), "success")
    else:
        flash(_("Sent: the learner can read it, and the gradebook is being told."), "success")
    return redirect(url_for(".assess", submission_id=submission_id, **review_marks()), 303)


@bp.post("/assessment/submissions/<int:submission_id>/take-back")
@requires_grantor
def take_back(submission_id: int) -> ResponseReturnValue:
    """Take back one's own assessment while it has led to no decision."""
    principal, now = current_principal(), utcnow()
    with transaction() as session:
        submission = get_work(session, submission_id, institution_id=principal.institution_id)
        person = get_person(session, principal.person_id, institution_id=principal.institution_id)
        check_grantor(session, submission, person, now=now)
        undone = take_back_assessment(session, submission, person=person, now=now)
        restore_draft(session, undone, now=now)
    flash(_("Taken back. What you recorded stands in the form again."), "success")
    return redirect(url_for(".assess", submission_id=submission_id, **review_marks()), 303)


def _find_award(submission: Submission) -> Award | None:
    is_awarded = submission.status in {SubmissionStatus.AWARDED, SubmissionStatus.REVOKED}
    # The credential's page says whose it is.
    if not is_awarded or submission.assignment.version.is_anonymous:
        return None
    return find_newest_award(
        db.session(), person_id=submission.learner_id, achievement_id=submission.achievement_id
    )


def _minutes_left(pending: AttemptDecision | None) -> int:
    """Return how long it can still be undone. Units: begun minutes; 0: no longer."""
    if pending is None:
        return 0
    seconds = (pending.release_at - utcnow()).total_seconds()
    return max(0, -int(-seconds // 60))
