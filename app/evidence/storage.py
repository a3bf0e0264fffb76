"""Where the bytes of submitted files are kept."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import IO, BinaryIO, Protocol, cast
from urllib.parse import urlsplit

from app.evidence.partial_files import PartialFile, sync_folder
from app.evidence.s3_storage import Bucket, BucketStorage
from app.evidence.stored import (
    Spaced,
    StorageUnavailableError,
    StoredFile,
    check_derived_name,
    check_key,
    missing_file,
    read_chunks,
    reading,
    unwritable,
    writing,
)
from app.settings import Settings

__all__ = [
    "LocalStorage",
    "Storage",
    "StorageUnavailableError",
    "StoredFile",
    "open_storage",
]
# Less than this is as good as full: an upload and its drawn pages must fit.
MIN_FREE_BYTES = 256 * 1024 * 1024


class Storage(Protocol):
    """A door with several implementations: a local folder, an object store.

    A key is random and made here; nothing that a person typed ever becomes
    part of a path. A derived file (a drawn page) can be made again from the
    file that it stands beside, and goes when that goes. Whatever fails because
    the storage is full, away or refuses raises `StorageUnavailableError`, and
    leaves nothing half kept.
    """

    def put(self, stream: IO[bytes]) -> StoredFile:
        """Keep everything from the stream's present position; durable when this returns."""

    def open(self, key: str) -> BinaryIO:
        """Open a kept file: a real, seekable file. Raises: `NotFoundError`."""

    def delete(self, key: str) -> None:
        """Forget a file and all that was derived from it; one already gone is no error."""

    def quarantine(self, key: str) -> None:
        """Move a file to where `open` does not find it, and forget what was derived from it."""

    def release(self, key: str) -> None:
        """Bring a file back from quarantine; one that is not there is no error."""

    def open_quarantined(self, key: str) -> BinaryIO:
        """Open a file in quarantine, to check it again. Raises: `NotFoundError`."""

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

    def sign_download(self, key: str, *, media_type: str, disposition: str) -> str | None:
        """Return an address at which the browser fetches the file itself, for a minute.

        `None` if it has none: the tool sends the file.
        """

    def check(self) -> str:
        """Return in a few words where files are kept. Raises: `StorageUnavailableError`."""


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
            for chunk in read_chunks(
                self._spaced(stream)
            ):  # what fails there is the sender's: it flies as it is
                with writing():
                    target.write(chunk)
                digest.update(chunk)
                size += len(chunk)

        self._write(self._path(key), write)
        return StoredFile(key=key, size_bytes=size, sha256=digest.hexdigest())

    def open(self, key: str) -> BinaryIO:
        """Open a kept file. Raises: `NotFoundError`."""
        return self._open(self._path(key))

    def delete(self, key: str) -> None:
        """Forget a file and all that was derived from it; one already gone is no error."""
        self._forget_derived(key)
        with writing():
            self._path(key).unlink(missing_ok=True)
            self._quarantined_path(key).unlink(missing_ok=True)

    def quarantine(self, key: str) -> None:
        """Move a file to where `open` does not find it, and forget what was derived from it."""
        source, target = self._path(key), self._quarantined_path(key)
        with writing():
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if source.exists():
                source.replace(target)
        self._forget_derived(key)

    def release(self, key: str) -> None:
        """Bring a file back from quarantine; one that is not there is no error."""
        source = self._quarantined_path(key)
        with writing():
            if source.exists():
                source.replace(self._path(key))

    def open_quarantined(self, key: str) -> BinaryIO:
        """Open a file in quarantine, to check it again. Raises: `NotFoundError`."""
        return self._open(self._quarantined_path(key))

    def find_derived(self, key: str, name: str) -> BinaryIO | None:
        """Open a derived file, if it was made before."""
        with reading():
            try:
                return self._derived_path(key, name).open("rb")
            except FileNotFoundError:
                return None

    def put_derived(self, key: str, name: str, content: bytes) -> None:
        """Keep a derived file beside its source."""

        def write(target: BinaryIO) -> None:
            with writing():
                target.write(content)

        self._write(self._derived_path(key, name), write)

    def count_derived_bytes(self, key: str) -> int:
        """Return how large all derived files of one file are together."""
        path = self._path(key)
        with reading(), os.scandir(path.parent) as entries:
            return sum(e.stat().st_size for e in entries if e.name.startswith(f"{key}."))

    def put_part(self, key: str, number: int, stream: IO[bytes]) -> int:
        """Keep what the stream gives as part `number` of a file that is not whole yet."""
        return PartialFile(self._path(key)).append(number, self._spaced(stream))

    def finish(self, key: str, parts: int) -> StoredFile:
        """Make the file `key` of its parts. Raises: `NotFoundError`."""
        path = self._path(key)
        PartialFile(path).close(parts)
        digest = hashlib.sha256()
        with self.open(key) as whole:
            for chunk in read_chunks(whole):
                digest.update(chunk)
            return StoredFile(key=key, size_bytes=whole.tell(), sha256=digest.hexdigest())

    def drop_parts(self, key: str) -> None:
        """Forget the parts of a file that never became whole; none is no error."""
        PartialFile(self._path(key)).drop()

    def sign_download(self, key: str, *, media_type: str, disposition: str) -> str | None:
        """Return `None`: the tool sends the file."""
        del key, media_type, disposition
        return None

    def check(self) -> str:
        """Return where files are kept. Raises: `StorageUnavailableError`."""
        if not os.access(self._place(), os.W_OK | os.X_OK):
            raise unwritable("the folder cannot be written to")
        free = self._require_room()
        return f"a folder of this machine; {free // 1024**3} GB are free"

    def _place(self) -> Path:
        """Return the folder, or the one in which it will be made."""
        return next(path for path in (self._root, *self._root.parents) if path.exists())

    def _require_room(self) -> int:
        """Return how many bytes are free. Raises: `StorageUnavailableError` if too few are.

        The rest is for what is drawn of files that are here, and for the database beside them.
        """
        with writing():
            free = shutil.disk_usage(self._place()).free
        if free < MIN_FREE_BYTES:
            raise unwritable(f"{free // 1024**2} MB are left on its disk")
        return free

    def _spaced(self, stream: IO[bytes]) -> IO[bytes]:
        return cast("IO[bytes]", Spaced(stream, self._require_room))

    def _path(self, key: str) -> Path:
        check_key(key)
        # Two levels of folders keep each of them small.
        return self._root / key[:2] / key[2:4] / key

    def _derived_path(self, key: str, name: str) -> Path:
        path = self._path(key)
        return path.with_name(f"{path.name}.{check_derived_name(name)}")

    def _quarantined_path(self, key: str) -> Path:
        return self._root / "quarantine" / self._path(key).name

    def _open(self, path: Path) -> BinaryIO:
        with reading():
            try:
                return path.open("rb")
            except FileNotFoundError as error:
                raise missing_file() from error

    def _forget_derived(self, key: str) -> None:
        with writing():
            for derived in self._path(key).parent.glob(f"{key}.*"):
                derived.unlink(missing_ok=True)

    def _write(self, path: Path, write: Callable[[BinaryIO], object]) -> None:
        """Write under a temporary name, then rename: a file is whole or not there."""
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        with writing():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        target = os.fdopen(descriptor, "wb")
        try:
            try:
                write(target)
                with writing():
                    target.flush()
                    os.fsync(descriptor)
            finally:
                with writing():
                    target.close()
            with writing():
                temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        with writing():
            sync_folder(path.parent)


def open_storage(settings: Settings) -> Storage:
    """Return the storage that the settings name."""
    origin = settings.storage_origin
    if settings.storage_url is None or origin is None:
        return LocalStorage(settings.storage_dir)
    parts = urlsplit(settings.storage_url)
    return _open_bucket(
        Bucket(
            name=parts.netloc,
            prefix=parts.path.strip("/"),
            origin=origin,
            is_path_style=settings.is_path_style,
            region=settings.s3_region,
            key_id=settings.s3_key_id or "",
            secret=settings.s3_secret.get_secret_value() if settings.s3_secret else "",
        )
    )


@lru_cache(maxsize=8)
def _open_bucket(bucket: Bucket) -> BucketStorage:
    """Keep the client: its connections are pooled, and any thread may use it."""
    return BucketStorage(bucket)
