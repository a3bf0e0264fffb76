"""A name's address, and a day so many months on. Pure."""

import calendar
import re
import unicodedata
from datetime import datetime
from typing import Final

MAX_SLUG: Final = 80
STAND_IN: Final = "credential"
MONTHS_A_YEAR: Final = 12


def slug_of(name: str) -> str:
    """Return the name in small plain letters and hyphens; a stand-in where it has none of them.

    A name in a script that has no plain letters gets the stand-in: to guess how
    it is written in another script is not ours.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:MAX_SLUG].strip("-")
    return slug or STAND_IN


def numbered(slug: str, number: int) -> str:
    """Return the slug with a number behind it, short enough."""
    tail = f"-{number}"
    return slug[: MAX_SLUG - len(tail)].rstrip("-") + tail


def add_months(moment: datetime, months: int) -> datetime:
    """Return the same day so many months on; the month's last day where it is shorter."""
    years, month = divmod(moment.month - 1 + months, MONTHS_A_YEAR)
    year, month = moment.year + years, month + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)
