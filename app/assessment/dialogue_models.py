"""What learners and those who assess say to each other: questions, and one appeal."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, ForeignKey, Text, event, func, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.orm import Base, TextEnum
from app.courses.models import Person
from app.evidence.models import Submission


class SubmissionMessage(Base):
    """One question or answer about a submission; the learner and those who assess it read it."""

    __tablename__ = "submission_message"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    is_from_learner: Mapped[bool]
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]

    author: Mapped[Person] = relationship()


@event.listens_for(SubmissionMessage, "after_insert")
def _note_question(_mapper: object, connection: Connection, message: SubmissionMessage) -> None:
    """Keep at the work itself whether a question waits, for the queue: nobody can forget it."""
    told_at = select(func.coalesce(Submission.lead_id, Submission.id)).where(
        Submission.id == message.submission_id
    )
    connection.execute(
        update(Submission)
        .where(Submission.id == told_at.scalar_subquery())
        .values(asked_at=message.created_at if message.is_from_learner else None)
    )


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
