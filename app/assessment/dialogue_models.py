"""What learners and those who assess say to each other: questions, and one appeal."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.orm import Base, TextEnum
from app.courses.models import Person
from app.evidence.models import Submission


class SubmissionMessage(Base):
    """One question or answer about a submission; the learner and those who assess it read it."""

    __tablename__ = "submission_message"
    __table_args__ = (
        Index(
            "ix_submission_message_asked",
            *("submission_id", "id"),
            sqlite_where=text("is_from_learner"),
            postgresql_where=text("is_from_learner"),
        ),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    is_from_learner: Mapped[bool]
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]

    author: Mapped[Person] = relationship()


class AppealOutcome(StrEnum):
    """What came of an appeal."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"


class Appeal(Base):
    """A learner's one objection to a final “not met”; another grantor assesses the work again.

    `closed_at`, `outcome`: `None` while it is open.
    """

    __tablename__ = "appeal"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), unique=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("attempt_decision.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[AppealOutcome | None] = mapped_column(TextEnum(AppealOutcome))

    submission: Mapped[Submission] = relationship()
