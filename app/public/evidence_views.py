"""Assessed work that a learner shows with a credential: to everybody, or to whoever has the link.

Looked up anew at each request and kept by no cache, so that taking it back works at once.
"""

from flask import Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.wrappers import Response as BaseResponse

from app.assessment.disclosing import (
    GoneError,
    Shared,
    SharedItem,
    open_by_link,
    open_public,
    owes_entry,
    record_disclosure,
)
from app.core.access import public
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import NotFoundError
from app.evidence.models import Artifact, ArtifactKind
from app.evidence.preview import BusyError, draw_page
from app.evidence.sending import guarded, may_draw, send_guarded
from app.evidence.showing import ShownArtifact, describe_artifact, is_shown_inline
from app.evidence.storage import Storage, open_storage
from app.public import responses
from app.public.blueprint import bp
from app.public.service import get_shown_award

PAGE_POLICY = f"{responses.PAGE_POLICY}; media-src 'self'"


@bp.get("/credentials/<public_id>/evidence")
@public
def evidence(public_id: str) -> ResponseReturnValue:
    """Show the work that everybody may see with a credential."""
    shared = _open_public(public_id)
    return _page(shared, f"/credentials/{public_id}/evidence")


@bp.get("/credentials/<public_id>/evidence/<int:item_id>")
@public
def evidence_content(public_id: str, item_id: int) -> ResponseReturnValue:
    """Send one piece of it."""
    return _content(_open_public(public_id), item_id)


@bp.get("/credentials/<public_id>/evidence/<int:item_id>/pages/<int:number>.png")
@public
def evidence_page(public_id: str, item_id: int, number: int) -> ResponseReturnValue:
    """Send the picture of one page of it."""
    return _drawn(_open_public(public_id), item_id, number)


@bp.get("/evidence/<secret>")
@public
def evidence_by_link(secret: str) -> ResponseReturnValue:
    """Show the work that whoever has the link may see."""
    return _page(open_by_link(db.session(), secret, now=utcnow()), f"/evidence/{secret}")


@bp.get("/evidence/<secret>/<int:item_id>")
@public
def evidence_content_by_link(secret: str, item_id: int) -> ResponseReturnValue:
    """Send one piece of it."""
    return _content(open_by_link(db.session(), secret, now=utcnow()), item_id)


@bp.get("/evidence/<secret>/<int:item_id>/pages/<int:number>.png")
@public
def evidence_page_by_link(secret: str, item_id: int, number: int) -> ResponseReturnValue:
    """Send the picture of one page of it."""
    return _drawn(open_by_link(db.session(), secret, now=utcnow()), item_id, number)


@bp.errorhandler(GoneError)
def gone(error: GoneError) -> ResponseReturnValue:
    """Say that something was shown here, and is not any more."""
    response = Response(render_template("public/not_found.html", message=str(error)), status=410)
    return _private(response)


def _open_public(public_id: str) -> Shared:
    """Return what everybody may see; nothing with an award that its holder keeps private."""
    session = db.session()
    return open_public(session, get_shown_award(session, public_id).public_id, now=utcnow())


def _page(shared: Shared, here: str) -> ResponseReturnValue:
    text = render_template(
        "public/evidence.html",
        award=shared.award,
        version=shared.award.version,
        shared=shared,
        pieces=[(item, _describe(item), f"{here}/{item.id}") for item in shared.items],
        award_url=url_for(".award", public_id=shared.award.public_id),
    )
    _write_down(shared, None, "page")
    return _private(Response(text, mimetype=responses.HTML))


def _content(shared: Shared, item_id: int) -> ResponseReturnValue:
    item = shared.get_item(item_id)
    key, media_type, name = _file_of(item)
    _write_down(shared, item, "content")
    is_inline = (
        "download" not in request.args
        and is_shown_inline(media_type)
        and may_draw(_storage(), key, media_type)
    )
    return send_guarded(_storage().open(key), media_type=media_type, name=name, is_inline=is_inline)


def _drawn(shared: Shared, item_id: int, number: int) -> ResponseReturnValue:
    item = shared.get_item(item_id)
    key, media_type, _name = _file_of(item)
    if media_type != "application/pdf":
        raise NotFoundError("This piece of work has no pages.")
    try:
        picture = draw_page(_storage(), key, number)
    except BusyError as error:
        raise ServiceUnavailable("Try again in a moment.", retry_after=3) from error
    with picture.stream as stream:
        drawn = stream.read()
    _write_down(shared, item, "content")
    return guarded(current_app.response_class(drawn, mimetype=picture.media_type))


def _file_of(item: SharedItem) -> tuple[str, str, str]:
    """Return the storage key, media type and name of what may be seen of a piece."""
    if item.copy is not None and item.copy.storage_key is not None:
        return item.copy.storage_key, item.copy.media_type, item.copy.file_name
    if item.artifact is not None and item.artifact.storage_key is not None:
        media_type = item.artifact.media_type or "application/octet-stream"
        return item.artifact.storage_key, media_type, item.artifact.file_name or "file"
    raise NotFoundError("This piece of work has no file.")


def _describe(item: SharedItem) -> ShownArtifact | None:
    """Return what a page needs to show a piece in place; `None` for a description."""
    if item.artifact is not None:
        return describe_artifact(item.artifact, _storage())
    if item.copy is None:
        return None
    # Shown as any file is; it is no artifact of an attempt, and is kept nowhere as one.
    stand_in = Artifact(
        id=item.copy.id,
        kind=ArtifactKind.FILE,
        file_name=item.copy.file_name,
        media_type=item.copy.media_type,
        size_bytes=item.copy.size_bytes,
        storage_key=item.copy.storage_key,
        sha256=item.copy.sha256,
        scan_state=item.copy.scan_state,
    )
    return describe_artifact(stand_in, _storage())


def _write_down(shared: Shared, item: SharedItem | None, what: str) -> None:
    """Record the disclosure, once an hour.

    The one thing that looking at a page writes: a record of disclosures is
    demanded by law, and must not be lost (34 CFR 99.32).
    """
    now = utcnow()
    if owes_entry(db.session(), shared, item, what=what, now=now):
        with transaction() as session:
            record_disclosure(session, shared, item, what=what, now=now)


def _private(response: Response) -> BaseResponse:
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _storage() -> Storage:
    return open_storage(current_app.extensions["assay.settings"])
