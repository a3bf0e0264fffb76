"""The audit log: append-only, each entry chained to the one before it by hash."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.crypto import Vault
from app.core.orm import Base

GENESIS = "0" * 64
# In a session's `info`: what seals the end of a chain.
VAULT = "assay.vault"
_CHAINED = (
    *("institution_id", "number", "at", "actor", "action", "subject", "facts"),
    *("previous_hash", "hash"),
)


class AuditHead(Base):
    """The newest link of one institution's chain; locking it puts writers in a row.

    `seal`: of this end, with the installation's key; `None` where none was made: by an older
    release, or by something that has no key.
    """

    __tablename__ = "audit_head"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), unique=True)
    number: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    seal: Mapped[str | None] = mapped_column(String(64))


class SealState(StrEnum):
    """What the seal of a chain's end says."""

    TRUE = "true"
    MISSING = "missing"
    FALSE = "false"


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
    _move_head(session, head, entry.number, entry.hash)
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
        _move_head(session, head, number, previous)
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


def find_seal_state(head: AuditHead, vault: Vault) -> SealState:
    """Return whether a chain's end is as the program sealed it."""
    if head.seal is None:
        return SealState.MISSING
    made = vault.sign_end(head.institution_id, head.number, head.hash)
    return SealState.TRUE if hmac.compare_digest(made, head.seal) else SealState.FALSE


def seal_head(session: Session, institution_id: int, vault: Vault) -> None:
    """Seal the end of a chain as it is now; whoever asks for it has checked the chain."""
    head = _lock_head(session, institution_id)
    head.seal = vault.sign_end(institution_id, head.number, head.hash)
    session.flush()


def _move_head(session: Session, head: AuditHead, number: int, entry_hash: str) -> None:
    """Move the end of a chain, and its seal with it if that was true.

    A seal that is false stays so, and a missing one is made by a command alone: an entry
    that sealed whatever it finds would cover up what was done before it.
    """
    vault = session.info.get(VAULT)
    is_new = head.number == 0
    is_true = vault is not None and find_seal_state(head, vault) is SealState.TRUE
    head.number, head.hash = number, entry_hash
    if vault is None:
        head.seal = None  # no seal is honest, one of another end would be false
    elif is_new or is_true:
        head.seal = vault.sign_end(head.institution_id, number, entry_hash)


def _lock_head(session: Session, institution_id: int) -> AuditHead:
    head = session.scalar(
        select(AuditHead).where(AuditHead.institution_id == institution_id).with_for_update()
    )
    if head is None:
        head = AuditHead(institution_id=institution_id, number=0, hash=GENESIS)
        session.add(head)
    return head
