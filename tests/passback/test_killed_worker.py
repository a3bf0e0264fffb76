"""A real worker, killed on the way: nothing is lost, nothing is doubled, repeats are identical."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.core.principal import Role
from app.outbox.models import OPEN_STATES, Delivery, DeliveryState
from app.passback.service import queue_status
from tests.conftest import BASE_URL, SECRET
from tests.factories import make_person

ROOT = Path(__file__).resolve().parents[2]
SCORES, KILLS, PATIENCE = 60, 2, 60


@pytest.fixture
def start_worker(database_url, tmp_path):
    """Start `outbox run` in a process of its own; whatever is left of it is ended."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "app", "outbox", "run", "--lease", "1"],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={
                    **os.environ,
                    "ASSAY_BASE_URL": BASE_URL,
                    "ASSAY_SECRET_KEY": SECRET,
                    "ASSAY_DATABASE_URL": database_url,
                    "ASSAY_STORAGE_DIR": str(tmp_path),
                    "ASSAY_ALLOW_LOOPBACK": "true",
                },
            )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def test_a_killed_worker_loses_and_doubles_nothing(session, world, assignment, lms, start_worker):
    now = datetime.now(UTC)
    for number in range(SCORES):
        learner = make_person(session, world.course, Role.LEARNER, f"Learner {number}")
        queue_status(
            session,
            assignment,
            person_id=learner.id,
            status="met",
            points=number % 7,
            comment=f"Number {number}",
            occurred_at=now,
            submitted_at=now,
            scored_by=None,
        )
    session.commit()
    answer = lms._answer

    def take_your_time(request):
        time.sleep(0.02)
        return answer(request)

    lms._answer = take_your_time
    for kill in range(1, KILLS + 1):
        worker = start_worker()
        _wait(lambda kill=kill: len(lms.scores()) >= kill * SCORES // (KILLS + 1))
        worker.kill()
        worker.wait()
    worker = start_worker()
    _wait(lambda: _count(session, *OPEN_STATES) == 0)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=30) == 0, "the one in hand is finished, then it ends"

    assert _count(session, DeliveryState.DELIVERED) == SCORES
    bodies = {
        (body := json.loads(text))["userId"]: body
        for text in (
            delivery.payload["body"] for delivery in session.scalars(select(Delivery)).all()
        )
    }
    held = {result["userId"]: result for result in lms.told()}
    assert held.keys() == bodies.keys()
    for user_id, result in held.items():
        assert result["resultScore"] == bodies[user_id]["scoreGiven"]
        assert result["comment"] == bodies[user_id]["comment"]
    posted = defaultdict(set)
    for post in lms.calls("/li/5/scores"):
        posted[post.json()["userId"]].add(post.body)
    assert all(len(same) == 1 for same in posted.values()), "a repeat is the same to the letter"


def _count(session, *states: DeliveryState) -> int:
    session.rollback()
    query = select(func.count()).select_from(Delivery).where(Delivery.state.in_(states))
    return session.scalar(query) or 0


def _wait(is_so) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)
