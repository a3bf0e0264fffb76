"""The learner's page of one assignment, and the artifacts that were handed in."""

from dataclasses import replace
from datetime import timedelta

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import ServiceUnavailable

from app.catalog.usability import why_unusable
from app.core.access import requires, signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError, NotFoundError
from app.core.markdown import render_markdown
from app.core.principal import STAFF, Role, current_principal
from app.core.uploads import accepts_uploads
from app.evidence.drafts import find_draft, find_previous, list_files, list_unused_keys
from app.evidence.first_page import first_page
from app.evidence.forms import WorkForm
from app.evidence.intake import Work, receive_files
from app.evidence.models import Artifact, Submission
from app.evidence.naming import shown_file_name
from app.evidence.preview import BusyError, draw_page
from app.evidence.progress import STATUSES_WITH_FEEDBACK, describe_next, describe_steps
from app.evidence.sending import guarded, send_guarded
from app.evidence.service import (
    EmptySubmissionError,
    begin_from_earlier,
    find_submission,
    get_readable_artifact,
    is_open,
    is_rehearsal,
    save_draft,
    submit_attempt,
)
from app.evidence.showing import describe_artifact, is_shown_inline
from app.evidence.storage import Storage, open_storage
from app.evidence.texts import clean_link, clean_text
from app.mapping.artifact_kinds import KINDS, extensions_of
from app.mapping.models import Assignment
from app.mapping.service import get_assignment
from app.passback.service import find_newest_delivery
from app.settings import Settings

bp = Blueprint("evidence", __name__)

WORK = "/courses/<int:course_id>/assignments/<int:assignment_id>/work"
DRAWN_AFTER_SECONDS = 3


