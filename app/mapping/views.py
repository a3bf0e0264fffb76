"""Setting up an assignment: choose the achievement, then say what the assignment shows."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from app.catalog.models import AchievementVersion, Criterion
from app.catalog.offered import list_offered
from app.catalog.pass_rule import list_missing
from app.catalog.service import get_mappable_version
from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import db, reading, transaction
from app.core.principal import STAFF, current_principal
from app.courses.models import ResourceLink
from app.courses.reach import find_reaching_staffing
from app.courses.service import get_course, get_resource_link
from app.mapping import copy_views, selection_views
from app.mapping.asked import read_asked
from app.mapping.blueprint import bp
from app.mapping.deep_linking import choose, get_deep_link_request, list_choices
from app.mapping.forms import (
    DeepLinkForm,
    MappingForm,
    WordsForm,
    criterion_hints,
    file_kind_hints,
    grade_rule_hints,
)
from app.mapping.models import Assignment, DeepLinkRequest
from app.mapping.schedule import list_zones
from app.mapping.service import (
    MAX_TITLE,
    edit_assignment,
    find_assignment_for_link,
    get_assignment,
    list_unmapped_criteria,
    map_assignment,
    undo_mapping,
)
from app.mapping.sources import list_candidates
from app.platforms.variables import TIME_ZONE_KEY

__all__ = ["bp", "copy_views", "selection_views"]


@bp.route("/links/<int:link_id>/setup")
@requires(*STAFF)
def setup(course_id: int, link_id: int) -> ResponseReturnValue:
    """Offer the approved achievements for an activity that is not set up yet."""
    link = get_resource_link(db.session(), link_id, course_id=course_id)
    assignment = find_assignment_for_link(db.session(), link.id)
    if assignment is not None:
        return redirect(_overview(assignment))
    return _choose(
        course_id,
        link.title,
        lambda version_id: url_for(
            ".configure", course_id=course_id, link_id=link_id, version_id=version_id
        ),
        candidates=list_candidates(db.session(), link, now=utcnow()),
        link_id=link_id,
        form=FlaskForm(),
    )


@bp.route("/links/<int:link_id>/setup/<int:version_id>", methods=["GET", "POST"])
@requires(*STAFF)
def configure(course_id: int, link_id: int, version_id: int) -> ResponseReturnValue:
    """Say what the activity shows, wants and reports; on POST map it."""
    link = get_resource_link(db.session(), link_id, course_id=course_id)
    existing = find_assignment_for_link(db.session(), link.id)
    if existing is not None:
        return _set_up_already(existing)
    back = url_for(".setup", course_id=course_id, link_id=link_id)
    outcome = _configure(course_id, version_id, link=link, back=back)
    if not isinstance(outcome, Assignment):
        return outcome
    flash(_("The assignment is set up. Students can hand in their work."), "success")
    return redirect(_overview(outcome), 303)


@bp.route("/deep-linking/<token>")
@requires(*STAFF)
def choose_for_deep_link(course_id: int, token: str) -> ResponseReturnValue:
    """Offer the approved achievements for a new activity that the LMS will add."""
    found = _get_request(course_id, token)
    here: dict[str, Any] = {"course_id": course_id, "token": token}
    return _choose(
        course_id,
        None,
        lambda version_id: url_for(".configure_for_deep_link", version_id=version_id, **here),
        cancel_url=url_for("launch.deep_link_cancel", **here),
        selection_url=url_for("launch.selection", **here)
        if list_choices(db.session(), found)
        else None,
        links_url=url_for("launch.offer_links", **here)
        if read_asked(found.settings).takes_links
        else None,
    )


@bp.route("/deep-linking/<token>/<int:version_id>", methods=["GET", "POST"])
@requires(*STAFF)
def configure_for_deep_link(course_id: int, token: str, version_id: int) -> ResponseReturnValue:
    """Say what the new activity shows; on POST map it and add it to the selection."""
    found = _get_request(course_id, token)
    here: dict[str, Any] = {"course_id": course_id, "token": token}
    back = url_for(".choose_for_deep_link", **here)
    outcome = _configure(course_id, version_id, selection=found, back=back)
    if not isinstance(outcome, Assignment):
        return outcome
    unmapped = list_unmapped_criteria(db.session(), outcome.version, course_id=course_id)
    if unmapped:
        flash(_unmapped_in_words(unmapped), "warning")
    return redirect(url_for("launch.selection", **here), 303)


@bp.route("/assignments/<int:assignment_id>/edit", methods=["GET", "POST"])
@requires(*STAFF)
def edit(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Change the words of an assignment."""
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    form = WordsForm(obj=assignment)
    if form.validate_on_submit():
        with transaction() as session:
            edit_assignment(
                session,
                assignment,
                title=form.title.data,
                instructions=form.instructions.data or "",
                edited_by=current_principal().person_id,
                now=utcnow(),
            )
        flash(_("The assignment was changed."), "success")
        return redirect(_overview(assignment), 303)
    return render_template("mapping/edit.html", form=form, assignment=assignment), form.status


