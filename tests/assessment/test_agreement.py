"""How far those agree who assessed the same work."""

from types import SimpleNamespace

from app.assessment.agreement import compare_assessments, newest_of, sum_up
from app.assessment.models import Assessment, Capacity, Decision, Rating
from app.catalog.models import Criterion, RubricLevel
from tests.factories import import_models

import_models()  # rows are made below, before any fixture runs
MET, NO = Decision.MET, Decision.NOT_MET
CRITERIA = [Criterion(id=number, name=f"Criterion {number}") for number in (1, 2)]
LEVELS = [RubricLevel(position=step, name=name) for step, name in enumerate(("Low", "Mid", "Top"))]


def said(decision, *steps, capacity=Capacity.GRANTOR, attempt_id=1):
    ratings = [
        Rating(criterion=criterion, criterion_id=criterion.id, rubric_level=LEVELS[step])
        for criterion, step in zip(CRITERIA, steps, strict=True)
    ]
    return Assessment(decision=decision, capacity=capacity, ratings=ratings, attempt_id=attempt_id)


def test_it_takes_two_grantors():
    assert compare_assessments([]) is None
    assert compare_assessments([said(MET, 1, 1)]) is None
    recommended = said(MET, 1, 1, capacity=Capacity.ASSESSOR)
    settled = said(NO, 1, 1, capacity=Capacity.MODERATOR)
    assert compare_assessments([said(MET, 1, 1), recommended, settled]) is None


def test_levels_are_compared_criterion_by_criterion_whatever_their_order():
    first, second = said(MET, 2, 1), said(MET, 1, 1)
    second.ratings.reverse()

    found = compare_assessments([first, second])

    assert found is not None
    assert found.is_unanimous
    assert [(each.name, each.levels, each.spread) for each in found.criteria] == [
        ("Criterion 1", ("Top", "Mid"), 1),
        ("Criterion 2", ("Mid", "Mid"), 0),
    ]
    assert (found.exact, found.within_one) == (1, 2)


def test_three_agree_exactly_only_if_all_do():
    found = compare_assessments([said(MET, 0, 1), said(MET, 1, 1), said(NO, 2, 1)])

    assert found is not None
    assert not found.is_unanimous
    assert (found.exact, found.within_one) == (1, 1)


def test_many_works_are_summed_up_pair_by_pair():
    works = [
        [said(MET, 2, 2), said(MET, 2, 2)],
        [said(MET, 2, 2), said(NO, 0, 1)],
        [said(MET, 1, 1)],
    ]

    figure = sum_up(works)

    assert figure is not None
    assert (figure.works, figure.pairs) == (2, 2)
    assert (figure.same_decision, figure.exact, figure.within_one) == (50, 50, 75)
    assert sum_up([[said(MET, 1, 1)]]) is None


def test_a_work_without_criteria_in_common_divides_by_nothing():
    empty = [SimpleNamespace(capacity=Capacity.GRANTOR, decision=MET, ratings=[])] * 2

    figure = sum_up([empty])  # type: ignore[list-item]

    assert figure is not None
    assert (figure.same_decision, figure.exact) == (100, 0)


def test_the_newest_attempt_s_come_first_one_first():
    newer = [said(MET, 1, 1, attempt_id=2), said(NO, 1, 1, attempt_id=2)]

    assert newest_of([*newer, said(MET, 0, 0)]) == newer[::-1]
    assert newest_of([]) == []
