"""One award as a file to keep: the picture with the credential inside, and the code to its page."""

import io

import segno
from flask import Response, current_app, request

from app.awards.baked import award_png, award_svg
from app.awards.facts import award_address
from app.awards.models import Award
from app.awards.tokens import credential_jwt
from app.core.access import public
from app.core.db import db
from app.public import responses
from app.public.blueprint import bp
from app.public.documents import revoked_document
from app.public.service import get_shown_award


@bp.get("/credentials/<public_id>.png")
@public
def award_picture_png(public_id: str) -> Response:
    """Send the picture of an award with its credential inside, in both generations."""
    session = db.session()
    found = get_shown_award(session, public_id)
    if found.revoked_at is not None:
        return gone(found)
    body = award_png(session, found, base_url=_base_url())
    return named(responses.picture(body, responses.PNG, is_frozen=False), found, "png")


@bp.get("/credentials/<public_id>.svg")
@public
def award_picture_svg(public_id: str) -> Response:
    """Send the picture of an award as SVG with its credential inside, in both generations."""
    session = db.session()
    found = get_shown_award(session, public_id)
    if found.revoked_at is not None:
        return gone(found)
    body = award_svg(session, found, base_url=_base_url()).encode()
    return named(responses.picture(body, responses.SVG, is_frozen=False), found, "svg")


@bp.get("/credentials/<public_id>.jwt")
@public
def award_token(public_id: str) -> Response:
    """Send one award's credential as a signed token (VC-JWT)."""
    found = get_shown_award(db.session(), public_id)
    return named(send_token(found), found, "jwt")


@bp.get("/credentials/<public_id>/qr.svg")
@public
def award_code(public_id: str) -> Response:
    """Draw the QR code of an award's address. Source: ISO/IEC 18004; a quiet zone of 4 modules."""
    found = get_shown_award(db.session(), public_id)
    drawn = io.BytesIO()
    # Without `xmldecl` and sizes, the picture is as large as its place.
    segno.make(award_address(_base_url(), found.public_id), error="m", micro=False).save(
        drawn, kind="svg", border=4, scale=10, omitsize=True, light="#fff", xmldecl=False
    )
    return responses.picture(drawn.getvalue(), responses.SVG, is_frozen=False)


def send_token(found: Award) -> Response:
    """Send an award's credential as a signed token; of a revoked one, only that it is revoked."""
    if found.revoked_at is not None:
        return gone(found)
    vault = current_app.extensions["assay.vault"]
    text = credential_jwt(db.session(), found, vault=vault, base_url=_base_url())
    return responses.token(text)


def gone(found: Award) -> Response:
    """Say of a revoked award that it is revoked, and nothing else.

    Status 410, because some verifiers read a whole credential as good whatever
    else it says.
    Source: Open Badges 2.0, hosted verification; nothing newer says otherwise.
    """
    address = award_address(_base_url(), found.public_id)
    return responses.document(revoked_document(address, found.revocation_reason), status=410)


def named(response: Response, found: Award, ending: str) -> Response:
    """Let a browser keep an award's file under its achievement's name, if that is asked for."""
    if "download" in request.args:
        name = f"{found.version.achievement.slug}.{ending}"
        response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _base_url() -> str:
    base_url: str = current_app.extensions["assay.settings"].base_url
    return base_url
