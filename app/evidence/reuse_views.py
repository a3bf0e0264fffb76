"""Work from another assignment, taken over into a draft."""

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError, InvalidError
from app.core.principal import Role, current_principal
from app.evidence.blueprint import bp
from app.evidence.drafts import find_draft
from app.evidence.models import Artifact, Attempt
from app.evidence.receiving import CLOSED
from app.evidence.reuse_forms import ReuseForm, name_of
from app.evidence.reusing import list_left_out, list_reusable, reuse_artifacts
from app.evidence.service import find_work, is_open
from app.mapping.models import Assignment
from app.mapping.service import get_assignment
from app.settings import Settings

EARLIER = "/courses/<int:course_id>/assignments/<int:assignment_id>/earlier-work"


@bp.get(EARLIER)
@requires(Role.LEARNER)
def earlier_work(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Offer what the learner handed in elsewhere, as far as this assignment takes it."""
    assignment, draft = _find(course_id, assignment_id)
    offered = _list_offered(assignment)
    form = ReuseForm.for_work(assignment, draft, offered)
    return _page(assignment, offered, form)


@bp.post(EARLIER)
@requires(Role.LEARNER)
def reuse(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Take what was chosen over into the draft."""
    assignment, draft = _find(course_id, assignment_id)
    offered = _list_offered(assignment)
    form = ReuseForm.for_work(assignment, draft, offered)
    if form.validate():
        try:
            with transaction() as session:
                reuse_artifacts(
                    session,
                    assignment,
                    form.artifacts.data,
                    criterion_id=form.part_id,
                    learner_id=current_principal().person_id,
                    max_file_bytes=_settings().max_upload_bytes,
                    now=utcnow(),
                )
        except InvalidError as error:
            form.artifacts.errors = [str(error)]
    if form.errors:
        return _page(assignment, offered, form), form.status
    flash(_("It is in your draft now. What you handed in elsewhere stays as it is."), "success")
    here = url_for(".work", course_id=course_id, assignment_id=assignment_id)
    return redirect(here, 303)


def _find(course_id: int, assignment_id: int) -> tuple[Assignment, Attempt | None]:
    """Return the assignment and the draft; refuse where nothing can be added now."""
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    submission = find_work(db.session(), assignment.id, current_principal().person_id)
    if not is_open(submission):
        raise ConflictError(CLOSED)
    return assignment, find_draft(submission)


def _list_offered(assignment: Assignment) -> list[Artifact]:
    return list_reusable(
        db.session(),
        assignment,
        learner_id=current_principal().person_id,
        max_file_bytes=_settings().max_upload_bytes,
    )


def _page(assignment: Assignment, offered: list[Artifact], form: ReuseForm) -> str:
    left_out = list_left_out(
        db.session(),
        assignment,
        learner_id=current_principal().person_id,
        max_file_bytes=_settings().max_upload_bytes,
    )
    return render_template(
        "evidence/earlier_work.html",
        assignment=assignment,
        offered=offered,
        left_out=[(name_of(artifact), reason.value) for artifact, reason in left_out],
        form=form,
    )


def _settings() -> Settings:
    settings: Settings = current_app.extensions["assay.settings"]
    return settings
