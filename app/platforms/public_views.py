"""What an LMS, and everybody, may fetch: Canvas's configuration, keys, data notice, terms."""

from flask import Response, current_app, jsonify, render_template, request

from app.core.access import public
from app.core.db import db
from app.platforms.blueprint import bp
from app.platforms.framing import framed_anywhere
from app.platforms.service import published_jwks
from app.platforms.tool_document import SCOPE_WORDS, canvas_configuration


@bp.get("/lti/canvas.json")
@public
def canvas() -> Response:
    """Give Canvas the developer key's configuration, which it can fetch by this address."""
    response = jsonify(canvas_configuration(current_app.extensions["assay.settings"].base_url))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@bp.get("/lti/jwks/<int:platform_id>.json")
@public
def platform_jwks(platform_id: int) -> Response:
    """Publish the tool's keys under an address of one platform's own.

    The keys are the same; an LMS that got this address can be given keys of its
    own one day without touching it. Source: LTI Security Framework 1.0 §6.2.
    """
    del platform_id
    response = jsonify(published_jwks(db.session()))
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@bp.get("/privacy")
@public
def privacy() -> str:
    """Say what Assay takes from an LMS and what it is used for."""
    return render_template("platforms/privacy.html", scopes=list(SCOPE_WORDS.values()))


@bp.get("/terms")
@public
def terms() -> str:
    """Say on which terms Assay is used."""
    return render_template("platforms/terms.html")


@bp.get("/admin/closed")
@public
def closed() -> Response:
    """Say to an administrator that they closed the way by which they came in."""
    platform_id = request.args.get("platform", type=int)
    return framed_anywhere(render_template("platforms/closed.html", platform_id=platform_id))
