"""Tables as CSV that a spreadsheet opens without running anything in them. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

# What a spreadsheet takes for the beginning of a formula, half-width and full-width, also behind
# white space and what nobody sees.
_FORMULA: Final = re.compile(r"[\s\ufeff\u200b]*[=+\-@\t\r＝＋－＠]")


def write_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV with a byte order mark, so that names in any script are read.

    Source: RFC 4180; OWASP, CSV Injection.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([guard(value) for value in row] for row in rows)
    return "\ufeff" + out.getvalue()


def guard(value: object) -> str:
    """Return a cell's text; one that would be a formula is quoted as text."""
    text = "" if value is None else str(value)
    return f"'{text}" if is_formula(text) else text


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet would take the text for a formula."""
    return _FORMULA.match(text) is not None
