"""A clock set by hand, a handler that answers as told, an event that does not wait."""

import threading
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.outbox.models import Delivery
from app.outbox.worker import Message
from tests.factories import NOON


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Recorder:
    """A handler that remembers what it got and answers as told, then with success."""

    def __init__(self, *answers: Exception | None) -> None:
        self.messages: list[Message] = []
        self._answers = iter(answers)

    def __call__(self, message: Message) -> None:
        self.messages.append(message)
        answer = next(self._answers, None)
        if answer is not None:
            raise answer

    @property
    def payloads(self) -> list[dict[str, Any]]:
        return [dict(message.payload) for message in self.messages]


class ImpatientStop(threading.Event):
    """Does not wait, but remembers how long it should have; sets itself after some waits."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.waited: list[float | None] = []
        self._waits = waits

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        if len(self.waited) >= self._waits:
            self.set()
        return self.is_set()


def row(session: Session, delivery_id: int) -> Delivery:
    session.rollback()
    return session.get_one(Delivery, delivery_id, populate_existing=True)
