"""What a status means in the gradebook: DOMAIN's table, and the arithmetic around it."""

from datetime import UTC, datetime, timedelta

import pytest

from app.passback.meaning import (
    find_meaning,
    is_blank,
    is_told,
    plain_comment,
    rising_timestamp,
    share,
    written,
)

NOON = datetime(2026, 11, 2, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "activity", "grading", "has_score"),
    [
        ("draft", "InProgress", "NotReady", False),
        ("submitted", "Submitted", "PendingManual", False),
        ("in_assessment", "Submitted", "PendingManual", False),
        ("revision_requested", "InProgress", "Pending", False),
        ("met", "Completed", "FullyGraded", True),
        ("awarded", "Completed", "FullyGraded", True),
        ("not_met", "Completed", "FullyGraded", True),
        ("revoked", "Completed", "FullyGraded", True),
    ],
)
def test_each_status_means_what_the_table_says(status, activity, grading, has_score):
    meaning = find_meaning(status)

    assert meaning is not None
    assert (meaning.activity_progress, meaning.grading_progress) == (activity, grading)
    assert meaning.has_score is has_score


def test_nothing_is_told_before_the_learner_has_started():
    assert find_meaning("not_started") is None


def test_a_comment_is_plain_and_short():
    assert plain_comment("  Submitted\x00 for\tx < y\nsoon ") == "Submitted forx < y\nsoon"
    assert plain_comment("é" * 1000) == "é" * 1000
    assert len(plain_comment("long " * 500)) <= 1000
    assert plain_comment("long " * 500).endswith("…")


def test_timestamps_rise_by_a_whole_second():
    first = rising_timestamp(NOON, None)
    second = rising_timestamp(NOON, first)
    later = rising_timestamp(NOON + timedelta(hours=1), second)

    assert written(first) == "2026-11-02T12:00:00.123+00:00"
    assert second - first == timedelta(seconds=1)
    assert later == first + timedelta(hours=1)


SCORE = {"scoreGiven": 4, "scoreMaximum": 6, "comment": "k of n & met"}


@pytest.mark.parametrize(
    ("score", "result", "told"),
    [
        (SCORE, {"resultScore": 4, "resultMaximum": 6, "comment": "k of n &amp; met "}, True),
        (SCORE, {"resultScore": 66.66667, "resultMaximum": 100}, True),
        (SCORE, {"resultScore": 0.66667}, True),
        (SCORE, {"resultScore": 4, "resultMaximum": 6, "comment": "by hand"}, False),
        (SCORE, {"resultScore": 5, "resultMaximum": 6}, False),
        (SCORE, {"resultScore": None, "comment": "k of n & met"}, False),
        (SCORE, None, False),
        ({"comment": "waiting"}, {"comment": "waiting"}, True),
        ({"comment": "waiting"}, {"resultScore": 1, "comment": "waiting"}, False),
        ({"comment": "waiting"}, {}, False),
    ],
)
def test_a_result_is_compared_with_what_was_to_be_told(score, result, told):
    assert is_told(score, result) is told


@pytest.mark.parametrize(
    ("result", "blank"),
    [
        (None, True),
        ({"userId": "1"}, True),
        ({"resultScore": None, "comment": ""}, True),
        ({"resultScore": 0}, False),
        ({"comment": "x"}, False),
    ],
)
def test_a_blank_result_holds_nothing_to_lose(result, blank):
    assert is_blank(result) is blank


def test_a_share_of_nothing_is_nothing():
    assert share(None, 10) is None
    assert share("4", 10) is None
    assert share(4, 0) == 0
    assert share(4, "ten") == 0
