"""By when work is to be decided, as a clock that people read. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# From here on a promise is “about to be missed”.
SOON = timedelta(days=1)


class Urgency(StrEnum):
    """How a promise stands."""

    CALM = "calm"
    SOON = "soon"
    LATE = "late"


@dataclass(frozen=True)
class PromiseClock:
    """What is left of a promise, or by how much it is missed: `span` is never negative."""

    urgency: Urgency
    span: timedelta
    promised_at: datetime


def read_clock(promised_at: datetime | None, *, now: datetime) -> PromiseClock | None:
    """Return how a promise stands now; `None` if nothing was promised."""
    if promised_at is None:
        return None
    left = promised_at - now
    if left <= timedelta(0):
        return PromiseClock(Urgency.LATE, -left, promised_at)
    return PromiseClock(Urgency.SOON if left <= SOON else Urgency.CALM, left, promised_at)
