"""Tables as CSV that a spreadsheet opens without running anything in them. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence

# What a spreadsheet takes for the beginning of a formula, also behind white space.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


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
    is_formula = text.startswith(FORMULA) or text.lstrip().startswith(FORMULA)
    return f"'{text}" if is_formula else text
