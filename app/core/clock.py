"""The only place that reads the clock; everything else is handed `now`."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """Return the present moment as aware UTC."""
    return datetime.now(UTC)
