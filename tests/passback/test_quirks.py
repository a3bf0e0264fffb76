"""The one list of what each LMS does differently."""

import pytest

from app.platforms.quirks import (
    CANVAS_SUBMISSION,
    announces_submission,
    explain_refusal,
    is_outdated,
    is_throttled,
    may_set_resource_link,
    score_extension,
)


def test_only_canvas_gets_its_extension():
    assert score_extension("moodle", is_new_submission=True, has_score=False) == {}
    assert score_extension(None, is_new_submission=True, has_score=False) == {}
    submitted = score_extension("Canvas", is_new_submission=True, has_score=False)
    graded = score_extension("canvas", is_new_submission=False, has_score=True)

    assert submitted[CANVAS_SUBMISSION] == {
        "new_submission": True,
        "prioritize_non_tool_grade": True,
        "preserve_score": True,
    }
    assert "preserve_score" not in graded[CANVAS_SUBMISSION]
    assert announces_submission(submitted)
    assert not announces_submission(graded)
    assert not announces_submission({})


@pytest.mark.parametrize(
    ("status", "remaining", "throttled"),
    [
        (403, "0", True),
        (403, "0.0", True),
        (403, "12", False),
        (403, "?", False),
        (200, "0", False),
    ],
)
def test_canvas_says_too_fast_with_403(status, remaining, throttled):
    assert is_throttled(status, {"X-Rate-Limit-Remaining": remaining}) is throttled


def test_a_403_without_counter_is_a_refusal():
    assert not is_throttled(403, {})


@pytest.mark.parametrize(
    ("status", "text", "outdated"),
    [
        (409, "", True),
        (400, "Provided timestamp before last updated timestamp", True),
        (400, "Incorrect score received", False),
        (422, "before last updated", False),
    ],
)
def test_conflicts_are_known_in_both_dialects(status, text, outdated):
    assert is_outdated(status, text) is outdated


def test_blackboard_couples_columns_by_deep_linking_only():
    assert not may_set_resource_link("BlackboardLearn")
    assert may_set_resource_link("canvas")
    assert may_set_resource_link(None)


@pytest.mark.parametrize(
    ("family", "status", "text", "words"),
    [
        ("canvas", 422, "Maximum number of allowed attempts has been reached", "more attempts"),
        ("canvas", 422, "User Mei Student not found in course", "not a student"),
        ("moodle", 400, "Incorrect score received for Mei Student", "enrolled as a student"),
        ("desire2learn", 422, "{}", "Can be graded in Grades"),
        (None, 412, "precondition", "HTTP 412"),
        (None, 422, "attempt by Mei", "HTTP 422"),
    ],
)
def test_refusals_are_told_in_plain_words_without_names(family, status, text, words):
    explained = explain_refusal(family, status, text)

    assert words in explained
    assert "Mei" not in explained
