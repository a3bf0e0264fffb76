"""`/catalog/versions/…/edit/skills`: the skills that a draft names, searched or typed by hand."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from app.catalog.blueprint import bp
from app.catalog.drafts import get_version
from app.catalog.editing import MAX_ALIGNMENTS, SKILLS, digest_section
from app.catalog.editor_views import editable_version, editor_page
from app.catalog.list_forms import ActForm
from app.catalog.rights import require_may_edit
from app.catalog.sections import lock_version, save_section
from app.catalog.skill_forms import TARGET_TYPE_WORDS, SkillForm, SkillSearchForm
from app.catalog.skills import alignment_of, find_skills, get_skill, list_frameworks
from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.core.pages import wants_fragment
from app.core.principal import current_principal

MAX_ID = 2**31 - 1  # what every database's id can hold
Skills = list[dict[str, Any]]


@bp.get("/catalog/versions/<int:version_id>/edit/skills")
@signed_in
def edit_skills(version_id: int) -> ResponseReturnValue:
    """Show the skills that a draft names, and search for more."""
    version = editable_version(version_id)
    search = _search_form()
    chosen = search.framework.data or ""
    found = find_skills(
        db.session(),
        version.institution_id,
        words=search.q.data or "",
        framework_id=int(chosen) if chosen.isascii() and chosen.isdigit() else None,
    )
    has_asked = bool(search.q.data or chosen)
    facts = {"search": search, "found": found, "has_asked": has_asked, "act": ActForm()}
    named = {item.get("target_url") for item in (version.draft or {}).get("alignments", [])}
    if wants_fragment():
        page = render_template("catalog/_skills_found.html", version=version, named=named, **facts)
    else:
        page = editor_page(version, SKILLS, named=named, **facts)
    return page, {"Vary": "X-Fragment"}


@bp.route("/catalog/versions/<int:version_id>/edit/skills/by-hand", methods=["GET", "POST"])
@signed_in
def add_skill_by_hand(version_id: int) -> ResponseReturnValue:
    """Add a skill that no imported framework has."""
    version = editable_version(version_id)
    form = SkillForm()
    form.target_type.choices = [SelectChoice(key, str(w)) for key, w in TARGET_TYPE_WORDS.items()]
    if form.validate_on_submit():
        skill = form.check()
        if skill is not None:
            try:
                _change(version_id, lambda skills: _added(skills, skill))
            except InvalidError as error:
                form.target_url.errors = [str(error)]
            else:
                flash(_("Added."))
                return redirect(url_for(".edit_skills", version_id=version_id), 303)
    page = render_template("catalog/skill_by_hand.html", version=version, form=form)
    return page, form.status


@bp.post("/catalog/versions/<int:version_id>/edit/skills/add")
@signed_in
def add_skill(version_id: int) -> ResponseReturnValue:
    """Add a skill of an imported framework."""
    principal = current_principal()
    skill_id = min(request.form.get("skill", type=int) or 0, MAX_ID)
    skill = get_skill(db.session(), skill_id, institution_id=principal.institution_id)
    alignment = alignment_of(skill)
    _change(version_id, lambda skills: _added(skills, alignment))
    flash(_("Added: %(name)s", name=skill.name))
    # Back to the same search, so that more can be added.
    searched: dict[str, Any] = {
        name: request.args[name] for name in ("q", "framework") if name in request.args
    }
    return redirect(url_for(".edit_skills", version_id=version_id, **searched), 303)


@bp.post("/catalog/versions/<int:version_id>/edit/skills/remove")
@signed_in
def remove_skill(version_id: int) -> ResponseReturnValue:
    """Take a skill out of a draft."""
    address = request.form.get("url", "")
    _change(version_id, lambda skills: [s for s in skills if s.get("target_url") != address])
    flash(_("Removed."))
    return redirect(url_for(".edit_skills", version_id=version_id), 303)


def _change(version_id: int, change: Callable[[Skills], Skills]) -> None:
    """Change the skills as they stand now: nothing that somebody else added is lost."""
    principal, now = current_principal(), utcnow()
    with transaction() as write:
        version = get_version(write, version_id, institution_id=principal.institution_id)
        require_may_edit(write, principal, version, now=now)
        lock_version(write, version)
        draft = version.draft or {}
        skills = change(list(draft.get("alignments") or []))
        seen = digest_section(draft, SKILLS)
        save_section(
            write,
            version,
            SKILLS,
            {"alignments": skills},
            seen=seen,
            actor=principal.actor,
            now=now,
        )


def _added(skills: Skills, skill: dict[str, Any]) -> Skills:
    if any(item.get("target_url") == skill["target_url"] for item in skills):
        raise InvalidError("This skill is named already.")
    if len(skills) >= MAX_ALIGNMENTS:
        raise InvalidError(f"There are {MAX_ALIGNMENTS} skills already; that is the most.")
    return [*skills, skill]


def _search_form() -> SkillSearchForm:
    form = SkillSearchForm(request.args)
    frameworks = list_frameworks(db.session(), current_principal().institution_id)
    form.framework.choices = [
        SelectChoice("", _("All")),
        *(SelectChoice(str(item.framework.id), item.framework.name) for item in frameworks),
    ]
    return form
