"""What the life of an award leaves behind: its place in a status list, results, editions."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.orm import Base, TextEnum


class StatusList(Base):
    """One bitstring status list of an issuer, as it is published.

    `public_id`: the last part of its address. `size`: how many bits it has.
    `bits`: the bare bitstring, the first award's bit in the highest place of the
    first byte. `taken`: how many places are given away. `signed`: the signed
    credential, byte for byte as served; it is made anew with every change.
    Source: W3C Bitstring Status List 1.0.
    """

    __tablename__ = "status_list"

    issuer_id: Mapped[int] = mapped_column(ForeignKey("issuer_profile.id"), index=True)
    public_id: Mapped[str] = mapped_column(String(40), unique=True)
    size: Mapped[int]
    bits: Mapped[bytes] = mapped_column(LargeBinary)
    taken: Mapped[int] = mapped_column(default=0)
    signed: Mapped[str] = mapped_column(Text)
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
    document. `reason`: why the next one was made; `replaced_at`: when.
    """

    __tablename__ = "credential_edition"
    __table_args__ = (UniqueConstraint("award_id", "number"),)

    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"))
    number: Mapped[int]
    credential: Mapped[str] = mapped_column(Text)
    issuer_key_id: Mapped[int] = mapped_column(ForeignKey("issuer_key.id"))
    reason: Mapped[EditionReason] = mapped_column(TextEnum(EditionReason))
    replaced_at: Mapped[datetime]
