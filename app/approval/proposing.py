"""The proposer's side once a proposal is begun: answer, submit, withdraw."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.approval.eligibility import require_proposer
from app.approval.history import add_event, set_status, start_step
from app.approval.models import EventKind, Proposal, ProposalStatus
from app.approval.pinned import PinnedRules, list_unanswered, why_wrong
from app.catalog.approving import return_version, submit_version
from app.catalog.content import content_of
from app.catalog.models import VersionStatus
from app.catalog.problems import find_problems
from app.core.errors import ConflictError, InvalidError
from app.core.principal import Principal
from app.evidence.models import ScanState


class IncompleteError(InvalidError):
    """Something is missing before it can be submitted."""


def save_answers(proposal: Proposal, answers: Mapping[str, Any], principal: Principal) -> None:
    """Keep what is answered so far; it may be incomplete.

    Raises: `ForbiddenError` for anybody else; `ConflictError` if it is in review or over;
        `InvalidError` for an answer that its question cannot have.
    """
    require_proposer(proposal, principal)
    _require_editable(proposal)
    questions = proposal.pinned.questions
    for question in questions:
        why = why_wrong(question, answers.get(question.key))
        if why is not None:
            raise InvalidError(f"“{question.label}”: {why}.")
    # What the programme does not ask is not kept.
    proposal.answers = {question.key: answers.get(question.key) or None for question in questions}


@dataclass(frozen=True)
class Missing:
    """One thing to do before it can be submitted. `anchor`: where, on the proposer's page."""

    anchor: str
    words: str


def list_missing(session: Session, proposal: Proposal, *, now: datetime) -> list[Missing]:
    """Return what must be done before it can be submitted."""
    missing = [
        Missing(f"question_{question.key}", f"Answer “{question.label}”.")
        for question in list_unanswered(proposal.pinned, proposal.answers)
    ]
    missing += [
        Missing("documents", f"Remove “{document.file_name}”: malware was found in it.")
        for document in proposal.current_documents
        if document.scan_state is ScanState.INFECTED
    ]
    version = proposal.version
    if find_problems(session, version, now=now):
        return [Missing("content", "Complete the content: what it lacks stands there."), *missing]
    if _needs_unit(proposal.pinned) and not (version.draft or {}).get("issuing_unit"):
        words = "Name the issuing unit in the content: its leaders decide in one step."
        missing.append(Missing("content", words))
    return missing


def submit_proposal(
    session: Session, proposal: Proposal, principal: Principal, *, now: datetime
) -> None:
    """Put a proposal into review; its content stands still from now on, and a round begins.

    Every round takes all steps again: what an earlier step decided on may have
    changed since.
    Raises: `ForbiddenError`, `ConflictError`; `IncompleteError` naming what is missing.
    """
    require_proposer(proposal, principal)
    _require_editable(proposal)
    if proposal.version.achievement.retired_at is not None:
        raise ConflictError("This micro-credential is retired: it takes no new version.")
    missing = list_missing(session, proposal, now=now)
    if missing:
        raise IncompleteError(" ".join(each.words for each in missing))
    submit_version(session, proposal.version, actor=principal.actor, now=now)
    proposal.unit = proposal.version.issuing_unit
    proposal.round += 1
    set_status(proposal, ProposalStatus.IN_REVIEW, now=now)
    start_step(proposal, 0, now=now)
    content = content_of(proposal.version).model_dump(mode="json")
    add_event(
        session,
        proposal,
        EventKind.SUBMITTED,
        person_id=principal.person_id,
        once=f"submitted:{proposal.round}",
        facts={
            "content": content,
            "answers": dict(proposal.answers),
            "documents": [
                {"name": document.file_name, "sha256": document.sha256}
                for document in proposal.current_documents
            ],
            "digest": _digest(content, proposal.answers),
        },
        now=now,
    )


def withdraw_proposal(
    session: Session, proposal: Proposal, principal: Principal, *, reason: str | None, now: datetime
) -> None:
    """End a proposal without a decision; its content stays as a draft.

    Raises: `ForbiddenError` unless it is the proposer or an administrator;
        `ConflictError` if it is over.
    """
    if not principal.is_administrator:
        require_proposer(proposal, principal)
    if not proposal.is_open:
        raise ConflictError("This proposal is over already.")
    step = proposal.step
    if proposal.version.status is VersionStatus.IN_REVIEW:
        return_version(session, proposal.version, actor=principal.actor, now=now)
    set_status(proposal, ProposalStatus.WITHDRAWN, now=now)
    add_event(
        session,
        proposal,
        EventKind.WITHDRAWN,
        person_id=principal.person_id,
        step_key=step.key if step else None,
        once="over",
        facts={"reason": reason} if reason else {},
        now=now,
    )


def _needs_unit(pinned: PinnedRules) -> bool:
    return any(pinned.group(step.group).by_unit for step in pinned.steps)


def _require_editable(proposal: Proposal) -> None:
    if not proposal.is_editable:
        raise ConflictError(
            "This proposal is in review or over, so it cannot be changed. Load the page again."
        )


def _digest(content: Mapping[str, Any], answers: Mapping[str, Any]) -> str:
    said = json.dumps([content, answers], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()
