"""The learner's page of one assignment, and the artifacts that were handed in."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import ServiceUnavailable

from app.catalog.usability import why_unusable
from app.core.access import requires, signed_in
from app.core.clock import utcnow
from app.core.db import db
from app.core.errors import ConflictError, NotFoundError
from app.core.pages import wants_fragment
from app.core.principal import STAFF, Role, current_principal
from app.core.typed_words import returns_words
from app.core.uploads import accepts_uploads
from app.evidence import (
    changes_views,
    content_views,
    draft_views,
    group_views,
    reuse_views,
    storage_views,
)
from app.evidence.asking import point_out_missing
from app.evidence.blueprint import bp
from app.evidence.completing import IncompleteError
from app.evidence.content_views import require_open_file
from app.evidence.drafts import StaleDraftError, find_draft, mark_of
from app.evidence.first_page import first_page
from app.evidence.forms import part_key
from app.evidence.models import Artifact
from app.evidence.naming import read_file_names
from app.evidence.pages import describe_conflict, make_form, work_page
from app.evidence.parts import find_text, list_part_ids
from app.evidence.preview import BusyError, draw_page
from app.evidence.quarantine import InfectedWorkError
from app.evidence.reading import is_own_work
from app.evidence.receiving import CLOSED, describe_unkept, has_typed, keep, receive
from app.evidence.scanning import first_state
from app.evidence.sending import guarded
from app.evidence.service import (
    find_work,
    get_readable_artifact,
    is_open,
    is_rehearsal,
)
from app.evidence.showing import describe_artifact, has_pages
from app.evidence.storage import Storage, open_storage
from app.evidence.upload_views import bp as uploads
from app.evidence.viewing import choose_view
from app.mapping.service import get_assignment
from app.settings import Settings

__all__ = [
    "bp",
    "changes_views",
    "content_views",
    "draft_views",
    "group_views",
    "reuse_views",
    "storage_views",
]
bp.register_blueprint(uploads)

WORK = "/courses/<int:course_id>/assignments/<int:assignment_id>/work"
DRAWN_AFTER_SECONDS = 3


@bp.get(WORK)
@requires(Role.LEARNER, Role.GRADER, *STAFF)
def work(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Show what can be earned and where the work stands; to staff, what learners see."""
    principal = current_principal()
    if principal.role is not Role.LEARNER:
        assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
        return work_page(assignment, None, form=None)
    if "preview" in request.args:
        return _previewed(course_id, assignment_id, principal.person_id)

    def render() -> str:
        return _learner_page(course_id, assignment_id, principal.person_id)

    kept = first_page(
        assignment_id, course_id=course_id, learner_id=principal.person_id, render=render
    )
    return kept or render()


@bp.post(WORK)
@accepts_uploads
@returns_words("text", "link", "link_note")
@requires(Role.LEARNER)
def hand_in(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Keep what is right of what was sent, and hand it in if all of it is and that was asked."""
    learner_id = current_principal().person_id
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    submission = find_work(db.session(), assignment.id, learner_id)
    here = url_for(".work", course_id=course_id, assignment_id=assignment_id)
    if not is_open(submission):
        return _say_closed(here)
    form = make_form(assignment, submission)
    form.validate()
    sent = receive(
        form,
        assignment,
        submission,
        _storage(),
        learner_id=learner_id,
        max_file_bytes=_settings().max_upload_bytes,
        quota_bytes=_settings().learner_quota_bytes,
        scan_state=first_state(_settings()),
    )
    if form.hand_in.data:
        point_out_missing(form, assignment, submission, sent)
    is_stale = False
    try:
        message = keep(form, assignment, sent, _storage(), learner_id=learner_id)
    except (IncompleteError, InfectedWorkError) as error:
        form.point_out(str(error))
    except StaleDraftError:
        is_stale = True
    if form.browse.data and form.errors and not is_stale:
        flash(describe_unkept(form), "warning")
    elif form.errors or is_stale or form.more.data:
        submission = find_work(db.session(), assignment.id, learner_id)
        draft = find_draft(submission)
        if not is_stale:
            form.seen.data = mark_of(draft)
        conflict = describe_conflict(form, assignment, draft) if is_stale else None
        page = work_page(assignment, submission, form=form, conflict=conflict)
        return page, 409 if is_stale else form.status
    if form.preview.data is not None:
        key = form.preview.data
        return redirect(f"{here}?preview={quote(key)}#{quote(key)}-preview", 303)
    if form.browse.data:
        return redirect(
            url_for(".earlier_work", course_id=course_id, assignment_id=assignment_id), 303
        )
    flash(message, "success")
    return redirect(here, 303)


@bp.get("/artifacts/<int:artifact_id>")
@signed_in
def artifact(artifact_id: int) -> ResponseReturnValue:
    """Show one artifact in place."""
    found = _readable(artifact_id)
    submission = found.attempt.submission
    item = describe_artifact(found, _storage())
    names = read_file_names(db.session(), submission, current_principal().person_id, now=utcnow())
    item = replace(item, title=names.of(found) or item.title)
    return render_template(
        "evidence/artifact.html",
        item=item,
        view=choose_view(item, request.args),
        artifact=found,
        submission=submission,
        is_own=is_own_work(db.session(), submission, current_principal().person_id),
    )


@bp.get("/artifacts/<int:artifact_id>/pages/<int:number>.png")
@signed_in
def page(artifact_id: int, number: int) -> ResponseReturnValue:
    """Send the picture of one page of a PDF."""
    found = _readable(artifact_id)
    require_open_file(found)
    if found.storage_key is None or found.deleted_at or not has_pages(found.media_type):
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


def _say_closed(here: str) -> ResponseReturnValue:
    """Lead back from a form that nothing can be handed in with; what was typed is not lost."""
    if has_typed(request.form):
        raise ConflictError(CLOSED)
    flash(_("Your work is already handed in; nothing was changed."), "warning")
    return redirect(here, 303)


def _previewed(course_id: int, assignment_id: int, learner_id: int) -> ResponseReturnValue:
    """Show the page with a text of the draft as it will look; to a script, that text alone."""
    if not wants_fragment():
        page: str = _learner_page(course_id, assignment_id, learner_id)
        return page
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    draft = find_draft(find_work(db.session(), assignment.id, learner_id))
    keys = {part_key(part_id): part_id for part_id in list_part_ids(assignment)}
    key = request.args["preview"]
    if key not in keys:
        raise NotFoundError("This assignment has no such part.")
    text = find_text(draft, keys[key])
    page = render_template("evidence/_preview.html", key=key, text=text.text if text else "")
    return page, {"Vary": "X-Fragment"}


def _learner_page(course_id: int, assignment_id: int, learner_id: int) -> str:
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    submission = find_work(db.session(), assignment.id, learner_id)
    can_work = (
        is_open(submission)
        and why_unusable(assignment.version, now=utcnow()) is None
        and not is_rehearsal(db.session(), course_id=course_id, learner_id=learner_id)
    )
    form = make_form(assignment, submission) if can_work else None
    return work_page(assignment, submission, form=form)


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
