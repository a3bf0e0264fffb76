"""What the practice LMS remembers of attempts, of changes by hand, and of failures to come."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.sandbox.models import LmsBase


class GradeMark(LmsBase):
    """When and by whom a grade was last changed.

    `changed_at`: seconds since 1970, with their fraction. `is_by_hand`: a
    teacher set it in the gradebook.
    """

    __tablename__ = "grade_mark"
    __table_args__ = (UniqueConstraint("line_item_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    line_item_id: Mapped[int] = mapped_column(ForeignKey("line_item.id", ondelete="CASCADE"))
    person_id: Mapped[str]
    changed_at: Mapped[float]
    is_by_hand: Mapped[bool] = mapped_column(default=False)


class Attempt(LmsBase):
    """One submission that a score announced (Canvas).

    `kind` and `data`: its submission_type and submission_data. `submitted_at`:
    as the tool wrote it, "" if it did not say.
    """

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    line_item_id: Mapped[int] = mapped_column(ForeignKey("line_item.id", ondelete="CASCADE"))
    person_id: Mapped[str]
    kind: Mapped[str]
    data: Mapped[str] = mapped_column(default="")
    submitted_at: Mapped[str] = mapped_column(default="")


class OpenColumn(LmsBase):
    """A column that was made without a maximum (Brightspace): each score makes another."""

    __tablename__ = "open_column"

    line_item_id: Mapped[int] = mapped_column(
        ForeignKey("line_item.id", ondelete="CASCADE"), primary_key=True
    )


class EndedEnrolment(LmsBase):
    """Somebody who is no longer in a course."""

    __tablename__ = "ended_enrolment"

    course_id: Mapped[str] = mapped_column(ForeignKey("course.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(primary_key=True)


class Failure(LmsBase):
    """A fault that a service is to show. `times`: how often still, `None` until it is stopped."""

    __tablename__ = "failure"

    service: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    times: Mapped[int | None]
    seconds: Mapped[float]
