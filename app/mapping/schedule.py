"""Dates as somebody types them, in a time zone, and as the LMS is told them. Pure."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

DEFAULT_ZONE = "UTC"


@cache
def list_zones() -> tuple[str, ...]:
    """Return the time zones that a person can choose, `UTC` first."""
    regions = {each for each in available_timezones() if "/" in each}
    odd = ("Etc/", "SystemV/", "US/", "posix/", "right/")
    return (DEFAULT_ZONE, *sorted(each for each in regions if not each.startswith(odd)))


def to_utc(local: datetime, zone: str) -> datetime:
    """Return the moment when the clocks of a zone show this; the first, if they show it twice.

    Raises: `ValueError` if they never do: it is skipped when summer time begins.
    """
    place = ZoneInfo(zone)
    try:
        moment = local.replace(tzinfo=place, fold=0).astimezone(UTC)
        shown = moment.astimezone(place).replace(tzinfo=None)
    except OverflowError as error:
        raise ValueError("This is too far away.") from error
    if shown != local:
        raise ValueError("The clocks never show this time.")
    return moment


def written(moment: datetime) -> str:
    """Return a moment as LTI writes it: ISO 8601 with its zone, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
