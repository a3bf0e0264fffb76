"""A learner's redacted copy of one artifact: checked like any file, tied to the original."""

from datetime import datetime
from typing import IO, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import InvalidError
from app.evidence.consent_models import RedactedCopy
from app.evidence.models import Artifact, ScanState
from app.evidence.sniffing import FORMATS, find_media_type
from app.evidence.storage import Storage, StoredFile
from app.evidence.texts import clean_file_name


class SentCopy(Protocol):
    """A file as the form receives it (core.uploads)."""

    @property
    def filename(self) -> str | None:
        """The name as the browser sent it."""

    @property
    def stream(self) -> IO[bytes]:
        """The bytes."""


def receive_copy(storage: Storage, sent: SentCopy) -> tuple[str, str, StoredFile]:
    """Check a copy and store its bytes; return its name, media type and where it is.

    Raises: `InvalidError` if it is too large, empty, or not what its name says.
    """
    name = clean_file_name(sent.filename or "")
    if getattr(sent.stream, "is_too_large", False) or getattr(sent.stream, "is_left_out", False):
        raise InvalidError(f"“{name}” is too large.")
    media_type = find_media_type(sent.stream, name, extensions=frozenset(FORMATS))
    return name, media_type, storage.put(sent.stream)


def keep_copy(
    session: Session,
    artifact: Artifact,
    received: tuple[str, str, StoredFile],
    *,
    person_id: int,
    scan_state: ScanState,
    now: datetime,
) -> RedactedCopy:
    """Keep a stored copy as the newest one of an artifact; earlier ones stay, signed or not.

    Raises: `InvalidError` if it is the original itself.
    """
    name, media_type, stored = received
    if stored.sha256 == artifact.sha256:
        raise InvalidError(f"“{name}” is the original: nothing in it is redacted.")
    copy = RedactedCopy(
        institution_id=artifact.institution_id,
        artifact_id=artifact.id,
        person_id=person_id,
        original_sha256=artifact.sha256,
        file_name=name,
        media_type=media_type,
        size_bytes=stored.size_bytes,
        storage_key=stored.key,
        sha256=stored.sha256,
        scan_state=scan_state,
        created_at=now,
    )
    session.add(copy)
    session.flush()
    return copy


def map_copies(
    session: Session, person_id: int, artifact_ids: list[int]
) -> dict[int, RedactedCopy]:
    """Return somebody's newest copy of each artifact that has one, by artifact id."""
    found = session.scalars(
        select(RedactedCopy)
        .where(RedactedCopy.person_id == person_id, RedactedCopy.artifact_id.in_(artifact_ids))
        .order_by(RedactedCopy.id)
    )
    return {copy.artifact_id: copy for copy in found}
