"""The commands that look after deliveries and awards."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from app.awards.issuing import issue_award
from app.awards.service import get_award_by_public_id, issue_if_due
from app.awards.status_models import RevocationRequest
from app.core.crypto import Vault
from app.outbox.models import DeliveryState
from app.outbox.service import queue
from app.platforms.service import create_institution
from tests.assessment.work import reached
from tests.conftest import BASE_URL, SECRET
from tests.factories import NOON, World

Command = Callable[..., str]


def test_a_run_with_nothing_due_ends(done: Command) -> None:
    assert done("outbox", "run", "--once") == "Tried 0 messages.\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_worker_ends_when_it_is_told_to(done: Command, number: signal.Signals) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}

    def stop_it_once_it_listens() -> None:
        while any(signal.getsignal(one) is handler for one, handler in before.items()):
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    stopper = threading.Thread(target=stop_it_once_it_listens, daemon=True)
    stopper.start()
    try:
        assert not done("outbox", "run")
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    stopper.join(timeout=5)


def test_what_is_owed_is_listed(done: Command, session: Session) -> None:
    institution = create_institution(
        session, slug="main", name="Main", actor="command:test", now=NOON
    )
    for subject in ("score:1:1", "score:1:2"):
        queue(
            session,
            institution.id,
            kind="score",
            subject=subject,
            payload={},
            due_at=NOON,
            now=NOON,
        )
    arrived = queue(
        session,
        institution.id,
        kind="score",
        subject="score:1:3",
        payload={},
        due_at=NOON,
        now=NOON,
    )
    arrived.state = DeliveryState.DELIVERED
    session.commit()

    owed = json.loads(done("outbox", "list", "--json"))
    everything = json.loads(done("outbox", "list", "--all", "--json"))

    assert [row["subject"] for row in owed] == ["score:1:1", "score:1:2"]
    assert [row["state"] for row in everything] == ["waiting", "waiting", "delivered"]
    assert "score:1:2" in done("outbox", "list").splitlines()[2]


@pytest.fixture
def public_id(world: World, session: Session) -> str:
    award = issue_if_due(
        session,
        person=world.learner,
        version=world.level_1,
        reached=reached(world.level_1),
        awarded_by=world.grantor.id,
        vault=Vault(SECRET),
        base_url=BASE_URL,
        now=datetime.now(UTC),
    )
    session.commit()
    assert award is not None
    return award.public_id


def test_an_award_is_revoked_once_and_with_a_reason(
    done: Command, refused: Command, session: Session, public_id: str
) -> None:
    done("awards", "revoke", public_id, "--reason", "Awarded to the wrong person.")

    session.expire_all()
    award = get_award_by_public_id(session, public_id)
    assert award.revoked_at is not None
    assert award.revocation_reason == "Awarded to the wrong person."
    assert "already been revoked" in refused("awards", "revoke", public_id, "--reason", "Again.")


def test_an_unknown_award_is_refused(refused: Command) -> None:
    assert "no credential" in refused("awards", "revoke", "0" * 32, "--reason", "Why not.")


def test_an_award_with_published_work_is_asked_for_and_not_revoked(
    done: Command, refused: Command, session: Session, world: World
) -> None:
    award = issue_award(
        session,
        person=world.learner,
        version=world.level_2,
        awarded_by=world.grantor.id,
        actor="command:test",
        vault=Vault(SECRET),
        base_url=BASE_URL,
        now=datetime.now(UTC),
    )
    session.commit()

    said = done("awards", "revoke", award.public_id, "--reason", "Copied.")

    assert "has to confirm it" in said
    session.expire_all()
    assert award.revoked_at is None
    request = session.query(RevocationRequest).one()
    assert (request.requested_by, request.reason) == (None, "Copied.")
    assert request.actor.startswith("command:")
    assert "already" in refused("awards", "revoke", award.public_id, "--reason", "Again.")


def test_an_award_is_suspended_and_given_back(
    done: Command, refused: Command, session: Session, public_id: str
) -> None:
    done("awards", "suspend", public_id, "--reason", "Looked into.")
    session.expire_all()
    assert get_award_by_public_id(session, public_id).suspension_reason == "Looked into."

    done("awards", "resume", public_id)

    session.expire_all()
    assert get_award_by_public_id(session, public_id).suspended_at is None
    assert "not suspended" in refused("awards", "resume", public_id)
