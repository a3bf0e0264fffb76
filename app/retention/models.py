"""Legal holds, and the proof of what was deleted."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.orm import Base
from app.courses.models import Person


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


class DeletionRun(Base):
    """One run that deleted what had been kept long enough.

    `counts`: by class. `digest`: SHA-256 over everything that it deleted, in hexadecimal.
    """

    __tablename__ = "deletion_run"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    at: Mapped[datetime]
    counts: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))


class DeletionProof(Base):
    """What one deletion took: which row, of which class, with the digest of what is gone.

    `subject`: as in the audit log, such as `artifact:7`. `sha256`: of the content, or
    `None` if it had none.
    """

    __tablename__ = "deletion_proof"

    run_id: Mapped[int] = mapped_column(ForeignKey("deletion_run.id"), index=True)
    class_key: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120), index=True)
    sha256: Mapped[str | None] = mapped_column(String(64))
    due_at: Mapped[datetime]
