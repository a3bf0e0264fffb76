"""`/my/credentials/<id>`: one credential of one's own, to keep, to show, or to keep to oneself."""

from flask import Response, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.awards.blueprint import bp
from app.awards.facts import award_address
from app.awards.models import Award, Visibility
from app.awards.own import get_own_award, set_visibility
from app.awards.own_files import OwnFile, Source, make_file
from app.awards.own_forms import VisibilityForm
from app.awards.package import make_package
from app.awards.sharing import embed_code, linkedin_address
from app.awards.tokens import has_tokens
from app.awards.traces import list_open_flags
from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.principal import current_principal

HERE = "/my/credentials/<public_id>"


@bp.get(HERE)
@signed_in
def own(public_id: str) -> str:
    """Show its holder one credential, with every form and way to show it."""
    award = _award(public_id)
    return _page(award, VisibilityForm.fresh(award.visibility))


@bp.post(f"{HERE}/visibility")
@signed_in
def choose_visibility(public_id: str) -> ResponseReturnValue:
    """Take the holder's choice who sees a credential."""
    form = VisibilityForm()
    if not form.validate():
        return _page(_award(public_id), form), 422
    me = current_principal()
    with transaction() as write:
        award = get_own_award(write, public_id, person_id=me.person_id)
        set_visibility(write, award, Visibility(form.visibility.data), actor=me.actor, now=utcnow())
    flash(_("Saved."), "success")
    return redirect(url_for(".own", public_id=public_id), 303)


@bp.get(f"{HERE}/file.<ending>")
@signed_in
def own_file(public_id: str, ending: str) -> Response:
    """Hand its holder a credential as a file, whoever else may see it."""
    return _handed_out(make_file(_source(public_id), ending))


@bp.get(f"{HERE}/package.zip")
@signed_in
def own_package(public_id: str) -> Response:
    """Hand its holder all that proves a credential, in one file."""
    return _handed_out(make_package(_source(public_id)))


def _source(public_id: str) -> Source:
    return Source(
        session=db.session(),
        award=_award(public_id),
        vault=current_app.extensions["assay.vault"],
        base_url=current_app.extensions["assay.settings"].base_url,
        now=utcnow(),
    )


def _handed_out(made: OwnFile) -> Response:
    response = Response(made.body, content_type=made.media_type)
    # A frame of an LMS shows no file: it is kept, never opened in place of the page.
    response.headers.set("Content-Disposition", "attachment", filename=made.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store, private"
    return response


def _page(award: Award, form: VisibilityForm) -> str:
    base_url, now, session = (
        current_app.extensions["assay.settings"].base_url,
        utcnow(),
        db.session(),
    )
    return render_template(
        "awards/own.html",
        award=award,
        version=award.version,
        level=award.version.achievement.level,
        issuer=award.version.achievement.issuer,
        form=form,
        now=now,
        flags=list_open_flags(session, [award.id]).get(award.id, ()),
        address=award_address(base_url, award.public_id),
        linkedin_url=linkedin_address(award, base_url=base_url, now=now),
        embed=embed_code(award, base_url=base_url),
        has_token=has_tokens(session, award),
    )


def _award(public_id: str) -> Award:
    return get_own_award(db.session(), public_id, person_id=current_principal().person_id)
