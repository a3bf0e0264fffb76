"""Claim, deliver, record: the worker with handlers that answer as told."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.core.db import db, transaction
from app.core.errors import DeliveryError
from app.outbox import worker
from app.outbox.errors import ParkedError, PermanentError, RetryLaterError
from app.outbox.models import Delivery, DeliveryState
from app.outbox.service import reopen_delivery
from app.outbox.worker import LEASE, Message, retry_delay, run_due, run_forever
from tests.factories import NOON, make_institution
from tests.outbox.hands import ImpatientStop, Recorder, row

MINUTE = timedelta(minutes=1)


def test_what_is_due_is_delivered_once(owe, session, clock):
    first, second = owe("one"), owe("two", subject="s:2")
    handler = Recorder()

    assert run_due({"note": handler}, clock=clock) == 2
    assert run_due({"note": handler}, clock=clock) == 0

    assert handler.payloads == [{"body": "one"}, {"body": "two"}]
    assert {row(session, i).state for i in (first, second)} == {DeliveryState.DELIVERED}
    assert row(session, first).delivered_at == NOON
    assert row(session, first).leased_until is None


def test_a_message_that_is_not_due_waits(owe, session, clock):
    delivery_id = owe(now=NOON + MINUTE)

    assert run_due({"note": Recorder()}, clock=clock) == 0
    assert row(session, delivery_id).attempts == 0


def test_the_limit_is_kept(owe, clock):
    owe(subject="s:1"), owe(subject="s:2")

    assert run_due({"note": Recorder()}, clock=clock, limit=1) == 1


def test_no_transaction_is_open_while_the_handler_runs(owe, session, clock):
    owe()
    seen = []

    def handler(message: Message) -> None:
        # A second writer gets through, and sees the lease already committed.
        institution = make_institution(session, "second")
        session.commit()
        seen.append((institution.id, db.session().in_transaction()))
        seen.append(row(session, message.delivery_id).leased_until)

    run_due({"note": handler}, clock=clock)

    assert seen[0][1] is False
    assert seen[1] == NOON + LEASE


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (RetryLaterError("slow down"), "slow down"),
        (DeliveryError("no answer"), "no answer"),
        (ValueError("a name that must not show"), "(ValueError)"),
    ],
)
def test_a_failure_is_tried_again_later(owe, session, clock, answer, words):
    delivery_id = owe()
    handler = Recorder(answer)

    run_due({"note": handler}, clock=clock)

    delivery = row(session, delivery_id)
    assert delivery.state is DeliveryState.FAILING
    assert words in delivery.last_error
    assert "a name" not in delivery.last_error
    assert timedelta(seconds=24) <= delivery.next_attempt_at - NOON <= timedelta(seconds=36)
    clock.now = delivery.next_attempt_at
    run_due({"note": handler}, clock=clock)
    assert row(session, delivery_id).state is DeliveryState.DELIVERED
    assert handler.payloads[0] == handler.payloads[1], "the repeated post is the same"
    assert row(session, delivery_id).last_error is None


def test_a_poison_message_does_not_stop_the_queue(owe, session, clock):
    poison, good = owe(subject="s:1"), owe("good", subject="s:2")
    handler = Recorder(KeyError("poison"))

    assert run_due({"note": handler}, clock=clock) == 2

    assert row(session, poison).state is DeliveryState.FAILING
    assert row(session, good).state is DeliveryState.DELIVERED


def test_a_message_that_nobody_can_deliver_waits_for_somebody_who_can(owe, session, clock):
    delivery_id = owe()

    run_due({}, clock=clock)

    assert row(session, delivery_id).state is DeliveryState.FAILING


def test_the_other_systems_wait_is_honoured(owe, session, clock):
    delivery_id = owe()

    run_due({"note": Recorder(RetryLaterError("wait", after=10 * MINUTE))}, clock=clock)

    assert row(session, delivery_id).next_attempt_at == NOON + 10 * MINUTE


def test_an_absurd_wait_is_cut_to_a_day(owe, session, clock):
    delivery_id = owe()

    run_due({"note": Recorder(RetryLaterError("wait", after=timedelta(days=99)))}, clock=clock)

    assert row(session, delivery_id).next_attempt_at == NOON + timedelta(days=1)


def test_the_wait_doubles_up_to_six_hours():
    waits = [retry_delay(attempts).total_seconds() for attempts in (1, 2, 3, 10, 11, 99)]

    assert waits == [30, 60, 120, 15360, 21600, 21600]
    assert retry_delay(1, jitter=0.2) == timedelta(seconds=36)


def test_after_seven_days_trying_ends(owe, session, clock):
    delivery_id = owe()
    handler = Recorder(*[RetryLaterError("still down")] * 99)

    tries = 0
    while row(session, delivery_id).state in {DeliveryState.WAITING, DeliveryState.FAILING}:
        clock.now = row(session, delivery_id).next_attempt_at
        tries += run_due({"note": handler}, clock=clock)

    delivery = row(session, delivery_id)
    assert delivery.state is DeliveryState.FAILED
    assert not delivery.is_parked
    assert delivery.last_error.endswith("still down")
    assert timedelta(days=6, hours=16) < clock.now - NOON <= timedelta(days=7)
    assert 30 < tries < 50


@pytest.mark.parametrize(
    ("error", "is_parked"), [(PermanentError("no student"), False), (ParkedError("gone"), True)]
)
def test_what_will_not_heal_fails_at_once(owe, session, clock, error, is_parked):
    delivery_id = owe()

    run_due({"note": Recorder(error)}, clock=clock)
    assert run_due({"note": Recorder()}, clock=lambda: NOON + timedelta(days=1)) == 0

    delivery = row(session, delivery_id)
    assert (delivery.state, delivery.is_parked) == (DeliveryState.FAILED, is_parked)
    assert delivery.last_error == str(error)


def test_a_failed_message_can_be_taken_up_again_unchanged(owe, session, clock):
    delivery_id = owe()
    run_due({"note": Recorder(ParkedError("gone"))}, clock=clock)
    with transaction() as own:
        reopen_delivery(own.get_one(Delivery, delivery_id), now=NOON)
    handler = Recorder()

    run_due({"note": handler}, clock=clock)

    assert handler.payloads == [{"body": "one"}]
    assert row(session, delivery_id).state is DeliveryState.DELIVERED
    assert not row(session, delivery_id).is_parked


def test_it_runs_until_it_is_stopped_and_finishes_what_it_has(owe, app, session, clock):
    delivery_id = owe()
    stop = threading.Event()

    def handler(_message: Message) -> None:
        stop.set()

    run_forever({"note": handler}, clock=clock, stop=stop, idle_seconds=0.01)

    assert row(session, delivery_id).state is DeliveryState.DELIVERED


def test_it_waits_while_there_is_nothing_to_do(owe, clock):
    stop = ImpatientStop(waits=1)

    run_forever({}, clock=clock, stop=stop, idle_seconds=3)

    assert stop.waited == [3]


def test_an_outage_of_the_database_is_waited_out(owe, session, clock):
    delivery_id = owe()
    stop = ImpatientStop(waits=2)
    outages = iter([OperationalError("select", {}, Exception("the server went away"))])

    def failing_clock() -> datetime:
        for outage in outages:
            raise outage
        return clock.now

    run_forever({"note": Recorder()}, clock=failing_clock, stop=stop, idle_seconds=1)

    assert row(session, delivery_id).state is DeliveryState.DELIVERED
    assert stop.waited == [worker.OUTAGE_SECONDS, 1]


def test_the_queue_is_read_by_its_partial_index(owe, session):
    owe()
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("SQLite's planner is asked")
    query = select(Delivery.id).where(worker.is_open(Delivery), Delivery.next_attempt_at <= NOON)
    compiled = query.order_by(Delivery.next_attempt_at, Delivery.id).compile(session.get_bind())
    plan = session.connection().exec_driver_sql(
        f"EXPLAIN QUERY PLAN {compiled.string}", ("2026-11-02 12:00:00",)
    )

    assert "ix_delivery_due" in " ".join(str(line) for line in plan)
