"""Until when an award holds. Pure."""

from datetime import datetime

from app.core.months import add_months


def end_of_validity(awarded_at: datetime, months: int | None) -> datetime | None:
    """Return the moment at which an award stops to hold; `None` if it never does.

    Calendar months: the same day and time so many months later, or the last day
    of that month if it has no such day.
    """
    if months is None:
        return None
    return add_months(awarded_at, months)
