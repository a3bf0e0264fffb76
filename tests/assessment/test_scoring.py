"""The arithmetic of rubrics, without a database."""

from dataclasses import dataclass

import pytest

from app.assessment.scoring import choose_levels, list_shortfalls, score, total_points
from app.core.errors import InvalidError


@dataclass
class Level:
    id: int
    points: int
    is_enough: bool


@dataclass
class Criterion:
    id: int
    name: str
    is_required: bool
    rubric_levels: list[Level]


SOURCES = Criterion(
    1,
    "Sources",
    is_required=True,
    rubric_levels=[Level(10, 0, is_enough=False), Level(11, 2, is_enough=True)],
)
STYLE = Criterion(
    2,
    "Style",
    is_required=False,
    rubric_levels=[Level(20, 0, is_enough=False), Level(21, 3, is_enough=True)],
)
RUBRIC = [SOURCES, STYLE]


def test_points_are_those_of_the_given_levels():
    assert total_points(choose_levels(RUBRIC, {1: 11, 2: 20})) == 2


@pytest.mark.parametrize(
    ("ratings", "message"),
    [
        ({1: 11}, "every criterion"),
        ({1: 11, 2: 20, 3: 1}, "no other"),
        ({}, "every criterion"),
        ({1: 21, 2: 20}, "“Sources”"),
    ],
)
def test_ratings_must_fill_the_rubric(ratings, message):
    with pytest.raises(InvalidError, match=message):
        choose_levels(RUBRIC, ratings)


def test_only_required_criteria_can_fall_short():
    assert list_shortfalls(RUBRIC, choose_levels(RUBRIC, {1: 10, 2: 20})) == [SOURCES]
    assert list_shortfalls(RUBRIC, choose_levels(RUBRIC, {1: 11, 2: 20})) == []


@pytest.mark.parametrize(
    ("grade_rule", "decision", "expected"),
    [
        ("rubric", "met", 4),
        ("rubric", "not_met", 4),
        ("rubric", "revision", None),
        ("met", "met", 6),
        ("met", "not_met", 0),
        ("met", "revision", None),
    ],
)
def test_the_grade_follows_the_rule_of_the_assignment(grade_rule, decision, expected):
    assert score(grade_rule, decision, earned=4, possible=6) == expected
