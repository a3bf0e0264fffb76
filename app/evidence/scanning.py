"""Checking files for malware: what any scanner has to answer, and which one there is."""

from dataclasses import dataclass
from typing import IO, Protocol

from app.evidence.clamav import ClamAv, OddAnswerError, ScannerUnavailableError
from app.evidence.models import ScanState
from app.settings import Settings

__all__ = [
    "Finding",
    "OddAnswerError",
    "Scanner",
    "ScannerUnavailableError",
    "check_file",
    "find_scanner",
    "first_state",
]

MAX_NAME = 150


@dataclass(frozen=True)
class Finding:
    """What a scanner says of one file; `name`: what it calls what it found, else empty."""

    state: ScanState
    name: str = ""


class Scanner(Protocol):
    """A door with two sides: a daemon that looks into files, or none (`find_scanner`)."""

    def scan(self, stream: IO[bytes]) -> str | None:
        """Return what was found, or `None` if there is nothing.

        Raises: `ScannerUnavailableError`; `ValueError` if the file is more than
            it ever looks at.
        """

    def describe(self) -> str:
        """Return its name and version. Raises: `ScannerUnavailableError`."""


def find_scanner(settings: Settings) -> Scanner | None:
    """Return the scanner that the settings name, or `None`: files are not checked."""
    return ClamAv(settings.clamav) if settings.clamav else None


def first_state(settings: Settings) -> ScanState:
    """Return how a file begins: it waits to be checked if anybody will."""
    return ScanState.WAITING if settings.clamav else ScanState.NOT_SCANNED


def check_file(scanner: Scanner, stream: IO[bytes]) -> Finding:
    """Return what a scanner says of a file. Raises: `ScannerUnavailableError`."""
    try:
        found = scanner.scan(stream)
    except ValueError:
        return Finding(ScanState.NOT_SCANNED)
    if found is None:
        return Finding(ScanState.CLEAN)
    return Finding(ScanState.INFECTED, found[:MAX_NAME])
