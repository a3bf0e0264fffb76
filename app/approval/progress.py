"""Where a proposal stands, as a line of steps, and who acts next: in words for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from app.approval.models import EventKind, Proposal, ProposalEvent, ProposalStatus
from app.approval.standing import Tally
from app.courses.models import Person
from app.programme.rules import Step as RouteStep

MAX_NAMED = 4


@dataclass(frozen=True)
class Step:
    """One step. `state`: done, current, upcoming or stopped; `at`: `None` if not yet."""

    label: str
    state: str
    at: datetime | None = None
    note: str = ""


def describe_steps(proposal: Proposal, tally: Tally | None) -> list[Step]:
    """Return the line from the first draft to the approval.

    `tally`: of the running step; `None` while none runs.
    """
    registered = _find(proposal, EventKind.REGISTERED)
    if registered is not None:
        label = _("Approval made elsewhere, registered")
        note = _("%(reference)s", reference=registered.facts["reference"])
        return [
            Step(_("Begun"), "done", proposal.created_at),
            Step(label, "done", registered.at, note),
        ]
    route = proposal.pinned.steps
    last = Step(_("Approved"), "upcoming")
    if proposal.status is ProposalStatus.DRAFT:
        first = Step(_("Draft"), "current", proposal.status_changed_at)
        return [first, *(Step(step.name, "upcoming") for step in route), last]
    submitted = _find(proposal, EventKind.SUBMITTED)
    if submitted is None:  # withdrawn before anybody saw it
        return [
            Step(_("Begun"), "done", proposal.created_at),
            Step(_("Withdrawn"), "stopped", proposal.status_changed_at),
        ]
    round_note = _("Round %(number)d", number=proposal.round) if proposal.round > 1 else ""
    line = [Step(_("Submitted"), "done", submitted.at, round_note)]
    if proposal.status is ProposalStatus.APPROVED:
        line += [_carried(proposal, step) for step in route]
        return [*line, Step(_("Approved"), "done", proposal.status_changed_at)]
    if proposal.status is ProposalStatus.IN_REVIEW:
        position = proposal.step_position or 0
        line += [_carried(proposal, step) for step in route[:position]]
        line.append(
            Step(
                route[position].name,
                "current",
                proposal.step_started_at,
                describe_votes(tally) if tally else "",
            )
        )
        return [*line, *(Step(step.name, "upcoming") for step in route[position + 1 :]), last]
    return [*line, *_stopped(proposal, route)]


def describe_votes(tally: Tally) -> str:
    """Say how many of a step's votes are cast."""
    words: str = ngettext(
        "%(cast)d of %(num)d vote", "%(cast)d of %(num)d votes", tally.quorum, cast=tally.cast
    )
    return words


def describe_next(proposal: Proposal, deciders: Sequence[Person], *, reader_id: int) -> str:
    """Say who acts next, and how, to one reader. `deciders`: of the running step."""
    if proposal.status is ProposalStatus.IN_REVIEW:
        return _describe_decider(proposal, deciders, reader_id)
    if proposal.status in {ProposalStatus.DRAFT, ProposalStatus.RETURNED}:
        if proposal.proposer_id != reader_id:
            name = proposal.proposer.display_name
            text: str = _("%(name)s acts next: it is with them to complete and submit.", name=name)
            return text
        if proposal.status is ProposalStatus.DRAFT:
            text = _("You act next: complete the content and the answers, then submit it.")
        else:
            text = _(
                "You act next: read the reason below, change what it names and submit again. "
                "All steps are taken again, because what they decided on may have changed."
            )
        return text
    over: dict[ProposalStatus, str] = {
        ProposalStatus.APPROVED: _("Approved: instructors can use it in their courses now."),
        ProposalStatus.DECLINED: _("Declined, for good. The reason stands in the history."),
        ProposalStatus.WITHDRAWN: _("Withdrawn. The content stays as a draft."),
    }
    return over[proposal.status]


def name_people(people: Sequence[Person]) -> str:
    """Return their names, at most a few of them."""
    names = ", ".join(person.display_name for person in people[:MAX_NAMED])
    more = len(people) - MAX_NAMED
    if more > 0:
        names += " " + ngettext("and %(num)d more", "and %(num)d more", more)
    return names


def _describe_decider(proposal: Proposal, deciders: Sequence[Person], reader_id: int) -> str:
    step = proposal.step
    if step is None:
        raise RuntimeError("A proposal in review always has a step.")
    group = proposal.pinned.group(step.group)
    if not deciders:
        unit = f" ({proposal.unit})" if group.by_unit and proposal.unit else ""
        text: str = _(
            "%(group)s act next, but nobody who may decide is appointed there now. "
            "The programme administrator can appoint somebody.",
            group=f"{group.name}{unit}",
        )
        return text
    names = name_people(deciders)
    if any(person.id == reader_id for person in deciders):
        text = _(
            "%(group)s act next, and you are one of them: %(names)s.", group=group.name, names=names
        )
    elif proposal.proposer_id == reader_id:
        text = _(
            "%(group)s act next: %(names)s. You have nothing to do in the meantime.",
            group=group.name,
            names=names,
        )
    else:
        text = _("%(group)s act next: %(names)s.", group=group.name, names=names)
    return text


def _carried(proposal: Proposal, step: RouteStep) -> Step:
    event = _find(proposal, EventKind.STEP_CARRIED, step.key)
    if event is None:  # registered elsewhere in the middle of a review
        return Step(step.name, "upcoming")
    note = _(
        "%(in_favour)d for, %(against)d against",
        in_favour=event.facts["in_favour"],
        against=event.facts["against"],
    )
    return Step(step.name, "done", event.at, note)


def _stopped(proposal: Proposal, route: Sequence[RouteStep]) -> list[Step]:
    carried = [_carried(proposal, step) for step in route if _was_carried(proposal, step)]
    ending = _find(proposal, EventKind.RETURNED, EventKind.DECLINED, EventKind.WITHDRAWN)
    at = ending.at if ending else proposal.status_changed_at
    step = proposal.pinned.find_step(ending.step_key) if ending else None
    where = step.name if step else ""
    if proposal.status is ProposalStatus.RETURNED:
        return [*carried, Step(_("Returned for changes"), "current", at, where)]
    if proposal.status is ProposalStatus.DECLINED:
        return [*carried, Step(_("Declined"), "stopped", at, where)]
    return [*carried, Step(_("Withdrawn"), "stopped", at, where)]


def _was_carried(proposal: Proposal, step: RouteStep) -> bool:
    return _find(proposal, EventKind.STEP_CARRIED, step.key) is not None


def _find(proposal: Proposal, *wanted: EventKind | str) -> ProposalEvent | None:
    """Return the newest event of these kinds in the present round; a key names its step."""
    kinds = {each for each in wanted if isinstance(each, EventKind)}
    keys = {each for each in wanted if not isinstance(each, EventKind)}
    for event in reversed(proposal.events):
        if (
            event.round == proposal.round
            and event.kind in kinds
            and (not keys or event.step_key in keys)
        ):
            return event
    return None
