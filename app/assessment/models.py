"""Assessments, and the decisions that they lead to: signed, unchangeable records."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalog.models import Criterion, RubricLevel
from app.core.orm import Base, TextEnum
from app.courses.models import Person
from app.evidence.models import Artifact, Attempt, Submission


class Decision(StrEnum):
    """What somebody who assesses decides, or recommends."""

    MET = "met"
    REVISION = "revision"
    NOT_MET = "not_met"


class Capacity(StrEnum):
    """As what somebody assessed: to recommend, to decide, or to settle."""

    ASSESSOR = "assessor"
    GRANTOR = "grantor"
    MODERATOR = "moderator"


class Assessment(Base):
    """One person's final word on one attempt; never edited.

    Unique by attempt and grantor, because an achievement may ask for several
    grantors; one that was undone does not count (`undone_at`; `None` else).
    `decision` is a recommendation where `capacity` is `assessor`.
    `reason`: the note to the learner; `None` only for `met`.
    `staff_note`: for those who assess and the course's staff, never the learner; or `None`.
    `states_no_conflict`: they said that they have no conflict of interest.
    `points` of `max_points`: whole points, frozen as they were at `assessed_at`.
    """

    __tablename__ = "assessment"
    __table_args__ = (
        Index(
            "uq_assessment_attempt_id_grantor_id",
            "attempt_id",
            "grantor_id",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index("ix_assessment_by_grantor", "grantor_id", "id"),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    grantor_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    appointment_id: Mapped[int] = mapped_column(ForeignKey("grantor_appointment.id"))
    capacity: Mapped[Capacity] = mapped_column(TextEnum(Capacity), default=Capacity.GRANTOR)
    decision: Mapped[Decision] = mapped_column(TextEnum(Decision))
    reason: Mapped[str | None] = mapped_column(Text)
    staff_note: Mapped[str | None] = mapped_column(Text)
    states_no_conflict: Mapped[bool] = mapped_column(default=False)
    points: Mapped[int]
    max_points: Mapped[int]
    assessed_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]

    attempt: Mapped[Attempt] = relationship()
    grantor: Mapped[Person] = relationship()
    ratings: Mapped[list["Rating"]] = relationship(order_by="Rating.id")
    parts: Mapped[list[Criterion]] = relationship(
        secondary="assessment_part", order_by=Criterion.position
    )
    shown_artifacts: Mapped[list[Artifact]] = relationship(
        secondary="evidence_mark", order_by=Artifact.id
    )


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


class AssessmentPart(Base):
    """A part that is to be revised: the work for one criterion. None named: all of it."""

    __tablename__ = "assessment_part"
    __table_args__ = (UniqueConstraint("assessment_id", "criterion_id"),)

    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id"))
    criterion_id: Mapped[int] = mapped_column(ForeignKey("criterion.id"))


class EvidenceMark(Base):
    """An artifact that may be shown with the award, if its learner consents."""

    __tablename__ = "evidence_mark"
    __table_args__ = (UniqueConstraint("assessment_id", "artifact_id"),)

    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id"))
    artifact_id: Mapped[int] = mapped_column(ForeignKey("artifact.id"))


class AttemptDecision(Base):
    """What was decided on one attempt, and since when the learner knows.

    `assessment_id`: the assessment whose ratings count: the only one, the
    moderator's, or, of several that agree, the one with the fewest points.
    `release_at`: until then it can be undone, and nobody but those who assess knows it.
    `released_at`: `None` until its consequences were drawn; `undone_at`,
    `undone_by`: `None` unless it was taken back before.
    `problem`: why it could not be released when it was time; `None` if there is nothing.
    """

    __tablename__ = "attempt_decision"
    __table_args__ = (
        Index(
            "uq_attempt_decision_pending",
            "attempt_id",
            unique=True,
            sqlite_where=text("released_at IS NULL AND undone_at IS NULL"),
            postgresql_where=text("released_at IS NULL AND undone_at IS NULL"),
        ),
        Index(
            "ix_attempt_decision_due",
            "release_at",
            sqlite_where=text("released_at IS NULL AND undone_at IS NULL"),
            postgresql_where=text("released_at IS NULL AND undone_at IS NULL"),
        ),
        Index("ix_attempt_decision_assessment_id", "assessment_id"),
        Index("ix_attempt_decision_submission_id", "submission_id"),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id"))
    decision: Mapped[Decision] = mapped_column(TextEnum(Decision))
    decided_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime]
    release_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    problem: Mapped[str | None] = mapped_column(Text)

    submission: Mapped[Submission] = relationship()
    attempt: Mapped[Attempt] = relationship()
    assessment: Mapped[Assessment] = relationship()
    decider: Mapped[Person] = relationship(foreign_keys=[decided_by])
