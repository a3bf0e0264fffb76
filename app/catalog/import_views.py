"""`/catalog/import`: a file is handed in, what would happen is shown, then it is done or not."""

from collections.abc import Mapping
from datetime import datetime

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from wtforms.fields.choices import SelectChoice

from app.catalog.achievement_files import read_achievements
from app.catalog.blueprint import bp
from app.catalog.checking import known_issuers, known_levels
from app.catalog.draft_import import import_drafts, plan_drafts, what_is_known
from app.catalog.import_forms import ImportForm
from app.catalog.importing import ImportPlan
from app.catalog.list_forms import ActForm
from app.catalog.openbadges import Known
from app.catalog.pending import SKILLS, get_import, give_up_import, keep_import
from app.catalog.skill_files import read_skills
from app.catalog.skill_import import import_skills, plan_skills
from app.catalog.skill_models import PendingImport
from app.catalog.skills import list_frameworks
from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.core.principal import current_principal
from app.core.uploads import accepts_uploads

MOST_SHOWN = 200


@bp.route("/catalog/import", methods=["GET", "POST"])
@requires_administrator
@accepts_uploads
def import_file() -> ResponseReturnValue:
    """Take a file in; nothing is imported before its next page says what would happen."""
    principal, form = current_principal(), _form(current_principal().institution_id)
    content = form.read_file() if form.validate_on_submit() else None
    if content is not None:
        try:
            _plan(db.session(), principal.institution_id, form.kind.data, content, form.options())
        except InvalidError as error:
            form.file.errors = [str(error)]
        else:
            with transaction() as write:
                pending = keep_import(
                    write,
                    principal.institution_id,
                    person_id=principal.person_id,
                    kind=form.kind.data,
                    file_name=form.file_name(),
                    options=form.options(),
                    content=content,
                    now=utcnow(),
                )
                import_id = pending.id
            return redirect(url_for(".show_import", import_id=import_id), 303)
    return render_template("catalog/import.html", form=form), form.status


@bp.get("/catalog/imports/<int:import_id>")
@requires_administrator
def show_import(import_id: int) -> str:
    """Show row by row what an import would do."""
    pending = _pending(db.session(), import_id)
    plan = _plan(
        db.session(), pending.institution_id, pending.kind, pending.content, pending.options
    )
    return render_template(
        "catalog/import_plan.html",
        pending=pending,
        plan=plan,
        rows=plan.first(MOST_SHOWN),
        act=ActForm(),
    )


@bp.post("/catalog/imports/<int:import_id>/confirm")
@requires_administrator
def confirm_import(import_id: int) -> ResponseReturnValue:
    """Import all of a file, or nothing."""
    now = utcnow()
    with transaction() as write:
        pending = _pending(write, import_id)
        kind = pending.kind
        plan = _import(write, pending, now=now)
        give_up_import(write, _pending(write, import_id))
    flash(
        _(
            "Imported: %(new)d new, %(changed)d changed, %(unchanged)d as before.",
            new=plan.count("new"),
            changed=plan.count("changed"),
            unchanged=plan.count("unchanged"),
        )
    )
    return redirect(url_for(".skills" if kind == SKILLS else ".achievements"), 303)


@bp.post("/catalog/imports/<int:import_id>/give-up")
@requires_administrator
def give_up(import_id: int) -> ResponseReturnValue:
    """Forget a file that was handed in."""
    with transaction() as write:
        give_up_import(write, _pending(write, import_id))
    flash(_("Nothing was imported."))
    return redirect(url_for(".import_file"), 303)


@bp.get("/catalog/skills")
@requires_administrator
def skills() -> str:
    """List the skill frameworks."""
    frameworks = list_frameworks(db.session(), current_principal().institution_id)
    return render_template("catalog/skills.html", frameworks=frameworks)


def _plan(
    session: Session, institution_id: int, kind: str, content: bytes, options: Mapping[str, str]
) -> ImportPlan:
    if kind == SKILLS:
        read = read_skills(content, framework=options.get("framework", ""))
        return plan_skills(session, institution_id, read)
    known = _known(session, institution_id, options)
    return plan_drafts(session, institution_id, read_achievements(content, known))


def _import(session: Session, pending: PendingImport, *, now: datetime) -> ImportPlan:
    principal = current_principal()
    content, options = pending.content, dict(pending.options)
    if pending.kind == SKILLS:
        read = read_skills(content, framework=options.get("framework", ""))
        return import_skills(
            session, principal.institution_id, read, actor=principal.actor, now=now
        )
    return import_drafts(
        session,
        principal.institution_id,
        read_achievements(content, _known(session, principal.institution_id, options)),
        proposed_by=principal.person_id,
        actor=principal.actor,
        now=now,
    )


def _known(session: Session, institution_id: int, options: Mapping[str, str]) -> Known:
    return what_is_known(
        session,
        institution_id,
        level=options.get("level", ""),
        issuer=options.get("issuer", ""),
    )


def _pending(session: Session, import_id: int) -> PendingImport:
    principal = current_principal()
    return get_import(
        session,
        import_id,
        institution_id=principal.institution_id,
        person_id=principal.person_id,
    )


def _form(institution_id: int) -> ImportForm:
    form, session = ImportForm(), db.session()
    nothing = SelectChoice("", _("As the file says"))
    levels = known_levels(session, institution_id).values()
    issuers = known_issuers(session, institution_id).values()
    form.level.choices = [nothing, *(SelectChoice(item.key, item.name) for item in levels)]
    form.issuer.choices = [nothing, *(SelectChoice(item.slug, item.name) for item in issuers)]
    return form
