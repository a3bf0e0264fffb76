"""The history of a proposal: each thing that happens is added to it, and to the audit log."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.approval.models import EventKind, Proposal, ProposalEvent, ProposalStatus
from app.core import audit
from app.core.errors import ConflictError

# What the audit log keeps of an event: decisions and references, never what people wrote.
AUDITED = ("vote", "condition", "reference", "until", "sha256", "digest")


def add_event(
    session: Session,
    proposal: Proposal,
    kind: EventKind,
    *,
    person_id: int | None,
    step_key: str | None = None,
    once: str | None = None,
    facts: dict[str, Any] | None = None,
    now: datetime,
) -> ProposalEvent:
    """Write down what happened.

    Raises: `ConflictError` if it may happen only once, and has.
    """
    last = session.scalar(
        select(func.max(ProposalEvent.number)).where(ProposalEvent.proposal_id == proposal.id)
    )
    event = ProposalEvent(
        institution_id=proposal.institution_id,
        proposal_id=proposal.id,
        number=(last or 0) + 1,
        at=now,
        person_id=person_id,
        kind=kind,
        round=proposal.round,
        step_key=step_key,
        once=once,
        facts=facts or {},
    )
    session.add(event)
    try:
        session.flush()
    except IntegrityError as error:  # the unique keys settle a race between two people
        raise ConflictError(
            "Somebody else has just acted on this proposal. Load the page again."
        ) from error
    session.expire(proposal, ["events"])
    audit.record(
        session,
        proposal.institution_id,
        actor=f"person:{person_id}" if person_id else "program",
        action=f"proposal.{kind.value}",
        subject=f"proposal:{proposal.id}",
        facts={
            "number": proposal.number,
            "round": proposal.round,
            "step": step_key,
            **{name: event.facts[name] for name in AUDITED if name in event.facts},
        },
        now=now,
    )
    return event


def set_status(proposal: Proposal, status: ProposalStatus, *, now: datetime) -> None:
    """Move a proposal to a status outside review, or into its first step."""
    proposal.status = status
    proposal.status_changed_at = now
    if status is not ProposalStatus.IN_REVIEW:
        proposal.step_position = proposal.group_key = proposal.step_started_at = None


def start_step(proposal: Proposal, position: int, *, now: datetime) -> None:
    """Let the next group decide."""
    proposal.step_position = position
    proposal.group_key = proposal.pinned.steps[position].group
    proposal.step_started_at = now
