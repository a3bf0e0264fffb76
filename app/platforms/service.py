"""Institutions, registrations and deployments, and the tool's own keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from joserfc.jwk import RSAKey
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.core import audit
from app.core.crypto import Vault
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.platforms.models import (
    Deployment,
    DeploymentStatus,
    Institution,
    KeyStatus,
    Platform,
    PlatformStatus,
    ToolKey,
)

PUBLISHED = (KeyStatus.NEXT, KeyStatus.ACTIVE, KeyStatus.RETIRING)
KEY_BITS = 2048
MAX_ID_LENGTH = 255


def create_institution(
    session: Session, *, slug: str, name: str, actor: str, now: datetime
) -> Institution:
    """Add a tenant.

    Raises: `ConflictError` if the slug is taken; `InvalidError` if it is not
        made of small letters, digits and hyphens.
    """
    if not slug or not slug.replace("-", "").isalnum() or slug != slug.lower():
        raise InvalidError("A slug is made of small letters, digits and hyphens.")
    if find_institution(session, slug) is not None:
        raise ConflictError(f"There is an institution “{slug}” already.")
    institution = Institution(slug=slug, name=name, created_at=now)
    session.add(institution)
    session.flush()
    audit.record(
        session,
        institution.id,
        actor=actor,
        action="institution.created",
        subject=f"institution:{institution.id}",
        facts={"slug": slug},
        now=now,
    )
    return institution


def find_institution(session: Session, slug: str) -> Institution | None:
    """Return the institution of this slug, if there is one."""
    return session.scalar(select(Institution).where(Institution.slug == slug))


def get_institution(session: Session, institution_id: int) -> Institution:
    """Return one institution.

    Raises: `NotFoundError`.
    """
    institution = session.get(Institution, institution_id)
    if institution is None:
        raise NotFoundError("There is no such institution.")
    return institution


def list_institutions(session: Session) -> list[Institution]:
    """Return every institution, oldest first."""
    return list(session.scalars(select(Institution).order_by(Institution.id)))


def find_default_institution(session: Session) -> Institution | None:
    """Return the institution if there is exactly one."""
    found = list_institutions(session)
    return found[0] if len(found) == 1 else None


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
    actor: str,
    now: datetime,
) -> Platform:
    """Trust an LMS under one issuer and client id.

    Raises: `ConflictError` if this registration exists; `InvalidError` if an
        address is not a web address or an id is empty or too long.
    """
    for label, url in (("auth", auth_url), ("token", token_url), ("jwks", jwks_url)):
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidError(f"The {label} URL must be a whole http(s) address.")
    for label, value in (("issuer", issuer), ("client id", client_id), ("name", name)):
        if not value.strip() or len(value) > MAX_ID_LENGTH:
            raise InvalidError(f"The {label} must have 1 to {MAX_ID_LENGTH} characters.")
    if find_platform(session, issuer=issuer, client_id=client_id) is not None:
        raise ConflictError("This issuer and client id are registered already.")
    platform = Platform(
        institution_id=institution_id,
        name=name.strip(),
        issuer=issuer,
        client_id=client_id,
        auth_url=auth_url,
        token_url=token_url,
        token_audience=token_audience,
        jwks_url=jwks_url,
        status=PlatformStatus.ACTIVE,
        created_at=now,
    )
    session.add(platform)
    session.flush()
    for deployment_id in dict.fromkeys(deployment_ids):
        _add_deployment(session, platform, deployment_id, DeploymentStatus.ACTIVE, now=now)
    _audit(session, platform, actor=actor, action="platform.registered", now=now)
    return platform


def find_platform(session: Session, *, issuer: str, client_id: str) -> Platform | None:
    """Return the registration with this issuer and client id, if there is one."""
    return session.scalar(
        select(Platform).where(Platform.issuer == issuer, Platform.client_id == client_id)
    )


def find_platforms_of_issuer(session: Session, issuer: str) -> list[Platform]:
    """Return every registration of one issuer; hosted Canvas has one per customer."""
    return list(session.scalars(select(Platform).where(Platform.issuer == issuer)))


def list_platforms(session: Session) -> list[Platform]:
    """Return every registration with its deployments, oldest first."""
    return list(
        session.scalars(
            select(Platform).options(selectinload(Platform.deployments)).order_by(Platform.id)
        )
    )


def get_platform(session: Session, platform_pk: int) -> Platform:
    """Return one registration.

    Raises: `NotFoundError`.
    """
    platform = session.get(Platform, platform_pk)
    if platform is None:
        raise NotFoundError(f"There is no platform {platform_pk}.")
    return platform


def set_platform_status(
    session: Session, platform: Platform, status: PlatformStatus, *, actor: str, now: datetime
) -> None:
    """Accept or refuse launches from a platform."""
    platform.status = status
    _audit(session, platform, actor=actor, action=f"platform.{status.value}", now=now)


def find_deployment(session: Session, platform: Platform, deployment_id: str) -> Deployment | None:
    """Return a platform's deployment by the LMS's id, if it is known."""
    return session.scalar(
        select(Deployment).where(
            Deployment.platform_id == platform.id, Deployment.deployment_id == deployment_id
        )
    )


def note_unknown_deployment(
    session: Session, platform: Platform, deployment_id: str, *, now: datetime
) -> Deployment:
    """Keep a deployment seen for the first time, waiting for an administrator's approval."""
    return _add_deployment(session, platform, deployment_id, DeploymentStatus.PENDING, now=now)


