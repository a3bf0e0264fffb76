"""Pages of a PDF as pictures, and the beginning of a text: what is shown in place."""

import json
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import BoundedSemaphore
from typing import IO, Any, BinaryIO

from app.core.errors import InvalidError, NotFoundError
from app.evidence import pdf_worker
from app.evidence.storage import Storage

WORKER = Path(pdf_worker.__file__)
WALL_SECONDS = 15
MAX_PICTURE_BYTES = 40 * 1024 * 1024
TEXT_BYTES = 200 * 1000
MEASURE_NAME = "pages.json"

# So that one long document does not take every processor of the machine.
_drawing = BoundedSemaphore(2)


class PdfState(StrEnum):
    """Whether the pages of a PDF can be shown."""

    READY = "ready"
    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    TOO_DEMANDING = "too_demanding"


@dataclass(frozen=True)
class PageSize:
    """The picture of one page. Units: pixels; `number` begins at 1."""

    number: int
    width: int
    height: int


@dataclass(frozen=True)
class PdfFacts:
    """What is known of a PDF; `pages` are those that are drawn, a long one has more."""

    state: PdfState
    page_count: int = 0
    pages: tuple[PageSize, ...] = ()


@dataclass(frozen=True)
class TextBeginning:
    """The beginning of a text file; `is_cut` if the file goes on."""

    text: str
    is_cut: bool


def measure_pdf(storage: Storage, key: str) -> PdfFacts:
    """Return how many pages a PDF has and how large their pictures are.

    The answer is kept beside the file, a refusal too: a file that cost its
    whole time limit once is not tried at every view.
    """
    kept = storage.find_derived(key, MEASURE_NAME)
    facts: dict[str, Any]
    if kept is None:
        facts = _measure(storage, key)
        storage.put_derived(key, MEASURE_NAME, json.dumps(facts).encode())
    else:
        with kept:
            facts = json.load(kept)
    pages = tuple(PageSize(n, w, h) for n, (w, h) in enumerate(facts.get("sizes", ()), 1))
    return PdfFacts(PdfState(facts["state"]), facts.get("page_count", 0), pages)


def draw_page(storage: Storage, key: str, number: int) -> BinaryIO:
    """Return the picture (PNG) of one page, drawn now or before.

    Raises: `NotFoundError` if there is no such page; `InvalidError` if it
        cannot be drawn.
    """
    facts = measure_pdf(storage, key)
    if not 1 <= number <= len(facts.pages):
        raise NotFoundError("There is no such page in this document.")
    name = f"page-{number}.png"
    if kept := storage.find_derived(key, name):
        return kept
    with storage.open(key) as source:
        state, picture = _run(source, str(number))
    if state is not PdfState.READY:
        raise InvalidError("This page cannot be shown here. Download the file to see it.")
    storage.put_derived(key, name, picture)
    drawn = storage.find_derived(key, name)
    if drawn is None:
        raise NotFoundError("The document was taken away while its page was being drawn.")
    return drawn


def read_beginning(source: IO[bytes]) -> TextBeginning:
    """Return the first 200 kB of a text, whatever its encoding; for showing escaped only."""
    content = source.read(TEXT_BYTES + 1)
    kept = content[:TEXT_BYTES]
    if kept.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = kept.decode("utf-16", "replace")
    else:
        text = _decode(kept, is_cut=len(content) > TEXT_BYTES)
    text = text.replace("\r\n", "\n").replace("\0", "\ufffd")
    return TextBeginning(text=text, is_cut=len(content) > TEXT_BYTES)


def _decode(content: bytes, *, is_cut: bool) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if is_cut and error.start >= len(content) - 3:  # cut within the last character
            return content[: error.start].decode("utf-8-sig")
        return content.decode("cp1252", "replace")


def _measure(storage: Storage, key: str) -> dict[str, Any]:
    with storage.open(key) as source:
        state, answer = _run(source)
    facts: dict[str, Any] = {"state": str(state)}
    if state is PdfState.READY:
        facts |= json.loads(answer)
    return facts


def _run(source: BinaryIO, *arguments: str) -> tuple[PdfState, bytes]:
    """Let a process of its own read the file, so that a hostile one harms nothing else."""
    with _drawing:
        try:
            done = subprocess.run(  # noqa: S603 (our own script; the argument is a whole number)
                [sys.executable, "-I", str(WORKER), *arguments],
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                timeout=WALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return PdfState.TOO_DEMANDING, b""
    if done.returncode == pdf_worker.EXIT_ENCRYPTED:
        return PdfState.ENCRYPTED, b""
    if done.returncode == pdf_worker.EXIT_BROKEN:
        return PdfState.BROKEN, b""
    if done.returncode != 0 or len(done.stdout) > MAX_PICTURE_BYTES:
        return PdfState.TOO_DEMANDING, b""
    return PdfState.READY, done.stdout
