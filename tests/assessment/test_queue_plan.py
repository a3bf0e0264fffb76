"""The queue is read by its indexes, whatever it is narrowed to: the planner is asked."""

from datetime import UTC, datetime

import pytest

from app.assessment.queue_filters import NO_FILTERS, Filters, Place, PromiseState, QueueState
from app.assessment.queue_scopes import Branch
from app.assessment.queue_statements import _ask, _count, _places, _places_of_each

NOW = datetime.now(UTC)
SOMEWHERE = Place(NOW, 7)
BRANCHES = [Branch(1, None, is_checked=False), Branch(2, None, is_checked=True)]
PLAIN = [Branch(1, None, is_checked=False), Branch(2, None, is_checked=False)]
IN_COURSES = [Branch(1, 5, is_checked=False), Branch(2, 5, is_checked=False)]
BEGUN = "ix_submission_queue_started"
INDEX = {
    QueueState.WAITING: "ix_submission_queue ",
    QueueState.STARTED_BY_ME: BEGUN,
    QueueState.STARTED_BY_OTHERS: BEGUN,
    QueueState.RECOMMENDED: BEGUN,
    QueueState.ANOTHER: BEGUN,
    QueueState.DISPUTED: BEGUN,
    QueueState.QUESTION: "ix_submission_queue_asked",
}


@pytest.fixture
def plan(session):
    """Asks SQLite how it would read a statement of the queue."""
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("SQLite's planner is asked")

    def ask(filters, branches=BRANCHES, *, place=None, is_backwards=False, worded=_places):
        shape, facts = _ask(
            branches, filters, person_id=3, place=place, is_backwards=is_backwards, now=NOW
        )
        compiled = worded(shape)._statement.compile(session.get_bind())
        facts["most"] = 26
        values = {**compiled.params, **facts}
        written = [
            value.isoformat(" ") if isinstance(value, datetime) else value
            for value in (values[name] for name in compiled.positiontup)
        ]
        lines = session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {compiled.string}", tuple(written)
        )
        return [str(line[3]) + " " for line in lines]

    return ask


@pytest.fixture
def postgres_plan(session):
    """Asks PostgreSQL how it would read the queue, if it had more than a test's few rows."""
    if session.get_bind().dialect.name != "postgresql":
        pytest.skip("PostgreSQL's planner is asked")
    session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")

    def ask(filters, branches, worded, *, place=None, is_backwards=False):
        shape, facts = _ask(
            branches, filters, person_id=3, place=place, is_backwards=is_backwards, now=NOW
        )
        if worded is _places_of_each and not shape.is_plain:
            pytest.skip("read branch by branch")
        compiled = worded(shape)._statement.compile(session.get_bind())
        values = {**compiled.params, **facts, "most": 26}
        found = session.connection().exec_driver_sql(f"EXPLAIN {compiled.string}", values)
        return [line[0] for line in found]

    return ask


def count_short(shape):
    return _count(shape, is_short=True)


@pytest.mark.parametrize("worded", [_places, _places_of_each, count_short])
@pytest.mark.parametrize("branches", [PLAIN, BRANCHES, IN_COURSES])
@pytest.mark.parametrize(
    "filters",
    [
        NO_FILTERS,
        Filters(age_days=7),
        Filters(promise=PromiseState.SOON),
        Filters(promise=PromiseState.MISSED),
        *(Filters(state=state) for state in QueueState),
    ],
)
def test_postgres_scans_no_submission_in_vain(postgres_plan, filters, branches, worded):
    lines = postgres_plan(filters, branches, worded)
    there = postgres_plan(filters, branches, worded, place=SOMEWHERE)

    for line in [*lines, *there]:
        assert "Seq Scan on submission" not in line


def reads(lines):
    """Return how the submissions themselves are read."""
    return [line for line in lines if line.split()[1:2] == ["submission"]]


@pytest.mark.parametrize("place", [None, SOMEWHERE])
@pytest.mark.parametrize("is_backwards", [False, True])
@pytest.mark.parametrize(
    ("filters", "branches", "index"),
    [
        (NO_FILTERS, BRANCHES, "ix_submission_queue "),
        (NO_FILTERS, IN_COURSES, "ix_submission_queue_course"),
        (Filters(age_days=7), BRANCHES, "ix_submission_queue_age"),
        (Filters(promise=PromiseState.SOON), BRANCHES, "ix_submission_queue "),
        (Filters(promise=PromiseState.MISSED), BRANCHES, "ix_submission_queue "),
        *((Filters(state=state), BRANCHES, index) for state, index in INDEX.items()),
    ],
)
def test_no_page_reads_more_of_the_queue_than_it_shows(
    plan, filters, branches, index, place, is_backwards
):
    lines = plan(filters, branches, place=place, is_backwards=is_backwards)

    found = reads(lines)
    assert len(found) == len(branches)
    for line in found:
        assert line.startswith("SEARCH submission USING")
        assert index in line
    # Only the few rows of each branch are sorted, where they are merged: nothing before that.
    assert sum("TEMP B-TREE FOR ORDER BY" in line for line in lines) <= len(branches)


@pytest.mark.parametrize("state", [QueueState.MINE, QueueState.APPEAL])
def test_short_lists_are_read_by_their_rows(plan, state):
    found = reads(plan(Filters(state=state)))

    assert len(found) == 1
    assert found[0].startswith("SEARCH submission USING")
    assert "rowid=?" in found[0]


@pytest.mark.parametrize("state", [None, *QueueState])
def test_counting_scans_no_table(plan, state):
    lines = plan(Filters(state=state), worded=_count)

    assert not [line for line in lines if line.startswith("SCAN submission")]
