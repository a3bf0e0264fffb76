"""Achievements and everything that defines one version of them."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalog.pass_rule import PassRuleSpec
from app.core.orm import Base, TextEnum
from app.programme.models import IssuerProfile, Level

if TYPE_CHECKING:
    from app.catalog.stack_models import StackGroup


class Achievement(Base):
    """One micro-credential, whatever its version.

    `retired_at`: `None` while it may be mapped and awarded.
    `promise_days`: within how many days work is to be decided, as learners are
    promised; `None`: nothing is promised. `is_allocated`: work that comes in is
    given to one of those appointed, by load; else whoever is free takes it.
    """

    __tablename__ = "achievement"
    __table_args__ = (UniqueConstraint("institution_id", "slug"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    issuer_id: Mapped[int] = mapped_column(ForeignKey("issuer_profile.id"))
    level_id: Mapped[int] = mapped_column(ForeignKey("level.id"))
    slug: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    promise_days: Mapped[int | None]
    is_allocated: Mapped[bool] = mapped_column(default=False)

    issuer: Mapped[IssuerProfile] = relationship()
    level: Mapped[Level] = relationship()
    versions: Mapped[list["AchievementVersion"]] = relationship(
        back_populates="achievement", order_by="AchievementVersion.number"
    )

    @property
    def is_retired(self) -> bool:
        """Whether it was taken out of use, now or at a day that is set."""
        return self.retired_at is not None


class VersionStatus(StrEnum):
    """Whether a version may be used: only an approved one is mapped or awarded."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SUPERSEDED = "superseded"
    DECLINED = "declined"


OPEN_STATUSES = (VersionStatus.DRAFT, VersionStatus.IN_REVIEW)
PUBLISHED_STATUSES = (VersionStatus.APPROVED, VersionStatus.SUPERSEDED)


class AchievementVersion(Base):
    """One wording of an achievement; frozen once approved.

    `public_id`: random, the last part of its public address.
    `criteria_narrative`: Markdown. `approved_at`, `approval_reference`: when,
    and the committee's reference; `None` until then. `approved_until`: when
    the approval expires; `None`: never.
    `draft`: what is written so far, the fields of an `AchievementSpec`,
    perhaps incomplete; `None` once it is in review. Until then the version has
    no criteria and alignments as rows, and `name` is only for lists.
    `pass_rule`: a `PassRuleSpec`. `issuing_unit`: the unit that owns it;
    `validity_months`: how long an award holds, `None`: without end;
    `renewal`: how it is renewed, Markdown.
    `grantors_needed`: so many grantors must come to the same decision.
    `is_anonymous`: those who assess are not told whose work it is.
    """

    __tablename__ = "achievement_version"
    __table_args__ = (UniqueConstraint("achievement_id", "number"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    achievement_id: Mapped[int] = mapped_column(ForeignKey("achievement.id"))
    public_id: Mapped[str] = mapped_column(String(40), unique=True)
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    criteria_narrative: Mapped[str] = mapped_column(Text)
    image_alt: Mapped[str] = mapped_column(String(300))
    tags: Mapped[list[str]]
    status: Mapped[VersionStatus] = mapped_column(TextEnum(VersionStatus))
    approved_at: Mapped[datetime | None]
    approval_reference: Mapped[str | None] = mapped_column(String(200))
    approved_until: Mapped[datetime | None]
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    pass_rule: Mapped[dict[str, Any]] = mapped_column(default=lambda: {"kind": "all_required"})
    issuing_unit: Mapped[str | None] = mapped_column(String(200))
    validity_months: Mapped[int | None]
    renewal: Mapped[str | None] = mapped_column(Text)
    grantors_needed: Mapped[int] = mapped_column(default=1)
    is_anonymous: Mapped[bool] = mapped_column(default=False)
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]

    achievement: Mapped[Achievement] = relationship(back_populates="versions")
    criteria: Mapped[list["Criterion"]] = relationship(
        back_populates="version", order_by="Criterion.position"
    )
    alignments: Mapped[list["Alignment"]] = relationship(order_by="Alignment.id")
    part_groups: Mapped[list["StackGroup"]] = relationship(
        "StackGroup", order_by="StackGroup.position"
    )

    @property
    def rule(self) -> PassRuleSpec:
        """When it is passed."""
        return PassRuleSpec.model_validate(self.pass_rule)

    @property
    def is_approved(self) -> bool:
        """Whether it is the version that counts, be it expired or not."""
        return self.status is VersionStatus.APPROVED

    @property
    def is_superseded(self) -> bool:
        """Whether a newer version has taken its place."""
        return self.status is VersionStatus.SUPERSEDED


class Criterion(Base):
    """One thing to be shown.

    `is_required`: an award needs it. `required_position`: the position of the
    lowest rubric level that counts as met. `weight`: its share where the pass
    rule is weighted.
    """

    __tablename__ = "criterion"
    __table_args__ = (
        UniqueConstraint("version_id", "position"),
        UniqueConstraint("version_id", "key"),
    )

    version_id: Mapped[int] = mapped_column(ForeignKey("achievement_version.id"))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    is_required: Mapped[bool] = mapped_column(default=True)
    required_position: Mapped[int]
    weight: Mapped[int] = mapped_column(default=1)

    version: Mapped[AchievementVersion] = relationship(back_populates="criteria")
    rubric_levels: Mapped[list["RubricLevel"]] = relationship(
        back_populates="criterion", order_by="RubricLevel.position"
    )

    @property
    def max_points(self) -> int:
        """The points of the best rubric level."""
        return max(level.points for level in self.rubric_levels)


class RubricLevel(Base):
    """One rated step of a criterion: an observable descriptor, worth whole points.

    `position`: 0 is the lowest.
    """

    __tablename__ = "rubric_level"
    __table_args__ = (
        UniqueConstraint("criterion_id", "position"),
        CheckConstraint("points >= 0", name="points_not_negative"),
    )

    criterion_id: Mapped[int] = mapped_column(ForeignKey("criterion.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text)
    points: Mapped[int]

    criterion: Mapped[Criterion] = relationship(back_populates="rubric_levels")

    @property
    def is_enough(self) -> bool:
        """Whether this level meets its criterion."""
        return self.position >= self.criterion.required_position


class Alignment(Base):
    """The skill in an outside framework that a version is aligned to.

    Source: Open Badges 3.0 `Alignment`; `None` where the framework has no such field.
    """

    __tablename__ = "alignment"

    version_id: Mapped[int] = mapped_column(ForeignKey("achievement_version.id"), index=True)
    target_name: Mapped[str] = mapped_column(String(300))
    target_url: Mapped[str] = mapped_column(String(1000))
    target_framework: Mapped[str | None] = mapped_column(String(200))
    target_code: Mapped[str | None] = mapped_column(String(200))
    target_type: Mapped[str | None] = mapped_column(String(60))
    target_description: Mapped[str | None] = mapped_column(Text)
