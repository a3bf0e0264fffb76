"""Wrong codes are counted, so that nobody gets far by guessing."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.awards.souvenir_models import ClaimMiss
from app.core.errors import ConflictError

MISSES: Final = 10
MISS_WINDOW: Final = timedelta(minutes=15)


class TooManyMissesError(ConflictError):
    """Somebody entered too many codes that nobody made."""


def refuse_after_misses(session: Session, person_id: int, *, now: datetime) -> None:
    """Refuse somebody who has guessed too often lately.

    Raises: `TooManyMissesError`.
    """
    misses = session.scalar(
        select(func.count()).where(
            ClaimMiss.person_id == person_id, ClaimMiss.missed_at > now - MISS_WINDOW
        )
    )
    if (misses or 0) >= MISSES:
        raise TooManyMissesError(
            "Too many wrong codes. Wait a quarter of an hour, and ask at the event for the right "
            "one."
        )


def note_miss(session: Session, person_id: int, *, now: datetime) -> None:
    """Count a code that nobody made; forget those of before."""
    session.execute(
        delete(ClaimMiss).where(
            ClaimMiss.person_id == person_id, ClaimMiss.missed_at <= now - MISS_WINDOW
        )
    )
    session.add(ClaimMiss(person_id=person_id, missed_at=now))
