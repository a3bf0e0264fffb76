"""What a link showed when it was handed in: its page's title, where it led, and when.

The worker asks once per link, after handing in; no page waits for it. Only https
to public addresses is called (`core.http`), and only the beginning is read.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from urllib.parse import urljoin

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.core.http import CallError, OutgoingClient, Reply
from app.evidence.models import Artifact, ArtifactKind, Attempt, Submission
from app.evidence.texts import clean_link, drop_controls, host_of
from app.outbox import service as outbox
from app.outbox.errors import RetryLaterError
from app.outbox.worker import Handler, Message

KIND = "link_capture"
UNREACHABLE = "The site could not be reached, or did not answer in time."
FIRST_BYTES = 256 * 1024
READ_SECONDS = 5.0
MAX_REDIRECTS = 3
MAX_TRIES = 3
MAX_TITLE = 300
LANE = "links"
SERVER_ERRORS = range(500, 600)
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PASSWORD = frozenset({401, 403})
GONE = frozenset({404, 410})
# Looked for one after the other: a pattern over both would let a page cost a worker minutes.
TITLE_BEGINS = re.compile(r"<title[\s>]", re.IGNORECASE)
TITLE_ENDS = re.compile(r"</title", re.IGNORECASE)
CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Captured:
    """What came back. `title`: empty if the page has none, or it is no page."""

    title: str
    final_host: str
    content_sha256: str


class CannotBeOpenedError(Exception):
    """The link shows nothing to anybody else; the message says why, for its learner."""


class SiteTroubleError(CallError):
    """The site answered, but not with its page; the message says so to its learner."""


def owe_captures(
    session: Session, submission: Submission, attempt: Attempt, *, now: datetime
) -> None:
    """Promise to look once at each link of an attempt; what is known is not asked again."""
    known = {
        each.url: each
        for earlier in submission.attempts
        for each in earlier.artifacts
        if each.captured_at is not None
    }
    for artifact in attempt.artifacts:
        if artifact.kind is not ArtifactKind.LINK or artifact.captured_at is not None:
            continue
        before = known.get(artifact.url)
        if before is not None:
            artifact.title, artifact.captured_at = before.title, before.captured_at
            artifact.final_host = before.final_host
            artifact.content_sha256 = before.content_sha256
            continue
        artifact.capture_problem = artifact.capture_failed_at = None
        outbox.queue(
            session,
            submission.institution_id,
            kind=KIND,
            subject=f"link:{artifact.id}",
            payload={"artifact_id": artifact.id},
            due_at=now,
            lane=LANE,
            now=now,
        )


def delivery_handlers(
    http: OutgoingClient, *, clock: Callable[[], datetime] = utcnow
) -> dict[str, Handler]:
    """Return who looks at links, for the outbox worker."""

    def capture(message: Message) -> None:
        artifact_id = message.payload["artifact_id"]
        url = _read_url(artifact_id)
        if url is None:
            return
        try:
            found = look_at(http, url)
        except CannotBeOpenedError as error:
            _note_failure(artifact_id, str(error), now=clock())
        except CallError as error:
            if message.attempt < MAX_TRIES:
                raise RetryLaterError(f"The link could not be opened. {error}") from error
            words = str(error) if isinstance(error, SiteTroubleError) else UNREACHABLE
            _note_failure(artifact_id, words, now=clock())
        else:
            _note(artifact_id, found, now=clock())

    return {KIND: capture}


def look_at(http: OutgoingClient, url: str) -> Captured:
    """Open a link and return what it shows; each redirect is checked like the link itself.

    Raises: `CannotBeOpenedError` if it will not open tomorrow either; `CallError` if it may.
    """
    address = url
    for _ in range(MAX_REDIRECTS + 1):
        reply = _get(http, address)
        target = reply.headers.get("Location")
        if reply.status not in REDIRECTS or not target:
            return _read(reply, address)
        try:
            address = clean_link(urljoin(address, target))
        except (InvalidError, ValueError) as error:
            raise CannotBeOpenedError("The page leads to an address that is none.") from error
    raise CannotBeOpenedError("The page leads on to another one again and again.")


def find_title(reply_type: str, body: bytes) -> str:
    """Return the title of a web page, on one line; empty if it is none, or has none."""
    media_type, _, parameters = reply_type.partition(";")
    if media_type.strip().lower() not in {"text/html", "application/xhtml+xml"}:
        return ""
    charset = CHARSET.search(parameters) or CHARSET.search(body[:1024].decode("ascii", "replace"))
    try:
        page = body.decode(charset[1] if charset else "utf-8", "replace")
    except (LookupError, UnicodeError):
        page = body.decode("utf-8", "replace")
    begins = TITLE_BEGINS.search(page)
    start = page.find(">", begins.end() - 1) + 1 if begins else 0
    ends = TITLE_ENDS.search(page, start) if start else None
    words = " ".join(drop_controls(unescape(page[start : ends.start()])).split()) if ends else ""
    return words[:MAX_TITLE]


def _get(http: OutgoingClient, address: str) -> Reply:
    headers = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"}
    try:
        return http.call(
            "GET", address, headers=headers, read_seconds=READ_SECONDS, first_bytes=FIRST_BYTES
        )
    except CallError as error:
        if error.is_refused:
            raise CannotBeOpenedError(str(error)) from error
        raise


def _read(reply: Reply, address: str) -> Captured:
    status = reply.status
    if status in SERVER_ERRORS:
        raise SiteTroubleError(f"The site answered with an error of its own (HTTP {status}).")
    if status in PASSWORD:
        raise CannotBeOpenedError("The site asks for a password, or does not let everybody in.")
    if status in GONE:
        raise CannotBeOpenedError("There is no such page.")
    if status != 200:  # noqa: PLR2004 (HTTP's word for: here it is)
        raise CannotBeOpenedError(f"The site answered without a page (HTTP {status}).")
    return Captured(
        title=find_title(reply.headers.get("Content-Type", ""), reply.body),
        final_host=host_of(address),
        content_sha256=hashlib.sha256(reply.body).hexdigest(),
    )


def _read_url(artifact_id: int) -> str | None:
    """Read the address, and let go of the database before the site is called."""
    session = db.session()
    try:
        return session.scalar(
            select(Artifact.url).where(
                Artifact.id == artifact_id,
                Artifact.captured_at.is_(None),
                Artifact.deleted_at.is_(None),
            )
        )
    finally:
        session.rollback()


def _note(artifact_id: int, found: Captured, *, now: datetime) -> None:
    with transaction() as session:
        artifact = session.get(Artifact, artifact_id, with_for_update=True)
        if artifact is not None:
            artifact.title, artifact.captured_at = found.title or None, now
            artifact.final_host = found.final_host
            artifact.content_sha256 = found.content_sha256
            artifact.capture_problem = artifact.capture_failed_at = None


def _note_failure(artifact_id: int, problem: str, *, now: datetime) -> None:
    with transaction() as session:
        artifact = session.get(Artifact, artifact_id, with_for_update=True)
        if artifact is not None:
            artifact.capture_problem, artifact.capture_failed_at = problem[:300], now
