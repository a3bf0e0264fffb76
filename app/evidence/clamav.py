"""ClamAV's daemon: a file goes there in pieces, a word comes back.

Source: clamd(8), "COMMANDS": INSTREAM, VERSION, and the `z` prefix, by which
command and answer end with a zero byte.
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from app.evidence.stored import read_chunks

CONNECT_SECONDS = 5.0
# A large archive takes the daemon up to two minutes by its own default (`MaxScanTime`).
ANSWER_SECONDS = 150.0
MAX_ANSWER_BYTES = 4096


class ScannerUnavailableError(Exception):
    """The scanner is away, or answered what nobody understands; the file has to wait."""


class OddAnswerError(ScannerUnavailableError):
    """It is there, but stumbles over this file; others may fare better."""


class FileTooLargeError(ValueError):
    """It is more than the daemon takes (`StreamMaxLength`): asking again is of no use."""


class ClamAv:
    """A `Scanner` that listens at `host:port`, or at a socket of this machine."""

    def __init__(self, address: str, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        """Remember where; each file has a connection of its own."""
        self._address = address
        self._answer_seconds = answer_seconds

    def scan(self, stream: IO[bytes]) -> str | None:
        """Return the name of what was found, or `None` if there is nothing.

        Raises: `ScannerUnavailableError`, `OddAnswerError`, `FileTooLargeError`.
        """
        with self._connected() as daemon:
            try:
                daemon.sendall(b"zINSTREAM\0")
                for chunk in read_chunks(stream):
                    daemon.sendall(struct.pack(">I", len(chunk)) + chunk)
                daemon.sendall(struct.pack(">I", 0))
            except ConnectionError:  # it said no while we were speaking: listen to why
                pass
            answer = _read_answer(daemon)
        if answer == "stream: OK":
            return None
        if answer.endswith(" FOUND"):
            return answer.removeprefix("stream: ").removesuffix(" FOUND")
        if "size limit exceeded" in answer:
            raise FileTooLargeError(answer)
        raise OddAnswerError(f"It answered: {answer or 'nothing'}")

    def describe(self) -> str:
        """Return its version and that of its signatures. Raises: `ScannerUnavailableError`."""
        with self._connected() as daemon:
            daemon.sendall(b"zVERSION\0")
            answer = _read_answer(daemon)
        if not answer.startswith("ClamAV"):
            raise ScannerUnavailableError(f"It answered: {answer or 'nothing'}")
        return answer

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        try:
            with self._connect() as daemon:
                daemon.settimeout(self._answer_seconds)
                yield daemon
        except OSError as error:
            words = error.strerror or type(error).__name__
            raise ScannerUnavailableError(f"No answer ({words})") from error

    def _connect(self) -> socket.socket:
        if not self._address.startswith("/"):
            host, _, port = self._address.rpartition(":")
            return socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS)
        daemon = socket.socket(socket.AF_UNIX)
        daemon.settimeout(CONNECT_SECONDS)
        try:
            daemon.connect(self._address)
        except BaseException:
            daemon.close()
            raise
        return daemon


def _read_answer(daemon: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < MAX_ANSWER_BYTES:
        part = daemon.recv(MAX_ANSWER_BYTES)
        if not part:
            break
        answer += part
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")
