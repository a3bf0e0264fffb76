"""Pages without a session that an LMS shows in a frame."""

from flask import Response, make_response

from app.core.pages import POLICY

FRAMED_ANYWHERE = f"{POLICY}; form-action 'self'; frame-ancestors *"


def framed_anywhere(page: str, code: int = 200) -> Response:
    """Return a page that any page may frame; it must hold nothing that a session would show."""
    response = make_response(page, code)
    response.headers["Content-Security-Policy"] = FRAMED_ANYWHERE
    response.headers["Referrer-Policy"] = "no-referrer"  # an address may hold a secret
    response.headers["Cache-Control"] = "no-store"
    return response
