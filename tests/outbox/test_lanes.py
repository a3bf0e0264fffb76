"""One message at a time to each other system; a slow one does not hold up the others."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.db import db, transaction
from app.outbox import worker
from app.outbox.claims import claim_batch, leave_lane
from app.outbox.errors import RetryLaterError
from app.outbox.models import Delivery, DeliveryState
from app.outbox.service import queue
from app.outbox.worker import LEASE, run_due, run_forever
from tests.factories import NOON, make_institution
from tests.outbox.hands import Recorder, row


@pytest.fixture
def owe_to(app, session):
    """Queue one message into a lane."""
    institution = make_institution(session)
    session.commit()

    def queue_one(lane: str, subject: str) -> int:
        with transaction() as own:
            delivery = queue(
                own,
                institution.id,
                kind="note",
                subject=subject,
                payload={"lane": lane},
                due_at=NOON,
                lane=lane,
                now=NOON,
            )
            return delivery.id

    with app.app_context():
        yield queue_one


def test_two_workers_never_talk_to_one_system_at_once(owe_to, app, clock, session):
    for number in range(12):
        owe_to("platform:1", f"s:{number}")
    lock, under_way, most = threading.Lock(), [], []

    def handler(message) -> None:
        with lock:
            under_way.append(message)
            most.append(len(under_way))
        time.sleep(0.005)
        with lock:
            under_way.remove(message)

    def work() -> None:
        with app.app_context():
            for _ in range(20):
                run_due({"note": handler}, clock=clock, limit=3)
                time.sleep(0.002)
            db.session.remove()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()

    assert len(most) == 12
    assert max(most) == 1
    states = session.scalars(select(Delivery.state)).all()
    assert set(states) == {DeliveryState.DELIVERED}


def test_a_slow_system_does_not_hold_up_the_others(owe_to, clock, session):
    slow = owe_to("platform:1", "s:slow")
    quick = [owe_to("platform:2", f"s:{number}") for number in range(5)]
    stop, quick_are_through = threading.Event(), threading.Event()
    order: list[str] = []

    def handler(message) -> None:
        if message.payload["lane"] == "platform:1":
            assert quick_are_through.wait(timeout=10)
            order.append("slow")
            stop.set()
            return
        order.append("quick")
        if order.count("quick") == len(quick):
            quick_are_through.set()

    run_forever({"note": handler}, clock=clock, stop=stop, idle_seconds=0.01, lanes=2)

    assert order == ["quick"] * 5 + ["slow"]
    assert row(session, slow).state is DeliveryState.DELIVERED


def test_a_lane_that_a_dead_worker_held_is_free_when_its_lease_runs_out(owe_to, clock):
    owe_to("platform:1", "s:1")
    owe_to("platform:1", "s:2")
    claim_batch(now=NOON, horizon=NOON, size=1)  # and the process ends

    clock.now = NOON + LEASE - timedelta(seconds=1)
    assert run_due({"note": Recorder()}, clock=clock) == 0
    clock.now = NOON + LEASE
    assert run_due({"note": Recorder()}, clock=clock) == 2


def test_one_who_comes_back_late_does_not_give_away_anothers_lane(owe_to, session):
    owe_to("platform:1", "s:1")
    late = claim_batch(now=NOON, horizon=NOON)
    again = claim_batch(now=NOON + LEASE, horizon=NOON)
    assert late is not None
    assert again is not None

    with transaction() as own:
        leave_lane(own, late, now=NOON + LEASE)

    owe_to("platform:1", "s:2")
    assert claim_batch(now=NOON + LEASE, horizon=NOON) is None
    with transaction() as own:
        leave_lane(own, again, now=NOON + LEASE)
    assert claim_batch(now=NOON + LEASE, horizon=NOON) is not None


def test_a_worker_whose_lane_was_taken_over_stops(owe_to, clock, session):
    first, second = owe_to("platform:1", "s:1"), owe_to("platform:1", "s:2")

    def sleep_too_long(message) -> None:
        clock.now += LEASE
        claimed = claim_batch(now=clock.now, horizon=NOON)
        assert claimed is not None
        raise RetryLaterError("slow")

    assert run_due({"note": sleep_too_long}, clock=clock, limit=2) == 1

    for delivery_id in (first, second):
        assert row(session, delivery_id).attempts == 2, "it is the other worker's now"
        assert row(session, delivery_id).state is DeliveryState.WAITING


def test_what_was_claimed_and_not_tried_is_given_back(owe_to, clock, session):
    tried, untried = owe_to("platform:1", "s:1"), owe_to("platform:1", "s:2")
    stop = threading.Event()

    def handler(_message) -> None:
        stop.set()

    run_forever({"note": handler}, clock=clock, stop=stop)

    assert row(session, tried).state is DeliveryState.DELIVERED
    left = row(session, untried)
    assert (left.state, left.attempts, left.leased_until) == (DeliveryState.WAITING, 0, None)
    assert run_due({"note": Recorder()}, clock=clock) == 1


def test_successes_that_follow_quickly_are_recorded_together(owe_to, clock, session, monkeypatch):
    ids = [owe_to("platform:1", f"s:{number}") for number in range(4)]
    seen: list[int] = []

    def handler(_message) -> None:
        session.rollback()
        states = session.scalars(select(Delivery.state)).all()
        seen.append(states.count(DeliveryState.DELIVERED))

    run_due({"note": handler}, clock=clock)
    assert seen == [0, 0, 0, 0]

    seen.clear()
    monkeypatch.setattr(worker, "RECORD_SECONDS", 0.0)
    ids += [owe_to("platform:1", f"s:1{number}") for number in range(3)]
    run_due({"note": handler}, clock=clock)
    assert seen == [4, 5, 6], "where each takes long, each is recorded by itself"
    assert all(row(session, one).state is DeliveryState.DELIVERED for one in ids)


def test_a_thread_that_breaks_ends_the_worker(owe_to, clock, monkeypatch):
    """Else the worker would live on with fewer threads, and nobody would notice."""
    own_thread = threading.current_thread()
    claim = worker.claim_batch

    def break_in_the_other_thread(**facts):
        if threading.current_thread() is not own_thread:
            raise LookupError("a bug")
        return claim(**facts)

    monkeypatch.setattr(worker, "claim_batch", break_in_the_other_thread)

    with pytest.raises(LookupError, match="a bug"):
        run_forever({}, clock=clock, stop=threading.Event(), idle_seconds=0.01, lanes=2)
