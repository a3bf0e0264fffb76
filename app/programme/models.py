"""Levels, issuer profiles and their keys, grantors and administrators."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.orm import Base, TextEnum
from app.platforms.models import KeyStatus

if TYPE_CHECKING:
    from app.courses.models import Course, Person


class Programme(Base):
    """The rules that an institution's preset has beside its levels.

    `rules`: a `ProgrammeRules` document (see `rules.py`).
    """

    __tablename__ = "programme"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    rules: Mapped[dict[str, Any]]
    loaded_at: Mapped[datetime]


class Level(Base):
    """One kind of micro-credential with its rules; a row from the preset, never an enum.

    `environment`: `simulated`, `professional`, or `None` where no work is assessed.
    `award_by`: `grantor`, `request` or `rule`. `approval_route`: the preset's word.
    `achievement_type`: Open Badges 3.0 `achievementType`.
    `image_svg`: the level's picture, as the preset ships it.
    `family`: `white`, `silver` or `gold`: the colour in which pages show it.
    `pass_rules`: what its achievements may choose from (`rules.PassRuleKind`).
    `revokes_with_part`: a certificate falls when one of its parts is revoked.
    `part_levels`: keys of the levels whose achievements may be its parts; empty: any.
    """

    __tablename__ = "level"
    __table_args__ = (UniqueConstraint("institution_id", "key"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    key: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    short_name: Mapped[str] = mapped_column(String(60))
    description: Mapped[str] = mapped_column(Text)
    environment: Mapped[str | None] = mapped_column(String(40))
    needs_artifact: Mapped[bool]
    shares_evidence: Mapped[bool]
    award_by: Mapped[str] = mapped_column(String(20))
    approval_route: Mapped[str] = mapped_column(String(60))
    achievement_type: Mapped[str] = mapped_column(String(60))
    family: Mapped[str] = mapped_column(String(20))
    image_svg: Mapped[str] = mapped_column(Text)
    pass_rules: Mapped[list[str]] = mapped_column(default=lambda: ["all_required"])
    revokes_with_part: Mapped[bool] = mapped_column(default=False)
    part_levels: Mapped[list[str]] = mapped_column(default=list)

    @property
    def is_mappable(self) -> bool:
        """Whether assignments can show its criteria: a grantor assesses artifacts."""
        return self.needs_artifact and self.award_by == "grantor"


class IssuerProfile(Base):
    """The organisation in whose name awards are made.

    `did_path`: what follows the host in its `did:web`; empty for the first
    issuer of the installation, whose document is `/.well-known/did.json`.
    `endorses`: it speaks for the committee, whose word awards carry.
    """

    __tablename__ = "issuer_profile"
    __table_args__ = (UniqueConstraint("institution_id", "slug"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    slug: Mapped[str] = mapped_column(String(60))
    did_path: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(1000))
    email: Mapped[str | None] = mapped_column(String(320))
    description: Mapped[str | None] = mapped_column(Text)
    endorses: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    keys: Mapped[list["IssuerKey"]] = relationship(order_by="IssuerKey.id")


class KeyKind(StrEnum):
    """What an issuer's key signs: Data Integrity proofs, or JSON Web Tokens."""

    ED25519 = "ed25519"
    RSA = "rsa"


class IssuerKey(Base):
    """One key pair of an issuer; never deleted while an award signed by it lives.

    `multikey`: of an Ed25519 key its public half as a Multikey; of an RSA key the
    thumbprint of `public_jwk` (RFC 7638). `public_jwk`: `None` for an Ed25519 key.
    `private_key_sealed`: 32 raw bytes, or a private JWK as JSON.
    """

    __tablename__ = "issuer_key"

    issuer_id: Mapped[int] = mapped_column(ForeignKey("issuer_profile.id"), index=True)
    kind: Mapped[KeyKind] = mapped_column(TextEnum(KeyKind), default=KeyKind.ED25519)
    multikey: Mapped[str] = mapped_column(String(100), unique=True)
    public_jwk: Mapped[dict[str, Any] | None]
    private_key_sealed: Mapped[str] = mapped_column(Text)
    status: Mapped[KeyStatus] = mapped_column(TextEnum(KeyStatus))
    created_at: Mapped[datetime]


class AssessingRole(StrEnum):
    """What an appointment allows.

    An assessor recommends; a grantor decides; a moderator is a grantor who may
    also settle what others cannot agree on.
    """

    ASSESSOR = "assessor"
    GRANTOR = "grantor"
    MODERATOR = "moderator"


class GrantorAppointment(Base):
    """One person's right to assess for one achievement, and, but for assessors, to award it.

    `ends_at`: `None` while no end is set; rights stop the moment it passes.
    `trained_on`: `None` if no training is on record. `is_limited`: it holds in
    the courses of `AppointmentCourse` only, so one that lists none gives no
    right at all. `note`: on the grantor's qualification; `None` if none is made.
    """

    __tablename__ = "grantor_appointment"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    achievement_id: Mapped[int] = mapped_column(ForeignKey("achievement.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[AssessingRole] = mapped_column(
        TextEnum(AssessingRole), default=AssessingRole.GRANTOR
    )
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    trained_on: Mapped[datetime | None]
    is_limited: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]

    person: Mapped["Person"] = relationship("Person")
    courses: Mapped[list["Course"]] = relationship(
        "Course", secondary="appointment_course", order_by="Course.id"
    )


class AppointmentCourse(Base):
    """One course in which a limited appointment holds."""

    __tablename__ = "appointment_course"
    __table_args__ = (UniqueConstraint("appointment_id", "course_id"),)

    appointment_id: Mapped[int] = mapped_column(ForeignKey("grantor_appointment.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)


class ReviewerAppointment(Base):
    """One person's seat in a group of reviewers, such as the committee.

    `group_key`: the preset's word for the group. `unit`: the issuing unit that
    they decide for, where the group is by unit; else `None`. `ends_at`: `None`
    while no end is set.
    """

    __tablename__ = "reviewer_appointment"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    group_key: Mapped[str] = mapped_column(String(60))
    unit: Mapped[str | None] = mapped_column(String(200))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    person: Mapped["Person"] = relationship("Person")


class Administrator(Base):
    """One person's right to administer the institution's part of the installation.

    `ended_at`: `None` while it lasts.
    """

    __tablename__ = "administrator"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    begins_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    person: Mapped["Person"] = relationship("Person")
