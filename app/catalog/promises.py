"""What is promised for the work of an achievement: by when it is decided, and who is given it."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.catalog.models import Achievement
from app.core import audit
from app.core.errors import InvalidError

MAX_PROMISE_DAYS = 365


def change_promise(
    session: Session,
    achievement: Achievement,
    *,
    promise_days: int | None,
    is_allocated: bool,
    actor: str,
    now: datetime,
) -> None:
    """Set what holds from now on, for every version; what was handed in keeps its promise.

    Units: `promise_days` in days from the hand-in; `None` promises nothing.
    Raises: `InvalidError` if nobody assesses its work, or for days out of range.
    """
    if not achievement.level.is_mappable:
        raise InvalidError("Nobody assesses work for this level, so nothing can be promised.")
    if promise_days is not None and not 1 <= promise_days <= MAX_PROMISE_DAYS:
        raise InvalidError(f"Promise a decision within 1 to {MAX_PROMISE_DAYS} days, or nothing.")
    if (achievement.promise_days, achievement.is_allocated) == (promise_days, is_allocated):
        return
    facts = {
        "promise_days": [achievement.promise_days, promise_days],
        "is_allocated": [achievement.is_allocated, is_allocated],
    }
    achievement.promise_days, achievement.is_allocated = promise_days, is_allocated
    session.flush()
    audit.record(
        session,
        achievement.institution_id,
        actor=actor,
        action="achievement.promise_changed",
        subject=f"achievement:{achievement.id}",
        facts=facts,
        now=now,
    )
