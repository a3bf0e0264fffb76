"""Skills of outside frameworks that achievements may be aligned to, and imports that wait."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.orm import Base


class SkillFramework(Base):
    """A list of skills that somebody else keeps, such as ESCO or an institution's own.

    `identifier`: what it is known by when it is imported again: its address, or
    its name. `url`: where it is described; `None` if nowhere.
    """

    __tablename__ = "skill_framework"
    __table_args__ = (UniqueConstraint("institution_id", "identifier"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    identifier: Mapped[str] = mapped_column(String(1000))
    name: Mapped[str] = mapped_column(String(200))
    url: Mapped[str | None] = mapped_column(String(1000))
    imported_at: Mapped[datetime]


class Skill(Base):
    """One skill of a framework.

    `identifier`: what it is known by within its framework. `code`, `description`:
    `None` where the framework has none. `target_type`: as Open Badges 3.0 calls
    it; `None` if it has no word for it. `search_text`: what is searched, without
    capitals.
    """

    __tablename__ = "skill"
    __table_args__ = (UniqueConstraint("framework_id", "identifier"),)

    framework_id: Mapped[int] = mapped_column(ForeignKey("skill_framework.id"))
    identifier: Mapped[str] = mapped_column(String(1000))
    name: Mapped[str] = mapped_column(String(300))
    url: Mapped[str] = mapped_column(String(1000))
    code: Mapped[str | None] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    target_type: Mapped[str | None] = mapped_column(String(60))
    search_text: Mapped[str] = mapped_column(Text)

    framework: Mapped[SkillFramework] = relationship()


class PendingImport(Base):
    """A file that somebody handed in, until they say that it shall be imported.

    `kind`: `achievements` or `skills`. `options`: what they chose beside it.
    """

    __tablename__ = "pending_import"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    file_name: Mapped[str] = mapped_column(String(200))
    options: Mapped[dict[str, Any]]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
