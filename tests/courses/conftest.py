"""A class list on the wire, and the world's course behind it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.courses.models import LtiUser, Person, RosterEntry, RosterReading
from app.courses.roster import RosterReader
from tests.courses.roster_server import RosterServer, serve


class Clock:
    """A clock that is set by hand; it begins a little after the tests' launches."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC) + timedelta(minutes=1)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def lms() -> Iterator[RosterServer]:
    with serve() as roster:
        yield roster


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def course(session, world, lms):
    """The world's course; its class list is the server's."""
    world.platform.token_url = f"{lms.url}/token"
    world.course.memberships_url = lms.people_url
    session.commit()
    return world.course


@pytest.fixture
def reader(app: Flask, course, clock) -> Iterator[RosterReader]:
    with app.app_context():
        extensions = app.extensions
        yield RosterReader(extensions["assay.vault"], extensions["assay.http"], clock=clock)


@pytest.fixture
def sub_of(session) -> Callable[[Person], str]:
    """The user id by which the LMS knows somebody of the world."""

    def find(person: Person) -> str:
        return session.scalars(select(LtiUser.sub).where(LtiUser.person_id == person.id)).one()

    return find


@pytest.fixture
def person(session, world) -> Callable[[str], Person | None]:
    """Somebody of the world's platform by their user id, as the database has them now."""

    def find(sub: str) -> Person | None:
        session.rollback()
        session.expire_all()
        user = session.scalar(
            select(LtiUser).where(LtiUser.sub == sub, LtiUser.platform_id == world.platform.id)
        )
        return user.person if user else None

    return find


@pytest.fixture
def entry(session, person, course) -> Callable[[str], RosterEntry | None]:
    """What the roster says of somebody."""

    def find(sub: str) -> Any:
        known = person(sub)
        return known and session.scalar(
            select(RosterEntry).where(
                RosterEntry.person_id == known.id, RosterEntry.course_id == course.id
            )
        )

    return find


@pytest.fixture
def reading(session, course) -> Callable[[], RosterReading]:
    """How the reading of the course's roster stands."""

    def find() -> RosterReading:
        session.rollback()
        session.expire_all()
        return session.scalars(
            select(RosterReading).where(RosterReading.course_id == course.id)
        ).one()

    return find
