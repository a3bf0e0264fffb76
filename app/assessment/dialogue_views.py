"""Questions and answers, and the appeal: the learner's pages, and where a grantor answers."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.assessment.appeals import (
    can_appeal,
    find_appeal,
    has_other_grantor,
    open_appeal,
    withdraw_appeal,
)
from app.assessment.blueprint import bp, review_marks
from app.assessment.dialogue_forms import AnswerForm, AppealForm, QuestionForm
from app.assessment.moderation_views import shown_name
from app.assessment.questions import answer, ask, list_messages
from app.assessment.service import check_grantor
from app.core.access import requires, requires_grantor
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError, NotFoundError
from app.core.principal import Role, current_principal
from app.courses.models import Person
from app.courses.service import get_person
from app.evidence.groups import find_lead, list_author_ids
from app.evidence.models import Submission
from app.evidence.service import find_submission, get_work
from app.mapping.service import get_assignment

HERE = "/courses/<int:course_id>/assignments/<int:assignment_id>"


@bp.app_template_global()
def appeal_state(submission: Submission) -> str:
    """Return what a learner's page says of an appeal: possible, open, its outcome, or nothing."""
    if can_appeal(db.session(), submission):
        return "possible"
    appeal = find_appeal(db.session(), submission.lead_id or submission.id)
    if appeal is None:
        return ""
    return appeal.outcome.value if appeal.outcome else "open"


@bp.post(f"{HERE}/questions")
@requires(Role.LEARNER)
def ask_question(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Send a learner's question about their own work."""
    submission = _own(course_id, assignment_id)
    form = QuestionForm()
    if not form.validate():
        return _thread_page(submission, form), form.status
    with transaction() as session:
        ask(
            session,
            session.get_one(Submission, submission.id),
            person=_me(),
            body=form.body.data,
            now=utcnow(),
        )
    flash(_("Your question is sent. The answer will stand here; you need not hand in again."))
    return redirect(url_for(".questions", course_id=course_id, assignment_id=assignment_id), 303)


@bp.get(f"{HERE}/questions")
@requires(Role.LEARNER)
def questions(course_id: int, assignment_id: int) -> str:
    """Show a learner what was asked and answered about their own work."""
    return _thread_page(_own(course_id, assignment_id), QuestionForm(formdata=None))


@bp.route(f"{HERE}/appeal", methods=["GET", "POST"])
@requires(Role.LEARNER)
def appeal(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Let a learner object once to a final decision, and see what came of it."""
    submission = _own(course_id, assignment_id)
    form = AppealForm()
    here = url_for(".appeal", course_id=course_id, assignment_id=assignment_id)
    if request.method == "POST" and form.validate():
        with transaction() as session:
            open_appeal(
                session,
                session.get_one(Submission, submission.id),
                person=_me(),
                reason=form.reason.data,
                now=utcnow(),
            )
        flash(_("Your appeal is open. Another grantor assesses your work again."), "success")
        return redirect(here, 303)
    made = find_appeal(db.session(), submission.id)
    if made is None and not can_appeal(db.session(), submission):
        raise ConflictError("Only a final decision “not met” can be appealed.")
    page = render_template(
        "assessment/appeal.html",
        form=form,
        appeal=made,
        submission=submission,
        assignment=submission.assignment,
        has_other_grantor=has_other_grantor(db.session(), submission, now=utcnow()),
        can_withdraw=made is not None
        and made.closed_at is None
        and not (submission.assessor_id or submission.decided_at),
    )
    return page, form.status


@bp.post(f"{HERE}/appeal/withdraw")
@requires(Role.LEARNER)
def withdraw(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Take an appeal back before anybody has started on it."""
    submission = _own(course_id, assignment_id)
    with transaction() as session:
        withdraw_appeal(
            session, session.get_one(Submission, submission.id), person=_me(), now=utcnow()
        )
    flash(_("Your appeal is taken back. The decision stands as it was."))
    return redirect(url_for(".feedback", course_id=course_id, assignment_id=assignment_id), 303)


@bp.route("/assessment/submissions/<int:submission_id>/messages", methods=["GET", "POST"])
@requires_grantor
def messages(submission_id: int) -> ResponseReturnValue:
    """Show those who assess what was asked and answered; on POST send the learner a message."""
    institution_id = current_principal().institution_id
    submission = get_work(db.session(), submission_id, institution_id=institution_id)
    check_grantor(db.session(), submission, _me(), now=utcnow())
    form = AnswerForm()
    if request.method == "POST" and form.validate():
        with transaction() as session:
            submission = get_work(session, submission_id, institution_id=institution_id)
            answer(session, submission, grantor=_me(), body=form.body.data, now=utcnow())
        flash(_("Your message is sent. The learner finds it with the work."), "success")
        here = url_for(".messages", submission_id=submission_id, **review_marks())
        return redirect(here, 303)
    page = render_template(
        "assessment/messages.html",
        form=form,
        submission=submission,
        assignment=submission.assignment,
        messages=list_messages(db.session(), submission.id),
        learner_name=shown_name(submission),
        is_blind=submission.assignment.version.grantors_needed > 1,
        marks=review_marks(),
    )
    return page, form.status


def _own(course_id: int, assignment_id: int) -> Submission:
    """Return the submission that holds the learner's own work for an assignment."""
    session = db.session()
    get_assignment(session, assignment_id, course_id=course_id)
    found = find_submission(session, assignment_id, current_principal().person_id)
    if found is None:
        raise NotFoundError("You have not begun this assignment yet.")
    return find_lead(session, found)


def _me() -> Person:
    principal = current_principal()
    return get_person(db.session(), principal.person_id, institution_id=principal.institution_id)


def _thread_page(submission: Submission, form: QuestionForm) -> str:
    return render_template(
        "assessment/questions.html",
        form=form,
        submission=submission,
        assignment=submission.assignment,
        messages=list_messages(db.session(), submission.id),
        is_group=len(list_author_ids(db.session(), submission)) > 1,
    )
