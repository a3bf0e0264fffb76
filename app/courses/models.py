"""People, courses, enrolments and resource links."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.orm import Base, TextEnum
from app.core.principal import Role


class Person(Base):
    """Somebody known to the institution. An LMS may tell no name and no e-mail: then `None`.

    `forgotten_at`: when name and e-mail were erased at the person's request;
    from then on only a launch of their own tells them again, no roster.
    `merged_into_id`: the person whom this one turned out to be, since
    `merged_at`; nothing refers to such a row any more but the audit log. `None`
    for everybody else.
    """

    __tablename__ = "person"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(320))
    created_at: Mapped[datetime]
    forgotten_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    merged_at: Mapped[datetime | None]

    @property
    def display_name(self) -> str:
        """The name, or a neutral stand-in."""
        return self.name or f"Person {self.id}"


class LtiUser(Base):
    """The `sub` by which one platform knows a person; unique per registration."""

    __tablename__ = "lti_user"
    __table_args__ = (UniqueConstraint("platform_id", "sub"),)

    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    sub: Mapped[str] = mapped_column(String(255))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)

    person: Mapped[Person] = relationship()


class Course(Base):
    """An LTI context on one deployment.

    `context_id`: the LMS's; a launch without context gets a course of its own
    per resource link, named `resource-link:<id>`, so that two such links never
    share people.
    `lineitems_url`, `ags_scopes`, `memberships_url`: the services as the last
    launch told them; `None` or empty if it told none.
    """

    __tablename__ = "course"
    __table_args__ = (UniqueConstraint("deployment_pk", "context_id"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    deployment_pk: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    context_id: Mapped[str] = mapped_column(String(300))
    title: Mapped[str | None] = mapped_column(String(500))
    label: Mapped[str | None] = mapped_column(String(255))
    lineitems_url: Mapped[str | None] = mapped_column(String(2000))
    ags_scopes: Mapped[list[str]]
    memberships_url: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime]

    @property
    def display_title(self) -> str:
        """The title, else the label, else a neutral stand-in."""
        return self.title or self.label or "Untitled course"


class Enrolment(Base):
    """What a person is in a course.

    `last_launched_at`: rights in the course last as long as a session from here.
    `is_test_user`: the LMS's student preview; kept out of rosters and awards.
    """

    __tablename__ = "enrolment"
    __table_args__ = (UniqueConstraint("course_id", "person_id"),)

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[Role] = mapped_column(TextEnum(Role))
    is_test_user: Mapped[bool] = mapped_column(default=False)
    last_launched_at: Mapped[datetime]

    person: Mapped[Person] = relationship()
    course: Mapped[Course] = relationship()


class ResourceLink(Base):
    """One place in a course from which the tool launches.

    `lineitem_url`: the gradebook column coupled to it, as the last launch told
    it; `None` if it has none, or several.
    """

    __tablename__ = "resource_link"
    __table_args__ = (UniqueConstraint("course_id", "resource_link_id"),)

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    resource_link_id: Mapped[str] = mapped_column(String(300))
    title: Mapped[str | None] = mapped_column(String(500))
    lineitem_url: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime]

    course: Mapped[Course] = relationship()


class RosterStatus(StrEnum):
    """Whether the LMS counts somebody to a course: `gone` is whom a whole roster leaves out."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    GONE = "gone"


class RosterEntry(Base):
    """What the LMS's roster says of one person in one course; beside what launches say.

    It gives no right: rights come from launches alone. A row is never deleted.
    `changed_at`: since when role and status are these.
    """

    __tablename__ = "roster_entry"
    __table_args__ = (UniqueConstraint("course_id", "person_id"),)

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[Role] = mapped_column(TextEnum(Role))
    status: Mapped[RosterStatus] = mapped_column(TextEnum(RosterStatus))
    changed_at: Mapped[datetime]


class RosterReading(Base):
    """How the reading of one course's roster stands.

    `tried_at`, `problem`: the last try, and in plain words why it failed; `None`
    if it did not. `read_at`, `member_count`: of the last whole roster; `None`
    and 0 until there was one. `wanted_at`: somebody asked for more than could
    be done while they waited; `None` when nothing is asked. `busy_until`: a
    reader has it in hand until then; `None` when nobody has.
    """

    __tablename__ = "roster_reading"

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), unique=True)
    tried_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    member_count: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(String(500))
    wanted_at: Mapped[datetime | None]
    busy_until: Mapped[datetime | None]


class ErasureRequest(Base):
    """Somebody asked that a person's name and e-mail be erased.

    `done_at`: `None` until `people forget` did it.
    """

    __tablename__ = "erasure_request"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    requested_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
