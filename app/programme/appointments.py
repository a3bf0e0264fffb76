"""Appointments: who may assess for an achievement and award it, and when."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from app.core import audit
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.programme.models import GrantorAppointment

if TYPE_CHECKING:
    from app.courses.models import Person


def appoint_grantor(
    session: Session,
    institution_id: int,
    *,
    achievement_id: int,
    person_id: int,
    starts_at: datetime | None,
    ends_at: datetime | None,
    trained_on: datetime | None,
    actor: str,
    now: datetime,
) -> GrantorAppointment:
    """Give a person the right to assess for and award one achievement.

    Appointing somebody again finds the appointment that has not ended, and
    changes only what is said: `None` starts a new one now, without end or
    training, and leaves a standing one as it is.

    Raises: `InvalidError` if it would end before it starts.
    """
    standing = find_standing_appointment(
        session, person_id=person_id, achievement_id=achievement_id, now=now
    )
    appointment = standing or GrantorAppointment(
        institution_id=institution_id,
        achievement_id=achievement_id,
        person_id=person_id,
        starts_at=now,
        ends_at=None,
        trained_on=None,
        created_at=now,
    )
    said = {"starts_at": starts_at, "ends_at": ends_at, "trained_on": trained_on}
    changes = {
        name: value
        for name, value in said.items()
        if value is not None and getattr(appointment, name) != value
    }
    for name, value in changes.items():
        setattr(appointment, name, value)
    if appointment.ends_at is not None and appointment.ends_at <= appointment.starts_at:
        raise InvalidError("The appointment would end before it starts: correct the dates.")
    if standing is not None and not changes:
        return standing
    session.add(appointment)
    session.flush()
    action = "grantor.changed" if standing else "grantor.appointed"
    _audit_appointment(session, appointment, actor=actor, action=action, now=now)
    return appointment


def get_appointment(
    session: Session, appointment_id: int, *, institution_id: int
) -> GrantorAppointment:
    """Return one appointment of the institution.

    Raises: `NotFoundError`.
    """
    appointment = session.get(GrantorAppointment, appointment_id)
    if appointment is None or appointment.institution_id != institution_id:
        raise NotFoundError(f"There is no appointment {appointment_id}.")
    return appointment


def end_appointment(
    session: Session, appointment: GrantorAppointment, *, actor: str, now: datetime
) -> None:
    """End a person's right to assess for one achievement, now; what they decided stands.

    Raises: `ConflictError` if it has ended already.
    """
    if appointment.ends_at is not None and appointment.ends_at <= now:
        raise ConflictError("This appointment has ended already.")
    appointment.ends_at = now
    session.flush()
    _audit_appointment(session, appointment, actor=actor, action="grantor.ended", now=now)


def find_appointment(
    session: Session, *, person_id: int, achievement_id: int, now: datetime
) -> GrantorAppointment | None:
    """Return the appointment by which a person may assess for an achievement now, if any."""
    return session.scalar(
        _running(now)
        .where(
            GrantorAppointment.person_id == person_id,
            GrantorAppointment.achievement_id == achievement_id,
        )
        .order_by(GrantorAppointment.id)
        .limit(1)
    )


def list_granted_achievement_ids(
    session: Session, person_id: int, *, now: datetime
) -> frozenset[int]:
    """Return the achievements for which a person is a grantor now."""
    running = session.scalars(_running(now).where(GrantorAppointment.person_id == person_id))
    return frozenset(appointment.achievement_id for appointment in running)


def list_grantors(session: Session, achievement_id: int, *, now: datetime) -> "list[Person]":
    """Return those who may assess for an achievement now, first appointed first."""
    running = session.scalars(
        _running(now)
        .where(GrantorAppointment.achievement_id == achievement_id)
        .options(selectinload(GrantorAppointment.person))
        .order_by(GrantorAppointment.id)
    )
    return list(dict.fromkeys(appointment.person for appointment in running))


def list_appointments(session: Session, institution_id: int) -> list[GrantorAppointment]:
    """Return every appointment of the institution, ended ones too, oldest first."""
    return list(
        session.scalars(
            select(GrantorAppointment)
            .where(GrantorAppointment.institution_id == institution_id)
            .options(selectinload(GrantorAppointment.person))
            .order_by(GrantorAppointment.id)
        )
    )


def find_standing_appointment(
    session: Session, *, person_id: int, achievement_id: int, now: datetime
) -> GrantorAppointment | None:
    """Return the appointment that runs or is still to start, if there is one."""
    return session.scalar(
        _not_ended(now)
        .where(
            GrantorAppointment.person_id == person_id,
            GrantorAppointment.achievement_id == achievement_id,
        )
        .order_by(GrantorAppointment.starts_at, GrantorAppointment.id)
        .limit(1)
    )


def _not_ended(now: datetime) -> Select[GrantorAppointment]:
    return select(GrantorAppointment).where(
        GrantorAppointment.ends_at.is_(None) | (GrantorAppointment.ends_at > now)
    )


def _running(now: datetime) -> Select[GrantorAppointment]:
    return _not_ended(now).where(GrantorAppointment.starts_at <= now)


def _audit_appointment(
    session: Session, appointment: GrantorAppointment, *, actor: str, action: str, now: datetime
) -> None:
    moments = {name: getattr(appointment, name) for name in ("starts_at", "ends_at", "trained_on")}
    audit.record(
        session,
        appointment.institution_id,
        actor=actor,
        action=action,
        subject=f"appointment:{appointment.id}",
        facts={
            "achievement": appointment.achievement_id,
            "person": appointment.person_id,
            **{name: moment and moment.isoformat() for name, moment in moments.items()},
        },
        now=now,
    )
