"""Days on which somebody is given no work."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assessment.desk_models import Absence
from app.core import audit
from app.core.errors import InvalidError, NotFoundError
from app.courses.models import Person

MAX_ABSENCE = timedelta(days=366)


def list_absences(session: Session, person_id: int, *, now: datetime) -> list[Absence]:
    """Return the absences of a person that are not over, first one first."""
    return list(
        session.scalars(
            select(Absence)
            .where(Absence.person_id == person_id, Absence.ends_at > now)
            .order_by(Absence.starts_at, Absence.id)
        )
    )


def list_absent(session: Session, person_ids: Collection[int], *, now: datetime) -> frozenset[int]:
    """Return who of these is away now."""
    return frozenset(
        session.scalars(
            select(Absence.person_id).where(
                Absence.person_id.in_(person_ids), Absence.starts_at <= now, Absence.ends_at > now
            )
        )
    )


def add_absence(
    session: Session, person: Person, *, starts_at: datetime, ends_at: datetime, now: datetime
) -> Absence:
    """Note that somebody is away. Units: `ends_at` is the first moment of being back.

    Raises: `InvalidError` for days in the wrong order, over, or too many, or for
        days that overlap with others.
    """
    if ends_at <= starts_at:
        raise InvalidError("The last day is before the first one: correct the days.")
    if ends_at <= now:
        raise InvalidError("These days are over. Enter days from today on.")
    if ends_at - starts_at > MAX_ABSENCE:
        raise InvalidError("An absence may last a year at most. Ask to end your appointment.")
    if any(
        each.starts_at < ends_at and each.ends_at > starts_at
        for each in list_absences(session, person.id, now=now)
    ):
        raise InvalidError(
            "You have entered some of these days already. Take that entry off first."
        )
    absence = Absence(
        institution_id=person.institution_id,
        person_id=person.id,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=now,
    )
    session.add(absence)
    session.flush()
    _audit(session, absence, "absence.entered", now=now)
    return absence


def end_absence(session: Session, absence_id: int, *, person: Person, now: datetime) -> None:
    """Take an absence off: at once if it has begun, altogether if it has not.

    Raises: `NotFoundError` if it is not this person's, or over.
    """
    absence = session.get(Absence, absence_id)
    if absence is None or absence.person_id != person.id or absence.ends_at <= now:
        raise NotFoundError("There is no such absence.")
    _audit(session, absence, "absence.ended", now=now)
    if absence.starts_at >= now:
        session.delete(absence)
    else:
        absence.ends_at = now
    session.flush()


def _audit(session: Session, absence: Absence, action: str, *, now: datetime) -> None:
    audit.record(
        session,
        absence.institution_id,
        actor=f"person:{absence.person_id}",
        action=action,
        subject=f"person:{absence.person_id}",
        facts={
            "absence": absence.id,
            "starts_at": absence.starts_at.isoformat(),
            "ends_at": absence.ends_at.isoformat(),
        },
        now=now,
    )
