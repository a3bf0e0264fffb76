"""Who decides on a proposal, and who may see it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.approval.models import Proposal
from app.approval.standing import Tally, count_votes
from app.catalog.authorship import list_writers
from app.core.errors import ConflictError, ForbiddenError
from app.core.principal import Principal
from app.courses.models import Person
from app.programme.reviewers import (
    is_same_unit,
    list_running_seats,
    list_seats_in,
    list_seats_of,
)
from app.programme.rules import Step


def list_deciders(
    session: Session, proposal: Proposal, step: Step, *, now: datetime
) -> list[Person]:
    """Return who may decide in a step now: the group's members, without those it concerns."""
    seats = list_seats_in(
        session,
        proposal.institution_id,
        group=proposal.pinned.group(step.group),
        unit=unit_of(proposal),
        now=now,
    )
    people = dict.fromkeys(seat.person for seat in seats)
    concerned = list_concerned(session, proposal)
    return [person for person in people if person.id not in concerned]


def list_concerned(session: Session, proposal: Proposal) -> set[int]:
    """Return the ids of those who would decide on their own.

    They propose it, began its draft, or changed what stands in it.
    """
    began = {proposal.proposer_id, proposal.version.proposed_by}
    wrote = list_writers(session, proposal.version)
    return wrote | {person_id for person_id in began if person_id is not None}


def is_concerned(session: Session, proposal: Proposal, person_id: int) -> bool:
    """Return whether somebody would decide on their own; see `list_concerned`."""
    return person_id in list_concerned(session, proposal)


def count_step(session: Session, proposal: Proposal, step: Step) -> Tally:
    """Count the votes of one step in the present round, as they hold now."""
    return count_votes(
        proposal.events,
        step,
        round_number=proposal.round,
        concerned=list_concerned(session, proposal),
    )


def unit_of(proposal: Proposal) -> str | None:
    """Return the issuing unit whose members decide: as submitted, or as the draft names it now."""
    if proposal.is_editable and proposal.version.draft is not None:
        unit: str | None = proposal.version.draft.get("issuing_unit")
        return unit
    return proposal.unit


def list_steps_without(session: Session, proposal: Proposal, *, now: datetime) -> list[Step]:
    """Return the steps of a proposal's route in which nobody may decide now."""
    return [
        step
        for step in proposal.pinned.steps
        if not list_deciders(session, proposal, step, now=now)
    ]


def find_stuck(
    session: Session, proposals: Sequence[Proposal], *, institution_id: int, now: datetime
) -> set[int]:
    """Return the ids of those in whose running step nobody may decide now."""
    seats = list_running_seats(session, institution_id, now=now)
    stuck = set()
    for proposal in proposals:
        step = proposal.step
        if step is None:
            continue
        by_unit = proposal.pinned.group(step.group).by_unit
        concerned = list_concerned(session, proposal)
        if not any(
            seat.group_key == step.group
            and (not by_unit or is_same_unit(seat.unit, proposal.unit))
            and seat.person_id not in concerned
            for seat in seats
        ):
            stuck.add(proposal.id)
    return stuck


def require_decider(session: Session, proposal: Proposal, person_id: int, *, now: datetime) -> Step:
    """Return the running step, if this person may decide in it.

    Raises: `ConflictError` if the proposal is not in review; `ForbiddenError` saying why not.
    """
    step = proposal.step
    if step is None:
        raise ConflictError("This proposal is not in review now, so nothing can be decided.")
    if is_concerned(session, proposal, person_id):
        raise ForbiddenError(
            "This is your own proposal, or you wrote its content: others decide on it."
        )
    if all(person.id != person_id for person in list_deciders(session, proposal, step, now=now)):
        raise ForbiddenError(
            f"In the step “{step.name}” only “{proposal.pinned.group(step.group).name}” decide"
            + (
                " who are appointed for this unit."
                if proposal.pinned.group(step.group).by_unit
                else "."
            )
        )
    return step


def may_decide(session: Session, proposal: Proposal, person_id: int, *, now: datetime) -> bool:
    """Return whether somebody may decide in the running step."""
    try:
        require_decider(session, proposal, person_id, now=now)
    except (ConflictError, ForbiddenError):
        return False
    return True


def may_see(session: Session, proposal: Proposal, principal: Principal, *, now: datetime) -> bool:
    """Return whether somebody may read a proposal.

    Its proposer and the institution's administrators may; reviewers in whose
    hands it comes may, from when it was first submitted.
    """
    if proposal.institution_id != principal.institution_id:
        return False
    if principal.is_administrator or proposal.proposer_id == principal.person_id:
        return True
    if not proposal.round:
        return False
    groups = {group.key: group for group in proposal.pinned.groups}
    return any(
        seat.group_key in groups
        and (not groups[seat.group_key].by_unit or is_same_unit(seat.unit, proposal.unit))
        for seat in list_seats_of(session, principal.person_id, now=now)
    )


def require_proposer(proposal: Proposal, principal: Principal) -> None:
    """Refuse anybody but the proposer.

    Raises: `ForbiddenError`.
    """
    if proposal.proposer_id != principal.person_id:
        raise ForbiddenError("Only the person who began this proposal can change it.")
