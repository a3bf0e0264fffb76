"""Souvenirs in bulk, and the codes by which they are claimed at an event."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.awards.models import Award
from app.catalog.models import Achievement, AchievementVersion
from app.core.orm import Base, TextEnum
from app.courses.models import Course, Person


class BatchState(StrEnum):
    """Where a batch stands: `planned` is a dry run that nobody has confirmed yet."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


class RowState(StrEnum):
    """What becomes of one row.

    `ready`: will be awarded. `holds`: the person has it already. `repeated`: an
    earlier row means the same person. `refused`: not awarded, see `problem`.
    `awarded`. `failed`: it was ready, and could not be awarded after all.
    """

    READY = "ready"
    HOLDS = "holds"
    REPEATED = "repeated"
    REFUSED = "refused"
    AWARDED = "awarded"
    FAILED = "failed"


class SouvenirBatch(Base):
    """One list of people who are to be given one Souvenir, together.

    `key`: the same list sent twice has the same key, and is one batch.
    `course_id`: only people of this course; `None`: anybody. `source`: where
    the list came from: `roster`, `paste`, `file`, `command`. `notes`: how the
    list was read, for its sender. `created_by`: `None` for a command;
    `actor`: as the audit log names whoever made it.
    `problem`: why the whole batch stopped by itself; `None` if it did not.
    `revoked_at`, `revocation_reason`, `revoked_by`: when all of it was taken
    back, and by whom (as an actor); `None` while it stands.
    """

    __tablename__ = "souvenir_batch"
    __table_args__ = (UniqueConstraint("institution_id", "key"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    achievement_id: Mapped[int] = mapped_column(ForeignKey("achievement.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("achievement_version.id"))
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"), index=True)
    key: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(20))
    file_name: Mapped[str | None] = mapped_column(String(200))
    notes: Mapped[list[str]]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    actor: Mapped[str] = mapped_column(String(80))
    state: Mapped[BatchState] = mapped_column(TextEnum(BatchState))
    problem: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revocation_reason: Mapped[str | None] = mapped_column(Text)
    revoked_by: Mapped[str | None] = mapped_column(String(80))

    achievement: Mapped[Achievement] = relationship()
    version: Mapped[AchievementVersion] = relationship()
    course: Mapped[Course | None] = relationship()


class SouvenirRow(Base):
    """One line of a batch's list, and what became of it.

    `number`: the line of the list. `email`: normalised; `None` for somebody
    ticked in the roster. `given_name`, `given_email`: as they were written, for
    the results; erased with the person. `person_id`: whom it means; `None` for
    somebody not known yet, or of whom nothing could be made out. `problem`: a
    word of `row_words`, or a sentence; `None` if there is none. `is_formula`: a
    cell looks like a spreadsheet's formula; it was kept as text.
    """

    __tablename__ = "souvenir_row"
    __table_args__ = (
        UniqueConstraint("batch_id", "number"),
        Index("ix_souvenir_row_batch_id_state", "batch_id", "state"),
    )

    batch_id: Mapped[int] = mapped_column(ForeignKey("souvenir_batch.id"))
    number: Mapped[int]
    email: Mapped[str | None] = mapped_column(String(320))
    given_email: Mapped[str | None] = mapped_column(String(320))
    given_name: Mapped[str | None] = mapped_column(String(255))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[RowState] = mapped_column(TextEnum(RowState))
    problem: Mapped[str | None] = mapped_column(String(500))
    is_formula: Mapped[bool] = mapped_column(default=False)
    award_id: Mapped[int | None] = mapped_column(ForeignKey("award.id"), index=True)

    person: Mapped[Person | None] = relationship()
    award: Mapped[Award | None] = relationship()


class Claim(Base):
    """A Souvenir that people at an event claim for themselves, by a code.

    `code_hash`: by it the code is found. `code_sealed`: the code, encrypted, to
    be shown again to whoever made it. `max_count`: so many may claim; `taken`:
    so many have, counted up by one atomic update. `course_id`: only learners
    of this course; `None`: anybody who can sign in. `paused_at`, `stopped_at`:
    `None` while it is neither; a stopped one does not go on.
    """

    __tablename__ = "souvenir_claim"
    __table_args__ = (CheckConstraint("taken <= max_count", name="not_overdrawn"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    achievement_id: Mapped[int] = mapped_column(ForeignKey("achievement.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("achievement_version.id"))
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    code_sealed: Mapped[str] = mapped_column(String(200))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    max_count: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]

    achievement: Mapped[Achievement] = relationship()
    version: Mapped[AchievementVersion] = relationship()
    course: Mapped[Course | None] = relationship()


class ClaimUse(Base):
    """One person's use of a claim: each person once."""

    __tablename__ = "souvenir_claim_use"
    __table_args__ = (UniqueConstraint("claim_id", "person_id"),)

    claim_id: Mapped[int] = mapped_column(ForeignKey("souvenir_claim.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)
    claimed_at: Mapped[datetime]

    person: Mapped[Person] = relationship()
    award: Mapped[Award] = relationship()


class ClaimMiss(Base):
    """A code that somebody entered and that nobody made; too many in a row are refused."""

    __tablename__ = "souvenir_claim_miss"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    missed_at: Mapped[datetime]
