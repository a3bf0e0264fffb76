"""A queue to fill, inside an application context."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.core.db import transaction
from app.outbox.service import queue
from tests.factories import NOON, make_institution
from tests.outbox.hands import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def owe(app: Flask, session: Session) -> Iterator[Callable[..., int]]:
    """Queue one message; inside, the worker has its application context."""
    institution = make_institution(session)
    session.commit()

    def queue_one(text: str = "one", *, subject: str = "s:1", now: datetime = NOON) -> int:
        with transaction() as own:
            delivery = queue(
                own,
                institution.id,
                kind="note",
                subject=subject,
                payload={"body": text},
                due_at=now,
                now=now,
            )
            return delivery.id

    with app.app_context():
        yield queue_one
