"""Files on their way: what has arrived of an upload that may be cut off and go on."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.orm import Base


class Upload(Base):
    """One file that a learner's script sends in pieces, before it becomes an artifact.

    `token`: random, the last part of its address. `criterion_id`: `None`: for
    the whole assignment. `storage_key`: of the bytes that have arrived.
    `parts`: how many pieces they came in. `finished_at`, `artifact_id`: `None`
    until all of it is there and was accepted.
    `claim`, `claimed_until`: the request that is adding to it, and until when it
    is believed to live; `None` while nobody is.
    Units: bytes.
    """

    __tablename__ = "upload"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    token: Mapped[str] = mapped_column(String(64), unique=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    criterion_id: Mapped[int | None] = mapped_column(ForeignKey("criterion.id"))
    file_name: Mapped[str] = mapped_column(String(255))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    received_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    storage_key: Mapped[str] = mapped_column(String(200))
    parts: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str | None] = mapped_column(String(32))
    claimed_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    artifact_id: Mapped[int | None] = mapped_column(ForeignKey("artifact.id", ondelete="SET NULL"))
