"""The picture of one version of an achievement, as it was drawn or uploaded."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.orm import Base, TextEnum


class PictureOrigin(StrEnum):
    """Where a picture comes from: the level's template, or a file that somebody uploaded."""

    DRAWN = "drawn"
    UPLOADED = "uploaded"


class AchievementPicture(Base):
    """The picture of one version; frozen with it once it is approved.

    A draft has a row only if a file was uploaded for it; what is drawn is kept
    from the approval on. `svg`: sanitised, fit to be served from our address.
    """

    __tablename__ = "achievement_picture"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("achievement_version.id"), unique=True)
    origin: Mapped[PictureOrigin] = mapped_column(TextEnum(PictureOrigin))
    svg: Mapped[str] = mapped_column(Text)
    is_framed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class PicturePng(Base):
    """A picture as PNG, drawn once. Units: `size` is its width in pixels."""

    __tablename__ = "achievement_picture_png"
    __table_args__ = (UniqueConstraint("picture_id", "size"),)

    picture_id: Mapped[int] = mapped_column(ForeignKey("achievement_picture.id"))
    size: Mapped[int]
    png: Mapped[bytes] = mapped_column(LargeBinary)
