"""What a certificate was awarded for, and what became of it since."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.awards.models import Award
from app.catalog.stack_models import StackPart
from app.core.orm import Base


class AwardPart(Base):
    """One award that satisfies one part of a certificate; one that is earned anew is added."""

    __tablename__ = "award_part"
    __table_args__ = (UniqueConstraint("award_id", "part_award_id"),)

    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"))
    stack_part_id: Mapped[int] = mapped_column(ForeignKey("stack_part.id"))
    part_award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)

    part: Mapped[StackPart] = relationship()
    part_award: Mapped[Award] = relationship(foreign_keys=[part_award_id])


class AwardFlag(Base):
    """A certificate whose set is no longer complete, because a part fell.

    `part_award_id`: the award that was revoked, is suspended or has run out.
    `fell`: the certificate was revoked with it. `flagged_at`: when this was last
    found. `cleared_at`: the set is complete again since then; `None` while it is not.
    """

    __tablename__ = "award_flag"
    __table_args__ = (UniqueConstraint("award_id", "part_award_id"),)

    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"))
    part_award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)
    fell: Mapped[bool] = mapped_column(default=False)
    flagged_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]

    part_award: Mapped[Award] = relationship(foreign_keys=[part_award_id])
