"""A table that was handed in as CSV, read for showing: its first rows, as text only. Pure."""

import csv
import io
from dataclasses import dataclass
from itertools import islice

MAX_ROWS = 200
MAX_COLUMNS = 50
MAX_CELL_CHARACTERS = 2_000
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Table:
    """`header` and `rows` are of the same width; `is_cut`: the table goes on, either way."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_cut: bool


def read_table(text: str) -> Table | None:
    """Return the first 200 rows below the header; `None` if it is no table after all.

    A formula is a text here, as everything else.
    """
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_find_delimiter(text))
    try:
        # One more than is shown tells that there are more.
        read = [row for row in islice(lines, MAX_ROWS + 2) if row]
    except csv.Error:  # a field beyond the module's own limit
        return None
    if not read:
        return None
    shown = read[: MAX_ROWS + 1]
    widest = max(map(len, shown))
    width = min(widest, MAX_COLUMNS)
    header, *rows = [_fill(row, width) for row in shown]
    return Table(header, tuple(rows), is_cut=len(read) > len(shown) or widest > width)


def _find_delimiter(text: str) -> str:
    first = text.lstrip().split("\n", 1)[0]
    return max(DELIMITERS, key=first.count)


def _fill(row: list[str], width: int) -> tuple[str, ...]:
    cells = [cell[:MAX_CELL_CHARACTERS] for cell in row[:width]]
    return (*cells, *[""] * (width - len(cells)))
