"""The pictures of achievements: no session, no cookie, and kept by whoever asks."""

from flask import Response, request

from app.catalog.pictures import show_png, show_svg
from app.core.access import public
from app.core.db import db
from app.core.errors import NotFoundError
from app.credentials.raster import DEFAULT_SIZE
from app.public import responses
from app.public.blueprint import bp
from app.public.service import get_version


@bp.get("/achievements/<public_id>/image.svg")
@public
def achievement_image(public_id: str) -> Response:
    """Send the picture of an achievement."""
    session = db.session()
    shown = show_svg(session, get_version(session, public_id))
    return responses.picture(shown.body, responses.SVG, is_frozen=shown.is_frozen)


@bp.get("/achievements/<public_id>/image.png")
@public
def achievement_image_png(public_id: str) -> Response:
    """Send the picture of an achievement as PNG; `size` is its width in pixels."""
    session = db.session()
    shown = show_png(session, get_version(session, public_id), _wanted_size())
    return responses.picture(shown.body, responses.PNG, is_frozen=shown.is_frozen)


def _wanted_size() -> int:
    text = request.args.get("size", str(DEFAULT_SIZE))
    if not (text.isascii() and text.isdigit() and len(text) <= 4):  # noqa: PLR2004
        raise NotFoundError("The size of a picture is its width in pixels, such as 600.")
    return int(text)
