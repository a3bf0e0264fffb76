"""Appointments: who may assess for an achievement and award it, when, and in which courses."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from app.core import audit
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.programme.models import AppointmentCourse, AssessingRole, GrantorAppointment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.courses.models import Course

IdColumn = InstrumentedAttribute[int]


def appoint_grantor(
    session: Session,
    institution_id: int,
    *,
    achievement_id: int,
    person_id: int,
    starts_at: datetime | None,
    ends_at: datetime | None,
    trained_on: datetime | None,
    courses: "Sequence[Course] | None" = None,
    note: str | None = None,
    role: AssessingRole | None = None,
    actor: str,
    now: datetime,
) -> GrantorAppointment:
    """Give a person the right to assess for one achievement, and, but for assessors, to award it.

    Appointing somebody again finds the appointment that has not ended, and
    changes only what is said: `None` starts a new one now, without end or
    training, for every course, as a grantor, and leaves a standing one as it is.

    Raises: `InvalidError` if it would end before it starts, or names no course
        or one of another institution.
    """
    standing = find_standing_appointment(
        session, person_id=person_id, achievement_id=achievement_id, now=now
    )
    if standing is not None:
        wanted: dict[str, Any] = {
            "starts_at": starts_at,
            "ends_at": ends_at,
            "trained_on": trained_on,
            "note": note,
            "role": role,
        }
        said = {name: value for name, value in wanted.items() if value is not None}
        if courses is not None:
            said |= {"is_limited": True, "courses": list(courses)}
        return _change(session, standing, said, actor=actor, now=now)
    appointment = GrantorAppointment(
        institution_id=institution_id,
        achievement_id=achievement_id,
        person_id=person_id,
        starts_at=starts_at or now,
        ends_at=ends_at,
        trained_on=trained_on,
        is_limited=courses is not None,
        courses=list(courses or ()),
        note=note,
        role=role or AssessingRole.GRANTOR,
        created_at=now,
    )
    _check(appointment)
    session.add(appointment)
    session.flush()
    _audit_appointment(session, appointment, actor=actor, action="grantor.appointed", now=now)
    return appointment


def change_appointment(
    session: Session,
    appointment: GrantorAppointment,
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    trained_on: datetime | None,
    courses: "Sequence[Course] | None",
    note: str | None,
    role: AssessingRole | None = None,
    actor: str,
    now: datetime,
) -> GrantorAppointment:
    """Set dates, scope, note and role of an appointment that has not ended.

    `courses`: `None` lets it hold in every course. `role`: `None` leaves it as it is.
    Raises: `ConflictError` if it has ended; `InvalidError` as `appoint_grantor`.
    """
    if appointment.ends_at is not None and appointment.ends_at <= now:
        raise ConflictError("This appointment has ended. Appoint the person anew.")
    said = {
        "starts_at": starts_at,
        "ends_at": ends_at,
        "trained_on": trained_on,
        "is_limited": courses is not None,
        "courses": list(courses or ()),
        "note": note,
        "role": role or appointment.role,
    }
    return _change(session, appointment, said, actor=actor, now=now)


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
    session: Session, *, person_id: int, achievement_id: int, course_id: int | None, now: datetime
) -> GrantorAppointment | None:
    """Return the appointment by which a person may assess for an achievement in a course now.

    Where several hold, the one that allows most, and of these the first. Outside of
    courses (`None`) only one counts that is not limited to some of them.
    """
    return session.scalar(
        _running(now)
        .where(
            GrantorAppointment.person_id == person_id,
            GrantorAppointment.achievement_id == achievement_id,
            _holds_in(course_id),
        )
        # By chance the alphabet: moderator, grantor, assessor.
        .order_by(GrantorAppointment.role.desc(), GrantorAppointment.id)
        .limit(1)
    )


def is_granted(
    person_id: int | ColumnElement[int],
    *,
    achievement_id: IdColumn,
    course_id: IdColumn,
    now: datetime | ColumnElement[datetime],
) -> ColumnElement[bool]:
    """Return the condition that a person may assess for a row's achievement in its course now."""
    return exists().where(
        GrantorAppointment.person_id == person_id,
        GrantorAppointment.achievement_id == achievement_id,
        _is_running(now),
        _holds_in(course_id),
    )


def list_granted_achievement_ids(
    session: Session, person_id: int, *, now: datetime
) -> frozenset[int]:
    """Return the achievements for which a person is a grantor now, if only in some courses."""
    running = session.scalars(
        select(GrantorAppointment.achievement_id).where(
            _is_running(now), GrantorAppointment.person_id == person_id
        )
    )
    return frozenset(running)


