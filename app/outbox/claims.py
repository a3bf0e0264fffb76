"""Claiming: which messages a worker may take, and how it gives them back."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from app.core.db import db, transaction
from app.outbox.models import Delivery, Lane
from app.outbox.service import is_open

# Longer than the slowest handler: a few calls of half a minute each.
LEASE = timedelta(minutes=5)
BATCH = 25
LANES_TO_TRY = 5


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


@dataclass(frozen=True)
class Batch:
    """Messages of one lane, and the secret by which the lane is held."""

    lane: str
    holder: str
    messages: Sequence[Message]


def claim_next(*, now: datetime, horizon: datetime) -> Message | None:
    """Lease the message that is longest due at `horizon`, in a transaction of its own."""
    batch = claim_batch(now=now, horizon=horizon, size=1)
    return batch.messages[0] if batch else None


def claim_batch(
    *,
    now: datetime,
    horizon: datetime,
    size: int = BATCH,
    kinds: Collection[str] | None = None,
    lease: timedelta = LEASE,
) -> Batch | None:
    """Lease the messages of one lane that are longest due, in a transaction of its own.

    A message waits while an older one of its subject is still open, so order
    is kept per subject; and while another worker has its lane, so that a
    platform is asked one thing at a time. What is due is looked up first
    without a lock: an idle worker must not keep writers waiting.
    """
    for _ in range(LANES_TO_TRY):
        lane = _find_due_lane(now=now, horizon=horizon, kinds=kinds)
        if lane is None:
            return None
        with transaction() as session:
            holder = _take_lane(session, lane, until=now + lease, now=now)
            if holder is None:
                continue
            messages = [
                _lease(delivery, until=now + lease)
                for delivery in session.scalars(
                    select(Delivery)
                    .where(*_claimable(now, horizon, kinds), Delivery.lane == lane)
                    .order_by(Delivery.next_attempt_at, Delivery.id)
                    .limit(size)
                    .with_for_update(skip_locked=True, of=Delivery)
                )
            ]
            batch = Batch(lane, holder, messages)
            if messages:
                return batch
            leave_lane(session, batch, now=now)
    return None


def keep_lane(session: Session, batch: Batch, rest: Sequence[Message], *, until: datetime) -> bool:
    """Hold a lane and what is left of its batch for longer; return whether it is still ours."""
    if batch.lane:
        held = session.execute(
            update(Lane)
            .where(Lane.name == batch.lane, Lane.holder == batch.holder)
            .values(leased_until=until)
        )
        if not (isinstance(held, CursorResult) and held.rowcount):
            return False
    ids = [message.delivery_id for message in rest]
    if ids:
        session.execute(
            update(Delivery)
            .where(Delivery.id.in_(ids), Delivery.leased_until.is_not(None))
            .values(leased_until=until)
        )
    return True


def leave_lane(session: Session, batch: Batch, *, now: datetime) -> None:
    """Give a lane back, unless another has taken it over."""
    if batch.lane:
        session.execute(
            update(Lane)
            .where(Lane.name == batch.lane, Lane.holder == batch.holder)
            .values(leased_until=now)
        )


def give_back(session: Session, rest: Sequence[Message]) -> None:
    """Give back messages that were claimed and not tried; it does not count as a try."""
    for message in rest:
        session.execute(
            update(Delivery)
            .where(Delivery.id == message.delivery_id, Delivery.attempts == message.attempt)
            .values(leased_until=None, attempts=Delivery.attempts - 1)
        )


def _find_due_lane(
    *, now: datetime, horizon: datetime, kinds: Collection[str] | None
) -> str | None:
    session = db.session()
    try:
        return session.scalar(
            select(Delivery.lane)
            .where(
                *_claimable(now, horizon, kinds),
                Delivery.lane.not_in(select(Lane.name).where(Lane.leased_until > now)),
            )
            .order_by(Delivery.next_attempt_at, Delivery.id)
            .limit(1)
        )
    finally:
        session.rollback()


def _claimable(
    now: datetime, horizon: datetime, kinds: Collection[str] | None
) -> list[ColumnElement[bool]]:
    older = aliased(Delivery)
    conditions: list[ColumnElement[bool]] = [
        is_open(Delivery),
        Delivery.next_attempt_at <= horizon,
        or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now),
        ~exists().where(is_open(older), older.subject == Delivery.subject, older.id < Delivery.id),
    ]
    if kinds is not None:
        conditions.append(Delivery.kind.in_(kinds))
    return conditions


def _take_lane(session: Session, lane: str, *, until: datetime, now: datetime) -> str | None:
    """Take a lane by one atomic update; `None` if somebody has it."""
    if not lane:
        return ""
    holder = secrets.token_urlsafe(16)
    taken = session.execute(
        update(Lane)
        .where(Lane.name == lane, Lane.leased_until <= now)
        .values(holder=holder, leased_until=until)
    )
    if isinstance(taken, CursorResult) and taken.rowcount:
        return holder
    try:
        with session.begin_nested():
            session.add(Lane(name=lane, holder=holder, leased_until=until))
    except IntegrityError:  # it is there, and not free
        return None
    return holder


def _lease(delivery: Delivery, *, until: datetime) -> Message:
    delivery.leased_until = until
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
