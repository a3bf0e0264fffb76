"""What lies on an assessor's desk: drafts, saved comments, who has what, and who may not."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.orm import Base, TextEnum
from app.courses.models import Person
from app.evidence.conflict_models import ConflictOfInterest

# It stands below, because it closes the door to a learner's files too.
__all__ = [
    "Absence",
    "Allocation",
    "AllocationEnd",
    "AssessmentDraft",
    "ConflictOfInterest",
    "Presence",
    "SavedComment",
]


class AssessmentDraft(Base):
    """What somebody has filled in of an assessment, before they record it.

    `content`: the fields of the form, perhaps incomplete. `revision`: rises with each change.
    """

    __tablename__ = "assessment_draft"
    __table_args__ = (UniqueConstraint("attempt_id", "person_id"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    content: Mapped[dict[str, Any]]
    revision: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime]


class SavedComment(Base):
    """A comment of somebody's own bank. `achievement_id`: `None`: for any achievement."""

    __tablename__ = "saved_comment"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    achievement_id: Mapped[int | None] = mapped_column(ForeignKey("achievement.id"))
    text: Mapped[str] = mapped_column(Text)
    uses: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class Presence(Base):
    """That somebody had a submission open in the workbench a moment ago."""

    __tablename__ = "presence"
    __table_args__ = (UniqueConstraint("submission_id", "person_id"),)

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    seen_at: Mapped[datetime]

    person: Mapped[Person] = relationship()


class AllocationEnd(StrEnum):
    """Why somebody has a submission no longer."""

    HANDED_OVER = "handed_over"
    RECUSED = "recused"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


class Allocation(Base):
    """That a submission is somebody's to assess.

    `allocated_by`: `None` where it was given by load. `ended_at`, `end`: `None` while it lasts.
    `note`: what was said when it was handed over.
    """

    __tablename__ = "allocation"
    __table_args__ = (
        Index(
            "uq_allocation_running",
            "submission_id",
            "person_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_allocation_person_running",
            "person_id",
            "submission_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    allocated_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    allocated_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end: Mapped[AllocationEnd | None] = mapped_column(TextEnum(AllocationEnd))
    note: Mapped[str] = mapped_column(Text, default="")

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    giver: Mapped[Person | None] = relationship(foreign_keys=[allocated_by])


class Absence(Base):
    """Days on which somebody is given no work. `ends_at`: the first moment of being back."""

    __tablename__ = "absence"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime]