def list_granted_in(
    session: Session, person_id: int, *, course_id: int | None, now: datetime
) -> frozenset[int]:
    """Return the achievements that a person may award in a course now: an assessor's are not.

    Outside of courses (`None`) an appointment for some of them does not count.
    """
    running = session.scalars(
        select(GrantorAppointment.achievement_id).where(
            _is_running(now),
            GrantorAppointment.person_id == person_id,
            GrantorAppointment.role != AssessingRole.ASSESSOR,
            _holds_in(course_id),
        )
    )
    return frozenset(running)


def list_running(
    session: Session, achievement_id: int, *, course_id: int | None, now: datetime
) -> list[GrantorAppointment]:
    """Return the appointments that run for an achievement now, with persons, first one first.

    Units: in one course; `None`: in any.
    """
    where = () if course_id is None else (_holds_in(course_id),)
    return list(
        session.scalars(
            _running(now)
            .where(GrantorAppointment.achievement_id == achievement_id, *where)
            .options(selectinload(GrantorAppointment.person))
            .order_by(GrantorAppointment.id)
        )
    )


def list_appointments(session: Session, institution_id: int) -> list[GrantorAppointment]:
    """Return every appointment of the institution, ended ones too, oldest first."""
    return list(
        session.scalars(
            select(GrantorAppointment)
            .where(GrantorAppointment.institution_id == institution_id)
            .options(
                selectinload(GrantorAppointment.person), selectinload(GrantorAppointment.courses)
            )
            .order_by(GrantorAppointment.id)
        )
    )


def list_appointments_of(
    session: Session, person_id: int, *, now: datetime
) -> list[GrantorAppointment]:
    """Return a person's appointments that have not ended, first to start first."""
    return list(
        session.scalars(
            _not_ended(now)
            .where(GrantorAppointment.person_id == person_id)
            .options(selectinload(GrantorAppointment.courses))
            .order_by(GrantorAppointment.starts_at, GrantorAppointment.id)
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


def _change(
    session: Session,
    appointment: GrantorAppointment,
    said: dict[str, Any],
    *,
    actor: str,
    now: datetime,
) -> GrantorAppointment:
    changes = {name: value for name, value in said.items() if getattr(appointment, name) != value}
    if not changes:
        return appointment
    for name, value in changes.items():
        setattr(appointment, name, value)
    _check(appointment)
    session.flush()
    _audit_appointment(session, appointment, actor=actor, action="grantor.changed", now=now)
    return appointment


def _check(appointment: GrantorAppointment) -> None:
    if appointment.ends_at is not None and appointment.ends_at <= appointment.starts_at:
        raise InvalidError("The appointment would end before it starts: correct the dates.")
    if appointment.is_limited and not appointment.courses:
        raise InvalidError("Name at least one course, or let the appointment hold in all of them.")
    if any(course.institution_id != appointment.institution_id for course in appointment.courses):
        raise InvalidError("One of the courses is not known at this institution.")


def _not_ended(now: datetime) -> Select[GrantorAppointment]:
    return select(GrantorAppointment).where(
        GrantorAppointment.ends_at.is_(None) | (GrantorAppointment.ends_at > now)
    )


def _running(now: datetime) -> Select[GrantorAppointment]:
    return select(GrantorAppointment).where(_is_running(now))


def _is_running(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    return and_(
        GrantorAppointment.starts_at <= now,
        or_(GrantorAppointment.ends_at.is_(None), GrantorAppointment.ends_at > now),
    )


def _holds_in(course_id: int | IdColumn | None) -> ColumnElement[bool]:
    if course_id is None:
        return GrantorAppointment.is_limited.is_(False)
    return or_(
        GrantorAppointment.is_limited.is_(False),
        exists()
        .where(
            AppointmentCourse.appointment_id == GrantorAppointment.id,
            AppointmentCourse.course_id == course_id,
        )
        .correlate_except(AppointmentCourse),
    )


def _audit_appointment(
    session: Session, appointment: GrantorAppointment, *, actor: str, action: str, now: datetime
) -> None:
    moments = {name: getattr(appointment, name) for name in ("starts_at", "ends_at", "trained_on")}
    courses = sorted(course.id for course in appointment.courses)
    audit.record(
        session,
        appointment.institution_id,
        actor=actor,
        action=action,
        subject=f"appointment:{appointment.id}",
        facts={
            "achievement": appointment.achievement_id,
            "person": appointment.person_id,
            "role": appointment.role.value,
            "courses": courses if appointment.is_limited else "all",
            **{name: moment and moment.isoformat() for name, moment in moments.items()},
        },
        now=now,
    )
