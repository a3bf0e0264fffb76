"""Endorsing approved versions in the name of the committee, by an issuer profile of its own."""

from datetime import datetime
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.awards.endorsement_models import VersionEndorsement
from app.awards.facts import achievement_address, issuer_facts
from app.catalog.models import Achievement, AchievementVersion
from app.catalog.usability import is_decided
from app.core import audit
from app.core.crypto import Vault
from app.credentials.endorsement import EndorsementFacts, build_endorsement
from app.credentials.keys import verification_method
from app.credentials.openbadge import to_json
from app.credentials.signing import sign_canonically
from app.platforms.models import KeyStatus
from app.programme.models import IssuerKey, IssuerProfile
from app.programme.service import get_signing_key, issuer_did

AT_ONCE: Final = 20


def appoint_endorser(session: Session, issuer: IssuerProfile, *, actor: str, now: datetime) -> None:
    """Let an issuer profile speak for the committee: the only one of its institution."""
    session.execute(
        update(IssuerProfile)
        .where(IssuerProfile.institution_id == issuer.institution_id)
        .values(endorses=False)
    )
    issuer.endorses = True
    session.flush()
    audit.record(
        session,
        issuer.institution_id,
        actor=actor,
        action="issuer.endorses",
        subject=f"issuer:{issuer.id}",
        facts={"slug": issuer.slug},
        now=now,
    )


def list_to_endorse(session: Session) -> list[tuple[AchievementVersion, IssuerProfile]]:
    """Return some approved versions that lack a valid endorsement, each with who gives it.

    An endorser says nothing about achievements of its own.
    """
    rows = session.execute(
        select(AchievementVersion, IssuerProfile)
        .join(Achievement, Achievement.id == AchievementVersion.achievement_id)
        .join(
            IssuerProfile,
            (IssuerProfile.institution_id == AchievementVersion.institution_id)
            & IssuerProfile.endorses.is_(True)
            & (IssuerProfile.id != Achievement.issuer_id),
        )
        .outerjoin(VersionEndorsement, VersionEndorsement.version_id == AchievementVersion.id)
        .outerjoin(IssuerKey, IssuerKey.id == VersionEndorsement.issuer_key_id)
        .where(
            is_decided(),
            AchievementVersion.approved_at.is_not(None),
            or_(VersionEndorsement.id.is_(None), IssuerKey.status == KeyStatus.REVOKED),
        )
        .order_by(AchievementVersion.id)
        .limit(AT_ONCE)
    )
    return [(version, endorser) for version, endorser in rows]


def endorse_version(
    session: Session,
    version: AchievementVersion,
    endorser: IssuerProfile,
    *,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> VersionEndorsement:
    """Sign the committee's endorsement of a version, instead of one that holds no longer.

    Raises: `NotFoundError` if the endorser has no key.
    """
    did = issuer_did(base_url, endorser)
    key, private_key = get_signing_key(session, endorser.id, vault)
    address = achievement_address(base_url, version)
    reference = version.approval_reference
    signed = sign_canonically(
        build_endorsement(
            EndorsementFacts(
                id=f"{address}#endorsement",
                achievement_id=address,
                name=f"Approval of {version.name}",
                comment=f"Approved as {reference}." if reference else "Approved.",
                endorser=issuer_facts(endorser, did),
                endorsed_at=version.approved_at or now,
            )
        ),
        private_key=private_key,
        verification_method=verification_method(did, key.multikey),
        created=now,
    )
    endorsement = session.scalar(
        select(VersionEndorsement).where(VersionEndorsement.version_id == version.id)
    ) or VersionEndorsement(version_id=version.id)
    endorsement.issuer_key_id, endorsement.credential = key.id, to_json(signed)
    endorsement.signed_at = now
    session.add(endorsement)
    session.flush()
    return endorsement


def find_endorsement(session: Session, version: AchievementVersion) -> str | None:
    """Return the signed endorsement of a version, if there is one that may be trusted."""
    return session.scalar(
        select(VersionEndorsement.credential)
        .join(IssuerKey, IssuerKey.id == VersionEndorsement.issuer_key_id)
        .where(VersionEndorsement.version_id == version.id, IssuerKey.status != KeyStatus.REVOKED)
    )
