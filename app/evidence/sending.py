"""How the bytes of a learner's file leave the tool: nothing in it can act."""

import os
from typing import BinaryIO

from flask import current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.utils import send_file
from werkzeug.wrappers import Response as BaseResponse

# Whatever a file holds, opened by itself it runs nothing, loads nothing and is framed by nobody.
CONTENT_POLICY = (
    "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'none'"
)


def send_guarded(
    source: BinaryIO, *, media_type: str, name: str, is_inline: bool
) -> ResponseReturnValue:
    """Send a file, whole or the part that was asked for."""
    response = send_file(
        source,
        request.environ,
        mimetype=media_type,
        as_attachment=not is_inline,
        download_name=name,
        response_class=current_app.response_class,
    )
    size_bytes = os.fstat(source.fileno()).st_size
    response.content_length = size_bytes
    response.make_conditional(request, accept_ranges=True, complete_length=size_bytes)
    return guarded(response)


def guarded(response: BaseResponse) -> BaseResponse:
    """Let nothing in a learner's file act, be kept, or be shown by another site."""
    response.headers["Content-Security-Policy"] = CONTENT_POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, no-store"
    return response
