"""Periodic jobs: one row each, claimed once, tried again after a failure."""

import json
import threading
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from app.core.db import db
from app.outbox.models import DeliveryState, Timer
from app.outbox.timers import AGAIN_AFTER_FAILURE, PATIENCE, Job, claim_timer, run_due_jobs
from app.outbox.worker import run_forever
from tests.factories import NOON
from tests.outbox.hands import Recorder, row

HOUR = timedelta(hours=1)


@pytest.fixture
def context(app):
    with app.app_context():
        yield


def timer(session, name: str = "tidy") -> Timer:
    session.rollback()
    return session.scalars(
        select(Timer).where(Timer.name == name).execution_options(populate_existing=True)
    ).one()


def test_a_job_runs_at_the_start_and_then_once_an_hour(app):
    stop, tidied, ticks = threading.Event(), [], iter(range(40))

    def clock():
        tick = next(ticks, None)
        if tick is None:
            stop.set()
        return NOON + timedelta(minutes=10 * (40 if tick is None else tick))

    with app.app_context():
        jobs = [Job("tidy", HOUR, tidied.append)]
        run_forever({}, clock=clock, stop=stop, idle_seconds=0.0, jobs=jobs)

    assert NOON <= tidied[0] <= NOON + HOUR / 2
    assert len(tidied) > 1
    assert all(HOUR <= later - earlier < 2 * HOUR for earlier, later in pairwise(tidied))


def test_the_row_says_when_it_ran_and_when_it_is_due(context, clock, session):
    assert run_due_jobs([Job("tidy", HOUR, lambda _now: None)], clock=clock) == ["tidy"]

    found = timer(session)
    assert (found.last_run_at, found.due_at) == (NOON, NOON + HOUR)
    assert found.last_error is None


def test_a_daily_job_waits_for_its_time_of_day(context, clock, session):
    ran: list[datetime] = []
    nightly = Job("compare", timedelta(days=1), ran.append, at=time(2, 30))

    assert run_due_jobs([nightly], clock=clock) == []
    clock.now = datetime(2026, 11, 3, 2, 29, tzinfo=UTC)
    assert run_due_jobs([nightly], clock=clock) == []
    clock.now = datetime(2026, 11, 3, 2, 31, tzinfo=UTC)
    assert run_due_jobs([nightly], clock=clock) == ["compare"]

    assert ran == [clock.now]
    assert timer(session, "compare").due_at == datetime(2026, 11, 4, 2, 30, tzinfo=UTC)


def test_a_job_that_fails_is_tried_again_later_and_stops_neither_others_nor_the_queue(
    owe, session, clock
):
    delivery_id = owe()
    stop = threading.Event()
    tidied: list[datetime] = []

    def break_down(_now: datetime) -> None:
        raise ValueError("a name that does not belong into the row")

    def handler(_message) -> None:
        stop.set()

    jobs = [Job("broken", HOUR, break_down), Job("tidy", HOUR, tidied.append)]
    run_forever({"note": handler}, clock=clock, stop=stop, idle_seconds=0.01, jobs=jobs)

    assert tidied == [NOON]
    assert row(session, delivery_id).state is DeliveryState.DELIVERED
    broken = timer(session, "broken")
    assert (broken.last_run_at, broken.last_error) == (None, "ValueError")
    assert broken.due_at == NOON + AGAIN_AFTER_FAILURE

    clock.now = broken.due_at
    mended = Job("broken", HOUR, tidied.append)
    assert run_due_jobs([mended], clock=clock) == ["broken"]
    assert timer(session, "broken").last_error is None


def test_of_several_workers_one_runs_the_job(app, session, clock):
    together, ran = threading.Barrier(3), []
    job = Job("tidy", HOUR, ran.append)

    def work() -> None:
        with app.app_context():
            together.wait()
            run_due_jobs([job], clock=clock)
            db.session.remove()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()

    assert ran == [NOON]


def test_a_job_whose_worker_died_is_run_by_another(context, session, clock):
    job = Job("tidy", HOUR, Recorder().messages.append)
    assert claim_timer(session, job, now=NOON)
    session.commit()

    clock.now = NOON + PATIENCE - timedelta(seconds=1)
    assert run_due_jobs([job], clock=clock) == []
    clock.now = NOON + PATIENCE
    assert run_due_jobs([job], clock=clock) == ["tidy"]


def test_jobs_are_run_and_listed_by_command(app, session):
    runner = app.test_cli_runner()

    assert "now" in runner.invoke(args=["timers", "list"]).output
    assert "Ran" in runner.invoke(args=["timers", "run"]).output
    assert runner.invoke(args=["timers", "run"]).output == "Nothing is due.\n"
    assert runner.invoke(args=["timers", "run", "tidy"]).output == "Ran tidy.\n"
    listed = json.loads(runner.invoke(args=["timers", "list", "--json"]).output)
    assert "tidy" in [row["name"] for row in listed if row["last_run_at"]]
    unknown = runner.invoke(args=["timers", "run", "dance"])
    assert unknown.exit_code == 1
    assert "There is no job" in unknown.output
