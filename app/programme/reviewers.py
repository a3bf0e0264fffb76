"""Reviewers: who holds a seat in a group that decides on proposals, and when."""

import unicodedata
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from app.core import audit
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.programme.models import ReviewerAppointment
from app.programme.rules import ReviewerGroup


def appoint_reviewer(
    session: Session,
    institution_id: int,
    *,
    group: ReviewerGroup,
    unit: str | None,
    person_id: int,
    starts_at: datetime | None,
    ends_at: datetime | None,
    actor: str,
    now: datetime,
) -> ReviewerAppointment:
    """Give a person a seat in a group of reviewers.

    Appointing somebody again finds the seat that has not ended, and changes
    only what is said, as with grantors.

    Raises: `InvalidError` if it would end before it starts, if a group by unit is
        given no unit, or another group one.
    """
    if group.by_unit and not unit:
        raise InvalidError(f"“{group.name}” decide for one unit each: say for which unit.")
    if unit and not group.by_unit:
        raise InvalidError(f"“{group.name}” decide for all units: leave the unit empty.")
    standing = _find_standing(session, person_id, group_key=group.key, unit=unit, now=now)
    seat = standing or ReviewerAppointment(
        institution_id=institution_id,
        group_key=group.key,
        unit=unit,
        person_id=person_id,
        starts_at=now,
        ends_at=None,
        created_at=now,
    )
    said = {"starts_at": starts_at, "ends_at": ends_at}
    changes = {
        name: value
        for name, value in said.items()
        if value is not None and getattr(seat, name) != value
    }
    for name, value in changes.items():
        setattr(seat, name, value)
    if seat.ends_at is not None and seat.ends_at <= seat.starts_at:
        raise InvalidError("The appointment would end before it starts: correct the dates.")
    if standing is not None and not changes:
        return standing
    session.add(seat)
    session.flush()
    action = "reviewer.changed" if standing else "reviewer.appointed"
    _audit(session, seat, actor=actor, action=action, now=now)
    return seat


def get_seat(session: Session, seat_id: int, *, institution_id: int) -> ReviewerAppointment:
    """Return one reviewer's appointment of the institution.

    Raises: `NotFoundError`.
    """
    seat = session.get(ReviewerAppointment, seat_id)
    if seat is None or seat.institution_id != institution_id:
        raise NotFoundError(f"There is no appointment {seat_id} of a reviewer.")
    return seat


def end_seat(session: Session, seat: ReviewerAppointment, *, actor: str, now: datetime) -> None:
    """End a person's seat, now; what they voted stands.

    Raises: `ConflictError` if it has ended already.
    """
    if seat.ends_at is not None and seat.ends_at <= now:
        raise ConflictError("This appointment has ended already.")
    seat.ends_at = now
    session.flush()
    _audit(session, seat, actor=actor, action="reviewer.ended", now=now)


def list_seats(session: Session, institution_id: int) -> list[ReviewerAppointment]:
    """Return every appointment of a reviewer, ended ones too, group by group."""
    return list(
        session.scalars(
            select(ReviewerAppointment)
            .where(ReviewerAppointment.institution_id == institution_id)
            .options(selectinload(ReviewerAppointment.person))
            .order_by(ReviewerAppointment.group_key, ReviewerAppointment.id)
        )
    )


def list_running_seats(
    session: Session, institution_id: int, *, now: datetime
) -> list[ReviewerAppointment]:
    """Return every seat that somebody holds now."""
    return list(
        session.scalars(
            _running(now)
            .where(ReviewerAppointment.institution_id == institution_id)
            .order_by(ReviewerAppointment.id)
        )
    )


def list_led_units(session: Session, institution_id: int, *, now: datetime) -> list[str]:
    """Return the units for which somebody holds a seat now, by name."""
    seats = list_running_seats(session, institution_id, now=now)
    by_plain = {_plain(seat.unit): seat.unit for seat in seats if seat.unit}
    return sorted(by_plain.values())


def list_seats_of(session: Session, person_id: int, *, now: datetime) -> list[ReviewerAppointment]:
    """Return the seats that a person holds now."""
    return list(
        session.scalars(
            _running(now)
            .where(ReviewerAppointment.person_id == person_id)
            .order_by(ReviewerAppointment.id)
        )
    )


def is_reviewer(session: Session, person_id: int, *, now: datetime) -> bool:
    """Return whether a person holds a seat in any group now."""
    statement = _running(now).where(ReviewerAppointment.person_id == person_id).limit(1)
    return session.scalar(statement) is not None


def list_seats_in(
    session: Session, institution_id: int, *, group: ReviewerGroup, unit: str | None, now: datetime
) -> list[ReviewerAppointment]:
    """Return who decides for a group now; where it is by unit, those of this unit only."""
    seats = session.scalars(
        _running(now)
        .where(
            ReviewerAppointment.institution_id == institution_id,
            ReviewerAppointment.group_key == group.key,
        )
        .options(selectinload(ReviewerAppointment.person))
        .order_by(ReviewerAppointment.id)
    )
    return [seat for seat in seats if not group.by_unit or is_same_unit(seat.unit, unit)]


def is_same_unit(one: str | None, other: str | None) -> bool:
    """Return whether two people mean the same unit, however they write its capitals and spaces."""
    return one is not None and other is not None and _plain(one) == _plain(other)


def _plain(unit: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", unit).casefold().split())


def _find_standing(
    session: Session, person_id: int, *, group_key: str, unit: str | None, now: datetime
) -> ReviewerAppointment | None:
    seats = session.scalars(
        _not_ended(now)
        .where(
            ReviewerAppointment.person_id == person_id,
            ReviewerAppointment.group_key == group_key,
        )
        .order_by(ReviewerAppointment.starts_at, ReviewerAppointment.id)
    )
    return next(
        (seat for seat in seats if seat.unit == unit or is_same_unit(seat.unit, unit)), None
    )


def _not_ended(now: datetime) -> Select[ReviewerAppointment]:
    return select(ReviewerAppointment).where(
        ReviewerAppointment.ends_at.is_(None) | (ReviewerAppointment.ends_at > now)
    )


def _running(now: datetime) -> Select[ReviewerAppointment]:
    return _not_ended(now).where(ReviewerAppointment.starts_at <= now)


def _audit(
    session: Session, seat: ReviewerAppointment, *, actor: str, action: str, now: datetime
) -> None:
    moments = {name: getattr(seat, name) for name in ("starts_at", "ends_at")}
    audit.record(
        session,
        seat.institution_id,
        actor=actor,
        action=action,
        subject=f"reviewer:{seat.id}",
        facts={
            "group": seat.group_key,
            "unit": seat.unit,
            "person": seat.person_id,
            **{name: moment and moment.isoformat() for name, moment in moments.items()},
        },
        now=now,
    )
