"""Where the bytes of submitted files are kept."""

import hashlib
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Protocol

from app.core.errors import NotFoundError
from app.evidence.partial_files import PartialFile, sync_folder
from app.settings import Settings

CHUNK_BYTES = 256 * 1024
KEY = re.compile(r"[0-9a-f]{32}")
DERIVED_NAME = re.compile(r"[a-z0-9-]{1,40}\.(png|jpg|json|pdf)")


@dataclass(frozen=True)
class StoredFile:
    """What was kept. Units: `size_bytes`; `sha256` is hexadecimal, of the bytes written."""

    key: str
    size_bytes: int
    sha256: str


class Storage(Protocol):
    """A door with several implementations: a local folder, an object store.

    A key is random and made here; nothing that a person typed ever becomes
    part of a path. A derived file (a drawn page) can be made again from the
    file that it stands beside, and goes when that goes.
    """

    def put(self, stream: IO[bytes]) -> StoredFile:
        """Keep everything from the stream's present position; durable when this returns."""

    def open(self, key: str) -> BinaryIO:
        """Open a kept file: a real, seekable file. Raises: `NotFoundError`."""

    def delete(self, key: str) -> None:
        """Forget a file and all that was derived from it; one already gone is no error."""

    def find_derived(self, key: str, name: str) -> BinaryIO | None:
        """Open a derived file, if it was made before."""

    def put_derived(self, key: str, name: str, content: bytes) -> None:
        """Keep a derived file beside its source."""

    def count_derived_bytes(self, key: str) -> int:
        """Return how large all derived files of one file are together."""

    def put_part(self, key: str, number: int, stream: IO[bytes]) -> int:
        """Keep what the stream gives as part `number`, from 1, of a file that is not whole yet.

        A stream that breaks off (`OSError`) ends the part: what came before is
        kept and counted. The same number again takes the place of what it kept,
        and of all parts after it.
        Units: returns bytes.
        Raises: `OSError` if the storage itself fails; then nothing is counted.
        """

    def finish(self, key: str, parts: int) -> StoredFile:
        """Join parts 1 to `parts` into the file `key`, durable; done already is no error.

        Raises: `NotFoundError` if there are no such parts.
        """

    def drop_parts(self, key: str) -> None:
        """Forget the parts of a file that never became whole; none is no error."""


class LocalStorage:
    """A folder on this machine, readable by the program's own account only."""

    def __init__(self, root: Path) -> None:
        """Use this folder; it is made with the first file."""
        self._root = root.absolute()

    def put(self, stream: IO[bytes]) -> StoredFile:
        """Keep everything from the stream's present position; durable when this returns."""
        key = secrets.token_hex(16)
        digest = hashlib.sha256()
        size = 0

        def write(target: BinaryIO) -> None:
            nonlocal size
            while chunk := stream.read(CHUNK_BYTES):
                target.write(chunk)
                digest.update(chunk)
                size += len(chunk)

        self._write(self._path(key), write)
        return StoredFile(key=key, size_bytes=size, sha256=digest.hexdigest())

    def open(self, key: str) -> BinaryIO:
        """Open a kept file. Raises: `NotFoundError`."""
        try:
            return self._path(key).open("rb")
        except FileNotFoundError as error:
            raise NotFoundError(
                "The file is missing from the tool's storage. Tell whoever runs Assay."
            ) from error

    def delete(self, key: str) -> None:
        """Forget a file and all that was derived from it; one already gone is no error."""
        path = self._path(key)
        for derived in path.parent.glob(f"{key}.*"):
            derived.unlink(missing_ok=True)
        path.unlink(missing_ok=True)

    def find_derived(self, key: str, name: str) -> BinaryIO | None:
        """Open a derived file, if it was made before."""
        try:
            return self._derived_path(key, name).open("rb")
        except FileNotFoundError:
            return None

    def put_derived(self, key: str, name: str, content: bytes) -> None:
        """Keep a derived file beside its source."""
        self._write(self._derived_path(key, name), lambda target: target.write(content))

    def count_derived_bytes(self, key: str) -> int:
        """Return how large all derived files of one file are together."""
        path = self._path(key)
        with os.scandir(path.parent) as entries:
            return sum(e.stat().st_size for e in entries if e.name.startswith(f"{key}."))

    def put_part(self, key: str, number: int, stream: IO[bytes]) -> int:
        """Keep what the stream gives as part `number` of a file that is not whole yet."""
        return PartialFile(self._path(key)).append(number, stream)

    def finish(self, key: str, parts: int) -> StoredFile:
        """Make the file `key` of its parts. Raises: `NotFoundError`."""
        path = self._path(key)
        PartialFile(path).close(parts)
        digest = hashlib.sha256()
        with self.open(key) as whole:
            while chunk := whole.read(CHUNK_BYTES):
                digest.update(chunk)
            return StoredFile(key=key, size_bytes=whole.tell(), sha256=digest.hexdigest())

    def drop_parts(self, key: str) -> None:
        """Forget the parts of a file that never became whole; none is no error."""
        PartialFile(self._path(key)).drop()

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError(f"Not a storage key: {key!r}")
        # Two levels of folders keep each of them small.
        return self._root / key[:2] / key[2:4] / key

    def _derived_path(self, key: str, name: str) -> Path:
        if not DERIVED_NAME.fullmatch(name):
            raise ValueError(f"Not the name of a derived file: {name!r}")
        path = self._path(key)
        return path.with_name(f"{path.name}.{name}")

    def _write(self, path: Path, write: Callable[[BinaryIO], object]) -> None:
        """Write under a temporary name, then rename: a file is whole or not there."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as target:
                write(target)
                target.flush()
                os.fsync(target.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def open_storage(settings: Settings) -> Storage:
    """Return the storage that the settings name."""
    return LocalStorage(settings.storage_dir)
