"""Institutions, platforms, deployments, and the keys with which the tool signs."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.orm import Base, TextEnum


class Institution(Base):
    """The tenant: owns platforms, programme, people and awards."""

    __tablename__ = "institution"

    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class PlatformStatus(StrEnum):
    """Whether launches from a platform are accepted; one that registered itself waits."""

    PENDING = "pending"
    ACTIVE = "active"
    DISABLED = "disabled"


class Platform(Base):
    """One registration: the issuer and client id by which an LMS knows this tool.

    `token_audience`: the `aud` that the token endpoint wants; `None` means its
    own address (Brightspace wants another one).
    `jwks`: the platform's public keys as last fetched at `jwks_fetched_at`;
    `None` until the first launch. `jwks_checked_at`: the last attempt, so that
    an unknown key id is not looked up more than once a minute.
    `product_family`: as its registration or the last launch told it; `None` until then.
    `approves_deployments`: a deployment seen for the first time is accepted at once.
    `told`: what the LMS said when it registered itself (`configuration.as_facts`);
    `None` for a platform that was entered by hand.
    """

    __tablename__ = "platform"
    __table_args__ = (UniqueConstraint("issuer", "client_id"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    issuer: Mapped[str] = mapped_column(String(500))
    client_id: Mapped[str] = mapped_column(String(255))
    auth_url: Mapped[str] = mapped_column(String(1000))
    token_url: Mapped[str] = mapped_column(String(1000))
    token_audience: Mapped[str | None] = mapped_column(String(1000))
    jwks_url: Mapped[str] = mapped_column(String(1000))
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    jwks_fetched_at: Mapped[datetime | None]
    jwks_checked_at: Mapped[datetime | None]
    product_family: Mapped[str | None] = mapped_column(String(100))
    status: Mapped[PlatformStatus] = mapped_column(TextEnum(PlatformStatus))
    approves_deployments: Mapped[bool] = mapped_column(default=False)
    told: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime]

    deployments: Mapped[list["Deployment"]] = relationship(
        back_populates="platform", order_by="Deployment.id"
    )


class DeploymentStatus(StrEnum):
    """Whether launches from a deployment are accepted; an unknown one waits."""

    PENDING = "pending"
    ACTIVE = "active"
    BLOCKED = "blocked"


class Deployment(Base):
    """One installation of the tool on a platform.

    `seen`: what its launches told of services and browsers, each with the last
    day; `None` until the first launch. `check_result`: what the last test from
    the self-test page found, at `checked_at`; `None` until somebody pressed it.
    """

    __tablename__ = "deployment"
    __table_args__ = (UniqueConstraint("platform_id", "deployment_id"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    deployment_id: Mapped[str] = mapped_column(String(255))
    status: Mapped[DeploymentStatus] = mapped_column(TextEnum(DeploymentStatus))
    created_at: Mapped[datetime]
    seen: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    check_result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    checked_at: Mapped[datetime | None]

    platform: Mapped[Platform] = relationship(back_populates="deployments")


class KeyStatus(StrEnum):
    """A key's life: published ahead, signing, published until nothing needs it, done.

    A revoked one was withdrawn before its time: what it signed is not to be believed.
    """

    NEXT = "next"
    ACTIVE = "active"
    RETIRING = "retiring"
    RETIRED = "retired"
    REVOKED = "revoked"


class ToolKey(Base):
    """One RSA key pair of the tool towards platforms.

    `private_key_sealed`: PEM, encrypted with `ASSAY_SECRET_KEY`; emptied when the
    key's life is over. `created_at`: published from here. `active_at`: signs
    from here; `None` if it never did, or is older than this column.
    `retiring_at`: signs no more from here; `None` until then.
    """

    __tablename__ = "tool_key"
    __table_args__ = (
        Index(
            "uq_tool_key_active",
            "status",
            unique=True,
            sqlite_where=text("status = 'active'"),
            postgresql_where=text("status = 'active'"),
        ),
    )

    kid: Mapped[str] = mapped_column(String(100), unique=True)
    public_jwk: Mapped[dict[str, Any]]
    private_key_sealed: Mapped[str] = mapped_column(Text)
    status: Mapped[KeyStatus] = mapped_column(TextEnum(KeyStatus))
    created_at: Mapped[datetime]
    active_at: Mapped[datetime | None]
    retiring_at: Mapped[datetime | None]


class InvitationState(StrEnum):
    """Whether an invitation can be used, or what became of it."""

    OPEN = "open"
    USED = "used"
    WITHDRAWN = "withdrawn"
    RUN_OUT = "run out"


class Invitation(Base):
    """A link with which one LMS may register itself, once.

    `secret_hash`: SHA-256 of the secret in the link. `name`: what the
    institution calls the LMS; `None` takes what the LMS says. `used_at`,
    `platform_pk`: when, and which registration came of it; `withdrawn_at`: when
    an administrator took it back; `None` until then.
    """

    __tablename__ = "invitation"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str | None] = mapped_column(String(200))
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    platform_pk: Mapped[int | None] = mapped_column(ForeignKey("platform.id"))

    platform: Mapped[Platform | None] = relationship()

    def state(self, now: datetime) -> InvitationState:
        """Return what became of it."""
        if self.used_at is not None:
            return InvitationState.USED
        if self.withdrawn_at is not None:
            return InvitationState.WITHDRAWN
        return InvitationState.OPEN if self.expires_at > now else InvitationState.RUN_OUT
