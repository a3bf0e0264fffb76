"""Assessments: a grantor's signed, unchangeable record."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalog.models import Criterion, RubricLevel
from app.core.orm import Base, TextEnum
from app.courses.models import Person
from app.evidence.models import Attempt


class Decision(StrEnum):
    """What a grantor decides."""

    MET = "met"
    REVISION = "revision"
    NOT_MET = "not_met"


class Assessment(Base):
    """One grantor's final word on one attempt; never edited.

    Unique by attempt and grantor, because an achievement may ask for several
    grantors. `reason`: what the learner is told; `None` only for `met`.
    `points` of `max_points`: whole points, frozen as they were at `assessed_at`.
    """

    __tablename__ = "assessment"
    __table_args__ = (UniqueConstraint("attempt_id", "grantor_id"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    grantor_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    appointment_id: Mapped[int] = mapped_column(ForeignKey("grantor_appointment.id"))
    decision: Mapped[Decision] = mapped_column(TextEnum(Decision))
    reason: Mapped[str | None] = mapped_column(Text)
    points: Mapped[int]
    max_points: Mapped[int]
    assessed_at: Mapped[datetime]

    attempt: Mapped[Attempt] = relationship()
    grantor: Mapped[Person] = relationship()
    ratings: Mapped[list["Rating"]] = relationship(order_by="Rating.id")


class Rating(Base):
    """The rubric level given for one criterion, with the grantor's comment (may be empty)."""

    __tablename__ = "rating"
    __table_args__ = (UniqueConstraint("assessment_id", "criterion_id"),)

    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id"))
    criterion_id: Mapped[int] = mapped_column(ForeignKey("criterion.id"), index=True)
    rubric_level_id: Mapped[int] = mapped_column(ForeignKey("rubric_level.id"))
    comment: Mapped[str] = mapped_column(Text, default="")

    criterion: Mapped[Criterion] = relationship()
    rubric_level: Mapped[RubricLevel] = relationship()
