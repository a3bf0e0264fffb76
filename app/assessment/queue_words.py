"""Moments and spans of the queue in words: fifty of each on a page, so what repeats is kept."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from flask_babel import format_date, format_time, format_timedelta, get_locale
from flask_babel import gettext as _
from markupsafe import Markup, escape

from app.assessment.promise import PromiseClock, Urgency

THRESHOLD = 1.2  # so many of a unit before it is told: 70 minutes, and then an hour
UNITS = (86_400, 3_600, 60, 1)  # seconds


class Words:
    """The words of one page, in its reader's language."""

    def __init__(self) -> None:
        """Find the language: to ask for it costs more than to look up what is kept."""
        self._locale = str(get_locale())

    def moment(self, at: datetime) -> Markup:
        """Return `<time>` with the moment, as `core.pages.moment` does."""
        day = _day(at.date(), self._locale)
        time_of_day = _time_of_day(time(at.hour, at.minute), self._locale)
        written = at.isoformat(timespec="seconds")
        return Markup(  # noqa: S704 (all escaped)
            f'<time datetime="{written}" data-moment>{day}, {time_of_day} UTC</time>'
        )

    def ago(self, length: timedelta) -> Markup:
        """Return how long ago work was handed in."""
        return _span(Wording.AGO, *_rounded(length), self._locale)

    def clock(self, clock: PromiseClock) -> Markup:
        """Return what is left of a promise, or by how much it is missed."""
        wording = Wording.LATE if clock.urgency is Urgency.LATE else Wording.LEFT
        return _span(wording, *_rounded(clock.span), self._locale)


class Wording(StrEnum):
    """What a span of time is told of."""

    AGO = "ago"
    LEFT = "left"
    LATE = "late"


def _rounded(length: timedelta) -> tuple[int, int]:
    """Return a span in twentieths of its largest unit, and that unit.

    Its words change only at tenths of the unit (even), so whatever is between two of them
    (odd) is worded once.
    """
    seconds = int(length.total_seconds())
    unit = next((unit for unit in UNITS if seconds >= THRESHOLD * unit), 1)
    tenths, rest = divmod(10 * seconds, unit)
    return 2 * tenths + bool(rest), unit


@lru_cache(2_000)
def _day(day: date, locale: str) -> Markup:
    del locale  # Babel asks for it itself; here it tells what is kept apart
    return escape(format_date(day, "medium"))


@lru_cache(3_000)
def _time_of_day(at: time, locale: str) -> Markup:
    del locale
    return escape(format_time(at, "short", rebase=False))


@lru_cache(20_000)
def _span(wording: Wording, twentieths: int, unit: int, locale: str) -> Markup:
    del locale
    span = format_timedelta(timedelta(seconds=twentieths * unit / 20), threshold=THRESHOLD)
    if wording is Wording.AGO:
        return escape(_("Handed in %(age)s ago", age=span))
    if wording is Wording.LATE:
        return escape(_("late by %(span)s", span=span))
    return escape(_("%(span)s left", span=span))
