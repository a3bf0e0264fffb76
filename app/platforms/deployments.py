"""Deployments: the installations of the tool on a platform, and which of them may launch."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.errors import InvalidError, NotFoundError
from app.platforms.models import Deployment, DeploymentStatus, Platform

MAX_ID_LENGTH = 255
# Beyond so many that wait, a launch may make up another deployment, but leaves no row.
MAX_PENDING = 50


def find_deployment(session: Session, platform: Platform, deployment_id: str) -> Deployment | None:
    """Return a platform's deployment by the LMS's id, if it is known."""
    return session.scalar(
        select(Deployment).where(
            Deployment.platform_id == platform.id, Deployment.deployment_id == deployment_id
        )
    )


def note_unknown_deployment(
    session: Session, platform: Platform, deployment_id: str, *, now: datetime
) -> Deployment | None:
    """Keep a deployment seen for the first time; `None` if too many wait already.

    It waits for an administrator's approval, unless the platform's setting gives it at once.
    """
    if not platform.approves_deployments:
        if _count_pending(session, platform) >= MAX_PENDING:
            return None
        return add_deployment(session, platform, deployment_id, DeploymentStatus.PENDING, now=now)
    return set_deployment_status(
        session,
        platform,
        deployment_id,
        DeploymentStatus.ACTIVE,
        actor=f"platform:{platform.id}",
        now=now,
    )


def _count_pending(session: Session, platform: Platform) -> int:
    statement = select(func.count()).where(
        Deployment.platform_id == platform.id, Deployment.status == DeploymentStatus.PENDING
    )
    return session.scalar(statement) or 0


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
        deployment = add_deployment(session, platform, deployment_id, status, now=now)
    deployment.status = status
    audit_platform(
        session,
        platform,
        actor=actor,
        action=f"deployment.{status.value}",
        facts={"deployment_id": deployment_id},
        now=now,
    )
    return deployment


def get_deployment(session: Session, deployment_pk: int, *, platform: Platform) -> Deployment:
    """Return one deployment of a platform by its row.

    Raises: `NotFoundError`.
    """
    deployment = session.get(Deployment, deployment_pk)
    if deployment is None or deployment.platform_id != platform.id:
        raise NotFoundError("There is no such deployment of this platform.")
    return deployment


def add_deployment(
    session: Session,
    platform: Platform,
    deployment_id: str,
    status: DeploymentStatus,
    *,
    now: datetime,
) -> Deployment:
    """Keep a deployment of a platform.

    Raises: `InvalidError` if its id is empty or too long.
    """
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


def audit_platform(
    session: Session,
    platform: Platform,
    *,
    actor: str,
    action: str,
    facts: dict[str, Any] | None = None,
    now: datetime,
) -> None:
    """Write what was done to a platform into its institution's log."""
    audit.record(
        session,
        platform.institution_id,
        actor=actor,
        action=action,
        subject=f"platform:{platform.id}",
        facts={"issuer": platform.issuer, "client_id": platform.client_id, **(facts or {})},
        now=now,
    )
