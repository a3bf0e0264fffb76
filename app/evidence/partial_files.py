"""A file in a folder that arrives in parts: it grows in place, and no part is written twice."""

import fcntl
import os
from pathlib import Path
from typing import IO, BinaryIO

CHUNK_BYTES = 256 * 1024


class PartialFile:
    """What has arrived of the file that will stand at `path`.

    Beside the bytes stands the list of where each part ends. A part counts once
    its end is in the list: whatever a killed process wrote after that is cut off
    when the next part comes.
    """

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is made before its first part."""
        self._path = path
        self._bytes = path.with_name(f".{path.name}.arriving")
        self._ends = path.with_name(f".{path.name}.ends")

    def append(self, number: int, stream: IO[bytes]) -> int:
        """Write part `number` behind the one before it; return its bytes.

        Raises: `OSError` if it cannot be written, or somebody else is writing;
            `ValueError` if the part before it is missing.
        """
        self._bytes.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._bytes, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            fcntl.flock(target, fcntl.LOCK_EX | fcntl.LOCK_NB)  # two would write into each other
            ends = self._read_ends()[: number - 1]
            if len(ends) != number - 1:
                raise ValueError(f"Part {number} comes before the one that it follows.")
            start = ends[-1] if ends else 0
            target.truncate(start)
            target.seek(start)
            _copy_until_broken(stream, target)
            target.flush()
            os.fsync(target.fileno())
            end = target.tell()
            self._write_ends([*ends, end])
        return end - start

    def close(self, parts: int) -> None:
        """Give the file its name, if it has not been given yet; at most `parts` count."""
        ends = self._read_ends()[:parts]
        if len(ends) == parts and self._bytes.exists():
            os.truncate(self._bytes, ends[-1] if ends else 0)
            self._bytes.replace(self._path)
            sync_folder(self._path.parent)
            self._ends.unlink(missing_ok=True)

    def drop(self) -> None:
        """Delete what has arrived; nothing there is no error."""
        self._bytes.unlink(missing_ok=True)
        self._ends.unlink(missing_ok=True)

    def _read_ends(self) -> list[int]:
        try:
            return [int(line) for line in self._ends.read_text().split()]
        except FileNotFoundError:
            return []

    def _write_ends(self, ends: list[int]) -> None:
        """Write the whole list anew and put it in the place of the old: it is never half there."""
        fresh = self._ends.with_name(f"{self._ends.name}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as target:
            target.write("".join(f"{end}\n" for end in ends))
            target.flush()
            os.fsync(target.fileno())
        fresh.replace(self._ends)
        sync_folder(self._ends.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder as durable as the files."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_until_broken(stream: IO[bytes], target: BinaryIO) -> None:
    """Copy until the stream ends or breaks off; an error of the target is not caught."""
    while True:
        try:
            chunk = stream.read(CHUNK_BYTES)
        except OSError:
            return
        if not chunk:
            return
        target.write(chunk)
