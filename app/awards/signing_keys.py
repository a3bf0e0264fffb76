"""The end of an issuer's key, seen from the awards that it signed."""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.awards.models import Award
from app.core.errors import ConflictError
from app.platforms.models import KeyStatus
from app.programme.issuer_keys import retire_key
from app.programme.models import IssuerKey, IssuerProfile, KeyKind

AT_ONCE: Final = 200


def count_signed_with(session: Session, key: IssuerKey, *, now: datetime) -> int:
    """Count the awards that hold and were signed with a key."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Award)
            .where(Award.issuer_key_id == key.id, _holds(now))
        )
        or 0
    )


def retire_signing_key(
    session: Session, issuer: IssuerProfile, key: IssuerKey, *, actor: str, now: datetime
) -> None:
    """Publish a key no longer, once nothing that it signed is needed any more.

    Raises: `ConflictError` if it signs, or an award that holds was signed with it, or there
        may be tokens of such awards.
    """
    needing = count_signed_with(session, key, now=now)
    if key.kind is KeyKind.RSA and key.status is KeyStatus.RETIRING:
        needing = _count_holding(session, issuer, now=now)
    if needing:
        raise ConflictError(
            f"{needing} awards that hold may have been signed with this key; without it nobody "
            "could verify them. It stays published until they have run out."
        )
    retire_key(session, issuer, key, actor=actor, now=now)


def list_to_sign_again(session: Session, issuer: IssuerProfile, *, now: datetime) -> list[Award]:
    """Return some awards that hold, but whose key was withdrawn, oldest first."""
    return list(
        session.scalars(
            select(Award)
            .join(IssuerKey, IssuerKey.id == Award.issuer_key_id)
            .where(
                IssuerKey.issuer_id == issuer.id,
                IssuerKey.status == KeyStatus.REVOKED,
                _holds(now),
            )
            .order_by(Award.id)
            .limit(AT_ONCE)
        )
    )


def _count_holding(session: Session, issuer: IssuerProfile, *, now: datetime) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(Award)
            .join(IssuerKey, IssuerKey.id == Award.issuer_key_id)
            .where(IssuerKey.issuer_id == issuer.id, _holds(now))
        )
        or 0
    )


def _holds(now: datetime) -> ColumnElement[bool]:
    return Award.revoked_at.is_(None) & or_(Award.valid_until.is_(None), Award.valid_until > now)
