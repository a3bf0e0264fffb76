"""The keys of an issuer: published ahead, signing, published while anything needs them.

One kind signs credentials, the other tokens; each has a life of its own.
"""

import json
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.crypto import Vault
from app.core.errors import ConflictError, NotFoundError
from app.credentials.jwt import generate_private_jwk, public_jwk
from app.credentials.keys import generate_private_key, public_multikey
from app.platforms.models import KeyStatus
from app.programme.models import IssuerKey, IssuerProfile, KeyKind

# A revoked key leaves the DID document, so nothing signed with it verifies any more.
PUBLISHED: Final = (KeyStatus.NEXT, KeyStatus.ACTIVE, KeyStatus.RETIRING)


def get_signing_key(session: Session, issuer_id: int, vault: Vault) -> tuple[IssuerKey, bytes]:
    """Return the key with which the issuer signs credentials now, and its private half.

    Raises: `NotFoundError` if it has none.
    """
    key = find_issuer_key(session, issuer_id, KeyKind.ED25519, KeyStatus.ACTIVE)
    if key is None:
        raise NotFoundError("The issuer has no signing key: ask the programme administrator.")
    return key, _open(vault, key.private_key_sealed)


def list_published_multikeys(session: Session, issuer_id: int) -> list[str]:
    """Return the public keys of credentials that stand in the issuer's DID document, oldest first.

    The one that signs next is among them.
    """
    return list(
        session.scalars(
            select(IssuerKey.multikey)
            .where(
                IssuerKey.issuer_id == issuer_id,
                IssuerKey.kind == KeyKind.ED25519,
                IssuerKey.status.in_(PUBLISHED),
            )
            .order_by(IssuerKey.id)
        )
    )


def find_issuer_key(
    session: Session, issuer_id: int, kind: KeyKind, status: KeyStatus
) -> IssuerKey | None:
    """Return the newest key of an issuer of this kind and status, if there is one."""
    return session.scalar(
        select(IssuerKey)
        .where(IssuerKey.issuer_id == issuer_id, IssuerKey.kind == kind, IssuerKey.status == status)
        .order_by(IssuerKey.id.desc())
        .limit(1)
    )


def get_issuer_key(session: Session, issuer_id: int, multikey: str) -> IssuerKey:
    """Return one key of an issuer by its public half, or by its thumbprint.

    Raises: `NotFoundError`.
    """
    key = session.scalar(
        select(IssuerKey).where(IssuerKey.issuer_id == issuer_id, IssuerKey.multikey == multikey)
    )
    if key is None:
        raise NotFoundError(f"The issuer has no key {multikey}.")
    return key


def list_issuer_keys(session: Session, issuer_id: int) -> list[IssuerKey]:
    """Return every key of an issuer, those that are over too, oldest first."""
    return list(
        session.scalars(
            select(IssuerKey).where(IssuerKey.issuer_id == issuer_id).order_by(IssuerKey.id)
        )
    )


def list_published_jwks(session: Session, issuer_id: int) -> list[dict[str, Any]]:
    """Return the public keys of an issuer's tokens that may be trusted, oldest first."""
    keys = session.scalars(
        select(IssuerKey)
        .where(
            IssuerKey.issuer_id == issuer_id,
            IssuerKey.kind == KeyKind.RSA,
            IssuerKey.status.in_(PUBLISHED),
        )
        .order_by(IssuerKey.id)
    )
    return [key.public_jwk for key in keys if key.public_jwk is not None]


def ensure_token_key(
    session: Session,
    issuer: IssuerProfile,
    vault: Vault,
    now: datetime,
    *,
    actor: str = "job:issuer keys",
) -> IssuerKey:
    """Return the key with which the issuer signs tokens; make the first one if there is none."""
    key = find_issuer_key(session, issuer.id, KeyKind.RSA, KeyStatus.ACTIVE)
    if key is not None:
        return key
    key = make_key(session, issuer, KeyKind.RSA, KeyStatus.ACTIVE, vault=vault, now=now)
    _audit(session, issuer, key, actor=actor, action="issuer_key.created", now=now)
    return key


def make_key(
    session: Session,
    issuer: IssuerProfile,
    kind: KeyKind,
    status: KeyStatus,
    *,
    vault: Vault,
    now: datetime,
) -> IssuerKey:
    """Make a key pair of an issuer; whoever calls writes it into the audit log."""
    if kind is KeyKind.RSA:
        private_jwk = generate_private_jwk()
        public = public_jwk(private_jwk)
        name, private = public["kid"], json.dumps(private_jwk).encode()
    else:
        private, public = generate_private_key(), None
        name = public_multikey(private)
    key = IssuerKey(
        issuer_id=issuer.id,
        kind=kind,
        multikey=name,
        public_jwk=public,
        private_key_sealed=vault.seal(private),
        status=status,
        created_at=now,
    )
    session.add(key)
    session.flush()
    return key


