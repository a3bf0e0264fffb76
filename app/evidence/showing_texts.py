"""Files that are text, made ready to be shown: plain, as code, a table, Markdown or a notebook."""

from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup

from app.evidence.code import colour, find_coloured, is_code, split_lines
from app.evidence.notebooks import Notebook, read_notebook
from app.evidence.preview import BusyError, read_beginning
from app.evidence.starts import Starts
from app.evidence.storage import Storage
from app.evidence.tables import Table, read_table
from app.evidence.texts import extension_of

# A notebook is shown whole or not at all: half a document of JSON is none.
NOTEBOOK_BYTES = 2 * 1000 * 1000


class TextViewer(StrEnum):
    """What a text is shown as."""

    TEXT = "text"
    CODE = "code"
    MARKDOWN = "markdown"
    TABLE = "table"
    NOTEBOOK = "notebook"


@dataclass(frozen=True)
class ReadText:
    """A text that was read; see `ShownArtifact` for what each part means."""

    viewer: TextViewer
    text: str
    is_cut: bool
    lines: tuple[Markup, ...] = ()
    table: Table | None = None
    notebook: Notebook | None = None


def describe_text(
    storage: Storage, key: str, *, file_name: str, media_type: str | None, starts: Starts
) -> ReadText:
    """Read a file that is text, and make of it what its name and type say it is.

    What turns out to be something else is shown as plain text.
    """
    is_notebook = extension_of(file_name) == "ipynb"
    with storage.open(key) as source:
        beginning = (
            read_beginning(source, max_bytes=NOTEBOOK_BYTES)
            if is_notebook
            else read_beginning(source)
        )
    text, is_cut = beginning.text, beginning.is_cut
    if is_notebook and not is_cut and (notebook := read_notebook(text)):
        return ReadText(TextViewer.NOTEBOOK, "", notebook.is_cut, notebook=notebook)
    if media_type == "text/csv" and (table := read_table(text)):
        return ReadText(TextViewer.TABLE, "", is_cut or table.is_cut, table=table)
    if media_type == "text/markdown":
        return ReadText(TextViewer.MARKDOWN, text, is_cut)
    if is_code(file_name):
        lines = _colour(storage, key, text, file_name, starts)
        return ReadText(TextViewer.CODE, "", is_cut or text.count("\n") >= len(lines), lines=lines)
    return ReadText(TextViewer.TEXT, text, is_cut)


def _colour(
    storage: Storage, key: str, text: str, file_name: str, starts: Starts
) -> tuple[Markup, ...]:
    lines = find_coloured(storage, key, text)
    if lines is None and starts.take():
        try:
            lines = colour(storage, key, text, file_name=file_name)
        except BusyError:
            lines = None
    return split_lines(text) if lines is None else lines
