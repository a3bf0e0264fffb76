"""Invitations: one-time links with which an LMS may register itself."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from app.core import audit
from app.core.crypto import hash_secret
from app.core.errors import ConflictError, NotFoundError
from app.platforms.models import Invitation

LIFETIME = timedelta(days=7)
MAX_HOURS = 24 * 90
SECRET_BYTES = 32


def invite(
    session: Session,
    institution_id: int,
    *,
    name: str | None,
    lifetime: timedelta = LIFETIME,
    actor: str,
    now: datetime,
) -> tuple[Invitation, str]:
    """Make an invitation; return it with its secret, which is kept nowhere."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    invitation = Invitation(
        institution_id=institution_id,
        secret_hash=hash_secret(secret),
        name=name,
        created_by=actor,
        created_at=now,
        expires_at=now + lifetime,
    )
    session.add(invitation)
    session.flush()
    _audit(session, invitation, actor=actor, action="invitation.made", now=now)
    return invitation, secret


def find_open_invitation(session: Session, secret: str, *, now: datetime) -> Invitation | None:
    """Return the invitation of this secret while it can be used."""
    return session.scalar(
        select(Invitation).where(
            Invitation.secret_hash == hash_secret(secret),
            Invitation.used_at.is_(None),
            Invitation.withdrawn_at.is_(None),
            Invitation.expires_at > now,
        )
    )


def use_up_invitation(
    session: Session, invitation_id: int, *, platform_pk: int, now: datetime
) -> None:
    """Use an invitation, once: one atomic update settles who came first.

    Raises: `ConflictError` if it was used, withdrawn or has run out meanwhile.
    """
    result: Any = session.execute(
        update(Invitation)
        .where(
            Invitation.id == invitation_id,
            Invitation.used_at.is_(None),
            Invitation.withdrawn_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(used_at=now, platform_pk=platform_pk)
        .execution_options(synchronize_session=False)
    )
    if not result.rowcount:
        raise ConflictError("This invitation was used or withdrawn meanwhile. Ask for a new one.")


def list_invitations(session: Session, institution_id: int) -> list[Invitation]:
    """Return the institution's invitations, newest first, with what came of them."""
    return list(
        session.scalars(
            select(Invitation)
            .where(Invitation.institution_id == institution_id)
            .options(selectinload(Invitation.platform))
            .order_by(Invitation.id.desc())
        )
    )


def get_invitation(session: Session, invitation_id: int, *, institution_id: int) -> Invitation:
    """Return one invitation of the institution.

    Raises: `NotFoundError`.
    """
    invitation = session.get(Invitation, invitation_id)
    if invitation is None or invitation.institution_id != institution_id:
        raise NotFoundError("There is no such invitation.")
    return invitation


def withdraw_invitation(
    session: Session, invitation: Invitation, *, actor: str, now: datetime
) -> None:
    """Take an invitation back; one that was withdrawn already stays so.

    Raises: `ConflictError` if it was used.
    """
    if invitation.used_at is not None:
        raise ConflictError("This invitation was used: what to do now stands with the platform.")
    if invitation.withdrawn_at is None:
        invitation.withdrawn_at = now
        session.flush()
        _audit(session, invitation, actor=actor, action="invitation.withdrawn", now=now)


def _audit(
    session: Session, invitation: Invitation, *, actor: str, action: str, now: datetime
) -> None:
    audit.record(
        session,
        invitation.institution_id,
        actor=actor,
        action=action,
        subject=f"invitation:{invitation.id}",
        facts={"expires_at": invitation.expires_at.isoformat()},
        now=now,
    )
