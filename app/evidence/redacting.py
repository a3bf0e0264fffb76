"""A learner's redacted copy of one artifact: checked like any file, tied to the original."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.core.errors import InvalidError
from app.evidence.consent_models import ConsentItem, RedactedCopy
from app.evidence.hold_models import LegalHold
from app.evidence.models import Artifact, Attempt, ScanState, Submission
from app.evidence.sniffing import FORMATS, find_media_type
from app.evidence.storage import Storage, StoredFile
from app.evidence.stored import read_chunks
from app.evidence.texts import clean_file_name


class SentCopy(Protocol):
    """A file as the form receives it (core.uploads)."""

    @property
    def filename(self) -> str | None:
        """The name as the browser sent it."""

    @property
    def stream(self) -> IO[bytes]:
        """The bytes."""


@dataclass(frozen=True)
class CheckedCopy:
    """A copy that may be kept, and is not yet. `sha256`: in hexadecimal."""

    size_bytes: int
    artifact: Artifact
    file_name: str
    media_type: str
    sha256: str
    stream: IO[bytes]


def check_copy(sent: SentCopy, artifact: Artifact) -> CheckedCopy:
    """Check a copy; nothing is stored.

    Raises: `InvalidError` if it is too large, empty, not what its name says, or the
        original itself.
    """
    name = clean_file_name(sent.filename or "")
    if getattr(sent.stream, "is_too_large", False) or getattr(sent.stream, "is_left_out", False):
        raise InvalidError(f"“{name}” is too large.")
    media_type = find_media_type(sent.stream, name, extensions=frozenset(FORMATS))
    digest, size_bytes = hashlib.sha256(), 0
    for chunk in read_chunks(sent.stream):
        digest.update(chunk)
        size_bytes += len(chunk)
    sent.stream.seek(0)
    if digest.hexdigest() == artifact.sha256:
        raise InvalidError(f"“{name}” is the original: nothing in it is redacted.")
    return CheckedCopy(size_bytes, artifact, name, media_type, digest.hexdigest(), sent.stream)


def find_same(session: Session, copy: CheckedCopy, *, person_id: int) -> RedactedCopy | None:
    """Return somebody's kept copy of the same name and content, if there is one."""
    return session.scalar(
        select(RedactedCopy)
        .where(
            *_is_kept_by(person_id, [copy.artifact.id]),
            RedactedCopy.original_sha256 == copy.artifact.sha256,
            RedactedCopy.sha256 == copy.sha256,
            RedactedCopy.file_name == copy.file_name,
        )
        .order_by(RedactedCopy.id.desc())
        .limit(1)
    )


def keep_copy(
    session: Session,
    checked: CheckedCopy,
    stored: StoredFile,
    *,
    person_id: int,
    scan_state: ScanState,
    now: datetime,
) -> RedactedCopy:
    """Keep a stored copy as the newest one of an artifact.

    It takes the place of whatever nobody signed for; what was signed stays.
    """
    artifact = session.get_one(Artifact, checked.artifact.id, with_for_update={"of": Artifact})
    drop_unsigned(session, [artifact.id], person_id=person_id, now=now)
    copy = RedactedCopy(
        institution_id=artifact.institution_id,
        artifact_id=artifact.id,
        person_id=person_id,
        original_sha256=artifact.sha256,
        file_name=checked.file_name,
        media_type=checked.media_type,
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
    session: Session, person_id: int, artifact_ids: Sequence[int]
) -> dict[int, RedactedCopy]:
    """Return somebody's newest kept copy of each artifact that has one, by artifact id."""
    found = session.scalars(
        select(RedactedCopy).where(*_is_kept_by(person_id, artifact_ids)).order_by(RedactedCopy.id)
    )
    return {copy.artifact_id: copy for copy in found}


def drop_unsigned(
    session: Session, artifact_ids: Sequence[int] | None, *, person_id: int, now: datetime
) -> None:
    """Give up somebody's copies for which no consent was ever signed; `sweep_copies` ends them.

    `artifact_ids`: `None` for all of theirs.
    """
    session.execute(
        update(RedactedCopy)
        .where(*_is_kept_by(person_id, artifact_ids), ~is_signed())
        .values(deleted_at=now)
        .execution_options(synchronize_session="fetch")
    )


def is_signed() -> ColumnElement[bool]:
    """Return the condition that a consent names a copy, be it one that has ended."""
    return exists().where(ConsentItem.redacted_id == RedactedCopy.id)


def list_unswept_copies(
    session: Session, *, person_id: int | None = None, limit: int = 1000
) -> Sequence[RedactedCopy]:
    """Return copies that are given up and whose bytes may still be there; of one person, or all.

    One on which a legal hold stands is left out until the hold is lifted.
    """
    statement = select(RedactedCopy).where(
        RedactedCopy.deleted_at.is_not(None), RedactedCopy.storage_key.is_not(None), ~_is_held()
    )
    if person_id is not None:
        statement = statement.where(RedactedCopy.person_id == person_id)
    return session.scalars(statement.order_by(RedactedCopy.id).limit(limit)).all()


def sweep_copies(session: Session, storage: Storage, copies: Iterable[RedactedCopy]) -> int:
    """Delete the bytes of copies that are given up; return how many files went.

    What was signed for leaves its digest, without its name; the rest leaves nothing.
    """
    found = list(copies)
    ids = [copy.id for copy in found]
    signed = set(
        session.scalars(select(ConsentItem.redacted_id).where(ConsentItem.redacted_id.in_(ids)))
    )
    for copy in found:
        storage.delete(copy.storage_key or "")
        if copy.id in signed:
            copy.storage_key, copy.file_name = None, ""
        else:
            session.delete(copy)
    session.flush()
    return len(found)


def is_named(session: Session, storage_key: str) -> bool:
    """Return whether a copy's row names a stored file: one that none names is an orphan."""
    found = select(RedactedCopy.id).where(RedactedCopy.storage_key == storage_key)
    return session.scalar(found.limit(1)) is not None


def _is_held() -> ColumnElement[bool]:
    """Return the condition that a hold stands on who made a copy, or on the work or its group."""
    lead_id = (
        select(func.coalesce(Submission.lead_id, Submission.id))
        .join(Attempt, Attempt.submission_id == Submission.id)
        .join(Artifact, Artifact.attempt_id == Attempt.id)
        .where(Artifact.id == RedactedCopy.artifact_id)
        .scalar_subquery()
    )
    of_group = aliased(Submission)
    in_group = or_(of_group.id == lead_id, of_group.lead_id == lead_id)
    return exists().where(
        LegalHold.lifted_at.is_(None),
        or_(
            LegalHold.person_id == RedactedCopy.person_id,
            LegalHold.person_id.in_(select(of_group.learner_id).where(in_group)),
            LegalHold.submission_id.in_(select(of_group.id).where(in_group)),
        ),
    )


def _is_kept_by(
    person_id: int, artifact_ids: Sequence[int] | None
) -> tuple[ColumnElement[bool], ...]:
    is_theirs = (RedactedCopy.person_id == person_id, RedactedCopy.deleted_at.is_(None))
    if artifact_ids is None:
        return is_theirs
    return (*is_theirs, RedactedCopy.artifact_id.in_(artifact_ids))
