"""From what a learner sends to what can be kept: each piece is judged by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import IO, Protocol

from structlog import get_logger

from app.core.errors import InvalidError
from app.evidence.models import ScanState
from app.evidence.sniffing import find_media_type
from app.evidence.storage import Storage, StorageUnavailableError, StoredFile
from app.evidence.texts import clean_file_name
from app.mapping.artifact_kinds import extensions_of
from app.mapping.models import Assignment

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
    """A file that was accepted and is in storage; `scan_state`: what it begins with."""

    file_name: str
    media_type: str
    stored: StoredFile
    scan_state: ScanState = ScanState.NOT_SCANNED


@dataclass(frozen=True)
class Work:
    """What a learner sent, as far as it was accepted.

    `link`, `text`: `None` leaves the draft's as it is (what was sent was
    refused, or none is asked for); empty takes it out. `removed_id`,
    `removed_key`: an artifact to take out of the draft and its file, or `None`.
    """

    files: Sequence[ReceivedFile] = ()
    link: str | None = None
    text: str | None = None
    removed_id: int | None = None
    removed_key: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that a draft could begin with."""
        return not (self.files or self.link or self.text)

    @property
    def storage_keys(self) -> frozenset[str]:
        """The stored files that may belong to no artifact when all is done, or has failed."""
        keys = {file.stored.key for file in self.files}
        return frozenset(keys | ({self.removed_key} if self.removed_key else set()))


@dataclass(frozen=True)
class Intake:
    """The files that were accepted, and what is wrong with the others.

    `is_storage_away`: nothing is wrong with them, but they cannot be kept now.
    """

    files: tuple[ReceivedFile, ...]
    problems: tuple[str, ...]
    is_storage_away: bool = False


def receive_files(
    storage: Storage,
    assignment: Assignment,
    sent: Iterable[SentFile],
    *,
    room: int,
    max_file_bytes: int,
    scan_state: ScanState = ScanState.NOT_SCANNED,
) -> Intake:
    """Check each file and keep the good ones; one bad file costs no other.

    Bytes are kept before any row names them: what fails later leaves an orphan
    file, never a row without its file.
    Units: `room` is how many files the draft can still take.
    """
    received: list[ReceivedFile] = []
    problems: list[str] = []
    for file in sent:
        if len(received) >= room:
            problems.append(_too_many(assignment, clean_file_name(file.filename or "")))
            continue
        try:
            file_kept = _receive(storage, assignment, file, max_file_bytes)
            received.append(replace(file_kept, scan_state=scan_state))
        except InvalidError as error:
            problems.append(str(error))
        except StorageUnavailableError as error:
            # The others would wait for it in vain, one after the other.
            log.warning("storage unavailable", reason=error.reason)
            return Intake(tuple(received), (*problems, str(error)), is_storage_away=True)
    return Intake(tuple(received), tuple(problems))


def _receive(
    storage: Storage, assignment: Assignment, file: SentFile, max_file_bytes: int
) -> ReceivedFile:
    name = clean_file_name(file.filename or "")
    if getattr(file.stream, "is_too_large", False):
        megabytes = max_file_bytes // (1024 * 1024)
        raise InvalidError(f"“{name}” is too large: a file may have {megabytes} MB at most.")
    if getattr(file.stream, "is_left_out", False):
        raise InvalidError(
            f"“{name}” was not taken: too much was sent at once. Send it again by itself."
        )
    media_type = find_media_type(file.stream, name, extensions=extensions_of(assignment.file_kinds))
    return ReceivedFile(file_name=name, media_type=media_type, stored=storage.put(file.stream))


def _too_many(assignment: Assignment, name: str) -> str:
    if assignment.max_files == 0:
        return f"“{name}” was not taken: this assignment takes no files."
    return (
        f"“{name}” was not taken: {assignment.max_files} files at most can be handed in. "
        "Remove one first."
    )
