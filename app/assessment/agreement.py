"""How far several people who assessed the same work agree. Pure.

Per cent of agreement, and nothing finer: a measure that corrects for chance, such
as Cohen's kappa, says nothing about one work, and little about a few.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from app.assessment.models import Assessment, Capacity


@dataclass(frozen=True)
class CriterionAgreement:
    """One criterion: the levels that were given, in the order of those who gave them.

    `spread`: how many steps lie between the lowest and the highest.
    """

    name: str
    levels: tuple[str, ...]
    spread: int

    @property
    def is_exact(self) -> bool:
        """Whether all gave the same level."""
        return self.spread == 0

    @property
    def is_within_one(self) -> bool:
        """Whether no two are further apart than neighbouring levels."""
        return self.spread <= 1


@dataclass(frozen=True)
class Agreement:
    """How far the assessments of one work agree."""

    is_unanimous: bool
    criteria: tuple[CriterionAgreement, ...]

    @property
    def exact(self) -> int:
        """On how many criteria all gave the same level."""
        return sum(each.is_exact for each in self.criteria)

    @property
    def within_one(self) -> int:
        """On how many criteria no two are further apart than neighbouring levels."""
        return sum(each.is_within_one for each in self.criteria)


@dataclass(frozen=True)
class AgreementFigure:
    """How far assessments of many works agree. Units: whole per cent, of pairs of assessments."""

    works: int
    pairs: int
    same_decision: int
    exact: int
    within_one: int


def compare_assessments(assessments: Sequence[Assessment]) -> Agreement | None:
    """Return how far assessments of one work agree; `None` if there are not two of them.

    Those of grantors who assessed without seeing each other; a moderator saw them,
    and an assessor only recommends.
    """
    counted = [each for each in assessments if each.capacity is Capacity.GRANTOR]
    if len(counted) < 2:  # noqa: PLR2004 (it takes two to agree)
        return None
    return Agreement(
        is_unanimous=len({each.decision for each in counted}) == 1,
        criteria=tuple(_compare(each) for each in zip(*_levels(counted), strict=True)),
    )


def newest_of(assessments: Sequence[Assessment]) -> list[Assessment]:
    """Return those of the newest attempt, first one first, of some that come newest first."""
    return [each for each in reversed(assessments) if each.attempt_id == assessments[0].attempt_id]


def sum_up(works: Iterable[Sequence[Assessment]]) -> AgreementFigure | None:
    """Return how far grantors agree over many works; `None` if no two assessed the same one."""
    count: Counter[str] = Counter()
    for assessments in works:
        counted = [each for each in assessments if each.capacity is Capacity.GRANTOR]
        count["works"] += len(counted) > 1
        for pair in combinations(counted, 2):
            found = compare_assessments(pair)
            if found is not None:
                count["pairs"] += 1
                count["same"] += found.is_unanimous
                count["criteria"] += len(found.criteria)
                count["exact"] += found.exact
                count["within_one"] += found.within_one
    if not count["pairs"]:
        return None
    return AgreementFigure(
        works=count["works"],
        pairs=count["pairs"],
        same_decision=_percent(count["same"], count["pairs"]),
        exact=_percent(count["exact"], count["criteria"]),
        within_one=_percent(count["within_one"], count["criteria"]),
    )


Given = tuple[str, str, int]


def _levels(assessments: Sequence[Assessment]) -> list[list[Given]]:
    """Return what each gave, criterion by criterion in the same order."""
    return [
        [
            (rating.criterion.name, rating.rubric_level.name, rating.rubric_level.position)
            for rating in sorted(each.ratings, key=lambda rating: rating.criterion_id)
        ]
        for each in assessments
    ]


def _compare(given: Sequence[Given]) -> CriterionAgreement:
    positions = [position for _name, _level, position in given]
    return CriterionAgreement(
        name=given[0][0],
        levels=tuple(level for _name, level, _position in given),
        spread=max(positions) - min(positions),
    )


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0
