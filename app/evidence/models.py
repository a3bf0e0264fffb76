"""Submissions, attempts and artifacts."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from app.core.orm import Base, TextEnum
from app.courses.models import Person
from app.mapping.models import Assignment

# What waits for somebody who assesses. Literal, because neither SQLite nor a prepared statement of
# PostgreSQL proves from bound values that a partial index holds what is asked.
WAITS = text(
    "submission.status IN ('submitted', 'in_assessment')"
    " AND submission.decided_at IS NULL AND submission.lead_id IS NULL"
)
IS_STARTED = text(
    "submission.status = 'in_assessment'"
    " AND submission.decided_at IS NULL AND submission.lead_id IS NULL"
)
IS_ASKED = text("submission.asked_at IS NOT NULL AND submission.lead_id IS NULL")
# Work without a promise stands in the queue behind all that has one: no promise lasts so long.
NO_PROMISE = timedelta(days=36_525)


def _index_where(condition: str) -> dict[str, Any]:
    """Return the options of a partial index, in which columns stand without their table."""
    bare = text(condition.replace("submission.", ""))
    return {"sqlite_where": bare, "postgresql_where": bare}


class SubmissionStatus(StrEnum):
    """Where a learner's work for one assignment stands (DOMAIN: status table)."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_ASSESSMENT = "in_assessment"
    REVISION_REQUESTED = "revision_requested"
    MET = "met"
    AWARDED = "awarded"
    NOT_MET = "not_met"
    REVOKED = "revoked"


# The learner may work on it; everything else is somebody else's turn, or the end.
OPEN_STATES = frozenset({SubmissionStatus.DRAFT, SubmissionStatus.REVISION_REQUESTED})


class Submission(Base):
    """What one learner hands in for one assignment, over all attempts.

    `lead_id`: in a group, the submission of the one who began, which holds the
    attempts of all; the others have a row each, with a status of their own, for
    each earns their own award. `None` for one's own work and for the one who began.
    `promised_at`: by when it is to be decided; `None` if nothing is promised.
    `decided_at`: a decision waits for its release (`assessment.AttemptDecision`);
    `None` while none does. `queue_at`: by what the queue is sorted: the promise,
    or, without one, the hand-in a hundred years later; `None` for a draft. `asked_at`: since when a
    question of the learner waits for its answer; `None` if none does. In a group, at the lead's.

    `achievement_id`: repeated from the assignment, so that a grantor's queue is
    one index. `submitted_at`: of the newest attempt handed in; `None` while
    there is only a draft. `assessor_id`: who started assessing; `None` while
    nobody has. `status_changed_at`: when the status last changed.
    """

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("assignment_id", "learner_id"),
        Index(
            "ix_submission_queue", "achievement_id", "queue_at", "id", **_index_where(WAITS.text)
        ),
        Index(
            "ix_submission_queue_age",
            *("achievement_id", "submitted_at", "id"),
            **_index_where(WAITS.text),
        ),
        Index(
            "ix_submission_queue_course",
            *("course_id", "achievement_id", "queue_at", "id"),
            **_index_where(WAITS.text),
        ),
        Index(
            "ix_submission_queue_started",
            *("achievement_id", "queue_at", "id"),
            **_index_where(IS_STARTED.text),
        ),
        Index(
            "ix_submission_queue_asked",
            *("achievement_id", "queue_at", "id"),
            **_index_where(IS_ASKED.text),
        ),
        Index("ix_submission_lead_id", "lead_id"),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    achievement_id: Mapped[int] = mapped_column(ForeignKey("achievement.id"))
    learner_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    status: Mapped[SubmissionStatus] = mapped_column(TextEnum(SubmissionStatus))
    status_changed_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    assessor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    assessment_started_at: Mapped[datetime | None]
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"))
    promised_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    queue_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    assignment: Mapped[Assignment] = relationship()
    learner: Mapped[Person] = relationship(foreign_keys=[learner_id])
    assessor: Mapped[Person | None] = relationship(foreign_keys=[assessor_id])
    lead: Mapped["Submission | None"] = relationship(
        remote_side="Submission.id", foreign_keys=[lead_id]
    )
    attempts: Mapped[list["Attempt"]] = relationship(
        back_populates="submission", order_by="Attempt.number"
    )

    @validates("submitted_at", "promised_at")
    def _place_in_queue(self, name: str, moment: datetime | None) -> datetime | None:
        """Keep the place in the queue in step with hand-in and promise."""
        promised_at = moment if name == "promised_at" else self.promised_at
        submitted_at = moment if name == "submitted_at" else self.submitted_at
        self.queue_at = promised_at or (submitted_at and submitted_at + NO_PROMISE)
        return moment

    @property
    def held_attempts(self) -> list["Attempt"]:
        """The attempts of this work; in a group they hang on the submission of whoever began."""
        return self.lead.attempts if self.lead is not None else self.attempts