def set_deployment_status(
    session: Session,
    platform: Platform,
    deployment_id: str,
    status: DeploymentStatus,
    *,
    actor: str,
    now: datetime,
) -> Deployment:
    """Accept or refuse launches from one deployment, known or not yet known."""
    deployment = find_deployment(session, platform, deployment_id)
    if deployment is None:
        deployment = _add_deployment(session, platform, deployment_id, status, now=now)
    deployment.status = status
    _audit(session, platform, actor=actor, action=f"deployment.{status.value}", now=now)
    return deployment


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


def ensure_tool_key(session: Session, vault: Vault, *, now: datetime) -> ToolKey:
    """Return the tool's signing key; make the first one if there is none.

    Source: LTI Security Framework 1.0, §6.2 (RSA, at least 2048 bits).
    """
    key = session.scalar(select(ToolKey).where(ToolKey.status == KeyStatus.ACTIVE))
    if key is not None:
        return key
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    jwk = RSAKey.import_key(pem)
    kid = jwk.thumbprint()
    public = {**jwk.as_dict(private=False), "kid": kid, "alg": "RS256", "use": "sig"}
    key = ToolKey(
        kid=kid,
        public_jwk=public,
        private_key_sealed=vault.seal(pem),
        status=KeyStatus.ACTIVE,
        created_at=now,
    )
    session.add(key)
    session.flush()
    return key


def active_tool_key(session: Session, vault: Vault) -> tuple[str, str]:
    """Return key id and PEM of the key that signs now.

    Raises: `NotFoundError` if no key was made yet (`flask db upgrade` makes none;
        the first registration does).
    """
    key = session.scalar(select(ToolKey).where(ToolKey.status == KeyStatus.ACTIVE))
    if key is None:
        raise NotFoundError("The tool has no key yet: register a platform first.")
    return key.kid, vault.open(key.private_key_sealed).decode()


def published_jwks(session: Session) -> dict[str, Any]:
    """Return the JWK Set that platforms fetch: next, active and retiring keys."""
    keys = session.scalars(
        select(ToolKey).where(ToolKey.status.in_(PUBLISHED)).order_by(ToolKey.id)
    )
    return {"keys": [key.public_jwk for key in keys]}


def _add_deployment(
    session: Session,
    platform: Platform,
    deployment_id: str,
    status: DeploymentStatus,
    *,
    now: datetime,
) -> Deployment:
    if not deployment_id or len(deployment_id) > MAX_ID_LENGTH:
        raise InvalidError(f"A deployment id has 1 to {MAX_ID_LENGTH} characters.")
    deployment = Deployment(
        institution_id=platform.institution_id,
        platform=platform,
        deployment_id=deployment_id,
        status=status,
        created_at=now,
    )
    session.add(deployment)
    session.flush()
    return deployment


def _audit(session: Session, platform: Platform, *, actor: str, action: str, now: datetime) -> None:
    audit.record(
        session,
        platform.institution_id,
        actor=actor,
        action=action,
        subject=f"platform:{platform.id}",
        facts={"issuer": platform.issuer, "client_id": platform.client_id},
        now=now,
    )
