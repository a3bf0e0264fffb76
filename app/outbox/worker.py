"""The worker: claims due messages, hands each to its handler, records what came of it.

The command `outbox run` calls it inside an application context:

    handlers = passback.delivery_handlers(vault, http, base_url)
    run_due(handlers, clock=utcnow)                        # outbox run --once

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())   # and SIGINT
    run_forever(handlers, clock=utcnow, stop=stop, jobs=JOBS, lanes=4)

After `stop.set()` the message in hand is finished and recorded, then it returns.
Several workers may run at once.
"""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

import structlog
from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core.db import transaction
from app.outbox.claims import (
    BATCH,
    LEASE,
    Batch,
    Message,
    claim_batch,
    claim_next,
    give_back,
    keep_lane,
    leave_lane,
)
from app.outbox.models import Delivery, DeliveryState
from app.outbox.outcomes import Handler, Outcome, hand_over, record_outcome, retry_delay, write_down
from app.outbox.service import is_open
from app.outbox.timers import Job, run_due_jobs

__all__ = [
    "LEASE",
    "Handler",
    "Message",
    "Outcome",
    "claim_next",
    "is_open",
    "record_outcome",
    "retry_delay",
    "run_due",
    "run_forever",
]

log = structlog.get_logger()

TIMER_INTERVAL = timedelta(seconds=30)
OUTAGE_SECONDS = 5.0
# How long a success may wait to be written down together with the next ones.
RECORD_SECONDS = 0.5

Clock = Callable[[], datetime]


def run_due(
    handlers: Mapping[str, Handler],
    *,
    clock: Clock,
    limit: int | None = None,
    kinds: Collection[str] | None = None,
    stop: threading.Event | None = None,
    lease: timedelta = LEASE,
) -> int:
    """Try every message that is due now, once each, at most `limit`; return how many were tried.

    `kinds`: only these kinds of message. After `stop` is set the message in
    hand is the last.
    """
    horizon = clock()
    tried = 0
    while not (stop and stop.is_set()):
        size = BATCH if limit is None else min(BATCH, limit - tried)
        if size <= 0:
            break
        batch = claim_batch(now=clock(), horizon=horizon, size=size, kinds=kinds, lease=lease)
        if batch is None:
            break
        tried += _Trip(batch, handlers, clock=clock, stop=stop, lease=lease).deliver()
    return tried


def run_forever(
    handlers: Mapping[str, Handler],
    *,
    clock: Clock,
    stop: threading.Event,
    idle_seconds: float = 1.0,
    jobs: Sequence[Job] = (),
    lanes: int = 1,
    lease: timedelta = LEASE,
) -> None:
    """Deliver what is due, and run the jobs that are, until `stop` is set.

    `lanes`: to how many other systems it talks at once, each in a thread, so
    that a slow one does not hold up the others. An outage of the database is
    waited out.
    """
    loop = _Loop(handlers, clock=clock, stop=stop, idle_seconds=idle_seconds, lease=lease)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001

    broken: list[Exception] = []

    def help_out() -> None:
        try:
            with app.app_context():
                loop.run(())
        except Exception as error:  # it is raised again below, in the thread that people watch
            log.exception("outbox broke")
            broken.append(error)
            stop.set()

    with ExitStack() as stack:
        for number in range(1, lanes):
            helper = threading.Thread(target=help_out, name=f"outbox-{number}", daemon=True)
            helper.start()
            stack.callback(helper.join)
        stack.callback(stop.set)  # first of all: whatever ends this thread ends the others
        loop.run(jobs)
    if broken:
        raise broken[0]


class _Loop:
    """What each thread of a worker does until it is stopped."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        *,
        clock: Clock,
        stop: threading.Event,
        idle_seconds: float,
        lease: timedelta,
    ) -> None:
        """Remember what all threads share."""
        self._handlers = handlers
        self._clock = clock
        self._stop = stop
        self._idle_seconds = idle_seconds
        self._lease = lease

    def run(self, jobs: Sequence[Job]) -> None:
        """Deliver batch by batch; look at the timers of these jobs now and then."""
        looked_at: datetime | None = None
        while not self._stop.is_set():
            try:
                now = self._clock()
                if jobs and (looked_at is None or now - looked_at >= TIMER_INTERVAL):
                    run_due_jobs(jobs, clock=self._clock)
                    looked_at = now
                tried = run_due(
                    self._handlers,
                    clock=self._clock,
                    limit=BATCH,
                    stop=self._stop,
                    lease=self._lease,
                )
            except OperationalError:
                log.warning("outbox cannot reach the database")
                self._stop.wait(max(self._idle_seconds, OUTAGE_SECONDS))
                continue
            if not tried:
                self._stop.wait(self._idle_seconds)


class _Trip:
    """One batch on its way: each message is tried, what came of it is written down.

    Successes that follow each other quickly are written down together; if the
    worker dies before, they go out again, the same to the letter.
    """

    def __init__(
        self,
        batch: Batch,
        handlers: Mapping[str, Handler],
        *,
        clock: Clock,
        stop: threading.Event | None,
        lease: timedelta,
    ) -> None:
        """Take a batch in hand."""
        self._batch = batch
        self._handlers = handlers
        self._clock = clock
        self._stop = stop
        self._lease = lease
        self._news: list[tuple[Message, Outcome]] = []
        self._rest = list(batch.messages)

    def deliver(self) -> int:
        """Try each message; return how many were tried."""
        recorded_at = time.monotonic()
        tried = 0
        while self._rest and not (self._stop and self._stop.is_set()):
            message = self._rest.pop(0)
            outcome = hand_over(message, self._handlers)
            self._news.append((message, outcome))
            tried += 1
            is_slow = time.monotonic() - recorded_at > RECORD_SECONDS
            has_failed = outcome.state is not DeliveryState.DELIVERED
            if self._rest and (is_slow or has_failed):
                if not self._record():
                    return tried
                recorded_at = time.monotonic()
        self._finish()
        return tried

    def _record(self) -> bool:
        """Write down what came of it so far; return whether the rest is still ours."""
        now = self._clock()
        with transaction() as session:
            self._write(session, now)
            return keep_lane(session, self._batch, self._rest, until=now + self._lease)

    def _finish(self) -> None:
        now = self._clock()
        with transaction() as session:
            self._write(session, now)
            give_back(session, self._rest)
            leave_lane(session, self._batch, now=now)

    def _write(self, session: Session, now: datetime) -> None:
        ids = [message.delivery_id for message, _ in self._news]
        # One statement locks and reads them all.
        locked = session.scalars(
            select(Delivery)
            .where(Delivery.id.in_(ids))
            .order_by(Delivery.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        deliveries = {delivery.id: delivery for delivery in locked}
        for message, outcome in self._news:
            write_down(session, deliveries[message.delivery_id], message, outcome, now=now)
        self._news.clear()
