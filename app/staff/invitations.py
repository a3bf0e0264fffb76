"""Invitations: one-time links that tie one person to their campus account."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from app.core import audit
from app.core.crypto import hash_secret
from app.core.errors import ConflictError, NotFoundError
from app.courses.models import Person
from app.staff.models import StaffIdentity, StaffInvitation, StaffSession
from app.staff.provider import SignInRefusedError

LIFETIME = timedelta(days=7)
SECRET_BYTES = 32


def invite_person(
    session: Session, person: Person, *, actor: str, now: datetime
) -> tuple[StaffInvitation, str]:
    """Make an invitation; return it with its secret, which is kept nowhere.

    Those that the person has not used are withdrawn: one link is enough to lose.
    """
    for earlier in session.scalars(
        select(StaffInvitation).where(
            StaffInvitation.person_id == person.id,
            StaffInvitation.used_at.is_(None),
            StaffInvitation.withdrawn_at.is_(None),
        )
    ):
        earlier.withdrawn_at = now
    secret = secrets.token_urlsafe(SECRET_BYTES)
    invitation = StaffInvitation(
        institution_id=person.institution_id,
        person_id=person.id,
        secret_hash=hash_secret(secret),
        created_by=actor,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(invitation)
    session.flush()
    _audit(session, invitation, actor=actor, action="staff_invitation.made", now=now)
    return invitation, secret


def find_open_invitation(session: Session, secret: str, *, now: datetime) -> StaffInvitation | None:
    """Return the invitation of this secret while it can be used."""
    found = session.scalar(
        select(StaffInvitation).where(StaffInvitation.secret_hash == hash_secret(secret))
    )
    return found if found is not None and found.is_open(now) else None


def use_up_invitation(
    session: Session, invitation_id: int, *, institution_id: int, now: datetime
) -> StaffInvitation:
    """Use an invitation, once: one atomic update settles who came first.

    Raises: `SignInRefusedError` if it was used, withdrawn or has run out meanwhile.
    """
    result: Any = session.execute(
        update(StaffInvitation)
        .where(
            StaffInvitation.id == invitation_id,
            StaffInvitation.institution_id == institution_id,
            StaffInvitation.used_at.is_(None),
            StaffInvitation.withdrawn_at.is_(None),
            StaffInvitation.expires_at > now,
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    if not result.rowcount:
        raise SignInRefusedError(
            "This invitation was used or withdrawn meanwhile. Ask for a new one."
        )
    return session.get_one(StaffInvitation, invitation_id, populate_existing=True)


def get_invitation(session: Session, invitation_id: int, *, institution_id: int) -> StaffInvitation:
    """Return one invitation of the institution.

    Raises: `NotFoundError`.
    """
    found = session.get(StaffInvitation, invitation_id)
    if found is None or found.institution_id != institution_id:
        raise NotFoundError("There is no such invitation.")
    return found


def withdraw_invitation(
    session: Session, invitation: StaffInvitation, *, actor: str, now: datetime
) -> None:
    """Take an invitation back; one that was withdrawn already stays so.

    Raises: `ConflictError` if it was used.
    """
    if invitation.used_at is not None:
        raise ConflictError("This invitation was used: end the campus account's tie instead.")
    if invitation.withdrawn_at is None:
        invitation.withdrawn_at = now
        session.flush()
        _audit(session, invitation, actor=actor, action="staff_invitation.withdrawn", now=now)


def list_open_invitations(
    session: Session, institution_id: int, *, now: datetime
) -> list[StaffInvitation]:
    """Return the institution's invitations that can be used, newest first."""
    found = session.scalars(
        select(StaffInvitation)
        .where(StaffInvitation.institution_id == institution_id, StaffInvitation.expires_at > now)
        .options(joinedload(StaffInvitation.person))
        .order_by(StaffInvitation.id.desc())
    )
    return [each for each in found if each.is_open(now)]


def list_identities(session: Session, institution_id: int) -> list[StaffIdentity]:
    """Return which campus accounts are tied to whom, oldest first."""
    return list(
        session.scalars(
            select(StaffIdentity)
            .where(StaffIdentity.institution_id == institution_id)
            .options(joinedload(StaffIdentity.person))
            .order_by(StaffIdentity.id)
        )
    )


def untie_identity(
    session: Session, identity_id: int, *, institution_id: int, actor: str, now: datetime
) -> None:
    """Part a campus account from its person, and end its sessions.

    Raises: `NotFoundError`.
    """
    identity = session.get(StaffIdentity, identity_id)
    if identity is None or identity.institution_id != institution_id:
        raise NotFoundError("There is no such campus account.")
    for each in session.scalars(
        select(StaffSession).where(StaffSession.identity_id == identity.id)
    ):
        session.delete(each)
    session.flush()
    session.delete(identity)
    session.flush()
    audit.record(
        session,
        institution_id,
        actor=actor,
        action="staff.untied",
        subject=f"staff_identity:{identity_id}",
        facts={"person": identity.person_id, "issuer": identity.issuer},
        now=now,
    )


def _audit(
    session: Session, invitation: StaffInvitation, *, actor: str, action: str, now: datetime
) -> None:
    audit.record(
        session,
        invitation.institution_id,
        actor=actor,
        action=action,
        subject=f"staff_invitation:{invitation.id}",
        facts={"person": invitation.person_id, "expires_at": invitation.expires_at.isoformat()},
        now=now,
    )
