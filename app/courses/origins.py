"""Which course was copied from which, as the LMS tells it in launches and notices."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.orm import Base

MAX_ORIGINS = 50


class ContextOrigin(Base):
    """One course (LTI context) that another was copied from, on one deployment.

    Known by the LMS's ids: a copy notice comes before the first launch of the new course.
    """

    __tablename__ = "context_origin"
    __table_args__ = (UniqueConstraint("deployment_pk", "context_id", "origin_context_id"),)

    deployment_pk: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    context_id: Mapped[str] = mapped_column(String(300))
    origin_context_id: Mapped[str] = mapped_column(String(300))
    told_at: Mapped[datetime]


def record_origins(
    session: Session,
    *,
    deployment_pk: int,
    context_id: str,
    origin_ids: Sequence[str],
    now: datetime,
) -> None:
    """Remember what a course was copied from; what is known already stays, in its order.

    A course is never its own origin, and no course has more than `MAX_ORIGINS`.
    """
    known = list_origins(session, deployment_pk=deployment_pk, context_id=context_id)
    room = MAX_ORIGINS - len(known)
    fresh = [each for each in dict.fromkeys(origin_ids) if each not in {*known, context_id}]
    session.add_all(
        ContextOrigin(
            deployment_pk=deployment_pk,
            context_id=context_id,
            origin_context_id=origin_id,
            told_at=now,
        )
        for origin_id in fresh[:room]
    )
    session.flush()


def list_origins(session: Session, *, deployment_pk: int, context_id: str) -> list[str]:
    """Return the LMS's ids of the courses that one was copied from, nearest first."""
    return list(
        session.scalars(
            select(ContextOrigin.origin_context_id)
            .where(
                ContextOrigin.deployment_pk == deployment_pk,
                ContextOrigin.context_id == context_id,
            )
            .order_by(ContextOrigin.id)
        )
    )