@bp.get(WORK)
@requires(Role.LEARNER, Role.GRADER, *STAFF)
def work(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Show what can be earned and where the work stands; to staff, what learners see."""
    principal = current_principal()
    if principal.role is not Role.LEARNER:
        assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
        return _page(assignment, None, form=None)

    def render() -> str:
        return _learner_page(course_id, assignment_id, principal.person_id)

    kept = first_page(
        assignment_id, course_id=course_id, learner_id=principal.person_id, render=render
    )
    return kept or render()


@bp.post(WORK)
@accepts_uploads
@requires(Role.LEARNER)
def hand_in(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Keep what is right of what was sent, and hand it in if all of it is and that was asked."""
    learner_id = current_principal().person_id
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    submission = find_submission(db.session(), assignment.id, learner_id)
    here = url_for(".work", course_id=course_id, assignment_id=assignment_id)
    if not is_open(submission):
        flash(_("Your work is already handed in; nothing was changed."), "warning")
        return redirect(here, 303)
    form = _form(assignment, submission)
    form.validate()
    sent = _receive(form, assignment, submission)
    try:
        message = _keep(form, assignment, sent, learner_id)
    except EmptySubmissionError as error:
        form.point_out("files", str(error))
    if form.errors:
        submission = find_submission(db.session(), assignment.id, learner_id)
        return _page(assignment, submission, form=form), form.status
    flash(message, "success")
    return redirect(here, 303)


@bp.get("/artifacts/<int:artifact_id>")
@signed_in
def artifact(artifact_id: int) -> ResponseReturnValue:
    """Show one artifact in place."""
    found = _readable(artifact_id)
    submission = found.attempt.submission
    item = describe_artifact(found, _storage())
    return render_template(
        "evidence/artifact.html",
        item=replace(item, title=_file_name(found) or item.title),
        artifact=found,
        submission=submission,
        is_own=submission.learner_id == current_principal().person_id,
    )


@bp.get("/artifacts/<int:artifact_id>/content")
@signed_in
def content(artifact_id: int) -> ResponseReturnValue:
    """Send a file's bytes: pictures to be drawn, everything else to be downloaded."""
    found = _readable(artifact_id)
    if found.storage_key is None:
        raise NotFoundError("This artifact is no file.")
    is_inline = is_shown_inline(found.media_type) and "download" not in request.args
    return send_guarded(
        _storage().open(found.storage_key),
        media_type=found.media_type or "application/octet-stream",
        name=_file_name(found) or "file",
        is_inline=is_inline,
    )


@bp.get("/artifacts/<int:artifact_id>/pages/<int:number>.png")
@signed_in
def page(artifact_id: int, number: int) -> ResponseReturnValue:
    """Send the picture of one page of a PDF."""
    found = _readable(artifact_id)
    if found.storage_key is None or found.media_type != "application/pdf":
        raise NotFoundError("This artifact has no pages.")
    try:
        picture = draw_page(_storage(), found.storage_key, number)
    except BusyError as error:
        raise ServiceUnavailable(
            "Many pages are being drawn right now. Try again in a moment.",
            retry_after=DRAWN_AFTER_SECONDS,
        ) from error
    with picture.stream as stream:  # small, so it is not left open for a slow reader
        drawn = stream.read()
    return guarded(current_app.response_class(drawn, mimetype=picture.media_type))


def _learner_page(course_id: int, assignment_id: int, learner_id: int) -> str:
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    submission = find_submission(db.session(), assignment.id, learner_id)
    can_work = (
        is_open(submission)
        and why_unusable(assignment.version, now=utcnow()) is None
        and not is_rehearsal(db.session(), course_id=course_id, learner_id=learner_id)
    )
    return _page(assignment, submission, form=_form(assignment, submission) if can_work else None)


def _form(assignment: Assignment, submission: Submission | None) -> WorkForm:
    return WorkForm.for_draft(
        assignment, find_draft(submission), max_file_bytes=_settings().max_upload_bytes
    )


def _receive(form: WorkForm, assignment: Assignment, submission: Submission | None) -> Work:
    """Judge each field by itself; what is wrong is said at the field, the rest is kept."""
    link = text = None
    if "link" in form and not form.link.errors:
        try:
            link = clean_link(form.link.data) if (form.link.data or "").strip() else ""
        except InvalidError as error:
            form.point_out("link", str(error))
    if "text" in form and not form.text.errors:
        try:
            text = clean_text(form.text.data or "")
        except InvalidError as error:
            form.point_out("text", str(error))
    removed_id = form.remove.data
    files = list_files(find_draft(submission))
    kept = [file for file in files if file.id != removed_id]
    intake = receive_files(
        _storage(),
        assignment,
        (form.files.data or []) if "files" in form else [],
        room=assignment.max_files - len(kept),
        max_file_bytes=_settings().max_upload_bytes,
    )
    if intake.problems:
        form.point_out("files", " ".join(intake.problems))
    removed_key = next((file.storage_key for file in files if file.id == removed_id), None)
    return Work(intake.files, link, text, removed_id, removed_key)


def _keep(form: WorkForm, assignment: Assignment, sent: Work, learner_id: int) -> str:
    """Save or hand in, in one transaction; return what to tell the learner."""
    message: str = _("Your draft is saved. Nobody sees it until you hand it in.")
    if sent.removed_id is not None:
        message = _("Removed from your draft.")
    try:
        with transaction() as session:
            now = utcnow()
            if form.hand_in.data and not form.errors:
                submit_attempt(session, assignment, sent, learner_id=learner_id, now=now)
                message = _("Your work is handed in. The receipt is below.")
            elif form.keep_earlier.data:
                begin_from_earlier(session, assignment, sent, learner_id=learner_id, now=now)
                message = _("What you handed in before is in your draft. You can change it now.")
            elif not save_draft(session, assignment, sent, learner_id=learner_id, now=now):
                message = _("There is nothing to save yet.")
    finally:
        for key in list_unused_keys(db.session(), sent.storage_keys):
            _storage().delete(key)
    return message


def _page(assignment: Assignment, submission: Submission | None, *, form: WorkForm | None) -> str:
    principal = current_principal()
    is_learner = principal.role is Role.LEARNER
    why_closed = why_unusable(assignment.version, now=utcnow())
    handed_in = [a for a in reversed(submission.attempts) if a.submitted_at] if submission else []
    return render_template(
        "evidence/work.html",
        assignment=assignment,
        instructions=render_markdown(assignment.instructions),
        version=assignment.version,
        level=assignment.version.achievement.level,
        submission=submission,
        steps=describe_steps(submission),
        what_next=None if why_closed and is_open(submission) else describe_next(submission),
        why_closed=why_closed,
        form=form,
        accept=",".join(f".{name}" for name in sorted(extensions_of(assignment.file_kinds))),
        accepted=", ".join(KINDS[name].label for name in assignment.file_kinds),
        draft_files=list_files(find_draft(submission)),
        can_keep_earlier=find_draft(submission) is None and find_previous(submission) is not None,
        handed_in=handed_in,
        has_feedback=submission is not None and submission.status in STATUSES_WITH_FEEDBACK,
        is_learner=is_learner,
        person_id=principal.person_id,
        is_rehearsal=is_learner and form is None and is_open(submission) and not why_closed,
        delivery=find_newest_delivery(
            db.session(), assignment_id=assignment.id, person_id=principal.person_id
        )
        if is_learner
        else None,
    )


def _file_name(artifact: Artifact) -> str | None:
    return shown_file_name(db.session(), artifact, current_principal().person_id, now=utcnow())


def _readable(artifact_id: int) -> Artifact:
    return get_readable_artifact(
        db.session(),
        artifact_id,
        principal=current_principal(),
        rights_last=timedelta(hours=_settings().session_hours),
        now=utcnow(),
    )


def _settings() -> Settings:
    settings: Settings = current_app.extensions["assay.settings"]
    return settings


def _storage() -> Storage:
    return open_storage(_settings())
