"""From what a learner sends to what can be kept: each piece is judged by itself."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import IO, Protocol

from structlog import get_logger

from app.core.errors import InvalidError
from app.evidence.allowance import require_left
from app.evidence.models import ScanState
from app.evidence.sniffing import find_media_type
from app.evidence.storage import Storage, StorageUnavailableError, StoredFile
from app.evidence.texts import clean_file_name
from app.mapping.artifact_kinds import extensions_of
from app.mapping.models import Assignment

MEGABYTE = 1024 * 1024
log = get_logger()


class SentFile(Protocol):
    """A file as the form receives it: a stream, spooled to disk, and the name as sent."""

    @property
    def filename(self) -> str | None:
        """The name as the browser sent it."""

    @property
    def stream(self) -> IO[bytes]:
        """The bytes; none if `is_too_large` or `is_left_out` on it says so (core.uploads)."""


@dataclass(frozen=True)
class ReceivedFile:
    """A file that was accepted and is in storage; `scan_state`: what it begins with.

    `criterion_id`: what it is to show; `None`: the whole assignment.
    """

    file_name: str
    media_type: str
    stored: StoredFile
    criterion_id: int | None = None
    scan_state: ScanState = ScanState.NOT_SCANNED


@dataclass(frozen=True)
class SentLink:
    """A link that was accepted, and what the learner calls it (may be empty)."""

    url: str
    note: str = ""


@dataclass(frozen=True)
class SentPart:
    """What was sent for one part: for a criterion, or (`None`) the whole assignment.

    `links`, `text`: `None` leaves the draft's as they are (what was sent was
    refused, or none is asked for); empty takes them out.
    """

    criterion_id: int | None = None
    files: Sequence[ReceivedFile] = ()
    links: Sequence[SentLink] | None = None
    text: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that a draft could begin with."""
        return not (self.files or self.links or self.text)


@dataclass(frozen=True)
class Work:
    """What a learner sent, as far as it was accepted.

    `removed_id`, `removed_key`: an artifact to take out of the draft and its
    file, or `None`. `seen`: how the draft stood when the learner began to type
    (`drafts.mark_of`); `None`: that does not matter.
    """

    parts: Sequence[SentPart] = ()
    removed_id: int | None = None
    removed_key: str | None = None
    seen: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that a draft could begin with."""
        return all(part.is_empty for part in self.parts)

    @property
    def files(self) -> list[ReceivedFile]:
        """The files of all parts."""
        return [file for part in self.parts for file in part.files]

    @property
    def storage_keys(self) -> frozenset[str]:
        """The stored files that may belong to no artifact when all is done, or has failed."""
        keys = {file.stored.key for file in self.files}
        return frozenset(keys | ({self.removed_key} if self.removed_key else set()))

    def only_files(self) -> "Work":
        """Return the same without anything that was typed."""
        return Work([SentPart(part.criterion_id, files=part.files) for part in self.parts])


@dataclass(frozen=True)
class Intake:
    """The files that were accepted, and what is wrong with the others.

    `is_storage_away`: nothing is wrong with them, but they cannot be kept now.
    """

    files: tuple[ReceivedFile, ...]
    problems: tuple[str, ...]
    is_storage_away: bool = False


def largest_file_bytes(assignment: Assignment, installation_bytes: int) -> int:
    """Return how large a file of this assignment may be, of what the installation takes."""
    if assignment.max_file_mb is None:
        return installation_bytes
    return min(installation_bytes, assignment.max_file_mb * MEGABYTE)


def describe_size(size_bytes: int) -> str:
    """Return a limit in words."""
    return f"{size_bytes // MEGABYTE} MB"


def receive_files(
    storage: Storage,
    assignment: Assignment,
    sent: Iterable[SentFile],
    *,
    room: int,
    max_file_bytes: int,
    quota_bytes: int,
    kept_bytes: int,
    scan_state: ScanState = ScanState.NOT_SCANNED,
) -> Intake:
    """Check each file and keep the good ones; one bad file costs no other.

    Bytes are kept before any row names them: what fails later leaves an orphan
    file, never a row without its file.
    Units: `room` is how many files the draft can still take; `kept_bytes`: of the
        learner's files so far, of `quota_bytes` that they may have.
    """
    received: list[ReceivedFile] = []
    problems: list[str] = []
    for file in sent:
        if len(received) >= room:
            problems.append(_too_many(assignment, clean_file_name(file.filename or "")))
            continue
        try:
            name, media_type, size = _check(assignment, file, max_file_bytes)
            require_left(name, size, kept_bytes=kept_bytes, quota_bytes=quota_bytes)
            file_kept = ReceivedFile(name, media_type, storage.put(file.stream))
            kept_bytes += file_kept.stored.size_bytes
            received.append(replace(file_kept, scan_state=scan_state))
        except InvalidError as error:
            problems.append(str(error))
        except StorageUnavailableError as error:
            # The others would wait for it in vain, one after the other.
            log.warning("storage unavailable", reason=error.reason)
            return Intake(tuple(received), (*problems, str(error)), is_storage_away=True)
    return Intake(tuple(received), tuple(problems))


def _check(assignment: Assignment, file: SentFile, max_file_bytes: int) -> tuple[str, str, int]:
    """Return the name, media type and size of a file, which is left at its start."""
    name = clean_file_name(file.filename or "")
    limit = largest_file_bytes(assignment, max_file_bytes)
    if getattr(file.stream, "is_too_large", False) or file.stream.seek(0, io.SEEK_END) > limit:
        raise InvalidError(
            f"“{name}” is too large: a file may have {describe_size(limit)} at most."
        )
    if getattr(file.stream, "is_left_out", False):
        raise InvalidError(
            f"“{name}” was not taken: too much was sent at once. Send it again by itself."
        )
    media_type = find_media_type(file.stream, name, extensions=extensions_of(assignment.file_kinds))
    size = file.stream.seek(0, io.SEEK_END)
    file.stream.seek(0)
    return name, media_type, size


def _too_many(assignment: Assignment, name: str) -> str:
    if assignment.max_files == 0:
        return f"“{name}” was not taken: this assignment takes no files."
    return (
        f"“{name}” was not taken: {assignment.max_files} files at most can be handed in. "
        "Remove one first."
    )
