"""Deliveries."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.orm import Base, TextEnum


class DeliveryState(StrEnum):
    """Where a message stands.

    `waiting`: owed, never tried. `failing`: tried, will be tried again.
    `delivered`: acknowledged. `failed`: will not heal by itself; somebody must
    act. `superseded`: a newer message of the same subject took its place.
    """

    WAITING = "waiting"
    FAILING = "failing"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPERSEDED = "superseded"


OPEN_STATES = (DeliveryState.WAITING, DeliveryState.FAILING)


def _open_index(name: str, *columns: str) -> Index:
    """Return an index of the messages that have still to leave: few, whatever is kept."""
    condition = text("state IN ('waiting', 'failing')")
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


class Delivery(Base):
    """One message owed to the outside.

    `subject`: what it is about, such as `score:7:12`; messages of one subject
    leave in order, and a newer one supersedes an older one not yet sent.
    `lane`: whom it goes to, such as `platform:3`; one message of a lane is on
    its way at a time. Empty: it need not wait for others.
    `payload`: everything the handler needs; it never changes, so a repeated
    post is identical to the first. `attempts`: how often a worker took it up,
    counted before it calls, so that a worker that dies counts too.
    `leased_until`: a worker has it until then; `None` while nobody has.
    `give_up_at`: the end of trying, set by the first failure; `None` before.
    `is_parked`: failed, but taken up again when the other side has changed.
    `last_error`: for the person who looks, in plain words; `None` if none.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        _open_index("ix_delivery_due", "next_attempt_at", "id"),
        # Without these two, PostgreSQL reads every open message for each one that it claims.
        _open_index("ix_delivery_due_in_lane", "lane", "next_attempt_at", "id"),
        _open_index("ix_delivery_open_subject", "subject", "id"),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(120), index=True)
    lane: Mapped[str] = mapped_column(String(60), default="", server_default="")
    payload: Mapped[dict[str, Any]]
    state: Mapped[DeliveryState] = mapped_column(TextEnum(DeliveryState))
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    give_up_at: Mapped[datetime | None]
    is_parked: Mapped[bool] = mapped_column(default=False)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


class Lane(Base):
    """The way to one other system, which one worker has to itself at a time.

    `holder`: a secret of the worker that has it, so that one who comes back
    late does not give away what is another's. `leased_until`: its right ends then.
    """

    __tablename__ = "outbox_lane"

    name: Mapped[str] = mapped_column(String(60), unique=True)
    holder: Mapped[str] = mapped_column(String(40))
    leased_until: Mapped[datetime]


class Timer(Base):
    """When a periodic job is due, for all workers together.

    `last_run_at`: the last success; `None` before the first. `last_error`: the
    kind of the last failure since; `None` if there was none.
    """

    __tablename__ = "timer"

    name: Mapped[str] = mapped_column(String(60), unique=True)
    due_at: Mapped[datetime]
    last_run_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(200))
