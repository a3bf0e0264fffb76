"""The text of a PDF's pages: beside the pictures of them, to be selected, searched and compared."""

import json

from app.evidence import preview
from app.evidence.pdf_worker import READ_TEXT
from app.evidence.processes import run_process
from app.evidence.storage import Storage

TEXT_NAME = "text.json"
# What cannot stand on a page: a form feed, a soft hyphen at a line's end as PDFium tells it.
_UNSEEN = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535))


def find_page_texts(storage: Storage, key: str) -> tuple[str, ...] | None:
    """Return the text of each page, as it was read before; `None` if it was not."""
    kept = preview.read_kept(storage, key, TEXT_NAME)
    return None if kept is None else tuple(kept["pages"])


def read_page_texts(storage: Storage, key: str) -> tuple[str, ...]:
    """Return the text of each page of a PDF: of those that could be read within the limits.

    A page that is a picture has none. The answer is kept beside the file,
    whatever it is: what cost its whole time once is not tried at every view.
    Raises: `BusyError` if it cannot be read now.
    """
    kept = find_page_texts(storage, key)
    if kept is not None:
        return kept
    with preview.turn(), preview.open_pdf(storage, key) as source:
        done = run_process(preview.WORKER, source, READ_TEXT, wall_seconds=preview.WALL_SECONDS)
    pages = [page for line in done.output.split(b"\n") if (page := _read_line(line)) is not None]
    storage.put_derived(key, TEXT_NAME, json.dumps({"pages": pages}).encode())
    return tuple(pages)


def _read_line(line: bytes) -> str | None:
    try:
        text = json.loads(line)
    except ValueError:  # cut off where the process was given up
        return None
    if not isinstance(text, str):
        return None
    clean = text.replace("\r\n", "\n").replace("\r", "\n").translate(_UNSEEN)
    return clean.encode(errors="replace").decode().strip()
