"""Files in a bucket of an S3-compatible store: Amazon's, MinIO, Garage, Ceph.

In the bucket, below the prefix: `files/<key>`, `derived/<key>/<name>`,
`parts/<key>/<number>` (of files that are not all there yet), `quarantine/<key>`.
"""

import hashlib
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import IO, BinaryIO, Final, cast

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from app.core.clock import utcnow
from app.core.errors import NotFoundError
from app.evidence.presigning import Signer
from app.evidence.stored import (
    CHUNK_BYTES,
    StoredFile,
    check_derived_name,
    check_key,
    missing_file,
    read_chunks,
    unreadable,
    unwritable,
)

# The store takes no smaller parts but the last one; two of them on their way bound the memory.
PART_BYTES: Final = 8 * 1024 * 1024
PARTS_AT_ONCE: Final = 2
LINK_LIFETIME: Final = timedelta(seconds=60)
MAX_REASON: Final = 200


@dataclass(frozen=True)
class Bucket:
    """Which bucket, where, and with whose key.

    `origin`: scheme and host of its addresses; the bucket stands in their path
    if `is_path_style`, else it is part of the host already.
    `patience`: the longest silence of the store; a call is tried twice.
    """

    name: str
    prefix: str
    origin: str
    is_path_style: bool
    region: str
    key_id: str
    secret: str = field(repr=False)
    patience: timedelta = timedelta(seconds=10)


class BucketStorage:
    """A `Storage` in a bucket; browsers fetch large files from it themselves."""

    def __init__(self, bucket: Bucket) -> None:
        """Prepare the client; nothing is asked yet."""
        self._bucket = bucket
        self._signer = Signer(bucket.key_id, bucket.secret, bucket.region)
        self._store = S3Store(
            bucket.name,
            prefix=bucket.prefix or None,
            endpoint=bucket.origin,
            region=bucket.region,
            access_key_id=bucket.key_id,
            secret_access_key=bucket.secret,
            virtual_hosted_style_request=not bucket.is_path_style,
            client_options={
                "allow_http": bucket.origin.startswith("http://"),
                "connect_timeout": min(bucket.patience, timedelta(seconds=3)),
                "read_timeout": bucket.patience,
                "timeout": timedelta(hours=1),  # a large file may take its time, not its silence
            },
            retry_config={
                "max_retries": 1,
                "retry_timeout": bucket.patience,
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=1),
                    "base": 2,
                },
            },
        )

    def put(self, stream: IO[bytes]) -> StoredFile:
        """Keep everything from the stream's present position; durable when this returns."""
        return self._put_counted(secrets.token_hex(16), read_chunks(stream))

    def open(self, key: str) -> BinaryIO:
        """Open a kept file: a copy on this machine's disk. Raises: `NotFoundError`."""
        return self._fetch(_file(key))

    def delete(self, key: str) -> None:
        """Forget a file and all that was derived from it; one already gone is no error."""
        self._forget([_file(key), _quarantined(key), *self._names(f"derived/{check_key(key)}")])

    def quarantine(self, key: str) -> None:
        """Move a file to where `open` does not find it, and forget what was derived from it."""
        self._move(_file(key), _quarantined(key))
        self._forget(self._names(f"derived/{check_key(key)}"))

    def release(self, key: str) -> None:
        """Bring a file back from quarantine; one that is not there is no error."""
        self._move(_quarantined(key), _file(key))

    def open_quarantined(self, key: str) -> BinaryIO:
        """Open a file in quarantine, to check it again. Raises: `NotFoundError`."""
        return self._fetch(_quarantined(key))

    def find_derived(self, key: str, name: str) -> BinaryIO | None:
        """Open a derived file, if it was made before."""
        return self._find(_derived(key, name))

    def put_derived(self, key: str, name: str, content: bytes) -> None:
        """Keep a derived file beside its source."""
        with _writing():
            obstore.put(self._store, _derived(key, name), content, use_multipart=False)

    def count_derived_bytes(self, key: str) -> int:
        """Return how large all derived files of one file are together."""
        with _reading():
            pages = obstore.list(self._store, f"derived/{check_key(key)}")
            return sum(each["size"] for page in pages for each in page)

    def put_part(self, key: str, number: int, stream: IO[bytes]) -> int:
        """Keep what the stream gives until it ends, or breaks off, as one part of a file.

        Return how many bytes that were. A part that is sent again replaces the first.
        """
        count = 0

        def until_it_ends() -> Iterator[bytes]:
            nonlocal count
            try:
                for chunk in read_chunks(stream):
                    count += len(chunk)
                    yield chunk
            except OSError:  # the line was cut: what came before it is kept
                return

        self._put(_part(key, number), until_it_ends())
        return count

    def finish(self, key: str, parts: int) -> StoredFile:
        """Join parts 1 to n into the file, and drop them; done already is no error.

        Raises: `NotFoundError` if one is missing; the others stay.
        """
        try:
            stored = self._put_counted(key, self._read_parts(key, parts))
        except NotFoundError:
            if self._names(f"parts/{check_key(key)}"):
                raise
            with self.open(key) as whole:
                digest = hashlib.sha256()
                for chunk in read_chunks(whole):
                    digest.update(chunk)
                return StoredFile(key, whole.tell(), digest.hexdigest())
        self.drop_parts(key)
        return stored

    def drop_parts(self, key: str) -> None:
        """Forget what has come of a file that will not be finished."""
        self._forget(self._names(f"parts/{check_key(key)}"))

    def sign_download(self, key: str, *, media_type: str, disposition: str) -> str | None:
        """Return an address at which the browser fetches the file itself, for a minute."""
        bucket = self._bucket
        steps = (bucket.name if bucket.is_path_style else "", bucket.prefix, _file(key))
        return self._signer.sign(
            "/".join((bucket.origin, *filter(None, steps))),
            answers={
                "response-cache-control": "private, no-store",
                "response-content-disposition": disposition,
                "response-content-type": media_type,
            },
            lifetime=LINK_LIFETIME,
            now=utcnow(),
        )

    def check(self) -> str:
        """Return where files are kept. Raises: `StorageUnavailableError`."""
        with _reading():
            next(iter(obstore.list(self._store, "files", chunk_size=1)), None)
        return f"the bucket “{self._bucket.name}” at {self._bucket.origin}"

    def _put_counted(self, key: str, chunks: Iterable[bytes]) -> StoredFile:
        digest = hashlib.sha256()
        size = 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                yield chunk

        self._put(_file(key), counted())
        return StoredFile(key=key, size_bytes=size, sha256=digest.hexdigest())

    def _put(self, name: str, chunks: Iterator[bytes]) -> None:
        """Write an object from a stream: small ones at once, others in parts.

        Where the stream breaks off, the client takes back the parts that it has sent.
        """
        head = b""
        for chunk in chunks:
            head += chunk
            if len(head) > PART_BYTES:
                break
        else:
            with _writing():
                obstore.put(self._store, name, head, use_multipart=False)
            return
        sender = _Sender(head, chunks)
        with _writing(sender):
            obstore.put(
                self._store,
                name,
                iter(sender),
                chunk_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
            )

    def _read_parts(self, key: str, parts: int) -> Iterator[bytes]:
        # The client cannot be called from within its own call, which is where this is read.
        with ThreadPoolExecutor(max_workers=1) as helper:
            for number in range(1, parts + 1):
                with helper.submit(self._fetch, _part(key, number)).result() as source:
                    yield from read_chunks(source)

    def _fetch(self, name: str) -> BinaryIO:
        found = self._find(name)
        if found is None:
            raise missing_file()
        return found

    def _find(self, name: str) -> BinaryIO | None:
        """Copy an object to a file of this machine, so that it can be sought and handed on."""
        copy = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 (the caller closes it)
        try:
            with _reading():
                for chunk in obstore.get(self._store, name).stream(min_chunk_size=CHUNK_BYTES):
                    copy.write(chunk)
            copy.seek(0)
        except FileNotFoundError:
            copy.close()
            return None
        except BaseException:
            copy.close()
            raise
        return copy

    def _move(self, source: str, target: str) -> None:
        """Move an object; one that is not there is no error."""
        try:
            with _writing():
                obstore.copy(self._store, source, target)
                obstore.delete(self._store, source)
        except FileNotFoundError:
            return

    def _names(self, folder: str) -> list[str]:
        with _writing():
            return [each["path"] for page in obstore.list(self._store, folder) for each in page]

    def _forget(self, names: list[str]) -> None:
        with _writing():
            for name in names:
                try:
                    obstore.delete(self._store, name)
                except FileNotFoundError:
                    continue


