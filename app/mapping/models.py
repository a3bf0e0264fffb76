"""Assignments, the criteria that they show, and deep-linking requests."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalog.models import AchievementVersion, Criterion
from app.catalog.pass_rule import list_missing
from app.core.orm import Base, TextEnum
from app.courses.models import Course, Person, ResourceLink


class GradeRule(StrEnum):
    """How a decision becomes a score: points of the rubric, or full or zero."""

    RUBRIC = "rubric"
    MET = "met"


class Assignment(Base):
    """A resource link mapped to criteria of one approved achievement version.

    `uuid`: its identity towards the LMS: deep link custom parameter and line
    item `resourceId`. `resource_link_pk`: `None` after deep linking until the
    LMS launches the new link for the first time.
    `file_kinds`: names from `artifact_kinds.KINDS`, such as `pdf` and `image`.
    `max_files`: how many files may be handed in; 0 takes none.
    `max_file_mb`: the largest file; `None`: as large as the installation takes.
    `is_by_criterion`: each criterion has artifacts of its own.
    `max_group_size`: so many may hand in one work together; 1: each their own.
    `statement`: what a learner signs when handing in, such as that the work is
    their own; empty: nothing is asked.
    `max_points`: whole points, the sum of the best levels of its criteria.
    `lineitem_url`: the gradebook column; `None` until known. `column_missing`:
    the LMS said that it is gone.
    `opens_at`, `due_at`, `closes_at`: as chosen here for a new activity, then as
    the LMS tells them; `None` if there is no such date.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("resource_link_pk"),
        UniqueConstraint("uuid"),
        CheckConstraint("max_files >= 0", name="max_files_not_negative"),
        CheckConstraint("max_points > 0", name="max_points_positive"),
        CheckConstraint("max_group_size >= 1", name="max_group_size_positive"),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    resource_link_pk: Mapped[int | None] = mapped_column(ForeignKey("resource_link.id"))
    uuid: Mapped[str] = mapped_column(String(36))
    version_id: Mapped[int] = mapped_column(ForeignKey("achievement_version.id"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    instructions: Mapped[str] = mapped_column(Text)
    max_files: Mapped[int]
    file_kinds: Mapped[list[str]]
    accepts_link: Mapped[bool]
    accepts_text: Mapped[bool]
    max_file_mb: Mapped[int | None]
    is_by_criterion: Mapped[bool] = mapped_column(default=False)
    max_group_size: Mapped[int] = mapped_column(default=1)
    statement: Mapped[str] = mapped_column(Text, default="")
    grade_rule: Mapped[GradeRule] = mapped_column(TextEnum(GradeRule))
    max_points: Mapped[int]
    lineitem_url: Mapped[str | None] = mapped_column(String(2000))
    column_missing: Mapped[bool] = mapped_column(default=False)
    opens_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]

    course: Mapped[Course] = relationship()
    resource_link: Mapped[ResourceLink | None] = relationship()
    version: Mapped[AchievementVersion] = relationship()
    criteria: Mapped[list[Criterion]] = relationship(
        secondary="assignment_criterion", order_by=Criterion.position
    )
    copied: Mapped["AssignmentCopy | None"] = relationship(
        back_populates="assignment",
        foreign_keys="AssignmentCopy.assignment_id",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )

    @property
    def takes_groups(self) -> bool:
        """Whether several may hand in one work together."""
        return self.max_group_size > 1

    @property
    def needs_confirmation(self) -> bool:
        """Whether it was copied and nobody who teaches here has looked at it yet."""
        return self.copied is not None and self.copied.confirmed_at is None

    @property
    def other_criteria(self) -> list[Criterion]:
        """What the award takes besides the criteria that this assignment shows.

        None, if it can be earned by this assignment alone.
        """
        shown = {criterion.id for criterion in self.criteria}
        return list_missing(self.version.rule, self.version.criteria, shown)


class AssignmentCriterion(Base):
    """One criterion that an assignment shows."""

    __tablename__ = "assignment_criterion"
    __table_args__ = (UniqueConstraint("assignment_id", "criterion_id"),)

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    criterion_id: Mapped[int] = mapped_column(ForeignKey("criterion.id"))


class AssignmentCopy(Base):
    """Where a copied assignment comes from, and who has looked at it here.

    `source_id`: `None` once the original was taken back. `source_version_id`:
    what the original was mapped to; another one than the copy's if that may no
    longer be mapped. `earlier_uuids`: identities of the original and of those
    that it was itself copied from, nearest first: the LMS copies what it was
    told of the first one. `source_course`: the title of its course.
    `confirmed_at`, `confirmed_by`: `None` until an instructor has confirmed it.
    """

    __tablename__ = "assignment_copy"
    __table_args__ = (UniqueConstraint("assignment_id"),)

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id", ondelete="CASCADE"))
    source_id: Mapped[int | None] = mapped_column(
        ForeignKey("assignment.id", ondelete="SET NULL"), index=True
    )
    source_version_id: Mapped[int] = mapped_column(ForeignKey("achievement_version.id"))
    source_course: Mapped[str] = mapped_column(String(500))
    earlier_uuids: Mapped[list[str]]
    copied_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    assignment: Mapped[Assignment] = relationship(
        back_populates="copied", foreign_keys=[assignment_id]
    )
    confirmer: Mapped[Person | None] = relationship()


class DeclinedCopy(Base):
    """A link whose set-up was undone by hand: it is never copied again by itself."""

    __tablename__ = "declined_copy"
    __table_args__ = (UniqueConstraint("resource_link_pk"),)

    resource_link_pk: Mapped[int] = mapped_column(ForeignKey("resource_link.id"))
    declined_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    declined_at: Mapped[datetime]


class DeepLinkRequest(Base):
    """One deep-linking launch: where and how its answer goes back.

    `settings`: the `deep_linking_settings` claim. `answered_at`: always `None`
    (a page that only shows the answer writes nothing).
    """

    __tablename__ = "deep_link_request"
    __table_args__ = (UniqueConstraint("institution_id", "token"),)

    token: Mapped[str] = mapped_column(String(64))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    deployment_pk: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    settings: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class DeepLinkChoice(Base):
    """An assignment made in one deep-linking selection.

    `is_chosen`: whether it goes back to the LMS with the answer.
    """

    __tablename__ = "deep_link_choice"
    __table_args__ = (UniqueConstraint("request_id", "assignment_id"),)

    request_id: Mapped[int] = mapped_column(ForeignKey("deep_link_request.id", ondelete="CASCADE"))
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id", ondelete="CASCADE"))
    is_chosen: Mapped[bool] = mapped_column(default=True)

    assignment: Mapped[Assignment] = relationship()
