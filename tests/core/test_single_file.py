"""Views in single file: one at a time in a process, but nobody waits for who waits outside."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError, Event

import pytest

from app.core.db import db
from app.core.single_file import in_single_file, stepping_aside


@pytest.fixture
def at_once(app):
    """Run a function in two threads at the same time; return what both return."""

    def run(act):
        def in_the_app(number):
            with app.app_context():
                return act(number)

        with ThreadPoolExecutor(2) as threads:
            return [*threads.map(in_the_app, range(2))]

    return run


def meet(barrier: Barrier) -> bool:
    try:
        barrier.wait(0.2)
    except BrokenBarrierError:
        return False
    return True


def test_two_of_a_kind_never_run_together_on_sqlite(app, at_once):
    barrier = Barrier(2)
    with app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"

    met = at_once(in_single_file(lambda _number: meet(barrier)))

    assert met == [not is_sqlite, not is_sqlite]


def test_who_steps_aside_lets_the_other_go_on(at_once):
    has_come = Event()

    @in_single_file
    def view(number):
        if number == 1:
            has_come.set()
            return True
        with stepping_aside():
            return has_come.wait(5)

    assert at_once(view) == [True, True]


def test_an_error_gives_the_turn_back(app):
    @in_single_file
    def view(answers):
        return answers["this"]

    with app.app_context():
        with pytest.raises(KeyError):
            view({})

        assert view({"this": "next"}) == "next"


def test_outside_of_a_file_nobody_has_to_step_aside():
    with stepping_aside(), stepping_aside():
        pass
