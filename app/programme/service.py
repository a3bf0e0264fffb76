"""Levels, issuers with their keys, and the appointments of grantors."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from app.core import audit
from app.core.crypto import Vault
from app.core.errors import ConflictError
from app.credentials.did import did_web
from app.platforms.models import KeyStatus
from app.programme.appointments import (
    appoint_grantor,
    change_appointment,
    end_appointment,
    find_appointment,
    find_standing_appointment,
    get_appointment,
    is_granted,
    list_appointments,
    list_appointments_of,
    list_granted_achievement_ids,
    list_granted_in,
)
from app.programme.issuer_keys import (
    PUBLISHED,
    get_signing_key,
    list_published_jwks,
    list_published_multikeys,
    make_key,
)
from app.programme.issuers import check_issuer
from app.programme.loading import (
    ProgrammeChange,
    compare_programme,
    find_programme,
    get_rules,
    list_levels,
    load_programme,
)
from app.programme.models import IssuerProfile, KeyKind
from app.programme.staffing import Staffing, find_staffing, list_grantors

__all__ = [
    "PUBLISHED",
    "ProgrammeChange",
    "Staffing",
    "add_issuer",
    "appoint_grantor",
    "change_appointment",
    "compare_programme",
    "end_appointment",
    "find_appointment",
    "find_issuer",
    "find_programme",
    "find_staffing",
    "find_standing_appointment",
    "get_appointment",
    "get_rules",
    "get_signing_key",
    "is_granted",
    "issuer_did",
    "list_appointments",
    "list_appointments_of",
    "list_granted_achievement_ids",
    "list_granted_in",
    "list_grantors",
    "list_issuers",
    "list_levels",
    "list_published_jwks",
    "list_published_multikeys",
    "load_programme",
]


def add_issuer(
    session: Session,
    institution_id: int,
    *,
    slug: str,
    name: str,
    url: str,
    email: str | None,
    description: str | None,
    vault: Vault,
    actor: str,
    now: datetime,
) -> IssuerProfile:
    """Add an organisation in whose name awards are made, with its first signing key.

    The first issuer of the installation is the one whose DID document stands at
    `/.well-known/did.json`; later ones have a path of their own. Slugs are
    unique in the whole installation, because `/issuers/<slug>` is.

    Raises: `ConflictError` if the slug is taken; `InvalidError` naming the wrong value.
    """
    facts = check_issuer(slug=slug, name=name, url=url, email=email, description=description)
    if find_issuer(session, facts.slug) is not None:
        raise ConflictError(f"There is an issuer “{slug}” already; choose another slug.")
    is_first = session.scalar(select(IssuerProfile.id).limit(1)) is None
    issuer = IssuerProfile(
        institution_id=institution_id,
        did_path="" if is_first else f"issuers:{facts.slug}",
        created_at=now,
        **facts.model_dump(),
    )
    session.add(issuer)
    try:
        session.flush()
    except IntegrityError as error:  # the unique path settles a race between two commands
        raise ConflictError("Another issuer has just been added; try again.") from error
    key = make_key(session, issuer, KeyKind.ED25519, KeyStatus.ACTIVE, vault=vault, now=now)
    audit.record(
        session,
        institution_id,
        actor=actor,
        action="issuer.created",
        subject=f"issuer:{issuer.id}",
        facts={"slug": issuer.slug, "did_path": issuer.did_path, "multikey": key.multikey},
        now=now,
    )
    return issuer


def find_issuer(session: Session, slug: str) -> IssuerProfile | None:
    """Return the issuer of this slug, whatever its institution, if there is one."""
    return session.scalar(select(IssuerProfile).where(IssuerProfile.slug == slug))


def list_issuers(session: Session) -> list[IssuerProfile]:
    """Return every issuer of the installation, oldest first, with its keys."""
    return list(
        session.scalars(
            select(IssuerProfile)
            .options(selectinload(IssuerProfile.keys))
            .order_by(IssuerProfile.id)
        )
    )


def issuer_did(base_url: str, issuer: IssuerProfile) -> str:
    """Return the issuer's DID under the tool's public address."""
    return did_web(base_url, tuple(part for part in issuer.did_path.split(":") if part))
