"""Two launches that make the same course or person at the same moment: both get in.

The second one finds the other's row in its way, starts its unit of work again,
and then finds it there. SQLite has one writer at a time, so only PostgreSQL gets here.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from app.courses.models import Course, Enrolment, LtiUser, Person
from app.launch.claims import CLAIM
from app.launch.models import OidcLogin

WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
PATIENCE_SECONDS = 20
NEW_COURSE = {f"{CLAIM}context": {"id": "course-new", "title": "Statistics"}}


@pytest.fixture(autouse=True)
def _several_writers(worker_engine):
    if worker_engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")


@pytest.fixture
def count(session):
    """How many rows a query finds among what is committed."""

    def read(query) -> int:
        session.rollback()
        return session.scalar(select(func.count()).select_from(query.subquery()))

    return read


def make_course(session, world) -> None:
    session.add(
        Course(
            institution_id=world.platform.institution_id,
            platform_id=world.platform.id,
            deployment_pk=world.deployment.id,
            context_id="course-new",
            ags_scopes=[],
            created_at=datetime.now(UTC),
        )
    )


def make_person(session, world) -> None:
    person = Person(institution_id=world.platform.institution_id, created_at=datetime.now(UTC))
    session.add(person)
    session.flush()
    session.add(LtiUser(platform_id=world.platform.id, sub="new-user", person_id=person.id))


@pytest.mark.parametrize("make", [make_course, make_person])
def test_a_launch_goes_on_with_the_row_that_another_made_first(
    lms, browser, session, world, worker_engine, count, make
):
    mei = browser()
    login = lms.login(mei)
    make(session, world)
    session.flush()

    with ThreadPoolExecutor(1) as pool:
        launched = pool.submit(lms.launch, mei, login=login, sub="new-user", **NEW_COURSE)
        deadline = time.monotonic() + PATIENCE_SECONDS
        with worker_engine.connect() as watch:
            while not watch.scalar(WAITING) and time.monotonic() < deadline:
                assert not launched.done(), launched.result().text
                time.sleep(0.02)
        session.commit()
        answer = launched.result(PATIENCE_SECONDS)

    assert answer.status_code == 200
    assert count(select(Course).where(Course.context_id == "course-new")) == 1
    assert count(select(LtiUser).where(LtiUser.sub == "new-user")) == 1
    assert count(select(Enrolment).join(Course).where(Course.context_id == "course-new")) == 1
    assert count(select(OidcLogin).where(OidcLogin.used_at.is_(None))) == 0


def test_a_class_that_opens_a_new_course_at_once_gets_in(lms, browser, count):
    people = [browser() for _ in range(6)]
    logins = [lms.login(person) for person in people]
    start = threading.Barrier(len(people))

    def launch(number: int) -> int:
        start.wait(PATIENCE_SECONDS)
        # Two windows each: three people, six launches.
        sub = f"new-{number % 3}"
        return lms.launch(people[number], login=logins[number], sub=sub, **NEW_COURSE).status_code

    with ThreadPoolExecutor(len(people)) as pool:
        answers = list(pool.map(launch, range(len(people))))

    assert answers == [200] * len(people)
    assert count(select(Course).where(Course.context_id == "course-new")) == 1
    assert count(select(LtiUser).where(LtiUser.sub.like("new-%"))) == 3
    assert count(select(Enrolment).join(Course).where(Course.context_id == "course-new")) == 3
