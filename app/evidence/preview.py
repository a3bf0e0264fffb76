"""Pages of a PDF as pictures, and the beginning of a text: what is shown in place."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import BoundedSemaphore
from typing import IO, Any, BinaryIO

from app.core.errors import InvalidError, NotFoundError
from app.evidence import pdf_worker
from app.evidence.processes import run_process
from app.evidence.storage import Storage

WORKER = Path(pdf_worker.__file__)
WALL_SECONDS = 5
# A thread that waits answers nobody else; a browser can ask again.
WAIT_SECONDS = 1
MAX_PICTURE_BYTES = 8 * 1024 * 1024
# Of all that is drawn of one file.
MAX_DERIVED_BYTES = 100 * 1024 * 1024
# So many pages of one file may cost their whole time limit.
MAX_DEMANDING_PAGES = 5
TEXT_BYTES = 200 * 1000
MEASURE_NAME = "pages.json"
# The PDF that an office file was converted to; it stands beside that file, with its own pages.
CONVERTED_NAME = "converted.pdf"
REFUSED_NAME = "refused.json"
# The beginnings of the pictures that the drawing process makes, and what they are.
PICTURE_TYPES = {b"\x89PNG": ("png", "image/png"), b"\xff\xd8\xff": ("jpg", "image/jpeg")}

# So that one long document does not take every processor of the machine.
_drawing = BoundedSemaphore(2)


class BusyError(Exception):
    """Too many pages are being drawn already; in a moment it will do."""


class PdfState(StrEnum):
    """Whether the pages of a PDF can be shown; `busy`, `later`: it is not known yet."""

    READY = "ready"
    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    TOO_DEMANDING = "too_demanding"
    BUSY = "busy"
    LATER = "later"


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
class Picture:
    """One drawn page; whoever gets it closes the stream."""

    stream: BinaryIO
    media_type: str


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
    facts = read_kept(storage, key, MEASURE_NAME)
    if facts is None:
        try:
            with turn():
                facts = read_kept(storage, key, MEASURE_NAME) or _measure(storage, key)
        except BusyError:
            return PdfFacts(PdfState.BUSY)
    return _facts(facts)


def find_measure(storage: Storage, key: str) -> PdfFacts:
    """Return what was found when the PDF was measured; `PdfState.LATER` if it was not yet."""
    facts = read_kept(storage, key, MEASURE_NAME)
    return PdfFacts(PdfState.LATER) if facts is None else _facts(facts)


def open_pdf(storage: Storage, key: str) -> BinaryIO:
    """Open a PDF, or the one that an office file was converted to. Raises: `NotFoundError`."""
    return storage.find_derived(key, CONVERTED_NAME) or storage.open(key)


def _facts(facts: dict[str, Any]) -> PdfFacts:
    pages = tuple(PageSize(n, w, h) for n, (w, h) in enumerate(facts.get("sizes", ()), 1))
    return PdfFacts(PdfState(facts["state"]), facts.get("page_count", 0), pages)


def draw_page(storage: Storage, key: str, number: int) -> Picture:
    """Return the picture of one page, drawn now or before.

    Raises: `NotFoundError` if there is no such page; `InvalidError` if it
        cannot be drawn; `BusyError` if it cannot be drawn now.
    """
    facts = measure_pdf(storage, key)
    if facts.state is PdfState.BUSY:
        raise BusyError
    if not 1 <= number <= len(facts.pages):
        raise NotFoundError("There is no such page in this document.")
    if picture := _find_picture(storage, key, number):
        return picture
    with turn():
        # Somebody else's request may have drawn it, or failed to, while this one waited.
        picture = _find_picture(storage, key, number)
        return picture or _draw(storage, key, number)


def _find_picture(storage: Storage, key: str, number: int) -> Picture | None:
    """Return a page drawn before. Raises: `InvalidError` if it is not to be tried (again)."""
    for suffix, media_type in PICTURE_TYPES.values():
        if kept := storage.find_derived(key, f"page-{number}.{suffix}"):
            return Picture(kept, media_type)
    refused = read_kept(storage, key, REFUSED_NAME) or {}
    demanding = [state for state in refused.values() if state == PdfState.TOO_DEMANDING]
    if str(number) in refused or len(demanding) >= MAX_DEMANDING_PAGES:
        raise InvalidError("This page cannot be shown here. Download the file to see it.")
    if storage.count_derived_bytes(key) >= MAX_DERIVED_BYTES:
        raise InvalidError(
            "So many large pages of this document were drawn that no more are. "
            "Download the file to read on."
        )
    return None


def _draw(storage: Storage, key: str, number: int) -> Picture:
    with open_pdf(storage, key) as source:
        state, drawn = _run(source, str(number))
    suffix = next((kind[0] for mark, kind in PICTURE_TYPES.items() if drawn.startswith(mark)), None)
    if state is PdfState.READY and suffix:
        storage.put_derived(key, f"page-{number}.{suffix}", drawn)
    else:
        # Kept, or each look at the page would cost its whole time limit again.
        reason = PdfState.BROKEN if state is PdfState.READY else state
        refused = {**(read_kept(storage, key, REFUSED_NAME) or {}), str(number): reason}
        storage.put_derived(key, REFUSED_NAME, json.dumps(refused).encode())
    picture = _find_picture(storage, key, number)
    if picture is None:
        raise NotFoundError("The document was taken away while its page was being drawn.")
    return picture


def read_kept(storage: Storage, key: str, name: str) -> dict[str, Any] | None:
    """Return what is kept as JSON beside a file, or `None`."""
    kept = storage.find_derived(key, name)
    if kept is None:
        return None
    with kept:
        facts: dict[str, Any] = json.load(kept)
    return facts


def read_beginning(source: IO[bytes], *, max_bytes: int = TEXT_BYTES) -> TextBeginning:
    """Return the first 200 kB of a text, whatever its encoding; for showing escaped only."""
    content = source.read(max_bytes + 1)
    kept = content[:max_bytes]
    is_cut = len(content) > max_bytes
    if kept.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = kept.decode("utf-16", "replace")
    else:
        text = _decode(kept, is_cut=is_cut)
    text = text.replace("\r\n", "\n").replace("\0", "\ufffd")
    return TextBeginning(text=text, is_cut=is_cut)


def _decode(content: bytes, *, is_cut: bool) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if is_cut and error.start >= len(content) - 3:  # cut within the last character
            return content[: error.start].decode("utf-8-sig")
        return content.decode("cp1252", "replace")


def _measure(storage: Storage, key: str) -> dict[str, Any]:
    with open_pdf(storage, key) as source:
        state, answer = _run(source)
    facts: dict[str, Any] = {"state": str(state)}
    if state is PdfState.READY:
        facts |= json.loads(answer)
    storage.put_derived(key, MEASURE_NAME, json.dumps(facts).encode())
    return facts


@contextmanager
def turn() -> Iterator[None]:
    """Wait a little for a place at the drawing board. Raises: `BusyError`."""
    if not _drawing.acquire(timeout=WAIT_SECONDS):
        raise BusyError
    try:
        yield
    finally:
        _drawing.release()


def _run(source: BinaryIO, *arguments: str) -> tuple[PdfState, bytes]:
    done = run_process(WORKER, source, *arguments, wall_seconds=WALL_SECONDS)
    if done.code == pdf_worker.EXIT_ENCRYPTED:
        return PdfState.ENCRYPTED, b""
    if done.code == pdf_worker.EXIT_BROKEN:
        return PdfState.BROKEN, b""
    if done.code != 0 or len(done.output) > MAX_PICTURE_BYTES:
        return PdfState.TOO_DEMANDING, b""
    return PdfState.READY, done.output
