"""What the queue says of moments and spans, kept or not, is what Babel says of them."""

from datetime import UTC, datetime, timedelta

import pytest
from flask_babel import format_timedelta

from app.assessment.promise import read_clock
from app.assessment.queue_words import Words
from app.core.pages import moment

NOW = datetime(2026, 11, 24, 16, 5, 59, 999_999, tzinfo=UTC)
# On both sides of, and at, what changes the words: a unit, a half, the threshold of 1.2.
STEPS = (0, 1, 71, 72, 89, 90, 91, 150, 210, 270, 271, 4_319, 4_320, 5_400, 9_000, 9_001, 103_679)
LONG = (103_680, 129_600, 216_000, 725_759, 725_760, 3_110_400, 37_843_200, 100_000_000)


@pytest.fixture
def words(app):
    with app.test_request_context():
        yield Words()


@pytest.mark.parametrize("seconds", [*STEPS, *LONG])
@pytest.mark.parametrize("rest", [0, 0.4])
def test_a_span_is_told_as_babel_tells_it(words, seconds, rest):
    length = timedelta(seconds=seconds + rest)
    told = format_timedelta(length, threshold=1.2)

    assert words.ago(length) == f"Handed in {told} ago"
    assert words.clock(read_clock(NOW - length, now=NOW)) == f"late by {told}"
    if length:
        assert words.clock(read_clock(NOW + length, now=NOW)) == f"{told} left"


def test_a_moment_is_told_as_on_other_pages(words):
    for hours in range(0, 9_000, 77):
        at = NOW - timedelta(hours=hours, minutes=hours % 59)
        assert words.moment(at) == moment(at)
        assert words.moment(at) == moment(at)  # kept, the second time
