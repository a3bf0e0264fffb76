"""One piece of an upload on its way in: the body of a request, read with care."""

import base64
import hashlib
import time
from collections.abc import Callable
from typing import IO

from werkzeug.exceptions import ClientDisconnected

# Of one piece; a thread that reads answers nobody else. What came by then is kept.
MAX_SECONDS = 60
RENEW_SECONDS = 10
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
        self._left = size_bytes
        self._renew = renew
        self._checksum = checksum
        self._began = self._renewed = time.monotonic()
        self.is_cut = False

    @property
    def is_sound(self) -> bool:
        """Whether it has the checksum that was sent with it, if one was."""
        return self._checksum is None or (not self.is_cut and self._checksum.holds())

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; none at the end. Raises: `OSError` if it breaks off."""
        if self._left == 0:
            return b""
        self._keep_time()
        try:
            data = self._stream.read(self._left if size < 0 else min(size, self._left))
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
