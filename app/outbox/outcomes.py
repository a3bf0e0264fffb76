"""What came of a try, and how it is written down."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from app.core.errors import DeliveryError
from app.outbox.claims import Message
from app.outbox.errors import ParkedError, PermanentError, RetryLaterError, SupersededError
from app.outbox.models import OPEN_STATES, Delivery, DeliveryState
from app.outbox.service import find_open_after

log = structlog.get_logger()

FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=6)
LONGEST_ASKED_DELAY = timedelta(days=1)
KEEP_TRYING = timedelta(days=7)
JITTER = 0.2

_random = secrets.SystemRandom()

Handler = Callable[[Message], None]


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


def record_outcome(session: Session, message: Message, outcome: Outcome, *, now: datetime) -> None:
    """Write down what came of a try.

    If the lease ran out and another worker took the message up, only success
    is news: the post was identical, so it has arrived.
    """
    delivery = session.get_one(
        Delivery, message.delivery_id, with_for_update=True, populate_existing=True
    )
    write_down(session, delivery, message, outcome, now=now)


def write_down(
    session: Session, delivery: Delivery, message: Message, outcome: Outcome, *, now: datetime
) -> None:
    """Write down what came of a try of a delivery that is locked already."""
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


def hand_over(message: Message, handlers: Mapping[str, Handler]) -> Outcome:
    """Let the message's handler try it; return what came of it, whatever that was."""
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
