"""`/catalog/versions/…`: one version read, previewed as the public will see it, or deleted."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.catalog.blueprint import bp
from app.catalog.drafts import get_version
from app.catalog.editor_pages import pages_of
from app.catalog.list_forms import ActForm
from app.catalog.models import AchievementVersion
from app.catalog.parts_offered import show_set
from app.catalog.problems import find_problems
from app.catalog.reading import read_content
from app.catalog.rights import may_edit, require_may_edit, require_may_see
from app.catalog.versions import current_version, delete_draft
from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.principal import current_principal


@bp.get("/catalog/versions/<int:version_id>")
@signed_in
def show_version(version_id: int) -> str:
    """Show one version with everything it says."""
    version = seen_version(version_id)
    others = [item for item in version.achievement.versions if item.id != version.id]
    editable = may_edit(current_principal(), version)
    return render_template(
        "catalog/version.html",
        version=version,
        content=read_content(version),
        groups=show_set(db.session(), version),
        current=current_version(others) if others else None,
        editable=editable,
        problems=find_problems(db.session(), version, now=utcnow()) if editable else [],
        pages=pages_of(version),
        act=ActForm(),
    )


@bp.get("/catalog/versions/<int:version_id>/preview")
@signed_in
def preview(version_id: int) -> str:
    """Show a version as its public page will show it once it is approved."""
    version = seen_version(version_id)
    return render_template(
        "catalog/preview.html",
        version=version,
        content=read_content(version),
        groups=show_set(db.session(), version),
        editable=may_edit(current_principal(), version),
    )


@bp.post("/catalog/versions/<int:version_id>/delete")
@signed_in
def delete(version_id: int) -> ResponseReturnValue:
    """Delete a draft that nobody has reviewed."""
    principal, now = current_principal(), utcnow()
    with transaction() as write:
        version = get_version(write, version_id, institution_id=principal.institution_id)
        require_may_edit(write, principal, version, now=now)
        achievement_id = version.achievement_id
        is_gone = delete_draft(write, version, actor=principal.actor, now=now)
    flash(_("The draft is deleted."))
    if is_gone or not principal.is_administrator:
        return redirect(url_for(".achievements"), 303)
    return redirect(url_for(".show", achievement_id=achievement_id), 303)


def seen_version(version_id: int) -> AchievementVersion:
    """Return a version that the person may see.

    Raises: `NotFoundError`.
    """
    principal = current_principal()
    version = get_version(db.session(), version_id, institution_id=principal.institution_id)
    require_may_see(db.session(), principal, version, now=utcnow())
    return version
