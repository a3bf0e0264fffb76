"""The end of an issuer's key, seen from the awards that it signed."""

import json
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.awards.issuing import audit_award
from app.awards.models import Award
from app.awards.status_models import CredentialEdition, EditionReason
from app.core.crypto import Vault
from app.core.errors import ConflictError
from app.credentials.keys import verification_method
from app.credentials.openbadge import to_json
from app.credentials.signing import sign_credential
from app.credentials.text import timestamp
from app.platforms.models import KeyStatus
from app.programme.issuer_keys import get_signing_key, retire_key
from app.programme.models import IssuerKey, IssuerProfile, KeyKind
from app.programme.service import issuer_did

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


def sign_again(
    session: Session, award: Award, *, actor: str, vault: Vault, base_url: str, now: datetime
) -> None:
    """Sign what an award's credential says with the key that signs now, and keep the old one.

    It has the same id and was awarded at the same time; that it is valid from now on tells
    whoever has both which of them counts.

    Source: Open Badges 3.0, section 4.6 (a newer credential of the same id replaces the older).
    """
    issuer = award.version.achievement.issuer
    key, private_key = get_signing_key(session, issuer.id, vault)
    credential = json.loads(award.credential)
    del credential["proof"]
    credential["validFrom"] = timestamp(now)
    signed = sign_credential(
        credential,
        private_key=private_key,
        verification_method=verification_method(issuer_did(base_url, issuer), key.multikey),
        created=now,
    )
    session.add(
        CredentialEdition(
            award_id=award.id,
            number=award.edition,
            credential=award.credential,
            issuer_key_id=award.issuer_key_id,
            reason=EditionReason.KEY,
            replaced_at=now,
        )
    )
    award.credential, award.issuer_key_id = to_json(signed), key.id
    award.edition += 1
    session.flush()
    told: dict[str, object] = {
        "edition": award.edition,
        "reason": EditionReason.KEY.value,
        "key": key.multikey,
    }
    audit_award(session, award, actor, "award.reissued", told, now=now)


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
