"""The tool's own keys: published ahead, signing, published until nothing needs them.

One set for the installation: the JWK Set holds next, active and retiring keys,
and only the active one signs.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from joserfc.jwk import RSAKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.crypto import Vault
from app.core.errors import ConflictError, NotFoundError
from app.platforms.institutions import list_institutions
from app.platforms.models import KeyStatus, ToolKey

PUBLISHED = (KeyStatus.NEXT, KeyStatus.ACTIVE, KeyStatus.RETIRING)
KEY_BITS = 2048
# Platforms keep our key set for hours; a day is the least on both sides of a change.
PUBLISH_AHEAD = timedelta(hours=24)
PUBLISH_AFTER = timedelta(hours=24)
# The rotation leaves more room than the least, for a platform that is down for a weekend.
ROTATION_AHEAD = timedelta(days=4)
ROTATION_AFTER = timedelta(days=4)


def ensure_tool_key(session: Session, vault: Vault, *, now: datetime) -> ToolKey:
    """Return the tool's signing key; make the first one if there is none.

    Source: LTI Security Framework 1.0, §6.2 (RSA, at least 2048 bits).
    """
    key = find_key(session, KeyStatus.ACTIVE)
    if key is not None:
        return key
    key = _make_key(vault, KeyStatus.ACTIVE, now=now)
    session.add(key)
    session.flush()
    return key


def active_tool_key(session: Session, vault: Vault) -> tuple[str, str]:
    """Return key id and PEM of the key that signs now.

    Raises: `NotFoundError` if no key was made yet (`flask db upgrade` makes none;
        the first registration does).
    """
    key = find_key(session, KeyStatus.ACTIVE)
    if key is None:
        raise NotFoundError("The tool has no key yet: register a platform first.")
    return key.kid, vault.open(key.private_key_sealed).decode()


def published_jwks(session: Session) -> dict[str, Any]:
    """Return the JWK Set that platforms fetch: next, active and retiring keys."""
    keys = session.scalars(
        select(ToolKey).where(ToolKey.status.in_(PUBLISHED)).order_by(ToolKey.id)
    )
    return {"keys": [key.public_jwk for key in keys]}


def list_keys(session: Session) -> list[ToolKey]:
    """Return every key, those that are over too, oldest first."""
    return list(session.scalars(select(ToolKey).order_by(ToolKey.id)))


def find_key(session: Session, status: KeyStatus) -> ToolKey | None:
    """Return the newest key of this status, if there is one."""
    return session.scalar(
        select(ToolKey).where(ToolKey.status == status).order_by(ToolKey.id.desc()).limit(1)
    )


def get_key(session: Session, kid: str) -> ToolKey:
    """Return one key.

    Raises: `NotFoundError`.
    """
    key = session.scalar(select(ToolKey).where(ToolKey.kid == kid))
    if key is None:
        raise NotFoundError(f"There is no key {kid}.")
    return key


def prepare_key(session: Session, vault: Vault, *, actor: str, now: datetime) -> ToolKey:
    """Make and publish the key that will sign next.

    Raises: `ConflictError` if there is one already.
    """
    if find_key(session, KeyStatus.NEXT) is not None:
        raise ConflictError("A next key is published already: activate or retire it first.")
    key = _make_key(vault, KeyStatus.NEXT, now=now)
    session.add(key)
    session.flush()
    _audit(session, key, actor=actor, action="key.prepared", now=now)
    return key


def activate_key(session: Session, *, actor: str, now: datetime) -> ToolKey:
    """Let the next key sign; the one that signed stays published for a while.

    Raises: `NotFoundError` if no key is prepared; `ConflictError` if it has not been
        published for a day, so that platforms may not know it yet.
    """
    key = find_key(session, KeyStatus.NEXT)
    if key is None:
        raise NotFoundError("No key is prepared: flask --app app keys prepare")
    ready_at = key.created_at + PUBLISH_AHEAD
    if ready_at > now:
        raise ConflictError(
            f"The next key is too young: platforms may not have fetched it yet. "
            f"It can sign from {ready_at:%Y-%m-%d %H:%M} UTC."
        )
    _take_over(session, key, actor=actor, now=now)
    return key


def retire_key(session: Session, key: ToolKey, *, actor: str, now: datetime) -> None:
    """End the life of a key that no longer signs, or of a next one that is not wanted.

    Raises: `ConflictError` if it signs, or signed within the last day, or is over already.
    """
    if key.status is KeyStatus.ACTIVE:
        raise ConflictError("This key signs. Activate the next one first.")
    if key.status not in PUBLISHED:
        raise ConflictError("This key's life is over already.")
    if key.retiring_at is not None and key.retiring_at + PUBLISH_AFTER > now:
        raise ConflictError(
            "What this key signed may still be under way: it stays published for a day, until "
            f"{key.retiring_at + PUBLISH_AFTER:%Y-%m-%d %H:%M} UTC."
        )
    _end(session, key, KeyStatus.RETIRED, actor=actor, now=now)


def revoke_key(
    session: Session, vault: Vault, key: ToolKey, *, actor: str, now: datetime
) -> ToolKey | None:
    """Withdraw a key at once, because somebody else may have it.

    If it signed, the next one takes over, however young, or a new one is made: a
    few calls to platforms that do not know it yet are refused and tried again.
    Return the key that took over, if one had to.
    Raises: `ConflictError` if its life is over already.
    """
    if key.status not in PUBLISHED:
        raise ConflictError("This key's life is over already.")
    signed = key.status is KeyStatus.ACTIVE
    _end(session, key, KeyStatus.REVOKED, actor=actor, now=now)
    if not signed:
        return None
    successor = find_key(session, KeyStatus.NEXT)
    if successor is None:
        successor = prepare_key(session, vault, actor=actor, now=now)
    _take_over(session, successor, actor=actor, now=now)
    return successor


def rotate_keys(
    session: Session, vault: Vault, *, every: timedelta, actor: str, now: datetime
) -> None:
    """Do what is due in the life of the keys; running it often or twice changes nothing more.

    The next key is published some days ahead of its time, and the one before it
    stays published some days after. Where there is no key yet, there is nothing to rotate.
    """
    active, following = find_key(session, KeyStatus.ACTIVE), find_key(session, KeyStatus.NEXT)
    if active is not None:
        due_at = (active.active_at or active.created_at) + every
        if following is None and due_at - ROTATION_AHEAD <= now:
            prepare_key(session, vault, actor=actor, now=now)
        elif following is not None and max(due_at, following.created_at + PUBLISH_AHEAD) <= now:
            _take_over(session, following, actor=actor, now=now)
    retiring = session.scalars(select(ToolKey).where(ToolKey.status == KeyStatus.RETIRING))
    for key in _over(retiring, now=now):
        retire_key(session, key, actor=actor, now=now)


def _over(keys: Iterable[ToolKey], *, now: datetime) -> list[ToolKey]:
    return [key for key in keys if (key.retiring_at or key.created_at) + ROTATION_AFTER <= now]


def _take_over(session: Session, key: ToolKey, *, actor: str, now: datetime) -> None:
    before = find_key(session, KeyStatus.ACTIVE)
    if before is not None:
        before.status, before.retiring_at = KeyStatus.RETIRING, now
        session.flush()  # there is one active key at any moment, and the database knows it
    key.status, key.active_at = KeyStatus.ACTIVE, now
    session.flush()
    _audit(session, key, actor=actor, action="key.activated", now=now)


def _end(session: Session, key: ToolKey, status: KeyStatus, *, actor: str, now: datetime) -> None:
    key.status, key.private_key_sealed = status, ""
    session.flush()
    _audit(session, key, actor=actor, action=f"key.{status.value}", now=now)


def _make_key(vault: Vault, status: KeyStatus, *, now: datetime) -> ToolKey:
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    jwk = RSAKey.import_key(pem)
    kid = jwk.thumbprint()
    return ToolKey(
        kid=kid,
        public_jwk={**jwk.as_dict(private=False), "kid": kid, "alg": "RS256", "use": "sig"},
        private_key_sealed=vault.seal(pem),
        status=status,
        created_at=now,
        active_at=now if status is KeyStatus.ACTIVE else None,
    )


def _audit(session: Session, key: ToolKey, *, actor: str, action: str, now: datetime) -> None:
    """Write it into the log of every institution: the key signs for all of them."""
    for institution in list_institutions(session):
        audit.record(
            session,
            institution.id,
            actor=actor,
            action=action,
            subject=f"tool_key:{key.id}",
            facts={"kid": key.kid},
            now=now,
        )
