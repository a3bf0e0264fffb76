"""Moments and spans of the queue in words: fifty of each on a page, so what repeats is kept."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from flask_babel import format_date, format_time, format_timedelta, get_locale
from markupsafe import Markup

THRESHOLD = 1.2  # so many of a unit before it is told: 70 minutes, and then an hour
UNITS = (86_400, 3_600, 60, 1)  # seconds


def moment(at: datetime) -> Markup:
    """Return `<time>` with the moment in the reader's words, as `core.pages.moment` does."""
    locale = str(get_locale())
    words = f"{_day(at.date(), locale)}, {_time_of_day(time(at.hour, at.minute), locale)}"
    return Markup(  # noqa: S704 (what Babel says of a date holds no markup, nor does an ISO date)
        f'<time datetime="{at.isoformat(timespec="seconds")}" data-moment>{words} UTC</time>'
    )


def span(length: timedelta) -> str:
    """Return how long something is, in its largest unit. Units: never negative.

    The words change only at tenths of their unit, so what is between two is worded once.
    """
    seconds = int(length.total_seconds())
    unit = next((unit for unit in UNITS if seconds >= THRESHOLD * unit), 1)
    tenths, rest = divmod(10 * seconds, unit)
    return _span(2 * tenths + bool(rest), unit, str(get_locale()))


@lru_cache(2_000)
def _day(day: date, locale: str) -> Markup:
    del locale  # Babel asks for it itself; here it tells what is kept apart
    return Markup.escape(format_date(day, "medium"))


@lru_cache(3_000)
def _time_of_day(at: time, locale: str) -> Markup:
    del locale
    return Markup.escape(format_time(at, "short"))


@lru_cache(10_000)
def _span(twentieths: int, unit: int, locale: str) -> str:
    """Word a tenth of a unit (even), or all that is between two of them (odd)."""
    del locale
    return format_timedelta(timedelta(seconds=twentieths * unit / 20), threshold=THRESHOLD)
