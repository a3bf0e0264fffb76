"""Office files as PDFs, made by LibreOffice where it is installed; shown as PDFs are."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from enum import StrEnum
from pathlib import Path

from app.evidence import office_worker, preview
from app.evidence.storage import Storage

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
# The suffix tells the program what it is given; it is ours, whatever the file was called.
SUFFIXES = {
    f"{_OFFICE}.wordprocessingml.document": "docx",
    f"{_OFFICE}.spreadsheetml.sheet": "xlsx",
    f"{_OFFICE}.presentationml.presentation": "pptx",
    f"{_OPEN}.text": "odt",
    f"{_OPEN}.spreadsheet": "ods",
    f"{_OPEN}.presentation": "odp",
}
PROGRAMS = ("soffice", "libreoffice")
WORKER = office_worker.__file__
WALL_SECONDS = 60
MAX_PDF_BYTES = 50 * 1024 * 1024
STATE_NAME = "office.json"


class OfficeState(StrEnum):
    """How far the conversion of an office file is. `off`: there was no program for it."""

    PREPARING = "preparing"
    READY = "ready"
    FAILED = "failed"
    TOO_DEMANDING = "too_demanding"
    OFF = "off"


def is_office(media_type: str | None) -> bool:
    """Return whether a file is one that can be converted."""
    return media_type in SUFFIXES


def find_program(setting: str | None) -> str | None:
    """Return the path of LibreOffice. `setting`: `None`: look for it; empty: there is none."""
    if setting is not None:
        return setting or None
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def find_office_state(storage: Storage, key: str) -> OfficeState:
    """Return how far the conversion of a file is."""
    kept = preview.read_kept(storage, key, STATE_NAME)
    return OfficeState.PREPARING if kept is None else OfficeState(kept["state"])


def convert(storage: Storage, key: str, *, media_type: str, program: str | None) -> OfficeState:
    """Convert a file and keep the PDF beside it, or why there is none.

    What failed once is not tried again, but for a program that was missing.
    """
    state = find_office_state(storage, key)
    if state not in {OfficeState.PREPARING, OfficeState.OFF}:
        return state
    if program is None:
        state = OfficeState.OFF
    else:
        with tempfile.TemporaryDirectory(prefix="assay-office-") as folder:
            state = _convert(storage, key, SUFFIXES[media_type], program, Path(folder))
    storage.put_derived(key, STATE_NAME, json.dumps({"state": state}).encode())
    return state


def _convert(storage: Storage, key: str, suffix: str, program: str, folder: Path) -> OfficeState:
    code = _run(storage, key, suffix, program, folder)
    if code in {None, office_worker.EXIT_TOO_DEMANDING, -signal.SIGXCPU}:
        return OfficeState.TOO_DEMANDING
    made = folder / "out" / "file.pdf"
    # LibreOffice ends well also where it wrote nothing.
    if code != 0 or not made.is_file() or made.is_symlink():
        return OfficeState.FAILED
    if made.stat().st_size > MAX_PDF_BYTES:
        return OfficeState.TOO_DEMANDING
    content = made.read_bytes()
    if not content.startswith(b"%PDF-"):
        return OfficeState.FAILED
    storage.put_derived(key, preview.CONVERTED_NAME, content)
    return OfficeState.READY


def _run(storage: Storage, key: str, suffix: str, program: str, folder: Path) -> int | None:
    """Run the program in a group of its own; `None` if it was given up."""
    with storage.open(key) as source:
        process = subprocess.Popen(  # noqa: S603 (our own script; nothing that was typed)
            [sys.executable, "-I", WORKER, program, suffix, str(folder)],
            stdin=source,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={},
            start_new_session=True,
        )
        try:
            return process.wait(timeout=WALL_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End whatever the program has started and left behind, too."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
