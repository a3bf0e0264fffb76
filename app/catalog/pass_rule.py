"""When an achievement is passed. Pure.

Source: DOMAIN, rule 2; the three kinds are those that programmes ask for.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.programme.rules import ALL_REQUIRED, K_OF_N, WEIGHTED, PassRuleKind


class PassRuleSpec(BaseModel):
    """How many of the criteria an award needs.

    `all_required`: every required criterion at its level. `k_of_n`: those, and
    `k` criteria in all. `weighted`: those, and `threshold` per cent of the
    weighted points.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: PassRuleKind = ALL_REQUIRED
    k: Annotated[int, Field(ge=1, le=50)] | None = None
    threshold: Annotated[int, Field(ge=1, le=100)] | None = None

    @model_validator(mode="after")
    def _check_numbers(self) -> "PassRuleSpec":
        if (self.k is not None) != (self.kind == K_OF_N):
            raise ValueError("k is said for the rule k_of_n, and only there")
        if (self.threshold is not None) != (self.kind == WEIGHTED):
            raise ValueError("threshold is said for the rule weighted, and only there")
        return self


class Step(Protocol):
    """The part of a rubric level that the rule needs."""

    @property
    def points(self) -> int:
        """Whole points; they rise from each level to the next."""


class Rated(Protocol):
    """The part of a criterion that the rule needs."""

    @property
    def id(self) -> int:
        """By which what was reached is looked up."""

    @property
    def is_required(self) -> bool:
        """Whether nobody passes without it."""

    @property
    def required_position(self) -> int:
        """The lowest rubric level that meets it."""

    @property
    def weight(self) -> int:
        """Its share of the weighted points."""

    @property
    def rubric_levels(self) -> Sequence[Step]:
        """Its levels, from the lowest."""


@dataclass(frozen=True)
class RatedCriterion:
    """A criterion that is no row yet; see `Rated`."""

    id: int
    is_required: bool
    required_position: int
    weight: int
    rubric_levels: Sequence[Step]


R = TypeVar("R", bound=Rated)


@dataclass(frozen=True)
class Standing:
    """How far somebody is: `met` of `needed` criteria, and `percent` of the weighted points.

    `needed`: how many have to be met at least; those beyond a choice are not
    counted as `met`, so the two are equal exactly when that part is done.
    `percent`: whole, rounded down; it and `threshold` are `None` where points do not count.
    """

    met: int
    needed: int
    percent: int | None
    threshold: int | None

    @property
    def is_passed(self) -> bool:
        """Whether the rule is fulfilled; one that asks for nothing never is."""
        if self.threshold is None or self.percent is None:
            return 0 < self.needed <= self.met
        return self.met >= self.needed and self.percent >= self.threshold


def stand(rule: PassRuleSpec, criteria: Sequence[Rated], reached: Mapping[int, int]) -> Standing:
    """Say how far the rubric levels reached lead.

    Units: `reached` maps criterion id to the position of the best level reached.
    """
    met = {item.id for item in criteria if _is_met(item, reached)}
    required = {item.id for item in criteria if item.is_required}
    chosen = max((rule.k or 0) - len(required), 0)
    return Standing(
        met=len(met & required) + min(len(met - required), chosen),
        needed=len(required) + chosen,
        percent=None if rule.threshold is None else _percent(criteria, reached),
        threshold=rule.threshold,
    )


def is_passed(rule: PassRuleSpec, criteria: Sequence[Rated], reached: Mapping[int, int]) -> bool:
    """Return whether the rubric levels reached are enough for the award.

    Units: as in `stand`.
    """
    return stand(rule, criteria, reached).is_passed


def list_missing(rule: PassRuleSpec, criteria: Sequence[R], shown: Collection[int]) -> list[R]:
    """Return the criteria that somebody still needs who can only reach those that are shown.

    The required ones that are not shown; and those to choose from, if the rule
    cannot be fulfilled without one of them. Empty: it can be.

    Units: `shown` are criterion ids.
    """
    reachable = {item.id for item in criteria if item.is_required} | set(shown)
    needs_more = not is_passed(rule, criteria, _at_best(rule, criteria, reachable))
    return [item for item in criteria if item.id not in shown and (item.is_required or needs_more)]


def find_flaw(rule: PassRuleSpec, criteria: Sequence[Rated]) -> str | None:
    """Say why a rule decides nothing, since all would pass it or nobody; `None` if it does.

    A criterion's required level is never its lowest (see the document), so a
    rule that needs one criterion can be failed.
    """
    required = sum(item.is_required for item in criteria)
    if rule.k is not None and rule.k > len(criteria):
        return f"the pass rule asks for {rule.k} criteria; there are {len(criteria)}"
    if rule.k is not None and rule.k < required:
        return (
            f"the pass rule asks for {rule.k} criteria, but {required} are required anyway; "
            "mark those between which one may choose as not required"
        )
    if rule.kind == ALL_REQUIRED and criteria and not required:
        return "it needs at least one required criterion: without one nobody could pass"
    if rule.threshold is None or not criteria:
        return None
    lowest = {item.id: 0 for item in criteria}
    if not required and is_passed(rule, criteria, lowest):
        return (
            f"the lowest levels reach {_percent(criteria, lowest)} % of the points already, "
            f"so that nobody could fail a threshold of {rule.threshold} %"
        )
    return None


def _is_met(criterion: Rated, reached: Mapping[int, int]) -> bool:
    position = reached.get(criterion.id)
    return position is not None and position >= criterion.required_position


def _at_best(rule: PassRuleSpec, criteria: Sequence[Rated], ids: Collection[int]) -> dict[int, int]:
    """Return levels than which none leads further; the rubric is read only where points count."""
    return {
        item.id: item.required_position if rule.threshold is None else len(item.rubric_levels) - 1
        for item in criteria
        if item.id in ids
    }


def _percent(criteria: Sequence[Rated], reached: Mapping[int, int]) -> int:
    """Return the share of the weighted points that is reached, whole and rounded down.

    A criterion gives its weight times the points reached of those possible, so
    that a rubric with larger figures weighs no more.
    """
    whole = sum(item.weight for item in criteria)
    if not whole:
        return 0
    earned = sum(
        (
            item.weight * _fraction(item, reached[item.id])
            for item in criteria
            if item.id in reached
        ),
        start=Fraction(0),
    )
    return int(earned * 100 / whole)


def _fraction(criterion: Rated, position: int) -> Fraction:
    levels = criterion.rubric_levels
    return Fraction(levels[position].points, levels[-1].points)