def prepare_key(
    session: Session,
    issuer: IssuerProfile,
    kind: KeyKind = KeyKind.ED25519,
    *,
    actor: str,
    vault: Vault,
    now: datetime,
) -> IssuerKey:
    """Make and publish the key with which the issuer will sign next.

    Raises: `ConflictError` if there is one already.
    """
    if find_issuer_key(session, issuer.id, kind, KeyStatus.NEXT) is not None:
        raise ConflictError("A next key is published already: activate or retire it first.")
    key = make_key(session, issuer, kind, KeyStatus.NEXT, vault=vault, now=now)
    _audit(session, issuer, key, actor=actor, action="issuer_key.prepared", now=now)
    return key


def activate_key(
    session: Session,
    issuer: IssuerProfile,
    kind: KeyKind = KeyKind.ED25519,
    *,
    actor: str,
    now: datetime,
) -> IssuerKey:
    """Let the next key sign; the one before stays published, for what it signed.

    Verifiers read the DID document when they verify, so nobody has to be waited for.

    Raises: `NotFoundError` if no key is prepared.
    """
    key = find_issuer_key(session, issuer.id, kind, KeyStatus.NEXT)
    if key is None:
        raise NotFoundError("No key is prepared: flask --app app issuers prepare-key")
    _take_over(session, issuer, key, actor=actor, now=now)
    return key


def retire_key(
    session: Session, issuer: IssuerProfile, key: IssuerKey, *, actor: str, now: datetime
) -> None:
    """Publish a key no longer; whoever calls knows that nothing living is signed with it.

    Raises: `ConflictError` if it signs, or its life is over already.
    """
    if key.status is KeyStatus.ACTIVE:
        raise ConflictError("This key signs. Activate the next one first.")
    _require_published(key)
    _end(session, issuer, key, KeyStatus.RETIRED, actor=actor, now=now)


def revoke_key(
    session: Session,
    issuer: IssuerProfile,
    key: IssuerKey,
    *,
    actor: str,
    vault: Vault,
    now: datetime,
) -> IssuerKey | None:
    """Withdraw a key at once, because somebody else may have it.

    Nothing that it signed verifies from now on, so living awards must be signed anew. If it
    signed, the next one takes over, or a new one is made.
    Return the key that took over, if one had to.
    Raises: `ConflictError` if its life is over already.
    """
    _require_published(key)
    signed = key.status is KeyStatus.ACTIVE
    _end(session, issuer, key, KeyStatus.REVOKED, actor=actor, now=now)
    if not signed:
        return None
    successor = find_issuer_key(session, issuer.id, key.kind, KeyStatus.NEXT)
    if successor is None:
        successor = prepare_key(session, issuer, key.kind, actor=actor, vault=vault, now=now)
    _take_over(session, issuer, successor, actor=actor, now=now)
    return successor


@lru_cache(maxsize=64)
def _open(vault: Vault, sealed: str) -> bytes:
    """Open a key once: an award alone would wait for that longer than for its signature."""
    return vault.open(sealed)


def _take_over(
    session: Session, issuer: IssuerProfile, key: IssuerKey, *, actor: str, now: datetime
) -> None:
    before = find_issuer_key(session, issuer.id, key.kind, KeyStatus.ACTIVE)
    if before is not None:
        before.status = KeyStatus.RETIRING
    key.status = KeyStatus.ACTIVE
    session.flush()
    _audit(session, issuer, key, actor=actor, action="issuer_key.activated", now=now)


def _require_published(key: IssuerKey) -> None:
    if key.status not in PUBLISHED:
        raise ConflictError("This key's life is over already.")


def _end(
    session: Session,
    issuer: IssuerProfile,
    key: IssuerKey,
    status: KeyStatus,
    *,
    actor: str,
    now: datetime,
) -> None:
    key.status, key.private_key_sealed = status, ""
    session.flush()
    _audit(session, issuer, key, actor=actor, action=f"issuer_key.{status.value}", now=now)


def _audit(
    session: Session,
    issuer: IssuerProfile,
    key: IssuerKey,
    *,
    actor: str,
    action: str,
    now: datetime,
) -> None:
    audit.record(
        session,
        issuer.institution_id,
        actor=actor,
        action=action,
        subject=f"issuer_key:{key.id}",
        facts={"issuer": issuer.slug, "kind": key.kind.value, "key": key.multikey},
        now=now,
    )
