"""The worker: claims due messages, hands each to its handler, records what came of it.

The command `outbox run` calls it inside an application context:

    handlers = passback.delivery_handlers(vault, http, base_url)
    run_due(handlers, clock=utcnow)                        # outbox run --once

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())   # and SIGINT
    run_forever(handlers, clock=utcnow, stop=stop)         # outbox run

After `stop.set()` the message in hand is finished and recorded, then it returns.
Several workers may run at once.
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import exists, or_, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, aliased

from app.core.db import transaction
from app.core.errors import DeliveryError
from app.outbox.errors import ParkedError, PermanentError, RetryLaterError, SupersededError
from app.outbox.models import OPEN_STATES, Delivery, DeliveryState
from app.outbox.service import find_open_after, is_open

log = structlog.get_logger()

# Longer than the slowest handler: a dozen calls of fifteen seconds each.
LEASE = timedelta(minutes=5)
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=6)
LONGEST_ASKED_DELAY = timedelta(days=1)
KEEP_TRYING = timedelta(days=7)
TIDY_INTERVAL = timedelta(hours=1)
JITTER = 0.2
OUTAGE_SECONDS = 5.0

_random = secrets.SystemRandom()


@dataclass(frozen=True)
class Message:
    """One claimed delivery, as its handler sees it.

    `attempt`: 1 for the first try. `due_at`: when its turn was.
    """

    delivery_id: int
    institution_id: int
    kind: str
    subject: str
    payload: Mapping[str, Any]
    attempt: int
    due_at: datetime


Handler = Callable[[Message], None]
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Outcome:
    """What came of one try."""

    state: DeliveryState
    words: str | None = None
    after: timedelta | None = None
    is_parked: bool = False


def retry_delay(attempts: int, *, jitter: float = 0.0) -> timedelta:
    """Wait 30 s, 1 min, 2 min … at most 6 hours after so many failures.

    Units: `jitter` as a share of the wait, so that a thousand messages that
    failed together do not come back together.
    """
    doubled: timedelta = FIRST_DELAY * int(2 ** min(attempts - 1, 12))
    return min(doubled, LONGEST_DELAY) * (1 + jitter)


def run_due(handlers: Mapping[str, Handler], *, clock: Clock, limit: int | None = None) -> int:
    """Try every message that is due now, once each, at most `limit`; return how many were tried."""
    horizon = clock()
    tried = 0
    while limit is None or tried < limit:
        message = claim_next(now=clock(), horizon=horizon)
        if message is None:
            break
        tried += 1
        outcome = _hand_over(message, handlers)
        with transaction() as session:
            record_outcome(session, message, outcome, now=clock())
    return tried


def run_forever(
    handlers: Mapping[str, Handler],
    *,
    clock: Clock,
    stop: threading.Event,
    idle_seconds: float = 1.0,
    tidy: Callable[[datetime], object] = lambda _now: None,
) -> None:
    """Deliver what is due until `stop` is set; an outage of the database is waited out.

    `tidy` is called at the start and then once an hour: what has run out is to
    be deleted by somebody, and the worker is there.
    """
    tidied_at: datetime | None = None
    while not stop.is_set():
        try:
            now = clock()
            if tidied_at is None or now - tidied_at >= TIDY_INTERVAL:
                tidy(now)
                tidied_at = now
            tried = run_due(handlers, clock=clock, limit=1)
        except OperationalError:
            log.warning("outbox cannot reach the database")
            stop.wait(max(idle_seconds, OUTAGE_SECONDS))
            continue
        if not tried:
            stop.wait(idle_seconds)


def claim_next(*, now: datetime, horizon: datetime) -> Message | None:
    """Lease the message that is longest due at `horizon`, in a transaction of its own.

    A message waits while an older one of its subject is still open, so order
    is kept per subject. PostgreSQL's SKIP LOCKED lets workers pass each other;
    SQLite takes the write lock for the whole of the transaction.
    """
    older = aliased(Delivery)
    query = (
        select(Delivery)
        .where(
            is_open(Delivery),
            Delivery.next_attempt_at <= horizon,
            or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now),
            ~exists().where(
                is_open(older), older.subject == Delivery.subject, older.id < Delivery.id
            ),
        )
        .order_by(Delivery.next_attempt_at, Delivery.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Delivery)
    )
    with transaction() as session:
        delivery = session.scalar(query)
        if delivery is None:
            return None
        delivery.leased_until = now + LEASE
        delivery.attempts += 1
        return Message(
            delivery_id=delivery.id,
            institution_id=delivery.institution_id,
            kind=delivery.kind,
            subject=delivery.subject,
            payload=delivery.payload,
            attempt=delivery.attempts,
            due_at=delivery.next_attempt_at,
        )


def record_outcome(session: Session, message: Message, outcome: Outcome, *, now: datetime) -> None:
    """Write down what came of a try.

    If the lease ran out and another worker took the message up, only success
    is news: the post was identical, so it has arrived.
    """
    delivery = session.get_one(
        Delivery, message.delivery_id, with_for_update=True, populate_existing=True
    )
    has_arrived = outcome.state is DeliveryState.DELIVERED
    if delivery.state not in OPEN_STATES:
        return
    if delivery.attempts != message.attempt and not has_arrived:
        return
    delivery.leased_until = None
    delivery.last_error = outcome.words
    if has_arrived:
        delivery.state = DeliveryState.DELIVERED
        delivery.delivered_at = now
    elif _has_successor(session, delivery, outcome):
        delivery.state = DeliveryState.SUPERSEDED
    elif outcome.state is DeliveryState.FAILED:
        delivery.state = DeliveryState.FAILED
        delivery.is_parked = outcome.is_parked
    else:
        _plan_retry(delivery, outcome, now=now)
    log.info(
        "delivered" if delivery.state is DeliveryState.DELIVERED else "delivery tried",
        delivery_id=delivery.id,
        kind=delivery.kind,
        attempt=message.attempt,
        state=delivery.state.value,
        **({"reason": outcome.words} if outcome.words else {}),
    )


def _has_successor(session: Session, delivery: Delivery, outcome: Outcome) -> bool:
    if outcome.state is DeliveryState.SUPERSEDED:
        return True
    newer = find_open_after(session, delivery.subject, delivery_id=delivery.id)
    return newer is not None


def _plan_retry(delivery: Delivery, outcome: Outcome, *, now: datetime) -> None:
    delay = retry_delay(delivery.attempts, jitter=_random.uniform(-JITTER, JITTER))
    asked = min(outcome.after or timedelta(0), LONGEST_ASKED_DELAY)
    delivery.next_attempt_at = now + max(delay, asked)
    delivery.give_up_at = delivery.give_up_at or now + KEEP_TRYING
    if delivery.next_attempt_at > delivery.give_up_at:
        delivery.state = DeliveryState.FAILED
        delivery.last_error = f"We tried for seven days and stopped. The last time: {outcome.words}"
    else:
        delivery.state = DeliveryState.FAILING


def _hand_over(message: Message, handlers: Mapping[str, Handler]) -> Outcome:
    try:
        handlers[message.kind](message)
    except SupersededError:
        return Outcome(DeliveryState.SUPERSEDED)
    except PermanentError as error:
        parked = isinstance(error, ParkedError)
        return Outcome(DeliveryState.FAILED, str(error), is_parked=parked)
    except RetryLaterError as error:
        return Outcome(DeliveryState.FAILING, str(error), after=error.after)
    except DeliveryError as error:
        return Outcome(DeliveryState.FAILING, str(error))
    except Exception as error:  # a poison message must not stop the queue
        log.exception("delivery broke", delivery_id=message.delivery_id, kind=message.kind)
        words = f"Something went wrong on our side ({type(error).__name__}); it was recorded."
        return Outcome(DeliveryState.FAILING, words)
    return Outcome(DeliveryState.DELIVERED)
