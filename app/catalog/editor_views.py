"""`/catalog/versions/…/edit`: the editor of a draft, one page for each of its sections."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.catalog.blueprint import bp
from app.catalog.drafts import get_version
from app.catalog.editing import (
    ABOUT,
    CRITERIA,
    PARTS,
    PASSING,
    VALIDITY,
    act_on_criteria,
    digest_section,
)
from app.catalog.editor_forms import (
    AboutForm,
    CriteriaForm,
    PassingForm,
    SectionForm,
    ValidityForm,
)
from app.catalog.editor_pages import pages_of
from app.catalog.models import AchievementVersion
from app.catalog.parts_offered import list_offered_parts, show_set
from app.catalog.problems import Problem, find_problems
from app.catalog.rights import require_may_edit
from app.catalog.sections import ChangedMeanwhileError, save_section
from app.catalog.set_editing import act_on_set
from app.catalog.set_forms import SetForm
from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError, NotFoundError
from app.core.principal import current_principal
from app.programme.rules import WEIGHTED


@bp.route("/catalog/versions/<int:version_id>/edit", methods=["GET", "POST"])
@signed_in
def edit_version(version_id: int) -> ResponseReturnValue:
    """Edit what it is: name, description, what it takes, tags."""
    version = editable_version(version_id)
    form = AboutForm.of(version.draft or {})
    return _edit(version, ABOUT, form, form.content)


@bp.route("/catalog/versions/<int:version_id>/edit/criteria", methods=["GET", "POST"])
@signed_in
def edit_criteria(version_id: int) -> ResponseReturnValue:
    """Edit the criteria and their rubric."""
    version = editable_version(version_id)
    form = CriteriaForm.of(version.draft or {})
    weighs = WEIGHTED in version.achievement.level.pass_rules
    return _edit(version, CRITERIA, form, lambda: form.content(weighs=weighs), weighs=weighs)


@bp.route("/catalog/versions/<int:version_id>/edit/passing", methods=["GET", "POST"])
@signed_in
def edit_passing(version_id: int) -> ResponseReturnValue:
    """Edit when it is passed."""
    version = editable_version(version_id)
    form = PassingForm.of(version.draft or {}, version.achievement.level)
    return _edit(version, PASSING, form, form.content)


@bp.route("/catalog/versions/<int:version_id>/edit/parts", methods=["GET", "POST"])
@signed_in
def edit_parts(version_id: int) -> ResponseReturnValue:
    """Edit the set that a certificate is made of."""
    version = editable_version(version_id)
    offered = list_offered_parts(db.session(), version, now=utcnow())
    form = SetForm.of(version.draft or {}, offered)
    groups = show_set(db.session(), version)
    return _edit(version, PARTS, form, form.content, groups=groups, offered=offered)


@bp.route("/catalog/versions/<int:version_id>/edit/validity", methods=["GET", "POST"])
@signed_in
def edit_validity(version_id: int) -> ResponseReturnValue:
    """Edit how long an award holds."""
    version = editable_version(version_id)
    form = ValidityForm.of(version.draft or {})
    return _edit(version, VALIDITY, form, form.content)


def editable_version(version_id: int) -> AchievementVersion:
    """Return a draft that the person may change.

    Raises: `NotFoundError`, `ForbiddenError`.
    """
    principal = current_principal()
    version = get_version(db.session(), version_id, institution_id=principal.institution_id)
    require_may_edit(db.session(), principal, version, now=utcnow())
    return version


def editor_page(version: AchievementVersion, section: str, **context: Any) -> str:
    """Return one page of the editor, with what is still missing at its top."""
    problems = find_problems(db.session(), version, now=utcnow())
    form = context.get("form")
    if isinstance(form, SectionForm):
        _mark_wrong(form, section, problems)
    return render_template(
        f"catalog/edit_{section}.html",
        version=version,
        section=section,
        pages=pages_of(version),
        problems=problems,
        open_sections={problem.section for problem in problems},
        **context,
    )


def _edit(
    version: AchievementVersion,
    section: str,
    form: SectionForm,
    content: Callable[[], dict[str, Any]],
    **context: Any,
) -> ResponseReturnValue:
    if section not in pages_of(version):
        raise NotFoundError("This draft has no such part.")
    theirs = None
    if form.validate_on_submit():
        try:
            return _save(version, section, content(), seen=form.seen.data or "")
        except ChangedMeanwhileError as error:
            theirs = str(error)
        except InvalidError as error:
            form.form_errors.append(str(error))
    version = editable_version(version.id)
    form.seen.data = digest_section(version.draft or {}, section)
    page = editor_page(version, section, form=form, theirs=theirs, **context)
    if theirs:
        return page, 409
    return page, 422 if request.method == "POST" else 200


def _save(
    version: AchievementVersion, section: str, values: dict[str, Any], *, seen: str
) -> ResponseReturnValue:
    act = request.form.get("act", "")
    anchor = None
    if section == CRITERIA and act:
        values["criteria"], anchor = act_on_criteria(values["criteria"], act)
    if section == PARTS and act:
        values["parts"], anchor = act_on_set(values["parts"], act)
    principal, now = current_principal(), utcnow()
    with transaction() as write:
        mine = get_version(write, version.id, institution_id=principal.institution_id)
        require_may_edit(write, principal, mine, now=now)
        save_section(write, mine, section, values, seen=seen, actor=principal.actor, now=now)
        pages = pages_of(mine)
    if anchor and section in pages:
        return redirect(url_for(pages[section], version_id=version.id, _anchor=anchor), 303)
    flash(_("Saved."))
    onward = _next_section(pages, section) if "save_and_go_on" in request.form else section
    return redirect(url_for(pages.get(onward, pages[ABOUT]), version_id=version.id), 303)


def _next_section(pages: Mapping[str, str], section: str) -> str:
    names = list(pages)
    if section not in names:
        return ABOUT
    return names[min(names.index(section) + 1, len(names) - 1)]


def _mark_wrong(form: SectionForm, section: str, problems: list[Problem]) -> None:
    """Put what is wrong, not what is merely missing, at its field."""
    wrong = {
        item.anchor: item.words
        for item in problems
        if item.section == section and not item.is_missing
    }
    for field in _controls(form):
        if field.id in wrong:
            field.errors = [wrong[field.id]]


def _controls(form: Any) -> list[Any]:
    found = []
    for field in form:
        if field.type == "Rows":
            for row in field:
                found.extend(_controls(row.form))
        else:
            found.append(field)
    return found
