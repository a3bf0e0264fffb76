"""Draw one page of a PDF, measure all of them or read their text, in a process that may be lost.

Run as a script by `preview` and `pdf_text`, never imported by the program: the
PDF comes in on standard input, JSON or a picture goes out on standard output.
The limits are set before the library that reads the file is loaded. It is built
without an engine for scripts: whatever a document would run, does not.
"""

import ctypes
import io
import json
import resource
import sys
from typing import Any, BinaryIO

CPU_SECONDS = 3
MEMORY_BYTES = 1024 * 1024 * 1024
MAX_PAGES = 200
MAX_PAGE_CHARACTERS = 20_000
MAX_TEXT_CHARACTERS = 500_000
READ_TEXT = "text"
WIDTH_PIXELS = 1200
MAX_HEIGHT_PIXELS = 4800
# Text is sharp and small as PNG; a photograph of a page is neither, and becomes a JPEG.
PICTURE_BYTES = 1_500_000
JPEG_QUALITIES = (80, 60, 40)
EXIT_ENCRYPTED = 3
EXIT_BROKEN = 4
ERROR_PASSWORD = 4  # FPDF_ERR_PASSWORD in PDFium's fpdfview.h
PR_SET_DUMPABLE = 4


def set_limits() -> None:
    """Bound what a hostile file can use: time, memory, files written, core dumps."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def scale_of(width: float, height: float) -> float:
    """Return the scale at which a page fits the picture. Units: points to pixels."""
    if width <= 0 or height <= 0:
        return 1.0
    return min(WIDTH_PIXELS / width, MAX_HEIGHT_PIXELS / height)


def measure(document: Any) -> bytes:
    """Return the count of pages, and the picture size in pixels of each that is drawn."""
    sizes = []
    for index in range(min(len(document), MAX_PAGES)):
        width, height = document.get_page_size(index)
        scale = scale_of(width, height)
        sizes.append([max(1, round(width * scale)), max(1, round(height * scale))])
    return json.dumps({"page_count": len(document), "sizes": sizes}).encode()


def draw(document: Any, number: int) -> bytes:
    """Return one page as PNG, or as JPEG if it is large so; the first is number 1."""
    document.init_forms()  # or what was filled in is left out
    page = document[number - 1]
    picture = page.render(scale=scale_of(*page.get_size())).to_pil().convert("RGB")
    drawn = _save(picture, "PNG", compress_level=6)
    for quality in JPEG_QUALITIES:
        if len(drawn) <= PICTURE_BYTES:
            break
        drawn = _save(picture, "JPEG", quality=quality)
    return drawn


def write_texts(document: Any, target: BinaryIO) -> None:
    """Write the text of each page, one line of JSON each, as far as time and limits allow.

    Each line goes out at once: what is read before the process is given up counts.
    """
    left = MAX_TEXT_CHARACTERS
    for index in range(min(len(document), MAX_PAGES)):
        page = document[index].get_textpage()
        count = min(page.count_chars(), MAX_PAGE_CHARACTERS, left)
        text = page.get_text_range(0, count) if count > 0 else ""
        left -= count
        target.write(json.dumps(text).encode() + b"\n")
        target.flush()


def _save(picture: Any, kind: str, **options: int) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def main(arguments: list[str]) -> int:
    """Answer one request: no argument measures, a number draws that page, `text` reads all."""
    set_limits()
    import pypdfium2  # noqa: PLC0415 (after the limits)

    try:
        with open(0, "rb", closefd=False) as source:
            document = pypdfium2.PdfDocument(source)
            if arguments == [READ_TEXT]:
                write_texts(document, sys.stdout.buffer)
                return 0
            answer = draw(document, int(arguments[0])) if arguments else measure(document)
    except pypdfium2.PdfiumError as error:
        return EXIT_ENCRYPTED if error.err_code == ERROR_PASSWORD else EXIT_BROKEN
    except (MemoryError, IndexError, ValueError):
        return EXIT_BROKEN
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
