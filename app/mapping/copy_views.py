"""Copied assignments: an instructor looks at what came along, and confirms it."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.exc import IntegrityError

from app.catalog.usability import why_unusable
from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError
from app.core.principal import STAFF, current_principal
from app.courses.service import get_course, get_resource_link
from app.mapping.artifact_kinds import KINDS
from app.mapping.blueprint import bp
from app.mapping.copying import (
    confirm_copy,
    copy_assignment,
    list_unconfirmed,
    review_copy,
)
from app.mapping.models import Assignment
from app.mapping.service import find_assignment_for_link, get_assignment, list_unmapped_criteria
from app.mapping.sources import get_candidate


@bp.get("/assignments/<int:assignment_id>/copy")
@requires(*STAFF)
def copied(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Show what was copied and what to check."""
    session, principal, now = db.session(), current_principal(), utcnow()
    assignment = get_assignment(session, assignment_id, course_id=course_id)
    others = [item for item in list_unconfirmed(session, course_id) if item.id != assignment_id]
    return render_template(
        "mapping/copied.html",
        course=get_course(session, course_id, institution_id=principal.institution_id),
        assignment=assignment,
        review=review_copy(session, assignment, now=now),
        why_unusable=why_unusable(assignment.version, now=now),
        accepted=", ".join(KINDS[name].label for name in assignment.file_kinds),
        unmapped=list_unmapped_criteria(session, assignment.version, course_id=course_id),
        others=others,
        form=FlaskForm(),
    )


@bp.post("/assignments/<int:assignment_id>/copy")
@requires(*STAFF)
def confirm_copied(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Confirm a copied assignment; go on to the next that waits, if there is one."""
    with transaction() as session:
        assignment = get_assignment(session, assignment_id, course_id=course_id)
        now = utcnow()
        confirm_copy(session, assignment, confirmed_by=current_principal().person_id, now=now)
    waiting = list_unconfirmed(db.session(), course_id)
    flash(_("Confirmed: “%(title)s” stays as it is.", title=assignment.title), "success")
    if waiting:
        return redirect(url_for(".copied", course_id=course_id, assignment_id=waiting[0].id), 303)
    return redirect(_overview(assignment), 303)


@bp.post("/links/<int:link_id>/copy/<int:assignment_id>")
@requires(*STAFF)
def use_candidate(course_id: int, link_id: int, assignment_id: int) -> ResponseReturnValue:
    """Map an activity as one of the course that this was copied from; then have it confirmed."""
    existing = find_assignment_for_link(
        db.session(), get_resource_link(db.session(), link_id, course_id=course_id).id
    )
    if existing is not None:
        flash(_("This activity was set up already; see it here."), "warning")
        return redirect(_overview(existing), 303)
    try:
        with transaction() as session:
            link = get_resource_link(session, link_id, course_id=course_id)
            now = utcnow()
            copy = copy_assignment(
                session,
                get_candidate(session, link, assignment_id, now=now),
                course=link.course,
                link=link,
                copied_for=current_principal().person_id,
                now=now,
            )
    except IntegrityError as error:  # the unique key of the link settles a race
        raise ConflictError(
            "Somebody else has just set up this activity. Open it again."
        ) from error
    if copy is None:
        raise ConflictError("Its micro-credential can no longer be mapped. Choose another.")
    return redirect(url_for(".copied", course_id=course_id, assignment_id=copy.id), 303)


def _overview(assignment: Assignment) -> str:
    return url_for(
        "assessment.overview", course_id=assignment.course_id, assignment_id=assignment.id
    )
