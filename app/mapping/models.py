"""Assignments, the criteria that they show, and deep-linking requests."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalog.models import AchievementVersion, Criterion
from app.core.orm import Base, TextEnum
from app.courses.models import Course, ResourceLink


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
    `max_points`: whole points, the sum of the best levels of its criteria.
    `lineitem_url`: the gradebook column; `None` until known. `column_missing`:
    the LMS said that it is gone.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("resource_link_pk"),
        UniqueConstraint("uuid"),
        CheckConstraint("max_files >= 0", name="max_files_not_negative"),
        CheckConstraint("max_points > 0", name="max_points_positive"),
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
    grade_rule: Mapped[GradeRule] = mapped_column(TextEnum(GradeRule))
    max_points: Mapped[int]
    lineitem_url: Mapped[str | None] = mapped_column(String(2000))
    column_missing: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]

    course: Mapped[Course] = relationship()
    resource_link: Mapped[ResourceLink | None] = relationship()
    version: Mapped[AchievementVersion] = relationship()
    criteria: Mapped[list[Criterion]] = relationship(
        secondary="assignment_criterion", order_by=Criterion.position
    )

    @property
    def other_criteria(self) -> list[Criterion]:
        """Required criteria of the achievement that this assignment does not show."""
        shown = {criterion.id for criterion in self.criteria}
        return [
            criterion
            for criterion in self.version.criteria
            if criterion.is_required and criterion.id not in shown
        ]


class AssignmentCriterion(Base):
    """One criterion that an assignment shows."""

    __tablename__ = "assignment_criterion"
    __table_args__ = (UniqueConstraint("assignment_id", "criterion_id"),)

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    criterion_id: Mapped[int] = mapped_column(ForeignKey("criterion.id"))


class DeepLinkRequest(Base):
    """One deep-linking launch: where and how its answer goes back.

    `settings`: the `deep_linking_settings` claim. `answered_at`: `None` until
    an answer was shown; answering again gives the same items.
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
