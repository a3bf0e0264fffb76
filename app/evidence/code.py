"""Code with its words coloured, line by line; plain where that would cost too much."""

import json
import tempfile
from typing import Any

from markupsafe import Markup, escape

from app.evidence import code_worker, preview
from app.evidence.processes import run_process
from app.evidence.storage import Storage
from app.evidence.texts import extension_of

LEXERS = {
    "py": "python", "js": "javascript", "java": "java", "c": "c", "cpp": "cpp", "css": "css",
    "json": "json", "xml": "xml", "r": "r", "sql": "sql",
}  # fmt: skip
FAMILIES = frozenset(family for _, family in code_worker.FAMILIES)
WORKER = code_worker.__file__
WALL_SECONDS = 4
CODE_NAME = "code.json"
# Beyond these a text is shown plain: nobody reads such a line, and its colours cost the most.
MAX_CHARACTERS = 100_000
MAX_LINE_CHARACTERS = 2_000
MAX_LINES = 5_000


def is_code(file_name: str | None) -> bool:
    """Return whether a file is shown as code, by its name: its bytes are a text's."""
    return extension_of(file_name or "") in LEXERS


def split_lines(text: str) -> tuple[Markup, ...]:
    """Return the lines of a text, escaped; at most 5,000."""
    return tuple(escape(line) for line in text.split("\n")[:MAX_LINES])


def is_colourable(text: str) -> bool:
    """Return whether a text is short enough, in all and in each line, to be coloured."""
    lines = text.split("\n")
    return (
        len(text) <= MAX_CHARACTERS
        and len(lines) <= MAX_LINES
        and max(map(len, lines)) <= MAX_LINE_CHARACTERS
    )


def find_coloured(storage: Storage, key: str, text: str) -> tuple[Markup, ...] | None:
    """Return the lines of a code file as they were coloured before, or `None` if they were not.

    Plain lines, if that was tried and failed.
    """
    kept = preview.read_kept(storage, key, CODE_NAME)
    if kept is None:
        return None
    return _mark(kept["lines"]) if kept["lines"] is not None else split_lines(text)


def colour(storage: Storage, key: str, text: str, *, file_name: str) -> tuple[Markup, ...]:
    """Colour a code file and keep what came of it, also that it cannot be done.

    Raises: `BusyError` if it cannot be done now.
    """
    kept = find_coloured(storage, key, text)
    if kept is not None:
        return kept
    with preview.turn():
        lines = _colour(text, LEXERS[extension_of(file_name)]) if is_colourable(text) else None
    storage.put_derived(key, CODE_NAME, json.dumps({"lines": lines}).encode())
    return _mark(lines) if lines is not None else split_lines(text)


def _colour(text: str, lexer: str) -> list[list[list[str]]] | None:
    with tempfile.TemporaryFile() as source:
        source.write(text.encode(errors="replace"))
        source.seek(0)
        done = run_process(WORKER, source, lexer, wall_seconds=WALL_SECONDS)
    if done.code != 0:
        return None
    lines = json.loads(done.output)
    told = "\n".join("".join(part for _, part in line) for line in lines)
    # What is shown must be what was handed in, whatever became of it on the way.
    return lines if told == text.encode(errors="replace").decode() else None


def _mark(lines: list[list[Any]]) -> tuple[Markup, ...]:
    return tuple(Markup("").join(_span(family, text) for family, text in line) for line in lines)


def _span(family: str, text: str) -> Markup:
    if family not in FAMILIES:
        return escape(text)
    return Markup('<span class="code-{}">{}</span>').format(family, text)
