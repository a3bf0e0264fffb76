"""Administrators: who may look after the institution's part of the installation, and when."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from app.core import audit
from app.core.errors import ConflictError, NotFoundError
from app.programme.models import Administrator


def appoint_administrator(
    session: Session, institution_id: int, *, person_id: int, actor: str, now: datetime
) -> Administrator:
    """Make a person an administrator; appointing one again changes nothing."""
    standing = session.scalar(
        _running(now).where(
            Administrator.institution_id == institution_id, Administrator.person_id == person_id
        )
    )
    if standing is not None:
        return standing
    administrator = Administrator(
        institution_id=institution_id, person_id=person_id, begins_at=now, created_at=now
    )
    session.add(administrator)
    session.flush()
    _audit(session, administrator, actor=actor, action="administrator.appointed", now=now)
    return administrator


def get_administrator(
    session: Session, administrator_id: int, *, institution_id: int
) -> Administrator:
    """Return one administrator of the institution, ended or not.

    Raises: `NotFoundError`.
    """
    administrator = session.get(Administrator, administrator_id)
    if administrator is None or administrator.institution_id != institution_id:
        raise NotFoundError(f"There is no administrator {administrator_id}.")
    return administrator


def end_administrator(
    session: Session, administrator: Administrator, *, actor: str, now: datetime
) -> None:
    """End a person's rights as administrator, now; what they did stands.

    Raises: `ConflictError` if they have ended already.
    """
    if administrator.ended_at is not None and administrator.ended_at <= now:
        raise ConflictError("This person is no administrator any more.")
    administrator.ended_at = now
    session.flush()
    _audit(session, administrator, actor=actor, action="administrator.ended", now=now)


def end_administrator_but_not_the_last(
    session: Session, administrator: Administrator, *, actor: str, now: datetime
) -> None:
    """End a person's rights as `end_administrator` does, while somebody else goes on.

    All of them are locked first, so that two who end each other do not both succeed.
    Raises: `ConflictError` if nobody would be left, or they have ended already.
    """
    running = session.scalars(
        _running(now)
        .where(Administrator.institution_id == administrator.institution_id)
        .order_by(Administrator.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if all(each.person_id == administrator.person_id for each in running):
        raise ConflictError("Nobody would be left to administer Assay. Appoint somebody first.")
    end_administrator(session, administrator, actor=actor, now=now)


def list_administrators(session: Session, institution_id: int) -> list[Administrator]:
    """Return every administrator of the institution, former ones too, oldest first."""
    return list(
        session.scalars(
            select(Administrator)
            .where(Administrator.institution_id == institution_id)
            .options(selectinload(Administrator.person))
            .order_by(Administrator.id)
        )
    )


def is_administrator(session: Session, person_id: int, *, now: datetime) -> bool:
    """Return whether a person administers their institution now."""
    running = _running(now).where(Administrator.person_id == person_id).limit(1)
    return session.scalar(running) is not None


def _running(now: datetime) -> Select[Administrator]:
    return select(Administrator).where(
        Administrator.begins_at <= now,
        Administrator.ended_at.is_(None) | (Administrator.ended_at > now),
    )


def _audit(
    session: Session, administrator: Administrator, *, actor: str, action: str, now: datetime
) -> None:
    audit.record(
        session,
        administrator.institution_id,
        actor=actor,
        action=action,
        subject=f"administrator:{administrator.id}",
        facts={"person": administrator.person_id},
        now=now,
    )
