"""What the gradebook was last told about one learner and assignment."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.orm import Base


class GradebookCell(Base):
    """One cell of an LMS gradebook: an assignment's column, a learner's row.

    `last_timestamp`: of the newest score owed or sent; the next is later by at
    least a whole second. `graded_points` of `graded_max_points`: the last
    `FullyGraded` score, `None` before the first: a later post must not erase it.
    """

    __tablename__ = "gradebook_cell"
    __table_args__ = (UniqueConstraint("assignment_id", "person_id"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    last_timestamp: Mapped[datetime]
    graded_points: Mapped[int | None]
    graded_max_points: Mapped[int | None]
    last_comment: Mapped[str] = mapped_column(Text, default="")


class ColumnReservation(Base):
    """Who may make the gradebook column of an assignment: one worker at a time.

    Reserved before the LMS is asked, because no lock is held while it answers:
    two workers with scores of one assignment must not make two columns.
    `reserved_until`: a worker that dies lets it run out.
    """

    __tablename__ = "column_reservation"

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), unique=True)
    reserved_until: Mapped[datetime]
