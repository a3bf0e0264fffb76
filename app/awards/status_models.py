"""What the life of an award leaves behind: its place in a status list, results, editions."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.awards.models import Award
from app.core.orm import Base, TextEnum
from app.courses.models import Person


class StatusList(Base):
    """One bitstring status list of an issuer, as it is published.

    `public_id`: the last part of its address. `size`: how many bits it has.
    `bits`: the bare bitstring, the first award's bit in the highest place of the
    first byte. `taken`: how many places are given away. `signed`: the signed
    credential, byte for byte as served; it is made anew with every change. Both
    are read only when they are asked for: most who look want to know how full it is.
    Source: W3C Bitstring Status List 1.0.
    """

    __tablename__ = "status_list"

    issuer_id: Mapped[int] = mapped_column(ForeignKey("issuer_profile.id"), index=True)
    public_id: Mapped[str] = mapped_column(String(40), unique=True)
    size: Mapped[int]
    bits: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    taken: Mapped[int] = mapped_column(default=0)
    signed: Mapped[str] = mapped_column(Text, deferred=True)
    changed_at: Mapped[datetime]


class AwardResult(Base):
    """Which rubric level an award's holder reached at one criterion; it is in the credential."""

    __tablename__ = "award_result"
    __table_args__ = (UniqueConstraint("award_id", "criterion_id"),)

    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"))
    criterion_id: Mapped[int] = mapped_column(ForeignKey("criterion.id"))
    rubric_level_id: Mapped[int] = mapped_column(ForeignKey("rubric_level.id"))


class EditionReason(StrEnum):
    """Why a credential was issued again."""

    CORRECTED = "corrected"
    EVIDENCE = "evidence"
    KEY = "key"
    STATUS = "status"
    NEW_ADDRESS = "new_address"


class CredentialEdition(Base):
    """An earlier credential of an award, kept when it was issued again.

    `number`: of the edition that was replaced, from 1. `credential`: its signed
    document; empty once the holder is forgotten, whose words may stand in it.
    `reason`: why the next one was made; `replaced_at`: when.
    """

    __tablename__ = "credential_edition"
    __table_args__ = (UniqueConstraint("award_id", "number"),)

    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"))
    number: Mapped[int]
    credential: Mapped[str] = mapped_column(Text)
    issuer_key_id: Mapped[int] = mapped_column(ForeignKey("issuer_key.id"))
    reason: Mapped[EditionReason] = mapped_column(TextEnum(EditionReason))
    replaced_at: Mapped[datetime]


class RevocationRequest(Base):
    """That somebody wants an award revoked which nobody revokes alone; one that is open at most.

    `reason`: for the public page, should it be confirmed. `requested_by`: `None` if
    it came from the server's shell; `actor` says who there. `decided_by`,
    `decided_at`: who confirmed or dropped it; `None` while it is open.
    `is_confirmed`: the award was revoked by it.
    """

    __tablename__ = "revocation_request"
    __table_args__ = (
        Index(
            "uq_revocation_request_open",
            "award_id",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"))
    reason: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    actor: Mapped[str] = mapped_column(String(80))
    requested_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    is_confirmed: Mapped[bool] = mapped_column(default=False)

    award: Mapped[Award] = relationship()
    requester: Mapped[Person | None] = relationship(foreign_keys=[requested_by])
