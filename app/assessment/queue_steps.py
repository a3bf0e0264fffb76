"""From one work to the next, within what the queue is narrowed to. Reads only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.assessment.queue import find_next, find_place, find_previous
from app.assessment.queue_filters import NO_FILTERS, Filters
from app.core.principal import Principal
from app.evidence.models import Submission


@dataclass(frozen=True)
class Steps:
    """What stands around a work in the queue. `next`: what can be assessed; else `None`."""

    previous: Submission | None
    next: Submission | None


def find_steps(
    session: Session,
    grantor: Principal,
    submission: Submission,
    filters: Filters = NO_FILTERS,
    *,
    now: datetime,
) -> Steps:
    """Return what stands before and after a work in the queue."""
    place = find_place(submission, filters)
    if place is None:
        return Steps(None, None)
    return Steps(
        find_previous(session, grantor, filters, before=place, now=now),
        find_next(session, grantor, filters, after=place, now=now),
    )


def find_next_after(
    session: Session,
    grantor: Principal,
    submission: Submission,
    filters: Filters = NO_FILTERS,
    *,
    now: datetime,
) -> Submission | None:
    """Return what to assess after a work: the next one in the queue, or, at its end, the first."""
    place = find_place(submission, filters)
    following = find_next(session, grantor, filters, after=place, now=now) if place else None
    return following or find_next(session, grantor, filters, now=now)
