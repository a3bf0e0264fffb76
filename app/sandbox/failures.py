"""Faults on demand: the next answers of a service fail as real ones do.

A page to choose them, and the same by plain HTTP for the tests: `POST /failures` with
`service`, `kind`, `times` ("" until stopped) and `seconds`; `POST /failures/stop`.
"""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import delete, func, select

from app.sandbox.lms import current_lms, current_profile
from app.sandbox.records import Failure
from app.sandbox.replies import reply

bp = Blueprint("failures", __name__, url_prefix="/failures")

SERVICES = {
    "token": "Access tokens",
    "line_items": "Gradebook columns",
    "scores": "Scores",
    "results": "Results",
    "roster": "Roster",
    "jwks": "The LMS’s public keys",
}
KINDS = {
    "401": "401: the token is not taken",
    "403": "403: not allowed",
    "404": "404: it is gone",
    "409": "409: a later entry stands",
    "422": "422: it makes no sense",
    "429": "429: too fast, with Retry-After",
    "throttled": "Too fast, the way this LMS says it",
    "500": "500: a fault of its own",
    "hang": "It hangs, then does its work",
    "html": "A page of maintenance (HTML) instead of JSON",
    "cut": "It does its work; the connection breaks in the answer",
    "media_type": "The right answer, labelled as plain text",
    "loop": "The next page is the same page, for ever",
}
DEFAULT_SECONDS = 2.0
LONGEST_SECONDS = 600.0
REFUSALS = frozenset({"401", "403", "404", "409", "422", "429", "500"})
ENDPOINTS = {
    "tokens.token": "token",
    "scores.publish": "scores",
    "scores.results": "results",
    "roster.memberships": "roster",
    "authorize.jwks": "jwks",
}
PAGE = (
    '<!doctype html><html lang="en"><title>Maintenance</title><h1>We will be back soon</h1></html>'
)


@dataclass(frozen=True)
class Wish:
    """What somebody asks to fail. `times`: `None` until it is stopped."""

    service: str
    kind: str
    times: int | None
    seconds: float


def install_failures(app: Flask) -> None:
    """Let every service show the fault that was asked for."""

    @app.before_request
    def _fail() -> ResponseReturnValue | None:
        service = _service_of(request.endpoint or "")
        taken = current_lms().database.take_failure(service) if service else None
        if taken is None:
            return None
        kind, seconds = taken
        if kind == "hang":
            time.sleep(seconds)
            return None
        if kind in {"cut", "media_type", "loop"}:
            g.failure = kind
            return None
        return _refuse(kind, seconds)

    @app.after_request
    def _spoil(response: Response) -> Response:
        kind = g.pop("failure", None)
        if kind == "cut":
            return Response(_BrokenOff(request.environ.get("werkzeug.socket")))
        if kind == "media_type":
            response.headers["Content-Type"] = "text/plain"
        if kind == "loop":
            response.headers["Link"] = f'<{request.url}>; rel="next"'
        return response

    @app.context_processor
    def _failing() -> dict[str, Any]:
        return {"count_failures": _count_failures}


@bp.get("")
def overview() -> ResponseReturnValue:
    """Show what fails now, and offer more."""
    with current_lms().database.reading() as session:
        running = list(session.scalars(select(Failure).order_by(Failure.service)))
    return render_template(
        "sandbox/failures.html",
        running=running,
        services=SERVICES,
        kinds=KINDS,
        kid=current_lms().signing_key.kid,
        seconds=DEFAULT_SECONDS,
    )


@bp.post("")
def start() -> ResponseReturnValue:
    """Let a service fail from now on."""
    wish = _read_wish()
    with current_lms().database.writing() as session:
        session.merge(
            Failure(service=wish.service, kind=wish.kind, times=wish.times, seconds=wish.seconds)
        )
    return redirect(url_for(".overview"), 303)


@bp.post("/stop")
def stop() -> ResponseReturnValue:
    """Stop one service's fault, or all of them."""
    service = request.form.get("service")
    statement = delete(Failure)
    with current_lms().database.writing() as session:
        session.execute(statement.where(Failure.service == service) if service else statement)
    return redirect(url_for(".overview"), 303)


@bp.post("/key")
def rotate_key() -> ResponseReturnValue:
    """Sign with a new key from now on; the old one is no longer published."""
    current_lms().database.rotate_signing_key()
    return redirect(url_for(".overview"), 303)


def _count_failures() -> int:
    with current_lms().database.reading() as session:
        return session.scalar(select(func.count()).select_from(Failure)) or 0


def _read_wish() -> Wish:
    form = request.form
    service, kind, times = form.get("service", ""), form.get("kind", ""), form.get("times", "1")
    if service not in SERVICES or kind not in KINDS:
        abort(400, "There is no such service, or no such fault.")
    if times and not (times.isascii() and times.isdigit() and int(times) > 0):
        abort(400, "Say how often as a whole number above 0, or leave it empty.")
    try:
        seconds = float(form.get("seconds") or DEFAULT_SECONDS)
    except ValueError:
        abort(400, "Seconds are a number.")
    if not 0 <= seconds <= LONGEST_SECONDS:
        abort(400, f"Seconds are 0 to {LONGEST_SECONDS:.0f}.")
    return Wish(service, kind, int(times) if times else None, seconds)


def _service_of(endpoint: str) -> str:
    return "line_items" if endpoint.startswith("line_items.") else ENDPOINTS.get(endpoint, "")


def _refuse(kind: str, seconds: float) -> Response:
    if kind == "html":
        return Response(PAGE, 200, content_type="text/html; charset=utf-8")
    status = current_profile().throttles_with if kind == "throttled" else int(kind)
    answer = reply({"error": "The practice LMS was asked to fail."}, "application/json", status)
    if kind == "429" or (kind == "throttled" and status != 403):  # noqa: PLR2004 - Canvas's 403
        answer.headers["Retry-After"] = f"{max(1, round(seconds))}"
    elif kind == "throttled":
        # Source: Canvas API documentation, “Throttling”.
        answer.headers["X-Rate-Limit-Remaining"] = "0.0"
        answer.data = b"403 Forbidden (Rate Limit Exceeded)"
    return answer


class _BrokenOff:
    """A body of which nothing comes, because the connection is shut."""

    def __init__(self, connection: socket.socket | None) -> None:
        """Remember the connection; `None` where there is no wire."""
        self._connection = connection

    def __iter__(self) -> Iterator[bytes]:
        """Shut the connection, and fail as a socket does."""
        if self._connection is not None:
            self._connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionResetError("The practice LMS was asked to cut the connection.")
