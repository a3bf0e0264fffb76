"""What the practice LMS remembers, in tables of its own."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

TYPE_ID = 1


class LmsBase(DeclarativeBase):
    """Base of the practice LMS's tables; the tool's tables have another."""


class Setting(LmsBase):
    """A value made at the first start: the signing key, the secret."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Tool(LmsBase):
    """A tool that registered itself. `scope`: what it was granted; `custom`: what launches tell it.

    `is_active`: the administrator has switched it on.
    """

    __tablename__ = "tool"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(unique=True)
    deployment_id: Mapped[str]
    name: Mapped[str]
    custom: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    scope: Mapped[str] = mapped_column(default="")
    is_active: Mapped[bool] = mapped_column(default=False)


class Course(LmsBase):
    """A course; `history` names the courses it was copied from, newest first."""

    __tablename__ = "course"

    id: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]
    title: Mapped[str]
    history: Mapped[str] = mapped_column(default="")

    activities: Mapped[list["Activity"]] = relationship(
        order_by="Activity.id", back_populates="course"
    )
    line_items: Mapped[list["LineItem"]] = relationship(
        order_by="LineItem.id", back_populates="course"
    )


class Activity(LmsBase):
    """A link to the tool, on the course page.

    `url`: where the tool wants it opened, `None` for the tool's general
    address. `opens_at` to `due_at`: as the tool wrote them. `is_added`: made
    by an instructor, so it may be deleted again. `history`: links it was
    copied from, newest first.
    """

    __tablename__ = "activity"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("course.id"))
    title: Mapped[str]
    text: Mapped[str] = mapped_column(default="")
    url: Mapped[str | None]
    custom: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    opens_at: Mapped[str] = mapped_column(default="")
    closes_at: Mapped[str] = mapped_column(default="")
    submission_opens_at: Mapped[str] = mapped_column(default="")
    due_at: Mapped[str] = mapped_column(default="")
    history: Mapped[str] = mapped_column(default="")
    is_added: Mapped[bool] = mapped_column(default=False)
    shares_names: Mapped[bool] = mapped_column(default=True)

    course: Mapped[Course] = relationship(back_populates="activities")
    line_items: Mapped[list["LineItem"]] = relationship(
        order_by="LineItem.id", back_populates="activity", cascade="all, delete-orphan"
    )

    @property
    def resource_link_id(self) -> str:
        """Return what the tool knows this link by."""
        return f"link-{self.id}"


class LineItem(LmsBase):
    """A gradebook column; `activity` is `None` for one that the tool made without a link."""

    __tablename__ = "line_item"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("course.id"))
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id"))
    label: Mapped[str]
    score_maximum: Mapped[float]
    resource_id: Mapped[str] = mapped_column(default="")
    tag: Mapped[str] = mapped_column(default="")
    starts_at: Mapped[str] = mapped_column(default="")
    ends_at: Mapped[str] = mapped_column(default="")
    submission_review: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    course: Mapped[Course] = relationship(back_populates="line_items")
    activity: Mapped[Activity | None] = relationship(back_populates="line_items")
    grades: Mapped[list["Grade"]] = relationship(
        back_populates="line_item", cascade="all, delete-orphan"
    )


class Grade(LmsBase):
    """What the last score that the tool sent left in the gradebook.

    `points`: rescaled to the column's maximum; `None` where no grade stands.
    `sent_at`: the score's timestamp in whole seconds since 1970.
    """

    __tablename__ = "grade"
    __table_args__ = (UniqueConstraint("line_item_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    line_item_id: Mapped[int] = mapped_column(ForeignKey("line_item.id"))
    person_id: Mapped[str]
    points: Mapped[float | None]
    comment: Mapped[str] = mapped_column(default="")
    activity_progress: Mapped[str] = mapped_column(default="")
    grading_progress: Mapped[str] = mapped_column(default="")
    scoring_person_id: Mapped[str] = mapped_column(default="")
    submitted_at: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[int]

    line_item: Mapped[LineItem] = relationship(back_populates="grades")


class AccessToken(LmsBase):
    """A token that the tool holds, by its hash; `expires_at` in seconds since 1970."""

    __tablename__ = "access_token"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str]
    expires_at: Mapped[int]


class SeenToken(LmsBase):
    """A `jti` or `nonce` of the tool's that may not come twice."""

    __tablename__ = "seen_token"

    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)


class NoticeHandler(LmsBase):
    """Where the tool wants one kind of notice sent."""

    __tablename__ = "notice_handler"

    notice_type: Mapped[str] = mapped_column(primary_key=True)
    handler: Mapped[str]


class Placed(LmsBase):
    """Something that was chosen in the tool and is no activity.

    `person_id`: whose homework it is; empty for a link on the course page.
    `sha256`, `size_bytes`: of a file that was fetched; empty and 0 for a link.
    """

    __tablename__ = "placed"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("course.id"))
    person_id: Mapped[str] = mapped_column(default="")
    kind: Mapped[str]
    title: Mapped[str]
    url: Mapped[str] = mapped_column(default="")
    html: Mapped[str] = mapped_column(default="")
    media_type: Mapped[str] = mapped_column(default="")
    sha256: Mapped[str] = mapped_column(default="")
    size_bytes: Mapped[int] = mapped_column(default=0)
