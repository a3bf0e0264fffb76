"""What a learner hands over to the LMS: an own artifact, or an own award's address."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.awards.models import Award
from app.core.orm import Base
from app.evidence.models import Artifact


class Handover(Base):
    """One thing that a learner chose as homework in the LMS.

    Exactly one of `artifact_id` and `award_id` is set. A file can be fetched by
    its signed address until `expires_at`.
    """

    __tablename__ = "handover"
    __table_args__ = (
        CheckConstraint("(artifact_id IS NULL) != (award_id IS NULL)", name="one_thing"),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    request_id: Mapped[int] = mapped_column(
        ForeignKey("deep_link_request.id", ondelete="CASCADE"), index=True
    )
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    artifact_id: Mapped[int | None] = mapped_column(
        ForeignKey("artifact.id", ondelete="CASCADE"), index=True
    )
    award_id: Mapped[int | None] = mapped_column(ForeignKey("award.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    artifact: Mapped[Artifact | None] = relationship()
    award: Mapped[Award | None] = relationship()
