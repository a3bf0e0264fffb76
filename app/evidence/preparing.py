"""What the worker makes ready of work that was handed in, so that whoever assesses does not wait.

Office files become PDFs; PDFs are measured and their text is read; code is coloured.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.db import db
from app.core.errors import NotFoundError
from app.evidence.code import colour, is_code
from app.evidence.converting import OfficeState, convert, is_office
from app.evidence.models import Artifact, ArtifactKind, Attempt, ScanState
from app.evidence.pdf_text import read_page_texts
from app.evidence.preview import BusyError, PdfState, measure_pdf, read_beginning
from app.evidence.storage import Storage
from app.outbox import service as outbox
from app.outbox.errors import RetryLaterError
from app.outbox.worker import Handler, Message

KIND: Final = "evidence.prepare"
# One at a time, whatever else the worker does: a conversion takes a processor for itself.
LANE: Final = "documents"
PDF: Final = "application/pdf"
SCANNED_SOON = timedelta(minutes=1)
SOON = timedelta(seconds=10)


@dataclass(frozen=True)
class File:
    """What is needed of an artifact, read before the work begins."""

    key: str
    name: str
    media_type: str


def owe_preparation(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """Owe the worker's look at each file of an attempt that gains by it."""
    for artifact in attempt.artifacts:
        if _gains(artifact):
            _owe(session, artifact, now=now)


def owe_again(session: Session, *, since: datetime, now: datetime) -> int:
    """Owe it once more for what was handed in since then; return for how many files.

    What is ready stays as it is; what could not be shown for want of a program is tried.
    """
    files = session.scalars(
        select(Artifact)
        .join(Artifact.attempt)
        .where(
            Artifact.kind == ArtifactKind.FILE,
            Artifact.deleted_at.is_(None),
            Attempt.submitted_at >= since,
        )
        .order_by(Artifact.id)
    )
    gaining = [artifact for artifact in files if _gains(artifact)]
    for artifact in gaining:
        _owe(session, artifact, now=now)
    return len(gaining)


def delivery_handlers(
    open_storage: Callable[[], Storage], *, program: str | None
) -> dict[str, Handler]:
    """Return who prepares, for the outbox worker. `program`: LibreOffice's path, or `None`."""

    def prepare(message: Message) -> None:
        file = _read_file(message.payload)
        if file is not None:
            _prepare(open_storage(), file, program)

    return {KIND: prepare}


def _gains(artifact: Artifact) -> bool:
    return artifact.kind is ArtifactKind.FILE and (
        artifact.media_type == PDF or is_office(artifact.media_type) or is_code(artifact.file_name)
    )


def _owe(session: Session, artifact: Artifact, *, now: datetime) -> None:
    outbox.queue(
        session,
        artifact.institution_id,
        kind=KIND,
        subject=f"artifact:{artifact.id}",
        payload={"artifact_id": artifact.id},
        due_at=now,
        lane=LANE,
        now=now,
    )


def _read_file(payload: Mapping[str, Any]) -> File | None:
    """Read what the work needs, and let go of the database before it begins.

    Raises: `RetryLaterError` while nobody knows whether the file is harmless.
    """
    session = db.session()
    try:
        artifact = session.get(Artifact, payload["artifact_id"])
        if artifact is None or artifact.deleted_at is not None or artifact.storage_key is None:
            return None
        if artifact.scan_state is ScanState.INFECTED:
            return None
        if artifact.scan_state is ScanState.WAITING:
            raise RetryLaterError("The file has not been scanned yet.", after=SCANNED_SOON)
        return File(artifact.storage_key, artifact.file_name or "", artifact.media_type or "")
    finally:
        session.rollback()


def _prepare(storage: Storage, file: File, program: str | None) -> None:
    try:
        if is_office(file.media_type):
            state = convert(storage, file.key, media_type=file.media_type, program=program)
            if state is not OfficeState.READY:
                return
        if is_office(file.media_type) or file.media_type == PDF:
            _read_pdf(storage, file.key)
        else:
            with storage.open(file.key) as source:
                text = read_beginning(source).text
            colour(storage, file.key, text, file_name=file.name)
    except NotFoundError:  # it was deleted meanwhile: nobody will look at it
        return
    except BusyError as error:
        raise RetryLaterError("Too many documents are being read.", after=SOON) from error


def _read_pdf(storage: Storage, key: str) -> None:
    state = measure_pdf(storage, key).state
    if state is PdfState.BUSY:
        raise BusyError
    if state is PdfState.READY:
        read_page_texts(storage, key)
