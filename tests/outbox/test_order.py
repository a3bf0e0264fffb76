"""Order, leases and several workers: who gets which message, and when."""

import threading
from datetime import datetime, timedelta

import pytest

from app.core.db import db, transaction
from app.outbox import worker
from app.outbox.errors import PermanentError, RetryLaterError, SupersededError
from app.outbox.models import DeliveryState
from app.outbox.service import find_newest_of_subject
from app.outbox.worker import LEASE, Message, Outcome, claim_next, run_due
from tests.factories import NOON
from tests.outbox.hands import Recorder, row

MINUTE = timedelta(minutes=1)


def test_a_newer_message_supersedes_what_has_not_left(owe, session, clock):
    old, failed = owe("old"), owe("other", subject="s:2")
    run_due({"note": Recorder(RetryLaterError("down"), PermanentError("no"))}, clock=clock)

    newer = owe("new")
    owe("newer", subject="s:2")
    handler = Recorder()
    run_due({"note": handler}, clock=clock)

    assert handler.payloads == [{"body": "new"}, {"body": "newer"}]
    assert row(session, old).state is DeliveryState.SUPERSEDED
    assert row(session, failed).state is DeliveryState.SUPERSEDED
    assert find_newest_of_subject(session, "s:1").id == newer


def test_the_message_in_a_workers_hands_leaves_before_the_newer_one(owe, session, clock):
    old = owe("old")
    claimed = claim_next(now=NOON, horizon=NOON)
    new = owe("new")

    assert claim_next(now=NOON, horizon=NOON) is None, "the newer waits for the older"
    with transaction() as own:
        worker.record_outcome(own, claimed, Outcome(DeliveryState.DELIVERED), now=NOON)

    assert row(session, old).state is DeliveryState.DELIVERED
    assert claim_next(now=NOON, horizon=NOON).delivery_id == new


@pytest.mark.parametrize("state", [DeliveryState.FAILING, DeliveryState.FAILED])
def test_an_undelivered_message_gives_way_to_the_newer_one(owe, session, state):
    old = owe("old")
    claimed = claim_next(now=NOON, horizon=NOON)
    new = owe("new")

    with transaction() as own:
        worker.record_outcome(own, claimed, Outcome(state, "down"), now=NOON)

    assert row(session, old).state is DeliveryState.SUPERSEDED
    assert claim_next(now=NOON, horizon=NOON).delivery_id == new


def test_a_handler_may_queue_a_successor_itself(owe, session, clock):
    old = owe("old")
    sent = []

    def handler(message: Message) -> None:
        sent.append(message.payload["body"])
        if message.payload["body"] == "old":
            owe("new")
            raise SupersededError("queued again")

    assert run_due({"note": handler}, clock=clock) == 2

    assert sent == ["old", "new"]
    assert row(session, old).state is DeliveryState.SUPERSEDED


def test_a_dead_workers_message_is_taken_up_when_its_lease_runs_out(owe, session, clock):
    delivery_id = owe()
    claim_next(now=NOON, horizon=NOON)
    handler = Recorder()

    clock.now = NOON + LEASE - MINUTE
    assert run_due({"note": handler}, clock=clock) == 0
    clock.now = NOON + LEASE
    assert run_due({"note": handler}, clock=clock) == 1

    assert handler.messages[0].payload == {"body": "one"}
    assert handler.messages[0].attempt == 2
    assert row(session, delivery_id).state is DeliveryState.DELIVERED


def test_a_late_workers_failure_does_not_disturb_the_one_who_took_over(owe, session):
    delivery_id = owe()
    late = claim_next(now=NOON, horizon=NOON)
    claim_next(now=NOON + LEASE, horizon=NOON)

    with transaction() as own:
        worker.record_outcome(own, late, Outcome(DeliveryState.FAILED, "late"), now=NOON + LEASE)
    assert row(session, delivery_id).state is DeliveryState.WAITING
    with transaction() as own:
        worker.record_outcome(own, late, Outcome(DeliveryState.DELIVERED), now=NOON + LEASE)
    assert row(session, delivery_id).state is DeliveryState.DELIVERED
    with transaction() as own:
        worker.record_outcome(own, late, Outcome(DeliveryState.FAILING, "?"), now=NOON + LEASE)
    assert row(session, delivery_id).state is DeliveryState.DELIVERED


def test_a_message_is_tried_once_per_run_even_if_time_flies(owe, clock):
    owe()
    handler = Recorder(*[RetryLaterError("down")] * 5)

    def flying() -> datetime:
        clock.now += 10 * MINUTE
        return clock.now

    assert run_due({"note": handler}, clock=flying) == 1


def test_two_workers_never_get_the_same_message(owe, app):
    for number in range(20):
        owe(str(number), subject=f"s:{number}")
    got: list[int] = []

    def work() -> None:
        with app.app_context():
            while (message := claim_next(now=NOON, horizon=NOON)) is not None:
                got.append(message.delivery_id)
            db.session.remove()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()

    assert len(got) == len(set(got)) == 20
