"""How a review stands: votes, quorum and conditions, read from the history. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from app.programme.rules import Step


class Vote(StrEnum):
    """What a reviewer can say. An abstention counts towards the quorum only."""

    FOR = "for"
    FOR_WITH_CONDITIONS = "for_with_conditions"
    AGAINST = "against"
    ABSTAIN = "abstain"


IN_FAVOUR = frozenset({Vote.FOR, Vote.FOR_WITH_CONDITIONS})


class Happening(Protocol):
    """The part of an event that is read here."""

    number: int
    at: datetime
    person_id: int | None
    kind: Any
    round: int
    step_key: str | None
    facts: dict[str, Any]


@dataclass(frozen=True)
class Tally:
    """The votes of one step in one round. `quorum`: so many must have voted."""

    in_favour: int
    against: int
    abstained: int
    quorum: int

    @property
    def cast(self) -> int:
        """How many have voted."""
        return self.in_favour + self.against + self.abstained

    @property
    def has_quorum(self) -> bool:
        """Whether enough have voted to decide."""
        return self.cast >= self.quorum

    @property
    def is_carried(self) -> bool:
        """Whether there is a quorum, and more are for it than against."""
        return self.has_quorum and self.in_favour > self.against


@dataclass(frozen=True)
class Condition:
    """Something that a reviewer's vote asks for.

    `id`: the number of the vote's event and its place there, `7.0`.
    `fulfilled`: the event that says so; `None` while it is open.
    """

    id: str
    text: str
    step_key: str | None
    set_by: int | None
    fulfilled: Happening | None


def votes_of(events: Sequence[Happening], *, round_number: int, step_key: str) -> list[Happening]:
    """Return the votes cast in one step of one round, in their order."""
    return [
        event
        for event in events
        if event.kind == "voted" and event.round == round_number and event.step_key == step_key
    ]


def count_votes(
    events: Sequence[Happening], step: Step, *, round_number: int, concerned: Collection[int]
) -> Tally:
    """Count the votes of one step in one round: one per person, none of whom it concerns.

    Two who voted may turn out to be one person since, or to be the proposer: then
    the first vote counts, or none does.
    """
    first: dict[int | None, Vote] = {}
    for event in votes_of(events, round_number=round_number, step_key=step.key):
        if event.person_id not in concerned:
            first.setdefault(event.person_id, Vote(event.facts["vote"]))
    votes = list(first.values())
    return Tally(
        in_favour=sum(vote in IN_FAVOUR for vote in votes),
        against=votes.count(Vote.AGAINST),
        abstained=votes.count(Vote.ABSTAIN),
        quorum=step.quorum,
    )


def list_conditions(events: Sequence[Happening], *, round_number: int) -> list[Condition]:
    """Return the conditions that the votes of one round set, fulfilled ones too."""
    fulfilled = {
        event.facts["condition"]: event for event in events if event.kind == "condition_fulfilled"
    }
    return [
        Condition(
            id=f"{event.number}.{place}",
            text=text,
            step_key=event.step_key,
            set_by=event.person_id,
            fulfilled=fulfilled.get(f"{event.number}.{place}"),
        )
        for event in events
        if event.kind == "voted" and event.round == round_number
        for place, text in enumerate(event.facts.get("conditions", ()))
    ]
