"""The Platform Notification Service: what a deployment offers, and what it has sent."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.orm import Base


class NoticeSubscription(Base):
    """Where a deployment takes the addresses for its notices, and for which it owes them.

    `service_url`, `notice_types`: as the last launch that told them; `handler`: the
    address of ours that was, or is about to be, told there.
    """

    __tablename__ = "notice_subscription"
    __table_args__ = (UniqueConstraint("deployment_pk"),)

    deployment_pk: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    service_url: Mapped[str] = mapped_column(String(2000))
    notice_types: Mapped[list[str]]
    handler: Mapped[str] = mapped_column(String(2000))
    queued_at: Mapped[datetime]


class NoticeReceipt(Base):
    """One notice that was accepted; the unique keys settle what comes twice.

    `nonce_hash`: SHA-256 of its token's nonce. `sent_at`: the platform's own
    time of the notice; `None` if it tells none.
    """

    __tablename__ = "notice_receipt"
    __table_args__ = (
        UniqueConstraint("platform_id", "notice_id"),
        UniqueConstraint("platform_id", "nonce_hash"),
    )

    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    deployment_pk: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    notice_id: Mapped[str] = mapped_column(String(255))
    nonce_hash: Mapped[str] = mapped_column(String(64))
    notice_type: Mapped[str] = mapped_column(String(100))
    sent_at: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(index=True)
