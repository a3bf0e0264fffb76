"""The audit log: append-only, each entry chained to the one before it by hash."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.orm import Base

GENESIS = "0" * 64
_CHAINED = (
    *("institution_id", "number", "at", "actor", "action", "subject", "facts"),
    *("previous_hash", "hash"),
)


class AuditHead(Base):
    """The newest link of one institution's chain; locking it puts writers in a row."""

    __tablename__ = "audit_head"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), unique=True)
    number: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


class AuditEntry(Base):
    """One thing that was done, by whom, to what.

    `actor`: `person:7`; `command:<name>` for somebody at the server's shell;
    `rule:<id>` for what follows by a certificate's rule: of its version where it
    is awarded, of the award that fell where it is revoked.
    `facts`: ids and decisions; never a learner's name, e-mail, token or text.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (UniqueConstraint("institution_id", "number"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    number: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(120), index=True)
    facts: Mapped[dict[str, Any]]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    def digest(self) -> str:
        """Return the SHA-256 over everything this entry says and the hash before it."""
        said = [
            self.institution_id,
            self.number,
            self.at.isoformat(),
            self.actor,
            self.action,
            self.subject,
            self.facts,
            self.previous_hash,
        ]
        text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def record(
    session: Session,
    institution_id: int,
    *,
    actor: str,
    action: str,
    subject: str,
    facts: dict[str, Any] | None = None,
    now: datetime,
) -> AuditEntry:
    """Append one entry to the institution's chain, in the caller's transaction."""
    head = _lock_head(session, institution_id)
    entry = AuditEntry(
        institution_id=institution_id,
        number=head.number + 1,
        at=now,
        actor=actor,
        action=action,
        subject=subject,
        facts=facts or {},
        previous_hash=head.hash,
    )
    entry.hash = entry.digest()
    head.number, head.hash = entry.number, entry.hash
    session.add(entry)
    session.flush()
    return entry


@dataclass(frozen=True, slots=True)
class Deed:
    """What one entry of many says; see `AuditEntry`."""

    action: str
    subject: str
    facts: dict[str, Any]


def record_all(
    session: Session, institution_id: int, deeds: Sequence[Deed], *, actor: str, now: datetime
) -> None:
    """Append one entry per deed, each chained to the one before, in one statement."""
    head = _lock_head(session, institution_id)
    rows = []
    number, previous = head.number, head.hash
    for deed in deeds:
        number += 1
        entry = AuditEntry(
            institution_id=institution_id,
            number=number,
            at=now,
            actor=actor,
            action=deed.action,
            subject=deed.subject,
            facts=deed.facts,
            previous_hash=previous,
        )
        previous = entry.hash = entry.digest()
        rows.append({column: getattr(entry, column) for column in _CHAINED})
    if rows:
        head.number, head.hash = number, previous
        session.flush()
        session.execute(insert(AuditEntry), rows)


def wait_turn(session: Session, institution_id: int) -> None:
    """Wait until nobody else writes for an institution; who then writes is the only one.

    For what two transactions would lock in different orders, were the log not first.
    """
    _lock_head(session, institution_id)


def find_head(session: Session, institution_id: int) -> AuditHead | None:
    """Return the end of an institution's chain; `None` before its first entry."""
    return session.scalar(select(AuditHead).where(AuditHead.institution_id == institution_id))


def find_broken_entry(session: Session, institution_id: int) -> int | None:
    """Return the number of the first entry that was changed or is missing, or `None`.

    The head is checked too, so cutting off the newest entries shows.
    """
    previous, expected = GENESIS, 1
    statement = (
        select(AuditEntry)
        .where(AuditEntry.institution_id == institution_id)
        .order_by(AuditEntry.number)
        .execution_options(yield_per=500)
    )
    with session.scalars(statement) as entries:
        for entry in entries:
            is_next = (entry.number, entry.previous_hash) == (expected, previous)
            if not is_next or entry.hash != entry.digest():
                return expected
            previous, expected = entry.hash, expected + 1
    head = find_head(session, institution_id)
    if (head.number, head.hash) != (expected - 1, previous) if head else expected != 1:
        return expected
    return None


def _lock_head(session: Session, institution_id: int) -> AuditHead:
    head = session.scalar(
        select(AuditHead).where(AuditHead.institution_id == institution_id).with_for_update()
    )
    if head is None:
        head = AuditHead(institution_id=institution_id, number=0, hash=GENESIS)
        session.add(head)
    return head
