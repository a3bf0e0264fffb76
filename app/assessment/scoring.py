"""Arithmetic of rubrics. Pure: no database, no clock, no HTTP."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from app.core.errors import InvalidError


class Level(Protocol):
    """The part of a rubric level that scoring needs."""

    id: int
    points: int

    @property
    def is_enough(self) -> bool:
        """Whether it meets its criterion."""


class Criterion(Protocol):
    """The part of a criterion that scoring needs."""

    id: int
    name: str
    is_required: bool

    @property
    def rubric_levels(self) -> Sequence[Level]:
        """Its levels."""


C = TypeVar("C", bound=Criterion)


def choose_levels(criteria: Sequence[Criterion], ratings: Mapping[int, int]) -> dict[int, Level]:
    """Return the rubric level given for each criterion, by criterion id.

    Units: `ratings` maps criterion id to rubric level id.
    Raises: `InvalidError` if a criterion is unrated or unknown, or a level is
        not one of its criterion.
    """
    if ratings.keys() != {criterion.id for criterion in criteria}:
        raise InvalidError("Rate every criterion of this rubric, and no other.")
    chosen = {}
    for criterion in criteria:
        levels = {level.id: level for level in criterion.rubric_levels}
        if ratings[criterion.id] not in levels:
            raise InvalidError(f"Choose one of the rubric levels of “{criterion.name}”.")
        chosen[criterion.id] = levels[ratings[criterion.id]]
    return chosen


def list_shortfalls(criteria: Sequence[C], chosen: Mapping[int, Level]) -> list[C]:
    """Return the required criteria whose given level does not meet them."""
    return [
        criterion
        for criterion in criteria
        if criterion.is_required and not chosen[criterion.id].is_enough
    ]


def total_points(chosen: Mapping[int, Level]) -> int:
    """Add up the points of the given levels. Units: whole points."""
    return sum(level.points for level in chosen.values())


def score(grade_rule: str, decision: str, *, earned: int, possible: int) -> int | None:
    """Return what the gradebook gets for a decision; `None` while there is no score.

    `grade_rule` is `rubric` (points earned) or `met` (full or zero).
    Units: whole points.
    """
    if decision == "revision":
        return None
    if grade_rule == "rubric":
        return earned
    return possible if decision == "met" else 0
