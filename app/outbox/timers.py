"""Periodic jobs: one row each says when it is due; whoever claims the row runs the job.

The worker looks after them (`run_forever`), and so does `timers run`, for cron.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app.core.db import transaction
from app.outbox.models import Timer

log = structlog.get_logger()

# A job that has not ended by then is taken to be dead, and is run again.
PATIENCE = timedelta(hours=1)
AGAIN_AFTER_FAILURE = timedelta(minutes=10)
MAX_ERROR = 200


@dataclass(frozen=True)
class Job:
    """Something that is to be done again and again; it opens its own transactions.

    `at`: the time of day (UTC) of a daily job; `None` counts from the last run.
    """

    name: str
    interval: timedelta
    run: Callable[[datetime], object]
    at: time | None = None

    def next_due(self, now: datetime) -> datetime:
        """Return when it is due next, if it ran now."""
        if self.at is None:
            return now + self.interval
        today = datetime.combine(now.date(), self.at, tzinfo=now.tzinfo)
        return today if today > now else today + timedelta(days=1)


def run_due_jobs(jobs: Sequence[Job], *, clock: Callable[[], datetime]) -> list[str]:
    """Run each job that is due and that nobody else has; return the names of those that worked.

    One that fails is tried again later; it stops neither the others nor the queue.
    """
    done = []
    for job in jobs:
        with transaction() as session:
            is_mine = claim_timer(session, job, now=clock())
        if is_mine and _run(job, clock):
            done.append(job.name)
    return done


def run_job(job: Job, *, clock: Callable[[], datetime]) -> bool:
    """Run a job now, due or not; return whether it worked."""
    with transaction() as session:
        claim_timer(session, job, now=clock())
    return _run(job, clock)


def claim_timer(session: Session, job: Job, *, now: datetime) -> bool:
    """Take the right to run a job if it is due: one atomic update; return whether it is ours.

    A job that was never seen is due at once, or at its time of day.
    """
    claim = update(Timer).where(Timer.name == job.name, Timer.due_at <= now)
    claimed = session.execute(claim.values(due_at=now + PATIENCE))
    if isinstance(claimed, CursorResult) and claimed.rowcount:
        return True
    if session.scalar(select(Timer.id).where(Timer.name == job.name)) is not None:
        return False
    is_due = job.at is None
    first = Timer(name=job.name, due_at=now + PATIENCE if is_due else job.next_due(now))
    try:
        with session.begin_nested():
            session.add(first)
    except IntegrityError:  # another worker has just made it
        return False
    return is_due


def list_timers(session: Session) -> list[Timer]:
    """Return every timer that was ever set, by name."""
    return list(session.scalars(select(Timer).order_by(Timer.name)))


def _run(job: Job, clock: Callable[[], datetime]) -> bool:
    try:
        job.run(clock())
    except OperationalError:
        raise  # the database is away; its outage is waited out by the caller
    except Exception as error:  # a broken job must not stop the queue
        log.exception("job broke", job=job.name)
        now = clock()
        soon = now + min(AGAIN_AFTER_FAILURE, job.interval)
        _note(job, due_at=soon, last_error=type(error).__name__[:MAX_ERROR])
        return False
    now = clock()
    _note(job, due_at=job.next_due(now), last_run_at=now, last_error=None)
    return True


def _note(job: Job, **facts: object) -> None:
    with transaction() as session:
        session.execute(update(Timer).where(Timer.name == job.name).values(**facts))
