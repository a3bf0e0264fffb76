"""One unit of work: what its wire and its session write stands or falls together."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import Context

import pytest
from sqlalchemy import bindparam, func, insert, select

from app.core.db import db, reading, short_transaction, transaction
from app.core.orm import table_of
from app.core.prepared import Prepared, wire_of
from app.courses.models import Person

COLUMNS = ("institution_id", "name", "created_at")
ADD = Prepared(insert(table_of(Person)), columns=COLUMNS)
COUNT = Prepared(select(func.count()).select_from(Person).where(Person.name == bindparam("name")))


@pytest.fixture
def facts(world):
    return {"institution_id": world.learner.institution_id, "created_at": world.learner.created_at}


@pytest.fixture
def in_a_request(app):
    """Run a function in a request of its own, beside the one that pytest-flask keeps open."""

    def run(act):
        with app.test_request_context("/"):
            return act()

    return lambda act: Context().run(run, act)


@pytest.fixture
def in_a_command(app):
    """Run a function as a command does."""

    def run(act):
        with app.app_context():
            return act()

    return lambda act: Context().run(run, act)


@pytest.fixture(params=["in_a_request", "in_a_command"])
def anywhere(request):
    return request.getfixturevalue(request.param)


def count(name: str) -> int:
    with reading() as wire:
        return COUNT.first(wire, {"name": name})[0]


def test_what_is_written_in_either_way_is_committed_once(anywhere, facts):
    def act():
        with transaction() as session:
            ADD.change(wire_of(session), {"name": "wire", **facts})
            session.add(Person(name="session", **facts))
            session.flush()
            inside = COUNT.first(wire_of(session), {"name": "session"})[0]
            beside = [count(name) for name in ("wire", "session")]
        return inside, beside, [count(name) for name in ("wire", "session")]

    inside, beside, after = anywhere(act)

    assert inside == 1
    assert beside == [0, 0], "who reads beside it is not on its connection"
    assert after == [1, 1]


@pytest.mark.parametrize("uses_session", [True, False])
def test_an_error_takes_both_back_and_the_next_unit_works(anywhere, facts, uses_session):
    def fail():
        with transaction() as session:
            ADD.change(wire_of(session), {"name": "wire", **facts})
            if uses_session:
                session.add(Person(name="session", **facts))
                session.flush()
            raise KeyError

    def act():
        with pytest.raises(KeyError):
            fail()
        before = [count(name) for name in ("wire", "session")]
        with transaction() as session:
            ADD.change(wire_of(session), {"name": "wire", **facts})
        read = db.session().scalar(select(func.count()).where(Person.name == "wire"))
        return before, count("wire"), read

    assert anywhere(act) == ([0, 0], 1, 1)


def test_a_request_keeps_one_connection_and_gives_it_back(in_a_request, facts):
    def act():
        pool, kept = db.engine.pool, []
        for number in range(3):
            with transaction() as session:
                ADD.change(wire_of(session), {"name": f"wire {number}", **facts})
            count("wire 0")
            kept.append(pool.checkedout())
        return pool, kept

    pool, kept = in_a_request(act)

    assert kept == [1, 1, 1]
    assert pool.checkedout() == 0


def test_a_command_keeps_none(in_a_command):
    def act():
        count("wire")
        return db.engine.pool.checkedout()

    assert in_a_command(act) == 0


@pytest.mark.parametrize("outer", [transaction, short_transaction])
@pytest.mark.parametrize("inner", [transaction, short_transaction])
def test_no_unit_of_work_begins_inside_another(anywhere, outer, inner):
    def act():
        with outer(), pytest.raises(RuntimeError), inner():
            pass  # pragma: no cover
        with inner():
            return "the next one works"

    assert anywhere(act) == "the next one works"


def test_writers_of_one_process_take_turns(app, facts):
    def write(number):
        with app.app_context(), transaction() as session:
            ADD.change(wire_of(session), {"name": f"writer {number}", **facts})
            return number

    with ThreadPoolExecutor(4) as pool:
        written = [*pool.map(write, range(20))]

    with app.app_context():
        assert [count(f"writer {number}") for number in written] == [1] * 20
