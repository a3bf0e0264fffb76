"""A gradebook on the wire, and a worker that tells it."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from flask import Flask

from app.core.db import transaction
from app.mapping.models import Assignment
from app.outbox.models import Delivery
from app.outbox.worker import run_due
from app.passback import delivery_handlers
from app.passback.service import queue_status
from tests.factories import NOON, make_assignment
from tests.passback.gradebook_server import GradebookServer, serve


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def lms() -> Iterator[GradebookServer]:
    with serve() as gradebook:
        yield gradebook


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def assignment(app: Flask, session, world, lms) -> Assignment:
    """An assignment whose gradebook is the server; its column `5` exists."""
    world.platform.token_url = f"{lms.url}/token"
    world.course.lineitems_url = f"{lms.url}/lineitems"
    assignment = make_assignment(session, world.course, world.level_1, link=world.link)
    assignment.lineitem_url = lms.add_item("5", resourceLinkId="link-1")
    session.commit()
    return assignment


@pytest.fixture
def handlers(app: Flask, clock):
    extensions = app.extensions
    with app.app_context():
        yield delivery_handlers(
            extensions["assay.vault"], extensions["assay.http"], "https://tool.test", clock=clock
        )


@pytest.fixture
def tell(handlers, world, assignment, clock) -> Callable[..., int]:
    """Queue one status and commit; return the delivery's id."""

    def queue_one(status="met", *, points=3, comment="2 of 2 criteria met", person=None):
        with transaction() as own:
            delivery = queue_status(
                own,
                own.get_one(Assignment, assignment.id),
                person_id=(person or world.learner).id,
                status=status,
                points=points,
                comment=comment,
                occurred_at=clock.now,
                submitted_at=NOON,
                scored_by=None,
            )
            return delivery.id

    return queue_one


@pytest.fixture
def run(handlers, clock) -> Callable[[], int]:
    return lambda: run_due(handlers, clock=clock)


@pytest.fixture
def stands(session, assignment) -> Callable[[int], Delivery]:
    """Return a delivery as the database has it now."""

    def read(delivery_id: int) -> Delivery:
        session.rollback()
        session.expire_all()
        return session.get_one(Delivery, delivery_id)

    return read