class Attempt(Base):
    """A learner's n-th try. `submitted_at`: `None` while it is a draft; frozen afterwards.

    `revision`: rises with each change of what is typed into a draft (links, texts),
    so that two windows do not overwrite each other; files come and go one by one.
    `statement`: the words that were signed at handing in, by `signed_by` at
    `signed_at`; `None` if none were asked for.
    `withdrawn_at`: the learner took it back before it was assessed.
    `open_parts`: ids of the criteria whose work is to be revised; what belongs to
    others was taken over and stays as it is. `None`: all of it may change.
    """

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("submission_id", "number"),)

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    number: Mapped[int]
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=0)
    statement: Mapped[str | None] = mapped_column(Text)
    signed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    signed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    open_parts: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))

    submission: Mapped[Submission] = relationship(back_populates="attempts")

    @property
    def counts(self) -> bool:
        """Whether it was handed in and not taken back."""
        return self.submitted_at is not None and self.withdrawn_at is None

    @property
    def taken_back_before(self) -> list[int]:
        """The numbers of those that were handed in just before it and taken back, unread."""
        numbers: list[int] = []
        for attempt in self.submission.attempts:
            if attempt.number < self.number:
                numbers = [*numbers, attempt.number] if attempt.withdrawn_at else []
        return numbers

    artifacts: Mapped[list["Artifact"]] = relationship(
        back_populates="attempt", order_by="Artifact.id", cascade="all, delete-orphan"
    )


class ArtifactKind(StrEnum):
    """What an artifact is."""

    FILE = "file"
    LINK = "link"
    TEXT = "text"


class ScanState(StrEnum):
    """What is known of malware in a file; `not_scanned`: no scanner is configured."""

    WAITING = "waiting"
    CLEAN = "clean"
    INFECTED = "infected"
    NOT_SCANNED = "not_scanned"


# Files of which nothing is known; literal, so that the planner sees that its index holds them.
UNSCANNED = "scanned_at IS NULL AND storage_key IS NOT NULL"


class ScannedFile:
    """What is known of malware in the stored file that a row names: a table of files inherits this.

    Each of them is found by the scanner's job, so that no file is served that nobody
    would ever look at.
    `scan_state`, `scanned_at`: an infected file is never served. `not_scanned` with
    a time: a scanner was asked and could not say (too large).
    `finding`: what the scanner calls what it found; `None` unless infected.
    `scanned_as`: what such a row is called in the audit log.
    """

    scanned_as: ClassVar[str]
    if TYPE_CHECKING:
        id: Mapped[int]
        institution_id: Mapped[int]
        storage_key: Mapped[Any]
        file_name: Mapped[Any]
        sha256: Mapped[str]
        created_at: Mapped[datetime]

    scan_state: Mapped[ScanState] = mapped_column(
        TextEnum(ScanState), default=ScanState.NOT_SCANNED
    )
    scanned_at: Mapped[datetime | None]
    finding: Mapped[str | None] = mapped_column(String(150))

    @classmethod
    def is_kept(cls) -> ColumnElement[bool]:
        """Return the condition that the file is still there."""
        return cls.storage_key.is_not(None)

    @property
    def scan_subject(self) -> str:
        """Return what a finding is about, as in the audit log."""
        raise NotImplementedError


class Artifact(ScannedFile, Base):
    """One file, link or text of an attempt.

    A file has `file_name`, `media_type` (found in its bytes), `size_bytes` and
    `storage_key`; a link has `url`; a text has `text`; the others are `None`.
    `sha256`: hexadecimal, of the file's bytes, of the address, or of the text,
    both as UTF-8.
    `criterion_id`: the criterion that it is to show; `None`: the whole assignment.
    `note`: what the learner calls a link; `None` if nothing.
    `title`: of a link's page, as it was captured at `captured_at`; `None` until
    then, or if it has none. `final_host`: where the link led in the end.
    `content_sha256`: of the first bytes that came from there.
    `capture_problem`: why it could not be opened at `capture_failed_at`; else `None`.
    `origin_id`: the artifact from whose bytes it was taken over: of an earlier
    attempt, or of another assignment; `None` for what was made here.
    `deleted_at`: retention took the content; name, size and digest stay, of the draft of
    somebody who is forgotten only size and digest.
    """

    __tablename__ = "artifact"
    scanned_as = "artifact"
    __table_args__ = (
        Index("ix_artifact_storage_key", "storage_key"),
        # What a scanner has not looked at yet, the oldest first.
        Index(
            "ix_artifact_unscanned",
            "scan_state",
            "id",
            sqlite_where=text(UNSCANNED),
            postgresql_where=text(UNSCANNED),
        ),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), index=True)
    kind: Mapped[ArtifactKind] = mapped_column(TextEnum(ArtifactKind))
    file_name: Mapped[str | None] = mapped_column(String(255))
    media_type: Mapped[str | None] = mapped_column(String(150))
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    storage_key: Mapped[str | None] = mapped_column(String(200))
    url: Mapped[str | None] = mapped_column(String(2000))
    text: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    criterion_id: Mapped[int | None] = mapped_column(ForeignKey("criterion.id"))
    title: Mapped[str | None] = mapped_column(String(300))
    captured_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(String(300))
    final_host: Mapped[str | None] = mapped_column(String(253))
    content_sha256: Mapped[str | None] = mapped_column(String(64))
    capture_problem: Mapped[str | None] = mapped_column(String(300))
    capture_failed_at: Mapped[datetime | None]
    origin_id: Mapped[int | None] = mapped_column(ForeignKey("artifact.id"), index=True)
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    attempt: Mapped[Attempt] = relationship(back_populates="artifacts")

    @classmethod
    def is_kept(cls) -> ColumnElement[bool]:
        """Return the condition that the file is still there."""
        return cls.deleted_at.is_(None)

    @property
    def scan_subject(self) -> str:
        """Return what a finding is about, as in the audit log."""
        return f"submission:{self.attempt.submission_id}"
