"""A request that is answered by another page, without sending the browser there first."""

from io import BytesIO
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote, urlsplit

from flask import Request, current_app, has_request_context, request
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue

if TYPE_CHECKING:
    from werkzeug.routing import MapAdapter

OWN_ADDRESS = "assay.own_address"  # of the WSGI environment
# What a browser says of a body, and what was made of the request that had it.
OF_WHAT_CAME = ("CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "werkzeug.request")


def answer_with_page(address: str) -> ResponseReturnValue:
    """Go on as a GET of one of our own addresses; return what its view answers.

    It is what a browser would do with a redirect: the page's own rule of access and
    every other check before a view is run, on the session as it stands now, and
    what comes after a view finds the page's request. So nothing of the request that
    came may still be needed. The browser's address is put right by `app.js`.
    """
    arrived = request_ctx.request
    going = type(arrived)(_as_get(arrived, address))
    going.json_module = arrived.json_module
    arrived.environ["werkzeug.request"] = None  # as Flask does at a request's end
    request_ctx.request = going
    adapter = cast("MapAdapter", request_ctx.url_adapter)  # bound to host and script name already
    adapter.default_method, adapter.query_args = "GET", going.environ["QUERY_STRING"]
    adapter.path_info = going.path.lstrip("/")
    request_ctx.match_request()
    answer = current_app.preprocess_request()
    return current_app.dispatch_request() if answer is None else answer


def own_address() -> str | None:
    """Return the page's own address, if the browser has another one for it."""
    return request.environ.get(OWN_ADDRESS) if has_request_context() else None


def _as_get(arrived: Request, address: str) -> dict[str, object]:
    parts = urlsplit(address)
    path = unquote(parts.path.removeprefix(arrived.script_root))
    environ = arrived.environ.copy()
    for name in OF_WHAT_CAME:
        environ.pop(name, None)
    environ["REQUEST_METHOD"] = "GET"
    environ["PATH_INFO"] = path.encode().decode("latin-1")  # as WSGI wants it (PEP 3333)
    environ["QUERY_STRING"] = parts.query
    environ[OWN_ADDRESS] = address
    environ["wsgi.input"] = BytesIO()
    return environ
