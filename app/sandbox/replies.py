"""What the services answer: JSON of a named media type, pages of a list, refusals."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from app.sandbox.lms import current_profile

PAGE_SIZE = 50


class ServiceError(Exception):
    """A call of the tool's that is refused with an HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status and say what is wrong."""
        super().__init__(message)
        self.status = status


def install_replies(app: Flask) -> None:
    """Answer refusals as JSON."""

    @app.errorhandler(ServiceError)
    def _refuse(error: ServiceError) -> ResponseReturnValue:
        response = reply({"error": str(error)}, "application/json", error.status)
        if error.status == 401:  # noqa: PLR2004 - RFC 6750 §3 asks for the header
            response.headers["WWW-Authenticate"] = 'Bearer realm="practice LMS"'
        return response


def reply(body: Any, media_type: str, status: int = 200) -> Response:
    """Return JSON under the media type that its service names."""
    return Response(json.dumps(body), status, content_type=media_type)


def check_accept(media_type: str) -> None:
    """Refuse a caller who does not accept what this service answers. Raises: `ServiceError`."""
    if request.headers.get("Accept") and not request.accept_mimetypes.best_match([media_type]):
        raise ServiceError(406, f"The answer is {media_type}; accept it.")


def read_json(media_type: str) -> dict[str, Any]:
    """Return the JSON object that was sent under the right media type.

    Raises: `ServiceError`.
    """
    if request.mimetype != media_type:
        raise ServiceError(415, f"Content-Type must be {media_type}.")
    try:
        body = json.loads(request.get_data())
    except ValueError as error:
        raise ServiceError(400, "The body is not JSON.") from error
    if not isinstance(body, dict):
        raise ServiceError(400, "The body is not a JSON object.")
    return body


def page_reply(
    rows: Sequence[Any],
    address: str,
    media_type: str,
    *,
    wrap: Callable[[list[Any]], Any] = list,
    is_whole: bool = False,
    is_broken: bool = False,
) -> Response:
    """Answer the asked page of a list, with the `Link` header to the next one.

    `address`: the service's own, without a query. `wrap`: makes the body of a
    page. `is_whole`: the list is not paged. `is_broken`: the header is
    malformed, as Moodle's is for line items: curly quotes, escaped ampersands.
    """
    start, limit = _start(), _whole("limit", PAGE_SIZE) or PAGE_SIZE
    if is_whole:
        return reply(wrap(list(rows)), media_type)
    answer = reply(wrap(list(rows[start : start + limit])), media_type)
    if start + limit < len(rows):
        where = _where(start + limit, limit)
        link = f'<{address}?{urlencode({**request.args, **where})}>; rel="next"'
        if is_broken:
            link = link.replace("&", "&amp;").replace('="next"', "=“next”")
        # A header holds bytes, which Python writes as Latin-1.
        answer.headers["Link"] = link.encode().decode("latin-1")
    return answer


def _where(start: int, limit: int) -> dict[str, Any]:
    """Return what names the next page: for a profile that hides ids, an opaque cursor."""
    if not current_profile().hides_ids:
        return {"limit": limit, "from": start}
    cursor = urlsafe_b64encode(f"Row:{start}".encode()).decode()
    return {"limit": limit, "page": f"bookmark:{cursor}"}


def _start() -> int:
    if not current_profile().hides_ids:
        return _whole("from", 0)
    cursor = request.args.get("page", "")
    if not cursor:
        return 0
    try:
        row = urlsafe_b64decode(cursor.removeprefix("bookmark:")).decode()
        return int(row.removeprefix("Row:"))
    except ValueError as error:
        raise ServiceError(400, "page is no bookmark of this list.") from error


def _whole(name: str, default: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit():
        raise ServiceError(400, f"{name} must be a whole number.")
    return int(text)
