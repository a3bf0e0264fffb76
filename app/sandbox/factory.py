"""The practice LMS as a Flask application."""

from pathlib import Path

from flask import Flask, Response

from app.sandbox import (
    authorize,
    behaviour,
    browser_features,
    canvas_pages,
    copying,
    deep_linking,
    failures,
    launches,
    line_items,
    notices,
    pages,
    placements,
    registering,
    roster,
    scores,
    teaching,
    tokens,
    tools,
)
from app.sandbox.config import LmsConfig
from app.sandbox.failures import install_failures
from app.sandbox.gradebook import show_number
from app.sandbox.lms import install_lms
from app.sandbox.pages import install_error_pages
from app.sandbox.replies import install_replies
from app.sandbox.signing_in import install_people

ROOT = Path(__file__).resolve().parent
TEMPLATES = ROOT.parent.parent / "templates"


def create_lms(config: LmsConfig) -> Flask:
    """Build a practice LMS; its database file is made if there is none."""
    app = Flask(__name__, template_folder=str(TEMPLATES), static_folder=str(ROOT / "static"))
    install_lms(app, config)
    install_people(app)
    app.jinja_env.filters["points"] = show_number
    install_replies(app)
    install_error_pages(app)
    install_failures(app)
    for room_part in (
        authorize,
        behaviour,
        browser_features,
        canvas_pages,
        copying,
        deep_linking,
        failures,
        launches,
        line_items,
        notices,
        pages,
        placements,
        registering,
        roster,
        scores,
        teaching,
        tokens,
        tools,
    ):
        app.register_blueprint(room_part.bp)
    policy = (
        f"default-src 'self'; frame-src 'self' {config.tool_origin}; "
        f"form-action 'self' {config.tool_origin}; frame-ancestors 'self'; object-src 'none'"
    )

    @app.after_request
    def _set_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return app
