"""What the gradebook was last told about one learner, and the tool's own columns in it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.orm import Base
from app.courses.models import Course


class GradebookCell(Base):
    """One cell of an LMS gradebook: the column of an assignment or credential, a learner's row.

    `last_timestamp`: of the newest score owed or sent; the next is later by at
    least a whole second. `graded_points` of `graded_max_points`: the last
    `FullyGraded` score, `None` before the first: a later post must not erase it.
    `found_points` of `found_max_points`: a grade that somebody else left there,
    as it was read; `None` where the grade was taken away. `found_at`: since
    when it has been seen; `None` while the gradebook says what it was told.
    """

    __tablename__ = "gradebook_cell"
    __table_args__ = (
        UniqueConstraint("assignment_id", "person_id"),
        UniqueConstraint("status_column_id", "person_id"),
        CheckConstraint("(assignment_id IS NULL) <> (status_column_id IS NULL)", name="one_column"),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    assignment_id: Mapped[int | None] = mapped_column(ForeignKey("assignment.id"))
    status_column_id: Mapped[int | None] = mapped_column(ForeignKey("status_column.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    last_timestamp: Mapped[datetime]
    graded_points: Mapped[int | None]
    graded_max_points: Mapped[int | None]
    last_comment: Mapped[str] = mapped_column(Text, default="")
    found_points: Mapped[float | None]
    found_max_points: Mapped[float | None]
    found_at: Mapped[datetime | None]


class StatusColumn(Base):
    """A gradebook column of the tool's own: where a credential stands, per course and achievement.

    An instructor switches it on and off. `resource_id`: its identity towards
    the LMS. `lineitem_url`: `None` until it is made, and again once it is
    deleted. `column_missing`: the LMS said that it is gone. `reserved_until`: a
    worker that makes it has it until then; `None` before the first.
    """

    __tablename__ = "status_column"
    __table_args__ = (UniqueConstraint("course_id", "achievement_id"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    achievement_id: Mapped[int] = mapped_column(ForeignKey("achievement.id"))
    resource_id: Mapped[str] = mapped_column(String(36), unique=True)
    label: Mapped[str] = mapped_column(String(300))
    is_on: Mapped[bool]
    lineitem_url: Mapped[str | None] = mapped_column(String(2000))
    column_missing: Mapped[bool] = mapped_column(default=False)
    reserved_until: Mapped[datetime | None]
    created_at: Mapped[datetime]

    course: Mapped[Course] = relationship()


class ColumnComparison(Base):
    """When an assignment's column was last compared with what the tool told. `compared_at`."""

    __tablename__ = "column_comparison"

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), unique=True)
    compared_at: Mapped[datetime]


class ColumnReservation(Base):
    """Who may make the gradebook column of an assignment: one worker at a time.

    Reserved before the LMS is asked, because no lock is held while it answers:
    two workers with scores of one assignment must not make two columns.
    `reserved_until`: a worker that dies lets it run out.
    """

    __tablename__ = "column_reservation"

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), unique=True)
    reserved_until: Mapped[datetime]
