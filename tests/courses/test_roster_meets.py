"""A roster that meets a launch, or another reader, at the same moment."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text
from werkzeug.wrappers import Response

from app.core.errors import ConflictError
from app.courses.models import LtiUser, Person
from app.courses.roster import RosterReader
from tests.courses.roster_server import member
from tests.factories import NOON

WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def make_person(session, world, sub):
    """What a launch of somebody unknown writes first."""
    person = Person(institution_id=world.institution.id, created_at=NOON)
    session.add(person)
    session.flush()
    session.add(LtiUser(platform_id=world.platform.id, sub=sub, person_id=person.id))
    session.flush()


def test_somebody_who_launches_while_the_list_is_read_is_known(reader, lms, course, session, world):
    def meanwhile(_request):
        make_person(session, world, "a")
        session.commit()
        return Response(json.dumps({"members": [member("a")]}))

    lms.script = [meanwhile]

    outcome = reader.refresh(course.id)

    assert (outcome.added, outcome.changed) == (0, 1)


def test_a_list_that_meets_a_launch_is_written_again(
    reader, lms, course, session, world, worker_engine, app
):
    """The launch's row stands in the way of the first try; the second finds it there."""
    if worker_engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    lms.members = [member("a"), member("b")]
    make_person(session, world, "a")  # not committed yet

    def read():
        with app.app_context():
            return reader.refresh(course.id)

    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(read)
        deadline = time.monotonic() + 20
        with worker_engine.connect() as watch:
            while not watch.scalar(WAITING) and time.monotonic() < deadline:
                assert not outcome.done(), outcome.result()
                time.sleep(0.02)
        session.commit()

        assert outcome.result(20).added == 1

    assert session.scalar(select(func.count()).where(LtiUser.sub == "a")) == 1


def test_two_who_read_at_once_are_one_reading(reader, lms, course, app):
    """The second one is told so; the first one goes on."""
    at_work, go_on = threading.Event(), threading.Event()

    def wait(request):
        at_work.set()
        go_on.wait(10)
        return Response(json.dumps({"members": [member("a")]}))

    lms.script = [wait]
    extensions = app.extensions

    def read() -> None:
        with app.app_context():
            RosterReader(extensions["assay.vault"], extensions["assay.http"]).refresh(course.id)

    thread = threading.Thread(target=read)
    thread.start()
    assert at_work.wait(10)
    try:
        with pytest.raises(ConflictError):
            reader.refresh(course.id)
    finally:
        go_on.set()
        thread.join()
    assert len(lms.seen) == 1
