"""Awards."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalog.models import Achievement, AchievementVersion
from app.core.orm import Base, TextEnum
from app.courses.models import Person

HOLDS_THE_PLACE = "revoked_at IS NULL AND ended_at IS NULL AND duplicate_of_id IS NULL"


class Visibility(StrEnum):
    """Who may see an award's public page: nobody, whoever has its address, or everybody.

    Its machine-readable forms follow it. Only what everybody may see is listed anywhere.
    """

    PRIVATE = "private"
    LINK = "link"
    PUBLIC = "public"


class Award(Base):
    """The credential given to one person for one achievement; one that stands at most.

    `public_id`: random, the last part of its public address.
    `recipient_name`: frozen as it was when awarded; `None` if the LMS told none.
    `credential`: the signed Open Badges 3.0 document, byte for byte as served.
    `awarded_by`: `None` for an award by rule or by claim.
    `valid_until`: when it expires; `None`: never. `ended_at`: when another award
    of the achievement took the place of this one, which had expired; else `None`.
    `revoked_at`, `revocation_reason`: `None` while it is valid.
    `duplicate_of_id`: the older award of the same achievement that somebody
    turned out to hold as well, known from another LMS; valid all the same, but
    not counted a second time. `None` for every other award.
    `status_list_id`, `status_index`: its place in a status list; `None` for an
    award that was made before there were any, until it is issued again.
    `suspended_at`, `suspension_reason`: `None` unless it is suspended now.
    `visibility`: who may see its public page. `edition`: how often its
    credential was issued; see `CredentialEdition`. `renews_id`: the award that
    this one came in the place of, once that had run out; `None` for a first one.
    """

    __tablename__ = "award"
    __table_args__ = (
        Index(
            "uq_award_standing",
            "person_id",
            "achievement_id",
            unique=True,
            sqlite_where=text(HOLDS_THE_PLACE),
            postgresql_where=text(HOLDS_THE_PLACE),
        ),
        UniqueConstraint("status_list_id", "status_index"),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    public_id: Mapped[str] = mapped_column(String(40), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    achievement_id: Mapped[int] = mapped_column(ForeignKey("achievement.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("achievement_version.id"))
    issuer_key_id: Mapped[int] = mapped_column(ForeignKey("issuer_key.id"))
    awarded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recipient_name: Mapped[str | None] = mapped_column(String(255))
    awarded_at: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    credential: Mapped[str] = mapped_column(Text)
    revoked_at: Mapped[datetime | None]
    revocation_reason: Mapped[str | None] = mapped_column(Text)
    status_list_id: Mapped[int | None] = mapped_column(ForeignKey("status_list.id"))
    status_index: Mapped[int | None]
    suspended_at: Mapped[datetime | None]
    suspension_reason: Mapped[str | None] = mapped_column(Text)
    visibility: Mapped[Visibility] = mapped_column(TextEnum(Visibility), default=Visibility.LINK)
    edition: Mapped[int] = mapped_column(default=1)
    renews_id: Mapped[int | None] = mapped_column(ForeignKey("award.id"))
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("award.id"), index=True)

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    achievement: Mapped[Achievement] = relationship()
    version: Mapped[AchievementVersion] = relationship()

    def has_expired(self, now: datetime) -> bool:
        """Return whether its validity is over."""
        return self.valid_until is not None and self.valid_until <= now
