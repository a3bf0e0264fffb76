"""Two at once: on PostgreSQL they really are; SQLite puts writers in a row."""

import json
import threading
from collections.abc import Callable

from sqlalchemy import select

from app.core.db import db, transaction
from app.mapping.models import Assignment
from app.outbox.models import Delivery, DeliveryState
from app.outbox.worker import Outcome, claim_next, record_outcome
from app.passback.models import GradebookCell
from app.passback.service import queue_status
from tests.factories import NOON, make_assignment


def in_threads(app, *works: Callable[[], None]) -> None:
    """Run each in a thread of its own, with its own session."""

    def run(work: Callable[[], None]) -> None:
        with app.app_context():
            work()
            db.session.remove()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def submit(session, assignment_id: int, person_id: int) -> None:
    queue_status(
        session,
        session.get_one(Assignment, assignment_id),
        person_id=person_id,
        status="submitted",
        points=None,
        comment="Submitted",
        occurred_at=NOON,
        submitted_at=NOON,
        scored_by=None,
    )


def test_two_first_messages_at_once_are_told_in_order(app, session, world):
    assignment = make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    together = threading.Barrier(2)

    def work() -> None:
        together.wait()
        with transaction() as own:
            submit(own, assignment.id, world.learner.id)

    in_threads(app, work, work)

    deliveries = session.scalars(select(Delivery).order_by(Delivery.id)).all()
    assert [d.state for d in deliveries] == [DeliveryState.SUPERSEDED, DeliveryState.WAITING]
    stamps = [json.loads(d.payload["body"])["timestamp"] for d in deliveries]
    assert stamps == ["2026-11-02T12:00:00.000+00:00", "2026-11-02T12:00:01.000+00:00"]
    assert len(session.scalars(select(GradebookCell)).all()) == 1


def test_a_result_recorded_while_a_newer_message_is_queued_gives_way(app, session, world):
    assignment = make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    with app.app_context():
        with transaction() as own:
            submit(own, assignment.id, world.learner.id)
        claimed = claim_next(now=NOON, horizon=NOON)
    is_queued, may_commit = threading.Event(), threading.Event()

    def queue_newer() -> None:
        with transaction() as own:
            submit(own, assignment.id, world.learner.id)
            is_queued.set()
            may_commit.wait(timeout=0.3)

    def record() -> None:
        is_queued.wait(timeout=5)
        with transaction() as own:
            record_outcome(own, claimed, Outcome(DeliveryState.FAILING, "down"), now=NOON)
        may_commit.set()

    in_threads(app, queue_newer, record)

    deliveries = session.scalars(select(Delivery).order_by(Delivery.id)).all()
    assert [d.state for d in deliveries] == [DeliveryState.SUPERSEDED, DeliveryState.WAITING]
