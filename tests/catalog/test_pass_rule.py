"""When an achievement is passed: figures worked out by hand, and what holds for any rubric."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.catalog.pass_rule import (
    PassRuleSpec,
    RatedCriterion,
    find_flaw,
    is_passed,
    list_missing,
    stand,
)

ALL = PassRuleSpec()


@dataclass(frozen=True)
class Step:
    points: int


def criterion(number, *, required=True, weight=1, points=(0, 1, 3), enough=1):
    return RatedCriterion(number, required, enough, weight, tuple(Step(p) for p in points))


def k_of_n(k):
    return PassRuleSpec(kind="k_of_n", k=k)


def weighted(threshold):
    return PassRuleSpec(kind="weighted", threshold=threshold)


FREE = [criterion(number, required=False) for number in range(5)]
MIXED = [criterion(0), *FREE[1:]]
REQUIRED = [criterion(0), criterion(1)]


@pytest.mark.parametrize(
    ("rule", "criteria", "reached", "passed"),
    [
        (ALL, REQUIRED, {0: 1, 1: 1}, True),
        (ALL, REQUIRED, {0: 2, 1: 0}, False),
        (ALL, REQUIRED, {0: 2}, False),
        (ALL, MIXED, {0: 1}, True),
        (ALL, FREE, dict.fromkeys(range(5), 2), False),
        (ALL, [], {}, False),
        (k_of_n(3), FREE, {0: 1, 2: 1, 4: 2}, True),
        (k_of_n(3), FREE, {0: 1, 2: 1, 4: 0}, False),
        (k_of_n(3), MIXED, {1: 2, 2: 2, 3: 2, 4: 2}, False),
        (k_of_n(3), MIXED, {0: 1, 3: 1, 4: 1}, True),
        (k_of_n(3), MIXED, {0: 1, 3: 1}, False),
        (k_of_n(1), REQUIRED, {0: 1}, False),
        (weighted(50), REQUIRED, {0: 2, 1: 1}, True),  # (3/3 + 1/3) / 2 = 66 %
        (weighted(67), REQUIRED, {0: 2, 1: 1}, False),
        (weighted(50), REQUIRED, {0: 2, 1: 0}, False),  # 50 %, but one is not at its level
        (weighted(20), FREE, {0: 2}, True),
        (weighted(21), FREE, {0: 2}, False),
        (weighted(7), FREE, {0: 1}, False),  # 1/3 of a fifth is 6.67 %
        (weighted(1), [], {}, False),
    ],
)
def test_each_rule_passes_what_it_says(rule, criteria, reached, passed):
    assert is_passed(rule, criteria, reached) is passed


def test_a_weight_is_a_share_whatever_the_rubrics_figures():
    heavy = criterion(0, required=False, weight=3, points=(0, 1))
    light = criterion(1, required=False, weight=1, points=(0, 500))

    assert stand(weighted(75), [heavy, light], {0: 1}).percent == 75
    assert stand(weighted(75), [heavy, light], {1: 1}).percent == 25


def test_a_percentage_is_never_rounded_up_to_its_threshold():
    thirds = [criterion(number, required=False, points=(0, 1)) for number in range(3)]

    standing = stand(weighted(67), thirds, {0: 1, 1: 1})

    assert (standing.percent, standing.is_passed) == (66, False)


@pytest.mark.parametrize(
    ("rule", "reached", "met", "needed"),
    [
        (k_of_n(3), {}, 0, 3),
        (k_of_n(3), {1: 1, 2: 1, 3: 1, 4: 1}, 2, 3),  # the required one is still owed
        (k_of_n(3), {0: 1, 1: 1}, 2, 3),
        (k_of_n(3), {0: 1, 1: 1, 2: 1, 3: 1}, 3, 3),
        (ALL, {0: 1, 1: 1}, 1, 1),
    ],
)
def test_only_what_brings_one_nearer_is_counted(rule, reached, met, needed):
    standing = stand(rule, MIXED, reached)

    assert (standing.met, standing.needed) == (met, needed)


@pytest.mark.parametrize(
    ("rule", "criteria", "shown", "missing"),
    [
        (ALL, REQUIRED, {0}, [1]),
        (ALL, MIXED, set(), [0]),
        (ALL, MIXED, {0}, []),
        (k_of_n(3), FREE, {0, 1}, [2, 3, 4]),
        (k_of_n(3), FREE, {0, 1, 4}, []),
        (k_of_n(2), MIXED, {3}, [0]),
        (k_of_n(2), MIXED, {0}, [1, 2, 3, 4]),
        (weighted(60), FREE, {0, 1}, [2, 3, 4]),
        (weighted(60), FREE, {0, 1, 2}, []),
    ],
)
def test_a_course_is_told_what_its_assignments_do_not_show(rule, criteria, shown, missing):
    assert [item.id for item in list_missing(rule, criteria, shown)] == missing


@pytest.mark.parametrize(
    ("rule", "criteria", "said"),
    [
        (k_of_n(6), FREE, "asks for 6 criteria; there are 5"),
        (k_of_n(1), REQUIRED, "2 are required anyway"),
        (weighted(50), [criterion(0, required=False, points=(1, 2))], "reach 50 % of the points"),
        (weighted(51), [criterion(0, required=False, points=(1, 2))], None),
        (weighted(50), [criterion(0, points=(1, 2))], None),
        (k_of_n(2), REQUIRED, None),
        (ALL, REQUIRED, None),
        (ALL, FREE, "at least one required criterion"),
    ],
)
def test_a_rule_that_decides_nothing_is_found(rule, criteria, said):
    flaw = find_flaw(rule, criteria)

    assert flaw is None if said is None else said in flaw


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "k_of_n"},
        {"kind": "k_of_n", "k": 0},
        {"kind": "k_of_n", "k": "3"},
        {"kind": "k_of_n", "k": 3, "threshold": 5},
        {"kind": "all_required", "k": 3},
        {"kind": "weighted"},
        {"kind": "weighted", "threshold": 101},
        {"kind": "weighted", "threshold": 0},
        {"kind": "weighted", "threshold": 66.6},
        {"kind": "mostly"},
        {"kind": "all_required", "weight": 1},
    ],
)
def test_a_malformed_rule_is_refused(content):
    with pytest.raises(ValidationError):
        PassRuleSpec.model_validate(content)


@st.composite
def rubrics(draw):
    """Any rubric that a document lets in, with levels reached in some of it."""
    criteria, reached = [], {}
    for number in range(draw(st.integers(1, 6))):
        points = sorted(draw(st.sets(st.integers(0, 50), min_size=2, max_size=5)))
        enough = draw(st.integers(1, len(points) - 1))
        criteria.append(
            criterion(
                number,
                required=draw(st.booleans()),
                weight=draw(st.integers(1, 100)),
                points=points,
                enough=enough,
            )
        )
        if draw(st.booleans()):
            reached[number] = draw(st.integers(0, len(points) - 1))
    rule = draw(
        st.one_of(
            st.just(ALL),
            st.integers(1, len(criteria)).map(k_of_n),
            st.integers(1, 100).map(weighted),
        )
    )
    return rule, criteria, reached


def best(criteria):
    return {item.id: len(item.rubric_levels) - 1 for item in criteria}


@given(rubrics())
def test_who_does_better_never_passes_less(drawn):
    rule, criteria, reached = drawn

    for item in criteria:
        better = reached | {item.id: min(reached.get(item.id, -1) + 1, len(item.rubric_levels) - 1)}
        assert is_passed(rule, criteria, better) >= is_passed(rule, criteria, reached)


@given(rubrics())
def test_nobody_passes_below_a_required_level(drawn):
    rule, criteria, _ = drawn

    for item in criteria:
        if item.is_required:
            below = best(criteria) | {item.id: item.required_position - 1}
            assert not is_passed(rule, criteria, below)


@given(rubrics())
def test_a_rule_without_flaw_can_be_passed_and_failed(drawn):
    rule, criteria, _ = drawn
    if find_flaw(rule, criteria) is None:
        assert is_passed(rule, criteria, best(criteria))
        assert not is_passed(rule, criteria, dict.fromkeys(best(criteria), 0))


@given(rubrics())
def test_what_is_missing_makes_it_possible_and_nothing_is_missing_then(drawn):
    rule, criteria, reached = drawn
    missing = {item.id for item in list_missing(rule, criteria, reached.keys())}
    shown = {number: best(criteria)[number] for number in reached.keys() | missing}

    if find_flaw(rule, criteria) is None:
        assert is_passed(rule, criteria, shown)
        assert list_missing(rule, criteria, shown.keys()) == []


@given(rubrics())
def test_what_is_counted_is_complete_exactly_when_that_part_is_done(drawn):
    rule, criteria, reached = drawn
    standing = stand(rule, criteria, reached)

    assert 0 <= standing.met <= standing.needed <= len(criteria)
    if rule.threshold is None:
        assert standing.is_passed == (0 < standing.needed == standing.met)
    else:
        assert 0 <= standing.percent <= 100
