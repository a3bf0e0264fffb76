"""Group work: who was asked to join whose submission."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.orm import Base
from app.courses.models import Person


class GroupInvitation(Base):
    """One learner asked another to hand in together; who agrees gets a submission of their own.

    `submission_id`: of the one who began. `answered_at`: `None` while it is open;
    `is_accepted`: what the answer was.
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
