"""Two launches that bring the same mapping along at the same moment make one copy.

SQLite has one writer at a time, so only PostgreSQL gets here.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from app.courses.models import ResourceLink
from app.launch.claims import CLAIM
from app.mapping.models import Assignment
from tests import factories
from tests.launch.signing_lms import place_of

PATIENCE_SECONDS = 20


@pytest.fixture(autouse=True)
def _several_writers(worker_engine):
    if worker_engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")


@pytest.fixture
def launch_together(lms, browser):
    """Start several launches at the same moment; return the pages that they led to."""

    def launch(*links, course, uuid):
        people = [browser() for _ in links]
        logins = [lms.login(person) for person in people]
        start = threading.Barrier(len(people))

        def one(number):
            start.wait(PATIENCE_SECONDS)
            return lms.launch(
                people[number],
                login=logins[number],
                sub=f"new-{number}",
                **{
                    f"{CLAIM}context": {"id": course, "title": "Copy"},
                    f"{CLAIM}resource_link": {"id": links[number]},
                    f"{CLAIM}custom": {
                        "assay_assignment": uuid,
                        "assay_course_history": "course-1",
                    },
                },
            )

        with ThreadPoolExecutor(len(people)) as pool:
            return [place_of(answer) for answer in pool.map(one, range(len(people)))]

    return launch


def test_a_class_that_opens_a_copied_activity_makes_one_copy(original, launch_together, session):
    pages = launch_together(*["link-2"] * 5, course="course-2", uuid=original.uuid)

    assert len(set(pages)) == 1
    assert pages[0].endswith("/work")
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Assignment)) == 2


def test_two_links_with_one_identity_each_get_their_own(launch_together, session, world):
    made = factories.make_assignment(session, world.course, world.level_1, link=None)
    session.commit()

    pages = launch_together("link-a", "link-b", course="course-1", uuid=made.uuid)

    assert len(set(pages)) == 2
    session.rollback()
    links = session.scalars(
        select(ResourceLink.resource_link_id).join(
            Assignment, Assignment.resource_link_pk == ResourceLink.id
        )
    ).all()
    assert sorted(links) == ["link-a", "link-b"]
