"""What every page shares: error pages, security headers, template filters."""

import secrets
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_date, format_time, get_locale
from flask_wtf.csrf import CSRFError
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Map

from app.core.access import SignInRequiredError
from app.core.address_sessions import address_secret, make_private
from app.core.db import db
from app.core.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    TooLargeError,
    UnavailableError,
)
from app.core.forwarding import own_address
from app.core.markdown import render_markdown, render_message
from app.core.principal import find_principal
from app.core.problems import problem, wants_problem
from app.core.typed_words import typed_words

log = structlog.get_logger()

STATUS: dict[type[DomainError], int] = {
    SignInRequiredError: 401,
    ForbiddenError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    TooLargeError: 413,
    InvalidError: 422,
    UnavailableError: 503,
}
TITLES = {
    400: "The request was not understood",
    401: "Open Assay from your course",
    403: "You may not do this",
    404: "Not found",
    405: "Not found",
    409: "This has moved on",
    413: "Too large",
    422: "This does not fit together",
    500: "Something went wrong on our side",
    503: "Not possible right now",
}
# When to come back, where nobody knows better.
RETRY_AFTER_SECONDS = 30
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'"
)


ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
)


class RowId(IntegerConverter):
    """A row's id in an address: what no database column can hold is simply not found."""

    def __init__(self, url_map: Map) -> None:
        """Accept 0 to 2³¹ - 1, the range of PostgreSQL's `integer`."""
        super().__init__(url_map, max=2**31 - 1)


def install_converters(app: Flask) -> None:
    """Let `<int:…>` mean a row's id; call it before the blueprints are registered."""
    app.url_map.converters["int"] = RowId


def install_pages(app: Flask) -> None:
    """Install error pages, headers and filters."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected_error)
    app.after_request(_headers)
    app.add_template_filter(moment)
    app.add_template_filter(render_markdown, "markdown")
    app.add_template_filter(render_message, "message")


def moment(value: datetime, style: str = "medium") -> Markup:
    """Return `<time>` with the moment in the reader's words. Units: aware UTC.

    `style`: `medium` or `long`, with the time of day; `date`, without it.
    """
    words = format_date(value, "medium" if style == "date" else style)
    reading = ""  # `app.js` rewrites a time of day in the reader's own zone
    if style != "date":
        words = f"{words}, {format_time(value, 'short')} UTC"
        reading = Markup(" data-moment")
    return Markup('<time datetime="{}"{}>{}</time>').format(
        value.isoformat(timespec="seconds"), reading, words
    )


def wants_fragment() -> bool:
    """Return whether `live.js` asks for the changing part of a page alone."""
    return request.headers.get("X-Fragment") == "1"


def new_reference() -> str:
    """Return a short code that a person can read out and a log can be searched for."""
    return secrets.token_hex(4).upper()


def error_page(
    code: int, message: str, *, reference: str | None = None, home_url: str | None = None
) -> tuple[str | Response, int]:
    """Return the page for one refusal; the same as data for a script."""
    if wants_problem():
        more = {"reference": reference} if reference else {}
        return problem(code, TITLES.get(code, "This did not work"), message, **more), code
    page = render_template(
        "errors/error.html",
        code=code,
        title=TITLES.get(code, "This did not work"),
        message=message,
        home_url=home_url,
        reference=reference,
        typed=typed_words(),
    )
    return page, code


def came_from() -> str | None:
    """Return the path of this tool's page from which the request came, if it says so.

    Source: the Referer header, which `strict-origin-when-cross-origin` sends whole
    within the tool and without path from anywhere else.
    """
    parts = urlsplit(request.referrer or "")
    is_ours = parts.netloc == request.host and parts.path.startswith("/")
    if not is_ours or parts.path.startswith(("//", "/lti/")):
        return None
    own = request.script_root
    if parts.path.startswith("/~") and not (own and parts.path.startswith(f"{own}/")):
        return None  # a session's own address, seen from outside it
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _domain_error(error: DomainError) -> ResponseReturnValue:
    db.session.rollback()
    code = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)
    page, code = error_page(code, str(error), home_url=came_from())
    if isinstance(error, UnavailableError):
        return page, code, {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return page, code


def _csrf_error(error: CSRFError) -> ResponseReturnValue:
    log.info("csrf refused", reason=error.description)
    message = (
        "This form has run out, or it did not come from this tool. Go back, reload the page "
        "and send it again; if that does not help, open Assay again from your course."
    )
    return error_page(400, message)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if 300 <= code < 400:  # noqa: PLR2004 (werkzeug's redirects are exceptions too)
        return error
    message = {
        404: "There is nothing at this address, or you may not see it.",
        405: "There is nothing at this address, or you may not see it.",
        413: "What was sent is larger than the tool accepts.",
    }.get(code, error.description or "The request was not understood.")
    page, code = error_page(code, message)
    headers = [(k, v) for k, v in error.get_headers() if k.lower() in {"allow", "retry-after"}]
    return page, code, headers


def _unexpected_error(error: Exception) -> ResponseReturnValue:
    db.session.rollback()
    reference = new_reference()
    log.error("unexpected error", reference=reference, exc_info=error)
    message = "The error was recorded. What you saved before is safe; please try again."
    return error_page(500, message, reference=reference)


def _headers(response: Response) -> Response:
    principal = find_principal()
    # Looked up once: each question to werkzeug's headers goes through all of them.
    given = {name.lower() for name, _ in response.headers}
    add = response.headers.add
    if "content-security-policy" not in given:
        allowed: tuple[str, ...] = g.get("frame_origins") or (
            principal.frame_origins if principal else ()
        )
        # Files of an object store are fetched from there, by people who are signed in.
        media = current_app.extensions["assay.settings"].storage_origin if principal else None
        add("Content-Security-Policy", _policy(allowed, media))
    for name, value in ALWAYS:
        if name.lower() not in given:
            add(name, value)
    if principal is not None and "cache-control" not in given:
        add("Cache-Control", "private, no-store")
    if address_secret() is not None:
        make_private(response)
    return response


@lru_cache(maxsize=1000)
def _policy(origins: tuple[str, ...], media: str | None) -> str:
    ancestors = " ".join(origins) or "'none'"
    policy = POLICY
    if media:
        policy = POLICY.replace("img-src 'self' data:", f"img-src 'self' data: {media}")
        policy += f"; media-src 'self' {media}"
    return f"{policy}; form-action 'self' {' '.join(origins)}; frame-ancestors {ancestors}"


def frame_by(*origins: str) -> None:
    """Say which origins may frame the page of this request that has no session."""
    g.frame_origins = tuple(origin for origin in origins if origin)


def page_context() -> dict[str, Any]:
    """Return what every template may use."""
    return {
        "principal": find_principal(),
        "lang": str(get_locale()).replace("_", "-"),
        "own_address": own_address(),
    }
