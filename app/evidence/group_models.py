"""Group work: who was asked to join whose submission, and who signed what is handed in."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.orm import Base
from app.courses.models import Person


class GroupInvitation(Base):
    """One learner asked another to hand in together; who agrees gets a submission of their own.

    `submission_id`: of the one who began. `answered_at`: `None` while it is open;
    `is_accepted`: what the answer was. One without an answer is over once the work is
    handed in (`group_lists.is_over`); asking again makes it a new one.
    """

    __tablename__ = "group_invitation"
    __table_args__ = (UniqueConstraint("submission_id", "person_id"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    invited_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    invited_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    is_accepted: Mapped[bool] = mapped_column(default=False)

    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class AttemptSignature(Base):
    """One of a group signed the statement for an attempt.

    Whoever hands in signs in doing so (`Attempt.signed_by`); this is what the
    others signed, before that. `statement`: the words, as they stood on the page.
    """

    __tablename__ = "attempt_signature"
    __table_args__ = (UniqueConstraint("attempt_id", "person_id"),)

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    statement: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
