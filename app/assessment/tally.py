"""How an assessment adds up while it is being filled in. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.catalog.models import Criterion, RubricLevel


class Reached(StrEnum):
    """Whether the level chosen for a criterion meets it; `open`: none is chosen yet."""

    MET = "met"
    BELOW = "below"
    OPEN = "open"


@dataclass(frozen=True)
class Tally:
    """The points so far, of how many, and how each criterion stands.

    Units: whole points.
    """

    points: int
    max_points: int
    rows: tuple[tuple[Criterion, Reached], ...]

    @property
    def below(self) -> tuple[Criterion, ...]:
        """The criteria whose chosen level does not meet them."""
        return tuple(criterion for criterion, reached in self.rows if reached is Reached.BELOW)


def add_up(criteria: Sequence[Criterion], chosen: Mapping[int, int | None]) -> Tally:
    """Return how the levels chosen so far add up; an unknown level counts as none.

    Units: `chosen` maps criterion id to rubric level id.
    """
    rows, points = [], 0
    for criterion in criteria:
        level = _find(criterion, chosen.get(criterion.id))
        points += level.points if level else 0
        rows.append((criterion, _reached(level)))
    return Tally(points, sum(criterion.max_points for criterion in criteria), tuple(rows))


def _find(criterion: Criterion, level_id: int | None) -> RubricLevel | None:
    return next((level for level in criterion.rubric_levels if level.id == level_id), None)


def _reached(level: RubricLevel | None) -> Reached:
    if level is None:
        return Reached.OPEN
    return Reached.MET if level.is_enough else Reached.BELOW
