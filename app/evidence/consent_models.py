"""A learner's consent to show artifacts with an award, and what was disclosed by it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.orm import Base, TextEnum
from app.evidence.models import Artifact, ScannedFile, ScanState


class Audience(StrEnum):
    """To whom: only whoever has the link with its secret, or everybody on the award's page."""

    LINK = "link"
    PUBLIC = "public"


class ShownAs(StrEnum):
    """What of an artifact is shown."""

    FULL = "full"
    REDACTED = "redacted"
    DESCRIPTION = "description"


class Consent(Base):
    """One signed, dated consent; never edited. A change is a new one, which ends this one.

    `submission_id`: the signer's own, in a group too. `award_id`: with which it is
    shown; `None` until it is made. `audience`: see there. `purpose`, `text`: the
    exact words that were signed, of the edition `text_edition`.
    `signed_name`: as the learner typed it; empty once they are forgotten: the digest stays
    its proof. `launch_id`: how they were known: the
    number of their session. `has_third_parties`, `third_parties_agree`: other people
    can be recognised in it, and have agreed.
    `secret_sealed`: what the address of the link holds, encrypted; its hash finds it.
    `digest`: SHA-256 over all of this and the items, in hexadecimal.
    `withdrawn_at`: `None` while it stands. `link_ends_at`: `None`: no end.
    Source: 34 CFR 99.30 (signed and dated; which records, what purpose, to whom).
    """

    __tablename__ = "consent"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    award_id: Mapped[int | None] = mapped_column(ForeignKey("award.id"), index=True)
    audience: Mapped[Audience] = mapped_column(TextEnum(Audience))
    purpose: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    text_edition: Mapped[str] = mapped_column(String(40))
    signed_name: Mapped[str] = mapped_column(String(300))
    signed_at: Mapped[datetime]
    launch_id: Mapped[str] = mapped_column(String(80))
    has_third_parties: Mapped[bool] = mapped_column(default=False)
    third_parties_agree: Mapped[bool] = mapped_column(default=False)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    secret_sealed: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    link_ends_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    items: Mapped[list["ConsentItem"]] = relationship(
        order_by="ConsentItem.id", back_populates="consent"
    )

    def has_ended(self, now: datetime) -> bool:
        """Return whether it was taken back, or its link has come to its end."""
        return self.withdrawn_at is not None or (
            self.link_ends_at is not None and self.link_ends_at <= now
        )


class ConsentItem(Base):
    """One artifact of a consent.

    `sha256`: of the artifact as it was assessed. `redacted_id`: the learner's
    redacted copy, an artifact of no attempt's parts; `None` unless `shown_as` says so.
    `description`: what is shown in its place, or beside it.
    """

    __tablename__ = "consent_item"
    __table_args__ = (UniqueConstraint("consent_id", "artifact_id"),)

    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"))
    artifact_id: Mapped[int] = mapped_column(ForeignKey("artifact.id"), index=True)
    shown_as: Mapped[ShownAs] = mapped_column(TextEnum(ShownAs))
    sha256: Mapped[str] = mapped_column(String(64))
    redacted_id: Mapped[int | None] = mapped_column(ForeignKey("redacted_copy.id"))
    description: Mapped[str] = mapped_column(Text, default="")

    consent: Mapped[Consent] = relationship(back_populates="items")
    artifact: Mapped[Artifact] = relationship()
    redacted: Mapped["RedactedCopy | None"] = relationship()


class RedactedCopy(ScannedFile, Base):
    """A learner's redacted copy of one artifact, tied to the original by its digest.

    `storage_key`: `None` once its bytes are gone. `deleted_at`: it is kept no longer;
    its digest stays, for a consent names it.
    """

    __tablename__ = "redacted_copy"
    scanned_as = "redacted_copy"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    artifact_id: Mapped[int] = mapped_column(ForeignKey("artifact.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    original_sha256: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(150))
    size_bytes: Mapped[int]
    storage_key: Mapped[str | None] = mapped_column(String(200), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]

    artifact: Mapped[Artifact] = relationship()

    @classmethod
    def is_kept(cls) -> ColumnElement[bool]:
        """Return the condition that the file is still there."""
        return cls.deleted_at.is_(None)

    @property
    def can_be_served(self) -> bool:
        """Return whether others may open it: it is there, and was found clean if anybody looks."""
        is_safe = self.scan_state in {ScanState.CLEAN, ScanState.NOT_SCANNED}
        return is_safe and self.deleted_at is None and self.storage_key is not None

    @property
    def scan_subject(self) -> str:
        """Return what a finding is about, as in the audit log."""
        return f"artifact:{self.artifact_id}"


class Disclosure(Base):
    """That something was shown to somebody outside, by which consent or other right.

    `consent_item_id`: `None` where it was no consent. `to_whom`: the class of parties in
    words; never an address of the network. `what`: `page`, `content`, or in words
    what was disclosed otherwise. `recorded_by`: who wrote it down; `None`: the program.
    Source: 34 CFR 99.32 (record of disclosures).
    """

    __tablename__ = "disclosure"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    consent_id: Mapped[int | None] = mapped_column(ForeignKey("consent.id"), index=True)
    consent_item_id: Mapped[int | None] = mapped_column(ForeignKey("consent_item.id"))
    to_whom: Mapped[str] = mapped_column(String(200))
    what: Mapped[str] = mapped_column(String(200))
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
