"""What the public pages say about an award, worked out anew at every visit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, contains_eager

from app.awards.facts import achievement_address, award_address
from app.awards.issuer_documents import read_did_document, read_token_keys
from app.awards.models import Award, Visibility
from app.awards.service import get_award_by_public_id
from app.catalog.models import Achievement, AchievementVersion
from app.catalog.service import find_version_by_public_id
from app.catalog.stacks import BY_RULE, ShownGroup, show_parts
from app.catalog.usability import is_mappable_now
from app.core.errors import InvalidError, NotFoundError
from app.credentials.fast_verify import digest_of
from app.credentials.verify import verify_credential
from app.programme.models import IssuerProfile, Level
from app.programme.service import (
    find_issuer,
    list_issuers,
)
from app.public.signed import (
    Record,
    ShownFacts,
    check_belongs,
    read_credential,
    recorded_facts,
    signed_facts,
)


@dataclass(frozen=True)
class Verdict:
    """How an award stands at `checked_at`.

    `reason`: what is wrong, in plain words; `None` while it is valid, and if it
    has only expired. `facts`: what the credential says if its signature holds,
    else what is recorded.
    """

    checked_at: datetime
    facts: ShownFacts
    is_valid: bool = False
    is_revoked: bool = False
    is_suspended: bool = False
    is_expired: bool = False
    reason: str | None = None


def get_shown_award(session: Session, public_id: str) -> Award:
    """Return the award at a public address, in whatever form it is asked for.

    One that its holder keeps private is answered as if there were none.
    Raises: `NotFoundError`.
    """
    try:
        award = get_award_by_public_id(session, public_id)
    except NotFoundError:
        award = None
    if award is None or award.visibility is Visibility.PRIVATE:
        raise NotFoundError("There is no credential at this address. Check that it is complete.")
    return award


def check_award(session: Session, award: Award, *, base_url: str, now: datetime) -> Verdict:
    """Verify the stored credential as an outsider would, and whether it was revoked since.

    What a valid one is shown with is read from the credential: a row beside it
    may have been changed.
    """
    recorded = recorded_facts(award)
    if award.revoked_at is not None:
        return Verdict(now, recorded, is_revoked=True, reason=award.revocation_reason)
    is_expired = award.has_expired(now)
    # One that has expired is still what was signed, or it is not: checked as of when it held.
    moment = _first_moment(award) if is_expired else now
    try:
        facts = _verify(session, award, base_url=base_url, now=moment)
    except (InvalidError, NotFoundError) as error:
        return Verdict(now, recorded, reason=str(error))
    if award.suspended_at is not None:
        return Verdict(now, facts, is_suspended=True, reason=award.suspension_reason)
    return Verdict(now, facts, is_valid=not is_expired, is_expired=is_expired)


def get_did_document(session: Session, issuer: IssuerProfile, base_url: str) -> dict[str, Any]:
    """Return the DID document of an issuer, with every key that may still be trusted.

    Raises: `NotFoundError` if all its keys are revoked.
    """
    return read_did_document(session, issuer, base_url=base_url)


def get_key_set(session: Session, base_url: str) -> dict[str, Any]:
    """Return the keys of every issuer's tokens, each with the issuer that it belongs to."""
    keys: list[dict[str, Any]] = []
    for issuer in list_issuers(session):
        keys += read_token_keys(session, issuer, base_url=base_url)
    return {"keys": keys}


def get_issuer(session: Session, slug: str) -> IssuerProfile:
    """Return the issuer at `/issuers/<slug>`.

    Raises: `NotFoundError`.
    """
    issuer = find_issuer(session, slug)
    if issuer is None:
        raise NotFoundError("There is no issuer at this address.")
    return issuer


def get_issuer_by_did_path(session: Session, did_path: str) -> IssuerProfile:
    """Return the issuer whose `did:web` has this path; the empty one is the installation's first.

    Raises: `NotFoundError`.
    """
    for issuer in list_issuers(session):
        if issuer.did_path == did_path:
            return issuer
    raise NotFoundError("There is no issuer at this address.")


def get_version(session: Session, public_id: str) -> AchievementVersion:
    """Return the achievement version at a public address.

    Raises: `NotFoundError`.
    """
    version = find_version_by_public_id(session, public_id)
    if version is None:
        raise NotFoundError("There is no micro-credential at this address.")
    return version


def list_parts(session: Session, version: AchievementVersion) -> list[ShownGroup]:
    """Return the parts of a certificate; none of what is no certificate, without asking."""
    if version.achievement.level.award_by != BY_RULE:
        return []
    return show_parts(session, [version.id])[version.id]


def list_offered(
    session: Session, issuer: IssuerProfile, *, now: datetime
) -> list[AchievementVersion]:
    """Return what an issuer awards now: approved versions in use, by level and name."""
    return list(
        session.scalars(
            select(AchievementVersion)
            .join(AchievementVersion.achievement)
            .join(Achievement.level)
            .where(Achievement.issuer_id == issuer.id, is_mappable_now(now))
            .options(
                contains_eager(AchievementVersion.achievement).contains_eager(Achievement.level)
            )
            .order_by(Level.position, AchievementVersion.name, AchievementVersion.id)
        )
    )


def is_database_ready(session: Session) -> bool:
    """Return whether the database answers."""
    try:
        session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _verify(session: Session, award: Award, *, base_url: str, now: datetime) -> ShownFacts:
    """Return what an award's credential says. Raises: a domain error if it does not hold."""
    credential = read_credential(award.credential)
    keys = get_did_document(session, award.version.achievement.issuer, base_url)
    outcome = verify_credential(credential, did_document=keys, now=now, digest=digest_of)
    if not outcome.is_valid:
        raise InvalidError(outcome.reason)
    record = Record(
        address=award_address(base_url, award.public_id),
        achievement=achievement_address(base_url, award.version),
        awarded_at=award.awarded_at,
        valid_until=award.valid_until,
    )
    check_belongs(credential, record)
    return signed_facts(credential)


def _first_moment(award: Award) -> datetime:
    """Return since when an award's newest credential has held; when it was awarded, if unknown."""
    try:
        return datetime.fromisoformat(read_credential(award.credential)["validFrom"])
    except (InvalidError, LookupError, TypeError, ValueError):
        return award.awarded_at
