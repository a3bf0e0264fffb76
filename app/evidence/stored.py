"""What every storage shares: what was kept, and how it says that something did not work."""

import errno
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from app.core.errors import NotFoundError, UnavailableError

CHUNK_BYTES = 256 * 1024
KEY = re.compile(r"[0-9a-f]{32}")
DERIVED_NAME = re.compile(r"[a-z0-9-]{1,40}\.(png|jpg|json|pdf)")
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class StorageUnavailableError(UnavailableError):
    """The storage is full, away, or refuses; the message is for the person who waits.

    `reason`: for whoever runs the tool.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        """Keep the words for both."""
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class StoredFile:
    """What was kept. Units: `size_bytes`; `sha256` is hexadecimal, of the bytes written."""

    key: str
    size_bytes: int
    sha256: str


def read_chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Read a stream to its end in pieces that fit into memory."""
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def check_key(key: str) -> str:
    """Return the key. Raises: `ValueError` if it was not made by a storage."""
    if not KEY.fullmatch(key):
        raise ValueError(f"Not a storage key: {key!r}")
    return key


def check_derived_name(name: str) -> str:
    """Return the name. Raises: `ValueError` if it is none of a derived file."""
    if not DERIVED_NAME.fullmatch(name):
        raise ValueError(f"Not the name of a derived file: {name!r}")
    return name


@contextmanager
def writing() -> Iterator[None]:
    """Tell plainly why the storage did not take something."""
    try:
        yield
    except OSError as error:
        reason = "it is full" if error.errno in FULL else (error.strerror or type(error).__name__)
        raise unwritable(reason) from error


@contextmanager
def reading() -> Iterator[None]:
    """Tell plainly why the storage did not give something."""
    try:
        yield
    except OSError as error:
        raise unreadable(error.strerror or type(error).__name__) from error


class Spaced:
    """A stream that is read only while there is room where it is written to."""

    def __init__(self, stream: IO[bytes], require_room: Callable[[], object]) -> None:
        """Wrap the stream; nothing is read yet."""
        self._stream, self._require_room = stream, require_room

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes. Raises: what `require_room` does."""
        self._require_room()
        return self._stream.read(size)


def missing_file() -> NotFoundError:
    """Return the refusal of a file that is not there though a row names it."""
    return NotFoundError("The file is missing from the tool's storage. Tell whoever runs Assay.")


def unwritable(reason: str) -> StorageUnavailableError:
    """Return the refusal of a storage that takes nothing now."""
    return StorageUnavailableError(
        "The tool's storage takes no files at the moment. Your work is not lost: what was saved "
        "before is kept, and the file is still on your device. Try again in a few minutes; if it "
        "goes on, tell whoever runs Assay.",
        reason=reason,
    )


def unreadable(reason: str) -> StorageUnavailableError:
    """Return the refusal of a storage that gives nothing now."""
    return StorageUnavailableError(
        "The tool's storage does not answer at the moment. The work is not lost, it only cannot "
        "be shown now. Try again in a few minutes; if it goes on, tell whoever runs Assay.",
        reason=reason,
    )
