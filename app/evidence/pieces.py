"""One piece of an upload on its way in: the body of a request, read with care."""

import base64
import hashlib
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import IO

from werkzeug.exceptions import ClientDisconnected

# Of one piece; a thread that reads answers nobody else. What came by then is kept.
MAX_SECONDS = 60
RENEW_SECONDS = 10
# A piece that comes slower than an old telephone line is cut, once it has had time to begin.
MIN_BYTES_PER_SECOND = 4 * 1024
GRACE_SECONDS = 15
WATCH_SECONDS = 1
# Read at once: a server returns from a read only when all of it is there, or the line ends.
READ_BYTES = 16 * 1024
CHECKSUMS = ("sha1", "sha256")


class Checksum:
    """The digest that a client says a piece has.

    Source: tus 1.0.0, extension Checksum.
    """

    def __init__(self, header: str) -> None:
        """Read `sha1 <Base64>`. Raises: `ValueError` if it is nothing of the kind."""
        name, _, encoded = header.partition(" ")
        if name not in CHECKSUMS:
            raise ValueError("no such algorithm")
        try:
            self._wanted = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise ValueError("no Base64") from error
        self._digest = hashlib.new(name)

    def update(self, data: bytes) -> None:
        """Take the next bytes."""
        self._digest.update(data)

    def holds(self) -> bool:
        """Return whether the bytes so far have it."""
        return self._digest.digest() == self._wanted


class Piece:
    """A request's body as a stream: it ends after `size_bytes`, and breaks off with `OSError`.

    `is_cut`: it broke off, or took too long. `renew` is called every few seconds
    while bytes come; what it raises ends the reading.
    """

    def __init__(
        self,
        stream: IO[bytes],
        size_bytes: int,
        *,
        renew: Callable[[], None],
        checksum: Checksum | None = None,
    ) -> None:
        """Wrap the body. Nothing is read yet."""
        self._stream = stream
        self._size = self._left = size_bytes
        self._renew = renew
        self._checksum = checksum
        self._began = self._renewed = time.monotonic()
        self.is_cut = False

    @property
    def is_sound(self) -> bool:
        """Whether it has the checksum that was sent with it, if one was."""
        return self._checksum is None or (not self.is_cut and self._checksum.holds())

    @property
    def is_too_slow(self) -> bool:
        """Whether it has had its time, or comes so slowly that it keeps others waiting."""
        seconds = time.monotonic() - self._began
        received = self._size - self._left
        return seconds > MAX_SECONDS or (
            seconds > GRACE_SECONDS and received < seconds * MIN_BYTES_PER_SECOND
        )

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; none at the end. Raises: `OSError` if it breaks off."""
        if self._left == 0:
            return b""
        self._keep_time()
        wanted = self._left if size < 0 else min(size, self._left)
        try:
            data = self._stream.read(min(wanted, READ_BYTES))
        except (ClientDisconnected, OSError) as error:
            self.is_cut = True
            raise ConnectionResetError("The connection broke off.") from error
        if not data:
            self.is_cut = True
            raise ConnectionResetError("The connection broke off.")
        self._left -= len(data)
        if self._checksum:
            self._checksum.update(data)
        return data

    def _keep_time(self) -> None:
        now = time.monotonic()
        if now - self._began > MAX_SECONDS:
            self.is_cut = True
            raise TimeoutError("The piece took too long.")
        if now - self._renewed > RENEW_SECONDS:
            self._renew()
            self._renewed = now


@contextmanager
def watched(piece: Piece, line: socket.socket | None) -> Iterator[None]:
    """End the line of a piece that comes too slowly, though a read of it never returns.

    A time-out of the line does not do that: each byte begins it anew. What came is kept, and
    an answer can still be sent. `line`: `None` where the server does not give it away.
    """
    if line is None:
        yield
        return
    is_done = Event()

    def watch() -> None:
        while not is_done.wait(WATCH_SECONDS):
            if piece.is_too_slow:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RD)
                return

    watcher = Thread(target=watch, name="slow piece", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_done.set()
        watcher.join()