@bp.post("/assignments/<int:assignment_id>/undo")
@requires(*STAFF)
def undo(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Take a set-up back while nobody has begun; the activity can then be set up anew."""
    with transaction() as session:
        assignment = get_assignment(session, assignment_id, course_id=course_id)
        link_id = assignment.resource_link_pk
        undo_mapping(session, assignment, undone_by=current_principal().person_id, now=utcnow())
    flash(_("The set-up was undone. You can choose again."), "success")
    if link_id is None:
        return redirect(url_for("launch.welcome", course_id=course_id), 303)
    return redirect(url_for(".setup", course_id=course_id, link_id=link_id), 303)


def _get_request(course_id: int, token: str) -> DeepLinkRequest:
    """Refuse a selection that is not this person's, not of this course, or has run out."""
    return get_deep_link_request(
        db.session(),
        token,
        course_id=course_id,
        person_id=current_principal().person_id,
        now=utcnow(),
    )


def _choose(
    course_id: int,
    link_title: str | None,
    url_for_version: Callable[[int], str],
    **more: Any,
) -> ResponseReturnValue:
    principal = current_principal()
    course = get_course(db.session(), course_id, institution_id=principal.institution_id)
    with reading() as wire:
        versions = list_offered(wire, principal.institution_id, now=utcnow())
    return render_template(
        "mapping/setup.html",
        course=course,
        link_title=link_title,
        versions=versions,
        url_for_version=url_for_version,
        **more,
    )


def _configure(
    course_id: int,
    version_id: int,
    *,
    link: ResourceLink | None = None,
    selection: DeepLinkRequest | None = None,
    back: str,
) -> Assignment | ResponseReturnValue:
    principal = current_principal()
    institution_id = principal.institution_id
    version = get_mappable_version(
        db.session(), version_id, institution_id=institution_id, now=utcnow()
    )
    title = ((link.title if link else None) or version.name)[:MAX_TITLE]
    form = _form(version, title, selection)
    if form.validate_on_submit():
        with transaction() as session:
            assignment = map_assignment(
                session,
                course=get_course(session, course_id, institution_id=institution_id),
                resource_link=get_resource_link(session, link.id, course_id=course_id)
                if link
                else None,
                facts=form.facts(version_id),
                created_by=principal.person_id,
                now=utcnow(),
            )
            if selection is not None:
                choose(session, selection, assignment)
            return assignment
    unmapped = list_unmapped_criteria(db.session(), version, course_id=course_id)
    page = render_template(
        "mapping/configure.html",
        form=form,
        version=version,
        grade_hints=grade_rule_hints(version),
        unmapped=unmapped,
        shown_already=len(unmapped) < len(list_missing(version.rule, version.criteria, ())),
        kind_hints=file_kind_hints(),
        criterion_hints=criterion_hints(version),
        staffing=find_reaching_staffing(
            db.session(),
            version.achievement_id,
            needed=version.grantors_needed,
            course_id=course_id,
            now=utcnow(),
        ),
        back=back,
    )
    return page, form.status


def _form(
    version: AchievementVersion, title: str, selection: DeepLinkRequest | None
) -> MappingForm:
    """Return the form; in a selection with dates, in the time zone that the LMS tells."""
    if selection is None:
        return MappingForm.for_version(version, title=title)
    form = DeepLinkForm.for_version(version, title=title)
    told = selection.settings.get(TIME_ZONE_KEY)
    if not form.is_submitted() and told in list_zones():
        form.time_zone.data = told
    return form


def _set_up_already(assignment: Assignment) -> ResponseReturnValue:
    """Lead to what can still be changed; what a second instructor sent is not saved."""
    if request.method == "POST":
        flash(
            _("This activity was set up already; what you sent was not saved. See it here."),
            "warning",
        )
        return redirect(_overview(assignment), 303)
    return redirect(
        url_for(".edit", course_id=assignment.course_id, assignment_id=assignment.id), 303
    )


def _unmapped_in_words(unmapped: list[Criterion]) -> str:
    message: str = _(
        "With the assignments of this course alone the badge cannot be earned yet. None of them "
        "shows: %(names)s; add another assignment for what is missing.",
        names=", ".join(f"“{item.name}”" for item in unmapped),
    )
    return message


def _overview(assignment: Assignment) -> str:
    return url_for(
        "assessment.overview", course_id=assignment.course_id, assignment_id=assignment.id
    )
