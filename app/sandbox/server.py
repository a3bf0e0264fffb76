"""Serves a practice LMS over HTTP."""

from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from app.sandbox.config import LmsConfig
from app.sandbox.factory import create_lms


class QuietHandler(WSGIRequestHandler):
    """Serves without a line per request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def make_lms_server(
    *, host: str, port: int, tool_url: str, database_path: Path, profile: str = ""
) -> tuple[BaseWSGIServer, LmsConfig]:
    """Bind the address, then build the LMS for it; port 0 takes a free one.

    The LMS's name of itself (its issuer) is its address, so the port must be
    known before it is built.
    """
    server = make_server(host, port, _not_ready, threaded=True, request_handler=QuietHandler)
    config = LmsConfig(
        issuer=f"http://{host}:{server.server_port}",
        tool_url=tool_url.rstrip("/"),
        database_path=database_path,
        profile=profile,
    )
    server.app = create_lms(config)
    return server, config


def _not_ready(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
    return [b"The practice LMS is starting."]
