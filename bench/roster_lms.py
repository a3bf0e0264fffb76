"""A platform's token endpoint and class list for the benchmark; `python bench/roster_lms.py PORT`.

`/people/<round>` lists the people page by page, `limit` at a time: round 1 and 2
alike, in round 3 two hundred are renamed and two hundred are gone.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PEOPLE = 20_000
CHANGED = 200
MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


def members(turn: int) -> list[dict[str, object]]:
    """Return the whole list, each entry as full as a large LMS writes it."""
    renamed = CHANGED if turn == 3 else 0
    return [
        {
            "status": "Active",
            "user_id": f"5c1f9a3e-0000-4000-8000-{number:012}",
            "roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
            "name": f"Given {number} Family{'-New' if number < renamed else ''}",
            "given_name": f"Given {number}",
            "family_name": "Family",
            "email": f"student.{number}@university.example",
            "lis_person_sourcedid": f"sis:{number}",
            "picture": f"https://lms.example/images/avatar-{number}.png",
        }
        for number in range(PEOPLE - (CHANGED if turn == 3 else 0))
    ]


class Handler(BaseHTTPRequestHandler):
    """Answers on connections that stay open."""

    protocol_version = "HTTP/1.1"
    pages: dict[tuple[int, int, int], tuple[bytes, bool]] = {}  # noqa: RUF012 (filled before it serves)

    def do_POST(self) -> None:
        """Give a token to anybody."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._send(b'{"access_token": "t", "token_type": "Bearer", "expires_in": 3600}')

    def do_GET(self) -> None:
        """Return one page of a list."""
        parts = urlsplit(self.path)
        if not parts.path.startswith("/people/"):
            self._send(b"{}")
            return
        turn = int(parts.path.rpartition("/")[2])
        query = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
        start, limit = query.get("from", 0), query.get("limit", 500)
        body, goes_on = self._page(turn, start, limit)
        host = self.headers["Host"]
        following = f"http://{host}{parts.path}?limit={limit}&from={start + limit}"
        self._send(body, f'<{following}>; rel="next"' if goes_on else "")

    def _page(self, turn: int, start: int, limit: int) -> tuple[bytes, bool]:
        key = (turn, start, limit)
        if key not in self.pages:
            everybody = members(turn)
            for first in range(0, len(everybody), limit):
                page = {"id": "people", "members": everybody[first : first + limit]}
                goes_on = first + limit < len(everybody)
                self.pages[turn, first, limit] = json.dumps(page).encode(), goes_on
        return self.pages[key]

    def _send(self, body: bytes, link: str = "") -> None:
        self.send_response(200)
        self.send_header("Content-Type", MEDIA_TYPE)
        self.send_header("Content-Length", str(len(body)))
        if link:
            self.send_header("Link", link)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