class _Sender:
    """What is put into the store; remembers what went wrong on its own side."""

    def __init__(self, head: bytes, rest: Iterator[bytes]) -> None:
        self._head = head
        self._rest = rest
        self.error: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield self._head
            yield from self._rest
        except BaseException as error:
            self.error = error
            raise


@contextmanager
def _writing(sender: _Sender | None = None) -> Iterator[None]:
    """Tell plainly why the store did not take something; the sender's own fault flies as it is."""
    try:
        yield
    except (BaseError, OSError) as error:
        if sender is not None and sender.error is not None:
            raise sender.error from None
        if isinstance(error, FileNotFoundError) and sender is None and not _is_bucket_gone(error):
            raise
        raise unwritable(_reason(error)) from error


@contextmanager
def _reading() -> Iterator[None]:
    """Tell plainly why the store did not give something."""
    try:
        yield
    except (BaseError, OSError) as error:
        if isinstance(error, FileNotFoundError) and not _is_bucket_gone(error):
            raise
        raise unreadable(_reason(error)) from error


def _is_bucket_gone(error: Exception) -> bool:
    """Whether not the object is missing, but all of the bucket. Source: S3's error codes."""
    return "NoSuchBucket" in str(error)


def _reason(error: Exception) -> str:
    """Return the first line of the client's words; the rest is for its own developers."""
    words = str(error).partition("\n")[0]
    return words.partition(" - ")[2][:MAX_REASON] or words[:MAX_REASON]


def _file(key: str) -> str:
    return f"files/{check_key(key)}"


def _quarantined(key: str) -> str:
    return f"quarantine/{check_key(key)}"


def _part(key: str, number: int) -> str:
    return f"parts/{check_key(key)}/{number:05d}"


def _derived(key: str, name: str) -> str:
    return f"derived/{check_key(key)}/{check_derived_name(name)}"
