"""Registrations: which LMS is trusted, under which issuer and client id.

Institutions, deployments and the tool's keys have modules of their own beside
this one; what other rooms need of them is handed on from here.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.platforms.belonging import Addresses, check_audience, check_is_apart
from app.platforms.deployments import (
    MAX_ID_LENGTH,
    add_deployment,
    audit_platform,
    find_deployment,
    get_deployment,
    note_unknown_deployment,
    set_deployment_status,
)
from app.platforms.institutions import (
    create_institution,
    find_default_institution,
    find_institution,
    get_institution,
    list_institutions,
)
from app.platforms.keys import active_tool_key, ensure_tool_key, published_jwks
from app.platforms.models import (
    DeploymentStatus,
    Platform,
    PlatformStatus,
)

__all__ = [
    "active_tool_key",
    "approve_platform",
    "create_institution",
    "ensure_tool_key",
    "find_default_institution",
    "find_deployment",
    "find_institution",
    "find_platform",
    "find_platforms_of_issuer",
    "get_deployment",
    "get_institution",
    "get_platform",
    "get_platform_of",
    "list_institutions",
    "list_platforms",
    "note_unknown_deployment",
    "platform_as_dict",
    "published_jwks",
    "register_platform",
    "set_deployment_status",
    "set_platform_status",
    "update_platform",
]


def register_platform(
    session: Session,
    institution_id: int,
    *,
    name: str,
    issuer: str,
    client_id: str,
    auth_url: str,
    token_url: str,
    jwks_url: str,
    token_audience: str | None = None,
    deployment_ids: Sequence[str] = (),
    status: PlatformStatus = PlatformStatus.ACTIVE,
    told: dict[str, Any] | None = None,
    product_family: str | None = None,
    actor: str,
    now: datetime,
) -> Platform:
    """Trust an LMS under one issuer and client id; a pending one waits, and its deployments too.

    Raises: `ConflictError` if this registration exists, or its client id and a
        host are another LMS's; `InvalidError` if an address is not a web address,
        the audience is none of the LMS, or an id is empty or too long.
    """
    check_addresses(auth_url=auth_url, token_url=token_url, jwks_url=jwks_url)
    for label, value in (("issuer", issuer), ("client id", client_id), ("name", name)):
        if not value.strip() or len(value) > MAX_ID_LENGTH:
            raise InvalidError(f"The {label} must have 1 to {MAX_ID_LENGTH} characters.")
    if find_platform(session, issuer=issuer, client_id=client_id) is not None:
        raise ConflictError("This issuer and client id are registered already.")
    addresses = Addresses(issuer, auth_url, jwks_url, token_url, token_audience)
    check_audience(addresses)
    check_is_apart(session, addresses, client_id=client_id)
    platform = Platform(
        institution_id=institution_id,
        name=name.strip(),
        issuer=issuer,
        client_id=client_id,
        auth_url=auth_url,
        token_url=token_url,
        token_audience=token_audience,
        jwks_url=jwks_url,
        status=status,
        told=told,
        product_family=product_family,
        created_at=now,
    )
    session.add(platform)
    try:
        session.flush()
    except IntegrityError as error:  # two registrations at once: the unique key settles it
        raise ConflictError("This issuer and client id are registered already.") from error
    is_active = status is PlatformStatus.ACTIVE
    for deployment_id in dict.fromkeys(deployment_ids):
        deployment_status = DeploymentStatus.ACTIVE if is_active else DeploymentStatus.PENDING
        add_deployment(session, platform, deployment_id, deployment_status, now=now)
    audit_platform(session, platform, actor=actor, action="platform.registered", now=now)
    return platform


def update_platform(
    session: Session,
    platform: Platform,
    *,
    name: str,
    auth_url: str,
    token_url: str,
    jwks_url: str,
    token_audience: str | None,
    approves_deployments: bool,
    actor: str,
    now: datetime,
) -> None:
    """Change what an administrator may change; issuer and client id are what it is known by.

    Keys fetched from another address than the new one are forgotten, so that the
    next launch fetches them anew.
    Raises: `InvalidError` if an address is not a web address, or the audience none
        of the LMS; `ConflictError` if client id and a host are another LMS's.
    """
    check_addresses(auth_url=auth_url, token_url=token_url, jwks_url=jwks_url)
    addresses = Addresses(platform.issuer, auth_url, jwks_url, token_url, token_audience)
    check_audience(addresses)
    check_is_apart(session, addresses, client_id=platform.client_id, besides=platform.id)
    if platform.jwks_url != jwks_url:
        platform.jwks = platform.jwks_fetched_at = platform.jwks_checked_at = None
    said = {
        "name": name,
        "auth_url": auth_url,
        "token_url": token_url,
        "jwks_url": jwks_url,
        "token_audience": token_audience,
        "approves_deployments": approves_deployments,
    }
    changed = [name for name, value in said.items() if getattr(platform, name) != value]
    for item in changed:
        setattr(platform, item, said[item])
    if changed:
        session.flush()
        audit_platform(
            session,
            platform,
            actor=actor,
            action="platform.changed",
            facts={"changed": changed},
            now=now,
        )


def check_addresses(*, auth_url: str, token_url: str, jwks_url: str) -> None:
    """Check that the three addresses of a platform are web addresses.

    Raises: `InvalidError` naming the one that is not.
    """
    for label, url in (("auth", auth_url), ("token", token_url), ("jwks", jwks_url)):
        try:
            parts = urlsplit(url)
            is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            is_web = False
        if not is_web:
            raise InvalidError(f"The {label} URL must be a whole http(s) address.")


def find_platform(session: Session, *, issuer: str, client_id: str) -> Platform | None:
    """Return the registration with this issuer and client id, if there is one."""
    return session.scalar(
        select(Platform).where(Platform.issuer == issuer, Platform.client_id == client_id)
    )


def find_platforms_of_issuer(session: Session, issuer: str) -> list[Platform]:
    """Return every registration of one issuer; hosted Canvas has one per customer."""
    return list(session.scalars(select(Platform).where(Platform.issuer == issuer)))


def list_platforms(session: Session, *, institution_id: int | None = None) -> list[Platform]:
    """Return the registrations, of all institutions if none is named, oldest first."""
    statement = select(Platform).options(selectinload(Platform.deployments)).order_by(Platform.id)
    if institution_id is not None:
        statement = statement.where(Platform.institution_id == institution_id)
    return list(session.scalars(statement))


def get_platform(session: Session, platform_pk: int) -> Platform:
    """Return one registration.

    Raises: `NotFoundError`.
    """
    platform = session.get(Platform, platform_pk)
    if platform is None:
        raise NotFoundError(f"There is no platform {platform_pk}.")
    return platform


def get_platform_of(session: Session, platform_pk: int, *, institution_id: int) -> Platform:
    """Return one registration of the institution.

    Raises: `NotFoundError`.
    """
    platform = get_platform(session, platform_pk)
    if platform.institution_id != institution_id:
        raise NotFoundError(f"There is no platform {platform_pk}.")
    return platform


def approve_platform(session: Session, platform: Platform, *, actor: str, now: datetime) -> None:
    """Accept launches from a platform that registered itself, and from the deployment it named.

    Raises: `ConflictError` if it does not wait.
    """
    if platform.status is not PlatformStatus.PENDING:
        raise ConflictError("This platform does not wait for approval any more.")
    set_platform_status(session, platform, PlatformStatus.ACTIVE, actor=actor, now=now)
    named = (platform.told or {}).get("deployment_id")
    deployment = find_deployment(session, platform, named) if named else None
    if deployment is not None and deployment.status is DeploymentStatus.PENDING:
        set_deployment_status(
            session,
            platform,
            deployment.deployment_id,
            DeploymentStatus.ACTIVE,
            actor=actor,
            now=now,
        )


def set_platform_status(
    session: Session, platform: Platform, status: PlatformStatus, *, actor: str, now: datetime
) -> None:
    """Accept or refuse launches from a platform.

    One is checked again before it is accepted: what was kept before may have
    been kept by other rules, or at the same moment as another.
    Raises: `ConflictError`, `InvalidError` as `register_platform`.
    """
    if status is PlatformStatus.ACTIVE:
        addresses = Addresses.of(platform)
        check_audience(addresses)
        check_is_apart(session, addresses, client_id=platform.client_id, besides=platform.id)
    platform.status = status
    audit_platform(session, platform, actor=actor, action=f"platform.{status.value}", now=now)


def platform_as_dict(platform: Platform) -> dict[str, Any]:
    """Return a registration as plain data for JSON; nothing in it is secret."""
    return {
        "id": platform.id,
        "institution_id": platform.institution_id,
        "name": platform.name,
        "issuer": platform.issuer,
        "client_id": platform.client_id,
        "auth_url": platform.auth_url,
        "token_url": platform.token_url,
        "token_audience": platform.token_audience,
        "jwks_url": platform.jwks_url,
        "status": platform.status.value,
        "deployments": [
            {"deployment_id": item.deployment_id, "status": item.status.value}
            for item in platform.deployments
        ],
        "created_at": platform.created_at.isoformat(),
    }
