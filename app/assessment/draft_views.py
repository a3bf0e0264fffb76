"""Drafts of assessments: saved by the page itself, by a button, and on the way to a comment."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.assessment.blueprint import bp, review_marks
from app.assessment.comments import count_use, get_comment, insert_comment, keep_comment
from app.assessment.desk_models import AssessmentDraft
from app.assessment.drafts import OTHER_WINDOW, Saved, save_assessment_draft
from app.assessment.forms import AssessForm
from app.assessment.workbench import Bench, open_bench, read_desk
from app.assessment.workbench_views import build_form, refuse_if_moved_on, show_bench, show_kept
from app.catalog.models import Criterion
from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from app.core.pages import wants_fragment
from app.core.principal import current_principal
from app.courses.service import get_person
from app.evidence.service import get_work

STALE = 409


@bp.post("/assessment/submissions/<int:submission_id>/draft")
@signed_in  # whoever was a grantor a moment ago gets back what they typed
def save_draft(submission_id: int) -> ResponseReturnValue:
    """Keep what is filled in; then put a saved comment in, or keep the typed one, if asked to."""
    grantor, now = current_principal(), utcnow()
    form = None
    try:
        bench = open_bench(db.session(), submission_id, grantor, now=now)
        desk = read_desk(db.session(), bench, grantor, now=now)
        form = build_form(bench, bench.newest_attempt, desk)
        refuse_if_moved_on(bench, form)
        saved = _save(submission_id, form, form.content, seen=form.draft_revision.data or 0)
    except (ConflictError, ForbiddenError) as error:
        return _say_problem(error, form, submission_id)
    if saved.is_stale:
        return _show_stale(submission_id, form)
    if wants_fragment():
        return render_template("assessment/_saved.html", draft=saved.draft, problem=None)
    anchor = _serve_comment(bench, form, saved.draft)
    if anchor is None:
        flash(_("Draft saved. Nobody else sees it."), "success")
    here = url_for(".assess", submission_id=submission_id, _anchor=anchor, **review_marks())
    return redirect(here, 303)


def _save(submission_id: int, form: AssessForm, content: dict[str, object], *, seen: int) -> Saved:
    principal = current_principal()
    with transaction() as session:
        return save_assessment_draft(
            session,
            get_work(session, submission_id, institution_id=principal.institution_id),
            content,
            attempt_id=form.attempt_id.data,
            seen_revision=seen,
            person=get_person(
                session, principal.person_id, institution_id=principal.institution_id
            ),
            now=utcnow(),
        )


def _serve_comment(bench: Bench, form: AssessForm, draft: AssessmentDraft) -> str | None:
    """Do what a button beside a comment asks for; return where on the page to go on."""
    asked = request.form.get("insert") or request.form.get("keep")
    criterion = next((each for each in form.criteria if str(each.id) == asked), None)
    if criterion is None:
        return None
    try:
        if "insert" in request.form:
            _insert(bench, form, criterion, draft)
        else:
            _keep(bench, form, criterion)
    except (ConflictError, InvalidError) as error:
        flash(str(error), "warning")
    anchor: str = form.comment(criterion).id
    return anchor


def _insert(bench: Bench, form: AssessForm, criterion: Criterion, draft: AssessmentDraft) -> None:
    chosen, field = form.saved(criterion).data or "", form.comment(criterion)
    if not chosen.isdecimal():
        raise InvalidError(_("Choose one of your comments first, then insert it."))
    principal, revision = current_principal(), draft.revision
    with transaction() as session:
        comment = get_comment(session, int(chosen), person_id=principal.person_id)
        count_use(session, comment)
        words = insert_comment(field.data or "", comment.text)
    _save(bench.submission.id, form, form.content | {field.name: words}, seen=revision)


def _keep(bench: Bench, form: AssessForm, criterion: Criterion) -> None:
    principal = current_principal()
    with transaction() as session:
        keep_comment(
            session,
            form.comment(criterion).data or "",
            institution_id=principal.institution_id,
            person_id=principal.person_id,
            achievement_id=bench.submission.achievement_id,
            now=utcnow(),
        )
    flash(_("Kept among your comments."), "success")


def _show_stale(submission_id: int, form: AssessForm) -> ResponseReturnValue:
    """Show what stands here beside what another window has saved; the next save counts."""
    grantor, now = current_principal(), utcnow()
    if wants_fragment():
        return _problem_fragment(OTHER_WINDOW), STALE
    bench = open_bench(db.session(), submission_id, grantor, now=now)
    desk = read_desk(db.session(), bench, grantor, now=now)
    form.draft_revision.raw_data = None
    form.draft_revision.data = desk.draft.revision if desk.draft else 0
    form.form_errors.append(OTHER_WINDOW)
    return show_bench(bench, desk, form, status=STALE)


def _say_problem(
    error: DomainError, form: AssessForm | None, submission_id: int
) -> ResponseReturnValue:
    if not wants_fragment():
        return show_kept(error, form, submission_id=submission_id if form else None)
    db.session.rollback()
    status = STALE if isinstance(error, ConflictError) else 403
    return _problem_fragment(str(error)), status


def _problem_fragment(problem: str) -> str:
    return render_template("assessment/_saved.html", draft=None, problem=problem)
