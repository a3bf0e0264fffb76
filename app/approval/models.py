"""Proposals, what is attached to them, and the history of their review."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, event, text
from sqlalchemy.orm import Mapped, Mapper, mapped_column, object_session, relationship

from app.approval.pinned import PinnedRules
from app.catalog.models import AchievementVersion
from app.core.orm import Base, TextEnum
from app.courses.models import Course, Person
from app.evidence.models import ScannedFile
from app.programme.rules import Step


class ProposalStatus(StrEnum):
    """Where a proposal stands. `returned`: it is its proposer's turn again."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


OPEN = (ProposalStatus.DRAFT, ProposalStatus.IN_REVIEW, ProposalStatus.RETURNED)
EDITABLE = (ProposalStatus.DRAFT, ProposalStatus.RETURNED)
_IS_OPEN = text("status IN ('draft', 'in_review', 'returned')")


class Proposal(Base):
    """One request to approve one version of an achievement; at most one is open per version.

    `number`: counts the institution's proposals; the approval's reference names it.
    `course_id`: where it was begun; `None` outside courses. `audience`: key of the
    preset; `None` where it has none. `unit`: the issuing unit as submitted; `None`
    until then, or if none is named. `rules`: a `PinnedRules` document.
    `answers`: question key → text, list of texts, or `None`.
    `round`: how often it was submitted. `step_position`, `group_key`,
    `step_started_at`: the running step and who decides in it; `None` outside review.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        UniqueConstraint("institution_id", "number"),
        Index(
            "uq_proposal_open",
            "version_id",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        Index("ix_proposal_waiting", "institution_id", "status", "group_key"),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    number: Mapped[int]
    version_id: Mapped[int] = mapped_column(ForeignKey("achievement_version.id"))
    proposer_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"))
    audience: Mapped[str | None] = mapped_column(String(60))
    unit: Mapped[str | None] = mapped_column(String(200))
    rules: Mapped[dict[str, Any]]
    answers: Mapped[dict[str, Any]]
    status: Mapped[ProposalStatus] = mapped_column(TextEnum(ProposalStatus))
    status_changed_at: Mapped[datetime]
    round: Mapped[int] = mapped_column(default=0)
    step_position: Mapped[int | None]
    group_key: Mapped[str | None] = mapped_column(String(60))
    step_started_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    version: Mapped[AchievementVersion] = relationship()
    proposer: Mapped[Person] = relationship()
    course: Mapped[Course | None] = relationship()
    events: Mapped[list["ProposalEvent"]] = relationship(
        back_populates="proposal", order_by="ProposalEvent.number"
    )
    documents: Mapped[list["ProposalDocument"]] = relationship(
        back_populates="proposal", order_by="ProposalDocument.id"
    )

    @property
    def pinned(self) -> PinnedRules:
        """The programme's rules as they were when it was begun."""
        return PinnedRules.model_validate(self.rules)

    @property
    def step(self) -> Step | None:
        """The step that is running, if it is in review."""
        return None if self.step_position is None else self.pinned.steps[self.step_position]

    @property
    def is_open(self) -> bool:
        """Whether anything can still happen to it."""
        return self.status in OPEN

    @property
    def is_editable(self) -> bool:
        """Whether it is its proposer's turn."""
        return self.status in EDITABLE

    @property
    def is_change(self) -> bool:
        """Whether it changes an achievement, rather than proposing a new one."""
        return self.version.number > 1

    @property
    def current_documents(self) -> list["ProposalDocument"]:
        """What is attached now."""
        return [document for document in self.documents if document.removed_at is None]


class EventKind(StrEnum):
    """What can happen to a proposal."""

    BEGUN = "begun"
    DOCUMENT_ADDED = "document_added"
    DOCUMENT_REMOVED = "document_removed"
    SUBMITTED = "submitted"
    VOTED = "voted"
    CONDITION_FULFILLED = "condition_fulfilled"
    STEP_CARRIED = "step_carried"
    RETURNED = "returned"
    DECLINED = "declined"
    APPROVED = "approved"
    REGISTERED = "registered"
    WITHDRAWN = "withdrawn"


class ProposalEvent(Base):
    """One thing that happened to a proposal; added, never edited, never deleted.

    `number`: counts the proposal's events. `person_id`: who did it; `None` for
    what follows by rule. `step_key`: of the pinned route; `None` outside a step.
    `once`: names what may happen only once, such as one person's vote in a step
    of a round, so that the database settles a race; `None`: as often as one likes.
    `facts`: what was said: comment, vote, scores, conditions, reason, content.
    """

    __tablename__ = "proposal_event"
    __table_args__ = (
        UniqueConstraint("proposal_id", "number"),
        UniqueConstraint("proposal_id", "once"),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    number: Mapped[int]
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[EventKind] = mapped_column(TextEnum(EventKind))
    round: Mapped[int]
    step_key: Mapped[str | None] = mapped_column(String(60))
    once: Mapped[str | None] = mapped_column(String(120))
    facts: Mapped[dict[str, Any]]

    proposal: Mapped[Proposal] = relationship(back_populates="events")
    person: Mapped[Person | None] = relationship()


class ProposalDocument(ScannedFile, Base):
    """One file attached to a proposal.

    `media_type`: found in its bytes. `round`: how often the proposal had been
    submitted when it came. `removed_at`: `None` while it is attached; what was
    submitted once is kept, because somebody decided on it.
    """

    __tablename__ = "proposal_document"
    scanned_as = "proposal_document"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    round: Mapped[int]
    file_name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(150))
    size_bytes: Mapped[int]
    storage_key: Mapped[str] = mapped_column(String(200), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    added_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    proposal: Mapped[Proposal] = relationship(back_populates="documents")

    @property
    def scan_subject(self) -> str:
        """Return what a finding is about, as in the audit log."""
        return f"proposal:{self.proposal_id}"


@event.listens_for(ProposalEvent, "before_delete")
def _refuse_delete(mapper: Mapper[Any], connection: Any, target: ProposalEvent) -> None:
    """Let nobody take anything out of a history, not even by mistake."""
    del mapper, connection, target
    raise RuntimeError("The history of a proposal is added to, never cut.")


@event.listens_for(ProposalEvent, "before_update")
def _refuse_edit(mapper: Mapper[Any], connection: Any, target: ProposalEvent) -> None:
    """Let nobody rewrite a history, not even by mistake."""
    del mapper, connection
    session = object_session(target)
    if session is not None and session.is_modified(target):
        raise RuntimeError("The history of a proposal is added to, never changed.")
