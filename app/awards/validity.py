"""Until when an award holds. Pure."""

import calendar
from datetime import datetime

MONTHS_OF_A_YEAR = 12


def end_of_validity(awarded_at: datetime, months: int | None) -> datetime | None:
    """Return the moment at which an award stops to hold; `None` if it never does.

    Calendar months: the same day and time so many months later, or the last day
    of that month if it has no such day.
    """
    if months is None:
        return None
    years, month = divmod(awarded_at.month - 1 + months, MONTHS_OF_A_YEAR)
    year, month = awarded_at.year + years, month + 1
    last = calendar.monthrange(year, month)[1]
    return awarded_at.replace(year=year, month=month, day=min(awarded_at.day, last))
