"""How public pages leave: cacheable, framed by nobody, without cookie, for people or machines."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

HTML: Final = "text/html"
JSON: Final = "application/json"
LINKED_DATA: Final = ("application/vc+ld+json", "application/ld+json")
CREDENTIAL: Final = LINKED_DATA[0]
TOKENS: Final = ("text/plain", "application/jwt", "application/vc+jwt")
SVG: Final = "image/svg+xml"
PNG: Final = "image/png"
SECONDS: Final = 60
FROZEN_SECONDS: Final = 30 * 24 * 60 * 60
PAGE_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
# A file opened by itself must not become a page of ours that runs script.
FILE_POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)
# An uploaded photograph stands in its SVG as data.
PICTURE_POLICY: Final = f"{FILE_POLICY}; img-src data:"


def wanted_type() -> str:
    """Return what the request would rather have: a page, unless it asks for something by name."""
    return _best_type(request.environ.get("HTTP_ACCEPT", ""))


def page(text: str, *, policy: str = PAGE_POLICY) -> Response:
    """Return a page, or 304 if the browser has the same one."""
    response = Response(text, content_type="text/html; charset=utf-8")
    response.headers["Vary"] = "Accept, Accept-Language"
    return _finish(response, policy=policy)


def document(
    body: str | Mapping[str, Any], media_type: str = JSON, *, status: int = 200
) -> Response:
    """Return JSON that any site may read; text goes out byte for byte."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    sent_as = CREDENTIAL if media_type in LINKED_DATA else JSON
    response = Response(text, status=status, content_type=sent_as)
    response.vary.add("Accept")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return _finish(response, policy=FILE_POLICY)


def linked_data(body: Mapping[str, Any], *, status: int = 200) -> Response:
    """Return JSON-LD that has one form only, whatever was asked for."""
    text = json.dumps(body, ensure_ascii=False)
    response = Response(text, status=status, content_type=LINKED_DATA[1])
    response.headers["Access-Control-Allow-Origin"] = "*"
    return _finish(response, policy=FILE_POLICY)


def token(text: str) -> Response:
    """Return a signed token that any site may read. Source: Open Badges 3.0, section 8.1."""
    response = Response(text, content_type="text/plain; charset=utf-8")
    response.vary.add("Accept")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return _finish(response, policy=FILE_POLICY)


def picture(body: bytes, media_type: str, *, is_frozen: bool) -> Response:
    """Return a picture that cannot act; one that is frozen may be kept for long."""
    response = Response(body, content_type=media_type)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return _finish(
        response, policy=PICTURE_POLICY, seconds=FROZEN_SECONDS if is_frozen else SECONDS
    )


def _finish(response: Response, *, policy: str, seconds: int = SECONDS) -> Response:
    body = response.get_data()
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    response.headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    is_asked = "HTTP_IF_NONE_MATCH" in request.environ
    if is_asked and response.status_code == HTTPStatus.OK:
        response.make_conditional(request)
    return response


@lru_cache(maxsize=512)
def _best_type(accept: str) -> str:
    asked = parse_accept_header(accept, MIMEAccept)
    return asked.best_match([HTML, *LINKED_DATA, JSON, *TOKENS], default=HTML)
