"""How public pages leave: cacheable, framed by nobody, without cookie, for people or machines."""

import hashlib
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

HTML: Final = "text/html"
JSON: Final = "application/json"
LINKED_DATA: Final = ("application/vc+ld+json", "application/ld+json")
CREDENTIAL: Final = LINKED_DATA[0]
SECONDS: Final = 60
PAGE_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
# A picture opened by itself must not become a page of ours that runs script.
FILE_POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)


def wanted_type() -> str:
    """Return what the request would rather have: a page, unless it asks for JSON by name."""
    return request.accept_mimetypes.best_match([HTML, *LINKED_DATA, JSON], default=HTML)


def page(text: str) -> Response:
    """Return a page, or 304 if the browser has the same one."""
    response = Response(text, mimetype=HTML)
    response.vary.update(["Accept", "Accept-Language"])
    return _finish(response, policy=PAGE_POLICY)


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


def picture(svg: str) -> Response:
    """Return an SVG picture that cannot act."""
    response = Response(svg, content_type="image/svg+xml")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return _finish(response, policy=FILE_POLICY)


def _finish(response: Response, *, policy: str) -> Response:
    response.headers["Content-Security-Policy"] = policy
    response.cache_control.public = True
    response.cache_control.max_age = SECONDS
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    if response.status_code == HTTPStatus.OK:
        response.make_conditional(request)
    return response
