"""Issuing an award's credential again: the same award and address, with what is true now."""

import json
import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from app.awards.contents import facts_again
from app.awards.facts import recipient_facts
from app.awards.issuing import SALT_BYTES, audit_award, find_recipient
from app.awards.models import Award
from app.awards.signer import Signer
from app.awards.status_lists import find_entry, set_bit, take_entry
from app.awards.status_models import CredentialEdition, EditionReason
from app.core.crypto import Vault
from app.core.errors import ConflictError, InvalidError
from app.credentials.facts import RecipientFacts


def reissue(
    session: Session,
    award: Award,
    *,
    reason: EditionReason,
    actor: str,
    vault: Vault,
    base_url: str,
    now: datetime,
    email: str | None = None,
    name: str | None = None,
) -> Award:
    """Sign an award's credential anew and keep the one that it replaces.

    Its id, when it was awarded and until when it holds stay; so do the results,
    and its place in a status list, which it gets now if it has none. The
    recipient stays whoever the old one names, unless an address is given.

    Units: `email`: another address of the holder's, by which they are recognised
        from now on. `name`: how they are called on the award's page from now on.
    Raises: `ConflictError` if it is revoked or has run out; `InvalidError` if the
        address is none, or a part cannot be signed; `NotFoundError` if the
        issuer has no key.
    """
    session.refresh(award, with_for_update={"of": Award})
    _require_living(award, now)
    signer = Signer(session, award.version, vault=vault, base_url=base_url)
    recipient = _find_recipient(session, award, email)
    entry, had_entry = find_entry(session, award), award.status_list_id is not None
    if entry is None:
        issuer = award.version.achievement.issuer
        entry = take_entry(session, issuer, vault=vault, base_url=base_url, now=now)
    facts = facts_again(session, award, entry, base_url=base_url, now=now)
    signed = signer.sign(facts, recipient, now=now)
    session.add(_keep(award, reason, now))
    award.credential, award.issuer_key_id = signed, signer.key.id
    award.edition += 1
    award.status_list_id, award.status_index = entry[0].id, entry[1]
    if name is not None:
        award.recipient_name = name
    session.flush()
    told: dict[str, object] = {
        "edition": award.edition,
        "reason": reason.value,
        "key": signer.key.multikey,
    }
    audit_award(session, award, actor, "award.reissued", told, now=now)
    if award.suspended_at is not None and not had_entry:
        set_bit(session, award, is_set=True, vault=vault, base_url=base_url, now=now)
    return award


def _require_living(award: Award, now: datetime) -> None:
    if award.revoked_at is not None:
        raise ConflictError("This award was revoked: its credential is not issued again.")
    if award.has_expired(now):
        raise ConflictError("This award has run out: it is renewed by a new one.")


def _find_recipient(session: Session, award: Award, email: str | None) -> RecipientFacts:
    if email is not None:
        found = recipient_facts(email=email, lti_sub=None, salt=secrets.token_hex(SALT_BYTES))
        if found is None:
            raise InvalidError("Give the address by which the holder is to be recognised.")
        return found
    return _read_recipient(award.credential) or find_recipient(session, award.person)


def _read_recipient(credential: str) -> RecipientFacts | None:
    """Return whom a stored credential names; `None` if it cannot be read."""
    try:
        (identity,) = json.loads(credential)["credentialSubject"]["identifier"]
        return RecipientFacts(
            hash=identity["identityHash"],
            salt=identity["salt"],
            identity_type=identity["identityType"],
        )
    except (LookupError, TypeError, ValueError):
        return None


def _keep(award: Award, reason: EditionReason, now: datetime) -> CredentialEdition:
    return CredentialEdition(
        award_id=award.id,
        number=award.edition,
        credential="" if award.person.forgotten_at else award.credential,
        issuer_key_id=award.issuer_key_id,
        reason=reason,
        replaced_at=now,
    )
