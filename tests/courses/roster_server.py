"""A class list on the wire: a real HTTP server with pages, and as bad as it is told to be."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from app.courses.nrps import MEDIA_TYPE

Answer = Callable[[Request], Response]
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"


def member(sub: str, *roles: str, **facts: Any) -> dict[str, Any]:
    """Return one entry as a platform writes it; a fact that is `None` is left out."""
    entry = {
        "user_id": sub,
        "roles": list(roles or ("Learner",)),
        "status": "Active",
        "name": f"Name of {sub}",
        "email": f"{sub}@university.example",
        **facts,
    }
    return {name: value for name, value in entry.items() if value is not None}


def answer(body: str, status: int = 200, **headers: str) -> Answer:
    """Return a scripted answer; `Retry_After="9"` becomes the header `Retry-After`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: Response(body, status, headers=named, content_type=MEDIA_TYPE)


def listing(*members: dict[str, Any], **headers: str) -> Answer:
    """Return one page with these entries."""
    return answer(json.dumps({"id": "x", "members": list(members)}), **headers)


@dataclass
class RosterServer:
    """Tokens, and one course's people behind them.

    `script`: answers given instead of the real ones, first to last. The next
    page's cursor minds its letters' case, as Canvas's bookmarks do.
    """

    url: str = ""
    members: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 500
    script: list[Answer] = field(default_factory=list)
    token_script: list[Answer] = field(default_factory=list)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)

    @property
    def people_url(self) -> str:
        return f"{self.url}/people?course=7"

    @property
    def asked(self) -> list[str]:
        """The addresses of the pages that were asked for."""
        return [address for address, _headers in self.seen]

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path == "/token":
            return self._token(request)
        self.seen.append((request.full_path, dict(request.headers)))
        if self.script:
            return self.script.pop(0)(request)
        if request.headers.get("Authorization") != f"Bearer t{len(self.scopes)}":
            return Response("no access", 401)
        if MEDIA_TYPE not in request.headers.get("Accept", ""):
            return Response("not acceptable", 406)
        return self._page(request)

    def _token(self, request: Request) -> Response:
        form = parse_qs(request.get_data().decode())
        self.scopes += form["scope"]
        if self.token_script:
            return self.token_script.pop(0)(request)
        token = {"access_token": f"t{len(self.scopes)}", "expires_in": 3600}
        return Response(json.dumps(token), content_type="application/json")

    def _page(self, request: Request) -> Response:
        cursor = request.args.get("cursor", "Aa0")
        if not cursor.startswith("Aa"):
            return Response("no such page", 404)
        start = int(cursor[2:])
        end = start + self.page_size
        page = Response(
            json.dumps({"id": self.people_url, "members": self.members[start:end]}),
            content_type=MEDIA_TYPE,
        )
        if end < len(self.members):
            page.headers["Link"] = f'<{self.url}/people?course=7&cursor=Aa{end}>; rel="next"'
        return page


@contextmanager
def serve() -> Iterator[RosterServer]:
    """Run one on a free port of 127.0.0.1."""
    roster = RosterServer()

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *args: Any) -> None:
            pass

    server = make_server("127.0.0.1", 0, roster, threaded=True, request_handler=Handler)
    roster.url = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield roster
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
