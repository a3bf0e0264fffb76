"""Calendar months, backwards and forwards. Pure."""

import calendar
from datetime import datetime

MONTHS_OF_A_YEAR = 12


def add_months(moment: datetime, months: int) -> datetime:
    """Return the same day and time so many months later, or the last day of that month."""
    years, month = divmod(moment.month - 1 + months, MONTHS_OF_A_YEAR)
    year, month = moment.year + years, month + 1
    last = calendar.monthrange(year, month)[1]
    return moment.replace(year=year, month=month, day=min(moment.day, last))
