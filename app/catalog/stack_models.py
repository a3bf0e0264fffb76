"""The set of parts that makes a certificate: it belongs to a version, and is frozen with it."""

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalog.models import Achievement
from app.core.orm import Base


class StackGroup(Base):
    """Parts of a certificate's version of which `needed` are needed; every group counts.

    `group_count`: how many groups the version has, so that whoever counts the
    complete ones need not read the others.
    """

    __tablename__ = "stack_group"
    __table_args__ = (
        UniqueConstraint("version_id", "position"),
        CheckConstraint("needed > 0", name="needed_positive"),
    )

    version_id: Mapped[int] = mapped_column(ForeignKey("achievement_version.id"))
    position: Mapped[int]
    needed: Mapped[int]
    group_count: Mapped[int]

    parts: Mapped[list["StackPart"]] = relationship(order_by="StackPart.position")


class StackPart(Base):
    """One achievement that is a part.

    `from_version`: it counts from this version on; `versions`: these alone
    count. Both `None`: every published one counts.
    """

    __tablename__ = "stack_part"
    __table_args__ = (
        UniqueConstraint("group_id", "position"),
        UniqueConstraint("group_id", "achievement_id"),
    )

    group_id: Mapped[int] = mapped_column(ForeignKey("stack_group.id"))
    position: Mapped[int]
    achievement_id: Mapped[int] = mapped_column(ForeignKey("achievement.id"), index=True)
    from_version: Mapped[int | None]
    versions: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))

    achievement: Mapped[Achievement] = relationship()
