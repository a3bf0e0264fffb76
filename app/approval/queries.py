"""What proposers, reviewers and administrators look at. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.approval.eligibility import count_step, is_concerned, may_see
from app.approval.models import EventKind, Proposal, ProposalEvent, ProposalStatus
from app.approval.standing import Tally, Vote
from app.catalog.content import content_of
from app.catalog.models import Achievement, AchievementVersion, VersionStatus
from app.core.errors import NotFoundError
from app.core.principal import Principal
from app.programme.reviewers import is_same_unit, list_seats_of

PAGE_SIZE = 50
MAX_VOTED = 50


@dataclass(frozen=True)
class Waiting:
    """A proposal in a step where somebody decides. `own_vote`: `None` if they have not voted."""

    proposal: Proposal
    tally: Tally
    own_vote: Vote | None

    @property
    def is_theirs(self) -> bool:
        """Whether it waits for this person: for their vote, or for anybody to close the step."""
        return self.own_vote is None or self.tally.has_quorum


@dataclass(frozen=True)
class ProposalPage:
    """One page of a list. `total`: of all pages."""

    proposals: Sequence[Proposal]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE_SIZE))


def get_proposal(
    session: Session, proposal_id: int, *, principal: Principal, now: datetime
) -> Proposal:
    """Return a proposal to those who may see it.

    Raises: `NotFoundError`, whether it does not exist or is not theirs to see.
    """
    proposal = session.scalar(_loaded(select(Proposal)).where(Proposal.id == proposal_id))
    if proposal is None or not may_see(session, proposal, principal, now=now):
        raise NotFoundError("There is no such proposal, or it is not yours to see.")
    return proposal


def lock_proposal(
    session: Session, proposal_id: int, *, principal: Principal, now: datetime
) -> Proposal:
    """Return a proposal as `get_proposal`, locked: what is done to it is done in a row.

    Raises: `NotFoundError`.
    """
    session.execute(select(Proposal.id).where(Proposal.id == proposal_id).with_for_update())
    return get_proposal(session, proposal_id, principal=principal, now=now)


def list_own_proposals(session: Session, person_id: int) -> list[Proposal]:
    """Return what a person has proposed, newest first."""
    statement = _loaded(select(Proposal)).where(Proposal.proposer_id == person_id)
    return list(session.scalars(statement.order_by(Proposal.id.desc())))


def count_to_do(session: Session, person_id: int) -> int:
    """Return how many of a person's own proposals wait for them: begun, or returned."""
    statement = select(func.count()).where(
        Proposal.proposer_id == person_id,
        Proposal.status.in_([ProposalStatus.DRAFT, ProposalStatus.RETURNED]),
    )
    return session.scalar(statement) or 0


def list_all_proposals(
    session: Session, institution_id: int, *, status: ProposalStatus | None, page: int
) -> ProposalPage:
    """Return one page of the institution's proposals, newest first."""
    statement = select(Proposal).where(Proposal.institution_id == institution_id)
    if status is not None:
        statement = statement.where(Proposal.status == status)
    total = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    page = min(max(1, page), max(1, -(-total // PAGE_SIZE)))
    found = session.scalars(
        _loaded(statement)
        .order_by(Proposal.id.desc())
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    return ProposalPage(list(found), total, page)


def list_waiting(session: Session, principal: Principal, *, now: datetime) -> list[Waiting]:
    """Return what is in a step where a person decides, the longest waiting first."""
    seats = list_seats_of(session, principal.person_id, now=now)
    found = session.scalars(
        _loaded(select(Proposal))
        .where(
            Proposal.institution_id == principal.institution_id,
            Proposal.status == ProposalStatus.IN_REVIEW,
            Proposal.group_key.in_({seat.group_key for seat in seats}),
        )
        .order_by(Proposal.step_started_at, Proposal.id)
    )
    waiting = []
    for proposal in found:
        step = proposal.step
        if step is None or is_concerned(session, proposal, principal.person_id):
            continue
        by_unit = proposal.pinned.group(step.group).by_unit
        if any(
            seat.group_key == step.group and (not by_unit or is_same_unit(seat.unit, proposal.unit))
            for seat in seats
        ):
            tally = count_step(session, proposal, step)
            waiting.append(Waiting(proposal, tally, find_vote(proposal, principal.person_id)))
    return waiting


def count_waiting(session: Session, principal: Principal, *, now: datetime) -> int:
    """Return how many proposals wait for a person's vote, or for them to close a step."""
    return sum(each.is_theirs for each in list_waiting(session, principal, now=now))


def list_voted(session: Session, person_id: int) -> list[ProposalEvent]:
    """Return a person's newest votes, with their proposals."""
    return list(
        session.scalars(
            select(ProposalEvent)
            .where(ProposalEvent.person_id == person_id, ProposalEvent.kind == EventKind.VOTED)
            .options(
                joinedload(ProposalEvent.proposal)
                .joinedload(Proposal.version)
                .joinedload(AchievementVersion.achievement)
                .joinedload(Achievement.level)
            )
            .order_by(ProposalEvent.at.desc(), ProposalEvent.id.desc())
            .limit(MAX_VOTED)
        )
    )


def find_vote(proposal: Proposal, person_id: int) -> Vote | None:
    """Return what a person voted in the running step, if they have."""
    step = proposal.step
    for event in proposal.events:
        if (
            step is not None
            and event.kind is EventKind.VOTED
            and (event.round, event.step_key, event.person_id)
            == (proposal.round, step.key, person_id)
        ):
            return Vote(event.facts["vote"])
    return None


def find_earlier_content(proposal: Proposal) -> dict[str, Any] | None:
    """Return the content of the round before, if there was one."""
    submitted = [event for event in proposal.events if event.kind is EventKind.SUBMITTED]
    earlier = [event for event in submitted if event.round < proposal.round]
    content: dict[str, Any] | None = earlier[-1].facts["content"] if earlier else None
    return content


def find_base_version(session: Session, version: AchievementVersion) -> AchievementVersion | None:
    """Return the version that a change starts from: the newest published one before it."""
    return session.scalar(
        select(AchievementVersion)
        .where(
            AchievementVersion.achievement_id == version.achievement_id,
            AchievementVersion.number < version.number,
            AchievementVersion.status.in_([VersionStatus.APPROVED, VersionStatus.SUPERSEDED]),
        )
        .order_by(AchievementVersion.number.desc())
        .limit(1)
    )


def content_in_rows(version: AchievementVersion) -> dict[str, Any] | None:
    """Return what a version says, unless it is a draft, which may be incomplete."""
    return None if version.draft is not None else content_of(version).model_dump(mode="json")


def _loaded(statement: Select[Proposal]) -> Select[Proposal]:
    version = joinedload(Proposal.version)
    achievement = version.joinedload(AchievementVersion.achievement)
    return statement.options(
        achievement.joinedload(Achievement.level),
        achievement.joinedload(Achievement.issuer),
        joinedload(Proposal.proposer),
        joinedload(Proposal.course),
        selectinload(Proposal.events).joinedload(ProposalEvent.person),
        selectinload(Proposal.documents),
    ).execution_options(populate_existing=True)
