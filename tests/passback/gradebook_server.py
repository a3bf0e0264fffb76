"""A gradebook on the wire: a real HTTP server, strict as Moodle, and as bad as it is told to be."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

Answer = Callable[[Request], Response]


def answer(status: int, body: str = "", **headers: str) -> Answer:
    """Return a scripted answer; `Retry_After="9"` becomes the header `Retry-After`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: Response(body, status, headers=named)


@dataclass
class Seen:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    query_string: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class GradebookServer:
    """Line items, scores and results in memory.

    `script`: answers by path, given instead of the real ones, first to last.
    `date`: what its clock says, in the header of every answer.
    """

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    script: dict[str, list[Answer]] = field(default_factory=dict)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    results: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    stamps: dict[tuple[str, str], datetime] = field(default_factory=dict)
    date: str = "Mon, 02 Nov 2026 12:00:00 GMT"
    page_size: int = 100
    ignores_filters: bool = False
    made: int = 0

    def add_item(self, name: str, **facts: Any) -> str:
        url = f"{self.url}/li/{name}?type_id=1"
        self.items[name] = {"id": url, "label": name, "scoreMaximum": 10, **facts}
        return url

    def calls(self, path: str) -> list[Seen]:
        return [request for request in self.seen if request.path == path]

    def told(self, name: str = "5") -> list[dict[str, Any]]:
        """Return what the gradebook holds in one column."""
        return [result for (item, _), result in self.results.items() if item == name]

    def scores(self) -> list[Any]:
        return [request.json() for request in self.seen if request.path.endswith("/scores")]

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        self.seen.append(
            Seen(
                request.method,
                request.path,
                parse_qs(request.query_string.decode()),
                request.query_string.decode(),
                dict(request.headers),
                request.get_data(),
            )
        )
        scripted = self.script.get(request.path)
        response = scripted.pop(0)(request) if scripted else self._answer(request)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path == "/token":
            return _json({"access_token": f"t{len(self.calls('/token'))}", "expires_in": 3600})
        if request.path == "/lineitems":
            return self._make(request) if request.method == "POST" else self._list(request)
        _, _, name, *rest = [*request.path.split("/"), "", ""]
        if name not in self.items:
            return Response("no such line item", 404)
        if rest[0] == "scores":
            return self._score(request, name)
        return self._results(request, name) if rest[0] == "results" else self._item(request, name)

    def _item(self, request: Request, name: str) -> Response:
        if request.method == "DELETE":
            del self.items[name]
            self.results = {key: value for key, value in self.results.items() if key[0] != name}
            return Response(status=204)
        if request.method == "PUT":
            kept = {"id": self.items[name]["id"]}
            self.items[name] = request.get_json(force=True) | kept
        return _json(self.items[name])

    def _make(self, request: Request) -> Response:
        self.made += 1
        name = f"made{self.made}"
        self.add_item(name, **request.get_json(force=True))
        return _json(self.items[name], 201)

    def _list(self, request: Request) -> Response:
        names = {"resource_link_id": "resourceLinkId", "resource_id": "resourceId", "tag": "tag"}
        wanted = {
            member: request.args[name]
            for name, member in names.items()
            if name in request.args and not self.ignores_filters
        }
        found = [
            item
            for item in self.items.values()
            if all(item.get(name) == value for name, value in wanted.items())
        ]
        start = int(request.args.get("From", 0))
        page = _json(found[start : start + self.page_size])
        if start + self.page_size < len(found):
            query = "&".join(
                f"{name}={value}" for name, value in request.args.items() if name != "From"
            )
            url = f"{self.url}/lineitems?{query}&From={start + self.page_size}"
            page.headers["Link"] = f'<{url}>; rel="next"'
        return page

    def _score(self, request: Request, name: str) -> Response:
        score = request.get_json(force=True)
        key = (name, score["userId"])
        stamp = datetime.fromisoformat(score["timestamp"]).replace(microsecond=0)
        if key in self.stamps and stamp <= self.stamps[key]:
            return Response("Refusing score with an earlier timestamp", 409)
        self.stamps[key] = stamp
        result = {"userId": score["userId"], "comment": score.get("comment", "")}
        if score["gradingProgress"] == "FullyGraded" and "scoreGiven" in score:
            result |= {"resultScore": score["scoreGiven"], "resultMaximum": score["scoreMaximum"]}
        self.results[key] = result
        return Response("", 200)

    def _results(self, request: Request, name: str) -> Response:
        if "user_id" in request.args:
            result = self.results.get((name, request.args["user_id"]))
            return _json([result] if result else [])
        found = self.told(name)
        start = int(request.args.get("From", 0))
        page = _json(found[start : start + self.page_size])
        if start + self.page_size < len(found):
            url = f"{self.url}/li/{name}/results?type_id=1&From={start + self.page_size}"
            page.headers["Link"] = f'<{url}>; rel="next"'
        return page


@contextmanager
def serve() -> Iterator[GradebookServer]:
    """Run one gradebook on a free port of 127.0.0.1."""
    gradebook = GradebookServer()

    class Handler(WSGIRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return gradebook.date

        def log(self, *args: Any) -> None:
            pass

    server = make_server("127.0.0.1", 0, gradebook, threaded=True, request_handler=Handler)
    gradebook.url = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield gradebook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")
