"""Messages owed to the outside: promise one, find it, take it up again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, or_, select
from sqlalchemy.orm import Session

from app.outbox.models import OPEN_STATES, Delivery, DeliveryState


def queue(
    session: Session,
    institution_id: int,
    *,
    kind: str,
    subject: str,
    payload: dict[str, Any],
    due_at: datetime,
    lane: str = "",
    now: datetime,
) -> Delivery:
    """Promise one message, in the caller's transaction; it supersedes older ones of its subject.

    One that a worker has in its hands keeps going: it leaves first, or gives
    way when it comes back undelivered. The rows are locked, so the worker that
    records a result either sees this message or is seen by it.
    """
    older = session.scalars(
        select(Delivery)
        .where(
            Delivery.subject == subject,
            Delivery.state.in_([*OPEN_STATES, DeliveryState.FAILED]),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for delivery in older:
        if delivery.leased_until is None or delivery.leased_until <= now:
            delivery.state = DeliveryState.SUPERSEDED
    delivery = Delivery(
        institution_id=institution_id,
        kind=kind,
        subject=subject,
        lane=lane,
        payload=payload,
        state=DeliveryState.WAITING,
        attempts=0,
        next_attempt_at=due_at,
        is_parked=False,
        created_at=now,
    )
    session.add(delivery)
    session.flush()
    return delivery


def platform_lane(platform_id: int) -> str:
    """Return the lane to one platform: platforms want to be asked one thing at a time."""
    return f"platform:{platform_id}"


def withdraw(session: Session, subjects: Select[str], *, now: datetime) -> None:
    """Take back what has not left yet; what a worker has in its hands still goes."""
    waiting = session.scalars(
        select(Delivery)
        .where(
            Delivery.subject.in_(subjects),
            Delivery.state.in_([*OPEN_STATES, DeliveryState.FAILED]),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for delivery in waiting:
        if delivery.leased_until is None or delivery.leased_until <= now:
            delivery.state = DeliveryState.SUPERSEDED


def reopen_delivery(delivery: Delivery, *, now: datetime) -> None:
    """Let a failed message be tried again from the start, unchanged."""
    delivery.state = DeliveryState.WAITING
    delivery.attempts = 0
    delivery.next_attempt_at = now
    delivery.give_up_at = None
    delivery.is_parked = False


def find_newest_of_subject(session: Session, subject: str) -> Delivery | None:
    """Return the newest message of one subject, whatever its state."""
    return session.scalar(
        select(Delivery).where(Delivery.subject == subject).order_by(Delivery.id.desc()).limit(1)
    )


def list_newest(session: Session, subjects: Select[str]) -> Sequence[Delivery]:
    """Return the newest message of each of these subjects, which a query names."""
    newest = (
        select(func.max(Delivery.id))
        .where(Delivery.subject.in_(subjects))
        .group_by(Delivery.subject)
    )
    return session.scalars(select(Delivery).where(Delivery.id.in_(newest))).all()


def list_parked(session: Session, subjects: Select[str], *, also: str) -> Sequence[Delivery]:
    """Return what waits, of these subjects and one more, for the other side to change."""
    return session.scalars(
        select(Delivery)
        .where(
            or_(Delivery.subject.in_(subjects), Delivery.subject == also),
            Delivery.state == DeliveryState.FAILED,
            Delivery.is_parked,
        )
        .with_for_update()
    ).all()


def list_newest_by_prefix(session: Session, prefix: str) -> Sequence[Delivery]:
    """Return the newest message of every subject that starts so."""
    newest = (
        select(func.max(Delivery.id))
        .where(Delivery.subject.startswith(prefix, autoescape=True))
        .group_by(Delivery.subject)
    )
    return session.scalars(select(Delivery).where(Delivery.id.in_(newest))).all()


def list_before(session: Session, subject: str, *, delivery_id: int) -> Sequence[Delivery]:
    """Return the last few messages of a subject that are older than this one."""
    return session.scalars(
        select(Delivery)
        .where(Delivery.subject == subject, Delivery.id < delivery_id)
        .order_by(Delivery.id.desc())
        .limit(20)
    ).all()


def find_open_after(session: Session, subject: str, *, delivery_id: int) -> Delivery | None:
    """Return a newer message of a subject that has still to leave."""
    return session.scalar(
        select(Delivery)
        .where(is_open(Delivery), Delivery.subject == subject, Delivery.id > delivery_id)
        .limit(1)
    )


def is_open(table: Any) -> ColumnElement[bool]:
    """Return the condition “still to leave”, worded as the partial index is.

    The states are literals because neither SQLite nor a prepared statement of
    PostgreSQL uses a partial index when they are parameters.
    """
    states: list[ColumnElement[str]] = [literal_column(f"'{state.value}'") for state in OPEN_STATES]
    condition: ColumnElement[bool] = table.state.in_(states)
    return condition
