"""Tables are read whoever wrote them, and written so that a spreadsheet runs nothing."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.catalog.tables import MAX_COLUMNS, guard, read_table, unguard, write_table
from app.core.errors import InvalidError

CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30).map(str.strip)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_what_is_written_is_read_again(pairs):
    rows = [{"name": f"x{a}", "text": b} for a, b in pairs]

    text = "".join(write_table(["name", "text"], rows))

    assert [dict(row.cells) for row in read_table(text.encode()).rows] == rows


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=20) | st.text("'=＝ \t\u200bx", max_size=6))
def test_a_guarded_cell_begins_no_formula_and_says_the_same(text):
    guarded = guard(text)

    assert guarded.lstrip()[:1] not in set("=+-@\t\r＝＋－＠")
    assert unguard(guarded) == text


def test_a_first_row_of_a_million_columns_is_refused_before_they_are_compared():
    with pytest.raises(InvalidError, match=f"more than {MAX_COLUMNS} columns"):
        read_table(",".join(f"c{n}" for n in range(1_000_000)).encode())
