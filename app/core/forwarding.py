"""A request that is answered by another page, without sending the browser there first."""

from io import BytesIO
from urllib.parse import unquote, urlsplit

from flask import Request, current_app, has_request_context, request
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue

OWN_ADDRESS = "assay.own_address"  # of the WSGI environment
# What a browser says of a body; the page is asked for without one.
OF_A_BODY = ("CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING")


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
    request_ctx.url_adapter = current_app.create_url_adapter(going)
    request_ctx.match_request()
    answer = current_app.preprocess_request()
    return current_app.dispatch_request() if answer is None else answer


def own_address() -> str | None:
    """Return the page's own address, if the browser has another one for it."""
    return request.environ.get(OWN_ADDRESS) if has_request_context() else None


def _as_get(arrived: Request, address: str) -> dict[str, object]:
    parts = urlsplit(address)
    path = unquote(parts.path.removeprefix(arrived.script_root))
    environ = {
        name: value
        for name, value in arrived.environ.items()
        if name not in OF_A_BODY and not name.startswith("werkzeug.")
    }
    return {
        **environ,
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path.encode().decode("latin-1"),  # as WSGI wants it (PEP 3333)
        "QUERY_STRING": parts.query,
        OWN_ADDRESS: address,
        "wsgi.input": BytesIO(),
    }
