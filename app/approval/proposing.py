"""The proposer's side: begin, answer, submit, withdraw."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.approval.eligibility import require_proposer
from app.approval.history import add_event, set_status, start_step
from app.approval.models import OPEN, EventKind, Proposal, ProposalStatus
from app.approval.naming import numbered, slug_of
from app.approval.pinned import PinnedRules, list_unanswered, pin_rules, why_wrong
from app.catalog.approving import check_draft, return_version, submit_version
from app.catalog.checking import known_issuers, known_levels
from app.catalog.content import content_of
from app.catalog.drafts import create_achievement_draft, find_open_version, start_next_version
from app.catalog.models import Achievement, AchievementVersion, VersionStatus
from app.core.errors import ConflictError, ForbiddenError, InvalidError
from app.core.principal import Principal
from app.programme.models import Level
from app.programme.service import get_rules

MAX_SLUGS = 1000


class IncompleteError(InvalidError):
    """Something is missing before it can be submitted."""


def begin_proposal(
    session: Session,
    principal: Principal,
    *,
    level_key: str,
    issuer_slug: str,
    audience: str | None,
    name: str,
    slug: str | None,
    unit: str | None,
    now: datetime,
) -> Proposal:
    """Begin a proposal for a new micro-credential: its draft, and the rules as they are now.

    `slug`: `None` makes one of the name that nobody has yet.
    Raises: `InvalidError` naming what the programme does not have; `ConflictError` if
        the slug is taken.
    """
    institution_id = principal.institution_id
    level = known_levels(session, institution_id).get(level_key)
    issuer = known_issuers(session, institution_id).get(issuer_slug)
    if level is None or issuer is None:
        raise InvalidError("Choose a level and an issuer of your institution.")
    rules = _pin(session, level, audience)
    version = create_achievement_draft(
        session,
        institution_id,
        slug=slug or find_free_slug(session, institution_id, name),
        level=level,
        issuer=issuer,
        draft={"name": name, **({"issuing_unit": unit} if unit else {})},
        proposed_by=principal.person_id,
        actor=principal.actor,
        now=now,
    )
    return _add_proposal(session, version, rules, principal, now=now)


def begin_change(
    session: Session,
    principal: Principal,
    achievement: Achievement,
    *,
    audience: str | None,
    now: datetime,
) -> Proposal:
    """Begin a proposal for a change: the next version, with the content of the newest.

    A draft of it that lies there without a proposal is taken up by whoever
    wrote it, or by an administrator.
    Raises: `ConflictError` if a change is under way, or the achievement is retired.
    """
    rules = _pin(session, achievement.level, audience)
    version = find_open_version(session, achievement.id)
    if version is None or not _may_take_up(session, version, principal):
        version = start_next_version(
            session,
            achievement,
            proposed_by=principal.person_id,
            actor=principal.actor,
            now=now,
        )
    elif achievement.retired_at is not None:
        raise ConflictError("This achievement is retired: it takes no new version.")
    return _add_proposal(session, version, rules, principal, now=now)


def find_open_proposal(session: Session, version_id: int) -> Proposal | None:
    """Return the proposal by which a version is being decided on, if there is one."""
    return session.scalar(
        select(Proposal).where(Proposal.version_id == version_id, Proposal.status.in_(OPEN))
    )


def find_free_slug(session: Session, institution_id: int, name: str) -> str:
    """Return the name's slug, with a number behind it if it is taken.

    Raises: `ConflictError` if the whole row is taken.
    """
    wanted = slug_of(name)
    candidates = [wanted, *(numbered(wanted, number) for number in range(2, MAX_SLUGS))]
    taken = set(
        session.scalars(
            select(Achievement.slug).where(
                Achievement.institution_id == institution_id,
                Achievement.slug.startswith(wanted[:60], autoescape=True),
            )
        )
    )
    for candidate in candidates:
        if candidate not in taken:
            return candidate
    raise ConflictError("Too many micro-credentials have this name: choose a short name yourself.")


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


def list_missing(session: Session, proposal: Proposal) -> list[str]:
    """Return in words what must be done before it can be submitted."""
    missing = [
        f"Answer “{question.label}”."
        for question in list_unanswered(proposal.pinned, proposal.answers)
    ]
    try:
        spec = check_draft(session, proposal.version)
    except InvalidError as error:
        return [*missing, f"Complete the content: {error}"]
    if _needs_unit(proposal.pinned) and spec.issuing_unit is None:
        missing.append("Name the issuing unit in the content: its leaders decide in one step.")
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
    missing = list_missing(session, proposal)
    if missing:
        raise IncompleteError(" ".join(missing))
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


def add_proposal(
    session: Session, version: AchievementVersion, principal: Principal, *, now: datetime
) -> Proposal:
    """Begin a proposal for a version that has none, to write down a decision made elsewhere."""
    achievement = version.achievement
    rules = pin_rules(
        get_rules(session, version.institution_id),
        level_key=achievement.level.key,
        level_name=achievement.level.name,
        route_key=achievement.level.approval_route,
        audience=None,
    )
    return _add_proposal(session, version, rules, principal, now=now)


def _add_proposal(
    session: Session,
    version: AchievementVersion,
    rules: PinnedRules,
    principal: Principal,
    *,
    now: datetime,
) -> Proposal:
    highest = session.scalar(
        select(func.max(Proposal.number)).where(Proposal.institution_id == version.institution_id)
    )
    proposal = Proposal(
        institution_id=version.institution_id,
        number=(highest or 0) + 1,
        version=version,
        proposer_id=principal.person_id,
        course_id=principal.course_id,
        audience=rules.audience.key if rules.audience else None,
        unit=version.issuing_unit,
        rules=rules.model_dump(mode="json"),
        answers={},
        status=ProposalStatus.DRAFT,
        status_changed_at=now,
        round=0,
        created_at=now,
    )
    session.add(proposal)
    try:
        session.flush()
    except IntegrityError as error:  # the unique keys settle a race between two windows
        raise ConflictError("Somebody else has just begun a proposal. Try again.") from error
    add_event(session, proposal, EventKind.BEGUN, person_id=principal.person_id, now=now)
    return proposal


def _pin(session: Session, level: Level, audience: str | None) -> PinnedRules:
    rules = get_rules(session, level.institution_id)
    pinned = pin_rules(
        rules,
        level_key=level.key,
        level_name=level.name,
        route_key=level.approval_route,
        audience=audience,
    )
    if pinned.route is None:
        raise InvalidError(
            f"The programme does not say how a {level.name} is approved. "
            "Ask your programme administrator."
        )
    if not pinned.steps:
        raise InvalidError("Say for whom it is meant: that decides who approves it.")
    return pinned


def _may_take_up(session: Session, version: AchievementVersion, principal: Principal) -> bool:
    is_free = (
        version.status is VersionStatus.DRAFT and find_open_proposal(session, version.id) is None
    )
    if is_free and not principal.is_administrator and version.proposed_by != principal.person_id:
        raise ForbiddenError(
            "Somebody else has a draft of a change of this micro-credential. "
            "Your programme administrator can take it up."
        )
    return is_free


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
