"""The proof of what was deleted. Legal holds stand in `evidence`, which keeps what they hold."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.orm import Base
from app.evidence.hold_models import LegalHold

__all__ = ["DeletionProof", "DeletionRun", "LegalHold"]


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
