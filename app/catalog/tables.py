"""Tables as CSV: read whoever wrote them, and written so that a spreadsheet runs nothing. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.core import csv_text
from app.core.errors import InvalidError

MAX_TABLE_BYTES: Final = 8 * 1024 * 1024
MAX_ROWS: Final = 50_000
MAX_COLUMNS: Final = 200
_GUARD: Final = "'"
_DELIMITERS: Final = (",", ";", "\t")
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Row:
    """One row; `number` as a spreadsheet shows it, the header being 1."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """The columns' names as written, and the rows that are not empty."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def guard(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, and that `unguard` gives back.

    A quote hides a formula, so a cell that begins with one is guarded, too.
    """
    return _GUARD + cell if cell.startswith(_GUARD) else csv_text.guard(cell)


def unguard(cell: str) -> str:
    """Return what a guarded cell says."""
    said = cell.removeprefix(_GUARD)
    return said if said.startswith(_GUARD) or csv_text.is_formula(said) else cell


def read_table(raw: bytes, *, max_rows: int = MAX_ROWS) -> Table:
    """Read a table with a header; commas, semicolons or tabs between its cells.

    Raises: `InvalidError` naming the row.
    """
    text = _decode(raw)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[Row] = []
    columns: tuple[str, ...] = ()
    try:
        for number, cells in enumerate(lines, start=1):
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _columns(cells)
                continue
            if len(cells) != len(columns):
                raise InvalidError(
                    f"Row {number} has {len(cells)} cells; the header has {len(columns)}. "
                    "Is a text with a comma not in quotation marks?"
                )
            if len(rows) == max_rows:
                raise InvalidError(
                    f"The table has more than {max_rows} rows. Split it into several files."
                )
            told = (unguard(cell.strip()).strip() for cell in cells)
            rows.append(Row(number, dict(zip(columns, told, strict=True))))
    except csv.Error as error:
        number = len(rows) + 2
        raise InvalidError(
            f"The table cannot be read near row {number}: {error}. "
            "Is a quotation mark not closed, or a cell very long?"
        ) from error
    if not columns:
        raise InvalidError("The table is empty. Its first row names the columns.")
    return Table(columns, tuple(rows))


def write_table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Write a table piece by piece; what a row does not say is an empty cell.

    It begins with a byte order mark, without which a spreadsheet spoils other scripts.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(columns)
    for row in rows:
        yield _emptied(buffer)
        writer.writerow([guard(_as_cell(row.get(column))) for column in columns])
    yield _emptied(buffer)


def _emptied(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _as_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _columns(cells: Sequence[str]) -> tuple[str, ...]:
    if len(cells) > MAX_COLUMNS:
        raise InvalidError(f"The first row has more than {MAX_COLUMNS} columns.")
    names = [unguard(cell.strip()).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    for place, name in enumerate(names, start=1):
        if not name:
            raise InvalidError(f"Column {place} has no name in the first row.")
        if names.count(name) > 1:
            raise InvalidError(f"Two columns are called “{name[:60]}”.")
    if len(names) != len(cells):
        raise InvalidError("The first row has empty cells at its end: delete those columns.")
    return tuple(names)


def _decode(raw: bytes) -> str:
    if len(raw) > MAX_TABLE_BYTES:
        raise InvalidError(f"The table is larger than {MAX_TABLE_BYTES // 2**20} MB.")
    is_wide = raw.startswith(_UTF16)
    try:
        text = raw.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
        raise InvalidError(
            f"Row {row} has a character that is not UTF-8. Save the table as “CSV UTF-8”."
        ) from error
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        raise InvalidError(f"Row {row} has a NUL character: this is no table of text.")
    return text


def _delimiter(text: str) -> str:
    """Return what stands between the cells of the header, outside quotation marks."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    outside = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)
