"""Who may not assess, nor read in order to assess, whose work."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.orm import Base
from app.courses.models import Person


class ConflictOfInterest(Base):
    """That somebody may not assess a learner's work, as they or an administrator declared.

    `submission_id`: where they recused themselves from one work only; `None`: all
    of the learner's. `ended_at`: `None` while it lasts.
    """

    __tablename__ = "conflict_of_interest"
    __table_args__ = (Index("ix_conflict_of_interest_pair", "person_id", "learner_id"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    learner_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"))
    reason: Mapped[str] = mapped_column(Text)
    declared_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    declared_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    learner: Mapped[Person] = relationship(foreign_keys=[learner_id])
