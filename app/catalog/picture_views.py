"""The picture of a draft: what will be drawn, and a file in its place."""

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.catalog.blueprint import bp
from app.catalog.drafts import get_version
from app.catalog.models import AchievementVersion
from app.catalog.picture_forms import PictureForm
from app.catalog.pictures import draw_version, find_picture, show_svg
from app.catalog.rights import require_may_edit
from app.catalog.uploads import prepare_picture, use_drawn, use_upload
from app.catalog.version_views import seen_version
from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.core.principal import current_principal
from app.core.uploads import accepts_uploads

# As for the public picture: opened by itself it must not become a page of ours.
_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
)


@bp.get("/catalog/versions/<int:version_id>/image")
@signed_in
def picture(version_id: int) -> str:
    """Show a draft's picture, drawn and uploaded, and the form to change it."""
    version = _changeable(version_id)
    form = PictureForm(alt=(version.draft or {}).get("image_alt") or "")
    kept = find_picture(db.session(), version.id)
    form.is_framed.data = bool(kept and kept.is_framed)
    return _page(version, form)


@bp.post("/catalog/versions/<int:version_id>/image")
@signed_in
@accepts_uploads
def change_picture(version_id: int) -> ResponseReturnValue:
    """Take an uploaded picture for a draft, or go back to the drawn one."""
    version, form = _changeable(version_id), PictureForm()
    here = redirect(url_for(".picture", version_id=version_id), code=303)
    if not form.validate_on_submit():
        return _page(version, form), form.status
    if form.draw.data:
        if not form.check_alt():
            return _page(version, form), form.status
        with transaction() as write:
            use_drawn(
                write,
                _changeable(version_id),
                alt=form.checked_alt,
                actor=current_principal().actor,
                now=utcnow(),
            )
        flash(_("The drawn picture is used."), "success")
        return here
    data = form.read()
    if data is None:
        return _page(version, form), form.status
    is_framed = bool(form.is_framed.data)
    family = version.achievement.level.family if is_framed else None
    try:
        svg, pngs = prepare_picture(data, alt=form.checked_alt, family=family)
    except InvalidError as error:
        form.refuse_file(str(error))
        return _page(version, form), form.status
    with transaction() as write:
        use_upload(
            write,
            _changeable(version_id),
            svg=svg,
            pngs=pngs,
            alt=form.checked_alt,
            is_framed=is_framed,
            actor=current_principal().actor,
            now=utcnow(),
        )
    flash(_("Your picture is used."), "success")
    return here


@bp.get("/catalog/versions/<int:version_id>/picture.svg")
@signed_in
def picture_file(version_id: int) -> Response:
    """Send the picture that a version has, or will have when it is approved."""
    session = db.session()
    return _file(show_svg(session, seen_version(version_id)).body)


@bp.get("/catalog/versions/<int:version_id>/drawn.svg")
@signed_in
def drawn_file(version_id: int) -> Response:
    """Send the picture that is drawn for a version, whatever was uploaded."""
    return _file(draw_version(seen_version(version_id)).encode())


def _page(version: AchievementVersion, form: PictureForm) -> str:
    kept = find_picture(db.session(), version.id)
    return render_template(
        "catalog/picture.html",
        version=version,
        level=version.achievement.level,
        form=form,
        has_upload=kept is not None,
        stamp=int(kept.created_at.timestamp()) if kept else 0,
    )


def _changeable(version_id: int) -> AchievementVersion:
    principal, now = current_principal(), utcnow()
    version = get_version(db.session(), version_id, institution_id=principal.institution_id)
    require_may_edit(db.session(), principal, version, now=now)
    return version


def _file(body: bytes) -> Response:
    response = Response(body, content_type="image/svg+xml")
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
