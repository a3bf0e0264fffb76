"""The gradebook of the scores benchmark: strict as Moodle, and it remembers every post.

`python bench/scores_lms.py PORT` is a process of its own. `GET /state` tells
what it holds: per cell the last score, and every body that came, in order.
"""

import json
import sys
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

HELD: dict[str, dict[str, Any]] = {}
POSTED: dict[str, list[str]] = {}
COUNTS = {"requests": 0, "tokens": 0, "under_way": 0, "most_under_way": 0}
LOCK = Lock()


class Gradebook(BaseHTTPRequestHandler):
    """Token endpoint, scores and results."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # one packet per answer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/state":
            self._answer(200, {"held": HELD, "posted": POSTED, **COUNTS})
        elif parts.path.endswith("/results"):
            (user,) = parse_qs(parts.query)["user_id"]
            found = HELD.get(f"{parts.path.split('/')[2]}:{user}")
            self._answer(200, [_result(found)] if found else [])
        else:
            self._answer(200, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path.startswith("/lti/token"):
            COUNTS["tokens"] += 1
            self._answer(200, {"access_token": "t", "expires_in": 3600})
            return
        with LOCK:
            COUNTS["under_way"] += 1
            COUNTS["most_under_way"] = max(COUNTS["most_under_way"], COUNTS["under_way"])
        status = self._take(urlsplit(self.path).path.split("/")[2], body)
        with LOCK:
            COUNTS["under_way"] -= 1
        self._answer(status, {})

    def _take(self, item: str, body: str) -> int:
        score = json.loads(body)
        cell = f"{item}:{score['userId']}"
        with LOCK:
            POSTED.setdefault(cell, []).append(body)
            before = HELD.get(cell)
            if before and _second(score) <= _second(before):
                return 409
            HELD[cell] = score
        return 200

    def _answer(self, status: int, value: Any) -> None:
        COUNTS["requests"] += 1
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: Any) -> None:
        pass


def _second(score: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(score["timestamp"]).replace(microsecond=0)


def _result(score: dict[str, Any]) -> dict[str, Any]:
    result = {"userId": score["userId"], "comment": score["comment"]}
    if "scoreGiven" in score:
        result |= {"resultScore": score["scoreGiven"], "resultMaximum": score["scoreMaximum"]}
    return result


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Gradebook).serve_forever()
