"""`/catalog`: the achievements of the institution, and one of them with all its versions."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.fields.choices import SelectChoice

from app.catalog.approving import retire_achievement
from app.catalog.blueprint import bp
from app.catalog.checking import known_issuers, known_levels
from app.catalog.drafts import create_achievement_draft, find_open_version, start_next_version
from app.catalog.editing import free_slug
from app.catalog.list_forms import ActForm, BeginForm, FilterForm
from app.catalog.models import Achievement, AchievementVersion
from app.catalog.parts_offered import show_set
from app.catalog.reading import read_content
from app.catalog.rights import may_edit, may_see, sees_everything
from app.catalog.service import list_achievements
from app.catalog.versions import (
    STATUSES,
    Wanted,
    bring_back_achievement,
    current_version,
    find_achievements,
    get_achievement_by_id,
    list_units,
)
from app.core.access import requires_administrator, signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError, NotFoundError
from app.core.pages import wants_fragment
from app.core.principal import current_principal
from app.courses.reach import find_reaching_staffing, tell_apart

STATUS_WORDS = {
    "approved": _l("Approved"),
    "in_review": _l("In review"),
    "draft": _l("Draft"),
    "expired": _l("Approval expired"),
    "declined": _l("Declined"),
    "retired": _l("Retired"),
}


@bp.get("/catalog")
@signed_in
def achievements() -> ResponseReturnValue:
    """List the achievements: all of them to administrators and reviewers, else one's own."""
    principal, session, now = current_principal(), db.session(), utcnow()
    everything = sees_everything(session, principal, now=now)
    form = _filter_form(principal.institution_id)
    wanted = Wanted(
        words=form.q.data or "",
        level=form.level.data or "",
        unit=form.unit.data or "",
        status=form.status.data or "",
        person_id=None if everything else principal.person_id,
    )
    page = request.args.get("page", 1, type=int)
    found = find_achievements(session, principal.institution_id, wanted, page=page, now=now)
    template = "catalog/_list.html" if wants_fragment() else "catalog/list.html"
    narrowed = {name: form[name].data for name in ("q", "level", "unit", "status")}
    narrowed = {name: value for name, value in narrowed.items() if value}
    answer = render_template(
        template, form=form, found=found, everything=everything, narrowed=narrowed
    )
    return answer, {"Vary": "X-Fragment"}


@bp.route("/catalog/begin", methods=["GET", "POST"])
@requires_administrator
def begin() -> ResponseReturnValue:
    """Begin the draft of a new achievement."""
    principal = current_principal()
    form = _begin_form(principal.institution_id)
    if form.validate_on_submit():
        try:
            with transaction() as write:
                taken = [item.slug for item in list_achievements(write, principal.institution_id)]
                level = known_levels(write, principal.institution_id)[form.level.data]
                version = create_achievement_draft(
                    write,
                    principal.institution_id,
                    slug=form.slug.data or free_slug(form.name.data, taken, "achievement"),
                    level=level,
                    issuer=known_issuers(write, principal.institution_id)[form.issuer.data],
                    draft={"name": form.name.data, "pass_rule": {"kind": level.pass_rules[0]}},
                    proposed_by=principal.person_id,
                    actor=principal.actor,
                    now=utcnow(),
                )
                version_id = version.id
        except ConflictError as error:
            form.slug.errors = [str(error)]
        else:
            return redirect(url_for(".edit_version", version_id=version_id), 303)
    return render_template("catalog/begin.html", form=form), form.status


@bp.get("/catalog/achievements/<int:achievement_id>")
@signed_in
def show(achievement_id: int) -> str:
    """Show one achievement: what its current version says, and all its versions."""
    principal, session, now = current_principal(), db.session(), utcnow()
    achievement, versions = seen_achievement(achievement_id)
    current = current_version(versions)
    open_version = find_open_version(session, achievement.id)
    grantors = find_reaching_staffing(session, achievement.id, needed=1, course_id=None, now=now)
    return render_template(
        "catalog/show.html",
        achievement=achievement,
        versions=list(reversed(versions)),
        version=current,
        content=read_content(current),
        groups=show_set(db.session(), current),
        grantors=grantors.deciders,
        apart=tell_apart(session, grantors.deciders),
        open_version=open_version if open_version in versions else None,
        may_change=principal.is_administrator,
        may_edit_open=open_version is not None and may_edit(principal, open_version),
        act=ActForm(),
    )


@bp.post("/catalog/achievements/<int:achievement_id>/versions")
@requires_administrator
def start_version(achievement_id: int) -> ResponseReturnValue:
    """Begin the next version of an achievement."""
    principal = current_principal()
    with transaction() as write:
        achievement = get_achievement_by_id(
            write, achievement_id, institution_id=principal.institution_id
        )
        version = start_next_version(
            write,
            achievement,
            proposed_by=principal.person_id,
            actor=principal.actor,
            now=utcnow(),
        )
        version_id = version.id
    return redirect(url_for(".edit_version", version_id=version_id), 303)


@bp.post("/catalog/achievements/<int:achievement_id>/retire")
@requires_administrator
def retire(achievement_id: int) -> ResponseReturnValue:
    """Retire an achievement; awards stand."""
    principal = current_principal()
    with transaction() as write:
        achievement = get_achievement_by_id(
            write, achievement_id, institution_id=principal.institution_id
        )
        retire_achievement(write, achievement, actor=principal.actor, now=utcnow())
    flash(_("Retired. Nobody can earn it any more; what was awarded stands."))
    return redirect(url_for(".show", achievement_id=achievement_id), 303)


@bp.post("/catalog/achievements/<int:achievement_id>/bring-back")
@requires_administrator
def bring_back(achievement_id: int) -> ResponseReturnValue:
    """Take back that an achievement was retired."""
    principal = current_principal()
    with transaction() as write:
        achievement = get_achievement_by_id(
            write, achievement_id, institution_id=principal.institution_id
        )
        bring_back_achievement(write, achievement, actor=principal.actor, now=utcnow())
    flash(_("It can be earned again."))
    return redirect(url_for(".show", achievement_id=achievement_id), 303)


def seen_achievement(achievement_id: int) -> tuple[Achievement, list[AchievementVersion]]:
    """Return an achievement and those of its versions that the person may see.

    Raises: `NotFoundError` if there is none.
    """
    principal, session, now = current_principal(), db.session(), utcnow()
    achievement = get_achievement_by_id(
        session, achievement_id, institution_id=principal.institution_id
    )
    everything = sees_everything(session, principal, now=now)
    versions = [
        version
        for version in achievement.versions
        if everything or may_see(session, principal, version, now=now)
    ]
    if not versions:
        raise NotFoundError("There is no such achievement.")
    return achievement, versions


def _filter_form(institution_id: int) -> FilterForm:
    session = db.session()
    form = FilterForm(request.args)
    everything = SelectChoice("", _("All"))
    levels = known_levels(session, institution_id).values()
    form.level.choices = [everything, *(SelectChoice(item.key, item.name) for item in levels)]
    units = list_units(session, institution_id)
    form.unit.choices = [everything, *(SelectChoice(unit, unit) for unit in units)]
    form.status.choices = [
        everything,
        *(SelectChoice(status, STATUS_WORDS[status]) for status in STATUSES),
    ]
    return form


def _begin_form(institution_id: int) -> BeginForm:
    session, form = db.session(), BeginForm()
    form.level.choices = [
        SelectChoice(key, level.name)
        for key, level in known_levels(session, institution_id).items()
    ]
    form.issuer.choices = [
        SelectChoice(slug, issuer.name)
        for slug, issuer in known_issuers(session, institution_id).items()
    ]
    return form
