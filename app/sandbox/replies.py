"""What the services answer: JSON of a named media type, pages of a list, refusals."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

PAGE_SIZE = 50

Each = TypeVar("Each")


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


def take_page(rows: Sequence[Each], address: str) -> tuple[list[Each], dict[str, str]]:
    """Cut the asked page out of a list; return it with the `Link` header to the next one.

    `address`: the service's own, without a query.
    """
    start, limit = _whole("from", 0), _whole("limit", PAGE_SIZE) or PAGE_SIZE
    page = list(rows[start : start + limit])
    if start + limit >= len(rows):
        return page, {}
    query = urlencode({**request.args, "limit": limit, "from": start + limit})
    return page, {"Link": f'<{address}?{query}>; rel="next"'}


def _whole(name: str, default: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit():
        raise ServiceError(400, f"{name} must be a whole number.")
    return int(text)
