"""Institutions: the tenants of this installation."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.platforms.models import Institution


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
