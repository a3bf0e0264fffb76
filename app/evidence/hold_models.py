"""Legal holds, and what was taken out of a draft while one stood."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.orm import Base, TextEnum
from app.courses.models import Person
from app.evidence.models import ArtifactKind


class LegalHold(Base):
    """That nothing of a person, or of one submission, may be deleted.

    `person_id`, `submission_id`: one of the two. `lifted_at`: `None` while it lasts.
    """

    __tablename__ = "legal_hold"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    placed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    placed_at: Mapped[datetime]
    lifted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    lifted_at: Mapped[datetime | None]

    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])


class HeldArtifact(Base):
    """An artifact that a learner took out of a draft, or typed over, while a hold stood.

    The learner's pages know nothing of it. It goes when no hold stands any more.
    `submission_id`: the one that held it; in a group, the lead's. `attempt_number`: of the draft.
    What an artifact of its kind has not is `None`, as there.
    """

    __tablename__ = "held_artifact"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    attempt_number: Mapped[int]
    criterion_id: Mapped[int | None] = mapped_column(ForeignKey("criterion.id"))
    kind: Mapped[ArtifactKind] = mapped_column(TextEnum(ArtifactKind))
    file_name: Mapped[str | None] = mapped_column(String(255))
    media_type: Mapped[str | None] = mapped_column(String(150))
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    storage_key: Mapped[str | None] = mapped_column(String(200), index=True)
    url: Mapped[str | None] = mapped_column(String(2000))
    text: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(String(300))
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime]
