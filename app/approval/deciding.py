"""The reviewers' side: vote, close a step, return, decline, tick conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.approval.eligibility import count_step, is_concerned, may_see, require_decider
from app.approval.history import add_event, set_status, start_step
from app.approval.models import EventKind, Proposal, ProposalStatus
from app.approval.standing import (
    Tally,
    Vote,
    list_conditions,
    votes_of,
)
from app.catalog.approving import approve_version, decline_version, return_version
from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from app.core.months import add_months
from app.core.principal import Principal
from app.programme.rules import ReviewCriterion, Step

MAX_CONDITIONS = 20


@dataclass(frozen=True)
class Seen:
    """The step that was on the page when somebody decided."""

    round: int
    step_key: str


@dataclass(frozen=True)
class Score:
    """One review criterion in a vote. `position`: of the level chosen; 0 is lowest."""

    position: int
    note: str


@dataclass(frozen=True)
class Ballot:
    """What one reviewer says in one step. `scores`: by the key of the review criterion."""

    vote: Vote
    comment: str
    conditions: Sequence[str]
    scores: Mapping[str, Score]


def cast_vote(
    session: Session,
    proposal: Proposal,
    ballot: Ballot,
    *,
    person_id: int,
    seen: Seen,
    now: datetime,
) -> None:
    """Record one reviewer's vote; it is not changed afterwards.

    Raises: `ForbiddenError` for who does not decide here; `ConflictError` if the step
        has moved on, or they have voted; `InvalidError` if the vote is not whole.
    """
    step = _require_step(session, proposal, person_id, seen, now=now)
    votes = votes_of(proposal.events, round_number=proposal.round, step_key=step.key)
    if any(vote.person_id == person_id for vote in votes):
        raise ConflictError("You have voted in this step already; a vote is not changed.")
    _check_ballot(ballot, step, proposal.pinned.review_criteria)
    add_event(
        session,
        proposal,
        EventKind.VOTED,
        person_id=person_id,
        step_key=step.key,
        once=f"vote:{proposal.round}:{step.key}:{person_id}",
        facts={
            "vote": ballot.vote.value,
            "comment": ballot.comment,
            "conditions": list(ballot.conditions),
            "scores": {
                key: {"position": score.position, "note": score.note}
                for key, score in ballot.scores.items()
            },
        },
        now=now,
    )


def carry_step(
    session: Session, proposal: Proposal, *, person_id: int, seen: Seen, now: datetime
) -> bool:
    """Close a step that its votes have carried; return whether that approved the proposal.

    Raises: as `cast_vote`; `ConflictError` if the votes do not carry it, or if it
        is the last step and a condition is open.
    """
    step = _require_step(session, proposal, person_id, seen, now=now)
    tally = count_step(session, proposal, step)
    if not tally.has_quorum:
        raise ConflictError(
            f"{tally.cast} of {tally.quorum} votes are cast: the quorum is not there yet."
        )
    if not tally.is_carried:
        raise ConflictError("The votes do not carry this step: return the proposal, or decline it.")
    position = proposal.step_position or 0
    is_last = position + 1 == len(proposal.pinned.steps)
    if is_last:
        _require_conditions(proposal)
    add_event(
        session,
        proposal,
        EventKind.STEP_CARRIED,
        person_id=person_id,
        step_key=step.key,
        once=_closing(proposal, step),
        facts=_said(tally),
        now=now,
    )
    if is_last:
        _approve(session, proposal, now=now)
    else:
        start_step(proposal, position + 1, now=now)
        session.flush()
    return is_last


def decline_proposal(
    session: Session,
    proposal: Proposal,
    *,
    reason: str,
    person_id: int,
    seen: Seen,
    now: datetime,
) -> None:
    """Decline a proposal whose votes, with a quorum, do not carry the step: for good.

    Raises: as `cast_vote`; `ConflictError` without a quorum, or if it is carried.
    """
    step = _require_step(session, proposal, person_id, seen, now=now)
    _require_reason(reason)
    tally = count_step(session, proposal, step)
    if not tally.has_quorum or tally.is_carried:
        raise ConflictError("Only a step that has its quorum and is not carried can be declined.")
    decline_version(session, proposal.version, actor=f"person:{person_id}", now=now)
    closing = _closing(proposal, step)
    set_status(proposal, ProposalStatus.DECLINED, now=now)
    add_event(
        session,
        proposal,
        EventKind.DECLINED,
        person_id=person_id,
        step_key=step.key,
        once=closing,
        facts={"reason": reason, **_said(tally)},
        now=now,
    )


def return_proposal(
    session: Session,
    proposal: Proposal,
    *,
    reason: str,
    person_id: int,
    seen: Seen,
    now: datetime,
) -> None:
    """Give a proposal back to be changed, at any time of a step, by any who decide in it.

    Raises: as `cast_vote`; `InvalidError` without a reason.
    """
    step = _require_step(session, proposal, person_id, seen, now=now)
    _require_reason(reason)
    tally = count_step(session, proposal, step)
    return_version(session, proposal.version, actor=f"person:{person_id}", now=now)
    closing = _closing(proposal, step)
    set_status(proposal, ProposalStatus.RETURNED, now=now)
    add_event(
        session,
        proposal,
        EventKind.RETURNED,
        person_id=person_id,
        step_key=step.key,
        once=closing,
        facts={"reason": reason, **_said(tally)},
        now=now,
    )


def fulfil_condition(
    session: Session,
    proposal: Proposal,
    condition_id: str,
    *,
    note: str,
    principal: Principal,
    now: datetime,
) -> None:
    """Tick a condition of the running round as fulfilled; the history names who did.

    Reviewers of the route and administrators may, never those whom the proposal concerns.
    Raises: `ForbiddenError`; `NotFoundError`; `ConflictError` if it is fulfilled already,
        or the proposal is not in review.
    """
    if proposal.step is None:
        raise ConflictError("This proposal is not in review now.")
    if is_concerned(session, proposal, principal.person_id):
        raise ForbiddenError("Others say whether the conditions of your proposal are fulfilled.")
    if not may_see(session, proposal, principal, now=now):
        raise NotFoundError("There is no such proposal.")
    conditions = list_conditions(proposal.events, round_number=proposal.round)
    condition = next((each for each in conditions if each.id == condition_id), None)
    if condition is None:
        raise NotFoundError("There is no such condition in this round.")
    if condition.fulfilled is not None:
        raise ConflictError("This condition is fulfilled already.")
    add_event(
        session,
        proposal,
        EventKind.CONDITION_FULFILLED,
        person_id=principal.person_id,
        step_key=condition.step_key,
        once=f"condition:{condition.id}",
        facts={"condition": condition.id, "note": note},
        now=now,
    )


def _approve(session: Session, proposal: Proposal, *, now: datetime) -> None:
    achievement = proposal.version.achievement
    if achievement.retired_at is not None:
        raise ConflictError("This micro-credential was retired meanwhile: nothing can be approved.")
    route = proposal.pinned.route
    until = add_months(now, route.months) if route and route.months else None
    reference = f"Proposal {proposal.number}, {now:%Y-%m-%d}"
    approve_version(
        session, proposal.version, reference=reference, until=until, actor="program", now=now
    )
    set_status(proposal, ProposalStatus.APPROVED, now=now)
    add_event(
        session,
        proposal,
        EventKind.APPROVED,
        person_id=None,
        once="over",
        facts={"reference": reference, "until": until.isoformat() if until else None},
        now=now,
    )


def _require_step(
    session: Session, proposal: Proposal, person_id: int, seen: Seen, *, now: datetime
) -> Step:
    step = require_decider(session, proposal, person_id, now=now)
    if (proposal.round, step.key) != (seen.round, seen.step_key):
        raise ConflictError(
            "The step that you saw is closed; nothing was recorded. Load the page again."
        )
    return step


def _check_ballot(ballot: Ballot, step: Step, criteria: Sequence[ReviewCriterion]) -> None:
    if ballot.vote is Vote.FOR_WITH_CONDITIONS and not ballot.conditions:
        raise InvalidError("Say at least one condition, or vote without.")
    if ballot.vote is not Vote.FOR_WITH_CONDITIONS and ballot.conditions:
        raise InvalidError("Conditions belong to a vote “for, with conditions”.")
    if len(ballot.conditions) > MAX_CONDITIONS:
        raise InvalidError(f"At most {MAX_CONDITIONS} conditions can be set.")
    if ballot.vote is Vote.AGAINST and not ballot.comment:
        raise InvalidError("Say in the comment why you are against it.")
    wanted = {criterion.key: len(criterion.level) for criterion in criteria}
    must_score = step.scores and ballot.vote is not Vote.ABSTAIN
    if must_score and ballot.scores.keys() != wanted.keys():
        raise InvalidError("Score every criterion of the review rubric.")
    for key, score in ballot.scores.items():
        if not step.scores or not 0 <= score.position < wanted.get(key, 0):
            raise InvalidError("Score the criteria of the review rubric, and no others.")


def _require_conditions(proposal: Proposal) -> None:
    conditions = list_conditions(proposal.events, round_number=proposal.round)
    still_open = sum(condition.fulfilled is None for condition in conditions)
    if still_open:
        raise ConflictError(
            f"Conditions are open ({still_open}): tick each as fulfilled before the last step "
            "is closed, or return the proposal."
        )


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidError("Give a reason: the proposer must know what to change, or why.")


def _closing(proposal: Proposal, step: Step) -> str:
    return f"closed:{proposal.round}:{step.key}"


def _said(tally: Tally) -> dict[str, int]:
    return {
        "in_favour": tally.in_favour,
        "against": tally.against,
        "abstained": tally.abstained,
        "quorum": tally.quorum,
    }
