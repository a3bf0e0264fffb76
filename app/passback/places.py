"""The columns that scores go to: an assignment's, or a status column. Their addresses are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, String, cast, literal, select
from sqlalchemy.orm import Session

from app.mapping.models import Assignment
from app.passback.models import ColumnReservation, GradebookCell, StatusColumn

RESERVATION = timedelta(minutes=5)
SCORE_KIND = "score"
STATUS_KIND = "status"


@dataclass(frozen=True)
class Place:
    """Which column: exactly one of the two is set."""

    assignment_id: int | None = None
    status_column_id: int | None = None

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> "Place":
        """Return the place that a message names."""
        return cls(payload.get("assignment_id"), payload.get("status_column_id"))

    @property
    def names(self) -> dict[str, int]:
        """How a message names the place."""
        both = {"assignment_id": self.assignment_id, "status_column_id": self.status_column_id}
        return {name: key for name, key in both.items() if key is not None}

    @property
    def prefix(self) -> str:
        """How the subjects of all its cells begin."""
        if self.assignment_id is not None:
            return f"{SCORE_KIND}:{self.assignment_id}:"
        return f"{STATUS_KIND}:{self.status_column_id}:"

    def subject_of(self, person_id: int) -> str:
        """Return the outbox's name for one cell."""
        return f"{self.prefix}{person_id}"

    @property
    def column_subject(self) -> str:
        """Return the outbox's name for the column itself."""
        if self.assignment_id is not None:
            return f"column:{self.assignment_id}"
        return f"status-column:{self.status_column_id}"

    def cells(self) -> Select[GradebookCell]:
        """Return the query of all its cells."""
        return select(GradebookCell).where(
            GradebookCell.assignment_id == self.assignment_id,
            GradebookCell.status_column_id == self.status_column_id,
        )

    def cell(self, person_id: int) -> Select[GradebookCell]:
        """Return the query of one cell, which locks it and reads it anew."""
        return (
            self.cells()
            .where(GradebookCell.person_id == person_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )

    def subjects(self) -> Select[str]:
        """Return the query that names every cell; it finds them by an index."""
        person = cast(GradebookCell.person_id, String)
        return select(literal(self.prefix) + person).where(
            GradebookCell.assignment_id == self.assignment_id,
            GradebookCell.status_column_id == self.status_column_id,
        )


def find_holder(session: Session, place: Place) -> Assignment | StatusColumn | None:
    """Return the row that knows the column's address, locked and read anew; `None` if gone."""
    if place.assignment_id is not None:
        return session.get(
            Assignment, place.assignment_id, with_for_update=True, populate_existing=True
        )
    return session.get(
        StatusColumn, place.status_column_id, with_for_update=True, populate_existing=True
    )


def keep_column(session: Session, place: Place, url: str | None) -> None:
    """Remember the address of a column; `None` once it was deleted."""
    holder = find_holder(session, place)
    if holder is not None:
        holder.lineitem_url = url
        holder.column_missing = False


def note_column_missing(session: Session, place: Place) -> None:
    """Remember that the LMS no longer knows the column."""
    holder = find_holder(session, place)
    if holder is not None:
        holder.column_missing = True


def reserve_column(session: Session, place: Place, *, now: datetime) -> bool:
    """Take the right to make a column; return whether it was free.

    The row that knows the column's address is locked meanwhile, so two workers
    cannot both take it.
    """
    holder = find_holder(session, place)
    if holder is None or holder.lineitem_url is not None:
        return False
    reservation = _find_reservation(session, place, holder)
    if reservation is None:
        session.add(ColumnReservation(assignment_id=holder.id, reserved_until=now + RESERVATION))
    elif reservation.reserved_until is not None and reservation.reserved_until > now:
        return False
    else:
        reservation.reserved_until = now + RESERVATION
    return True


def release_column(session: Session, place: Place, *, now: datetime) -> None:
    """Give the right to make a column back."""
    holder = find_holder(session, place)
    reservation = _find_reservation(session, place, holder) if holder else None
    if reservation is not None:
        reservation.reserved_until = now


def _find_reservation(
    session: Session, place: Place, holder: Assignment | StatusColumn
) -> ColumnReservation | StatusColumn | None:
    if isinstance(holder, StatusColumn):
        return holder
    return session.scalar(
        select(ColumnReservation).where(ColumnReservation.assignment_id == place.assignment_id)
    )
