"""Handed-in work, and the grantor's form filled in."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.core.principal import Role
from app.courses.models import Person
from app.evidence.models import Submission
from app.evidence.storage import open_storage
from app.mapping.models import Assignment
from app.programme.models import AssessingRole
from tests.assessment import work
from tests.assessment.consent import choose, make_shown_work, sign
from tests.factories import World, appoint, make_assignment, make_person


@pytest.fixture
def assignment(session: Session, world: World) -> Assignment:
    """An assignment that shows both criteria of the Level I badge."""
    assignment = make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    return assignment


@pytest.fixture
def submission(session: Session, world: World, assignment: Assignment) -> Submission:
    """Mei's work, handed in."""
    return work.hand_in(session, assignment, world.learner)


@pytest.fixture
def rate() -> Callable[..., dict[str, Any]]:
    return work.form_data


@pytest.fixture
def storage(settings):
    return open_storage(settings)


@pytest.fixture
def shown(session, world, storage):
    return make_shown_work(session, world, storage)


@pytest.fixture
def award(shown):
    return shown[0]


@pytest.fixture
def here(award):
    return f"/my/credentials/{award.public_id}/evidence"


@pytest.fixture
def share(browser, world, shown, here):
    """Choose and sign in one go."""

    def run(*ways, audience="public", **more):
        mei = browser(world.learner)
        page = mei.post(here, data=choose(shown[1], *ways, audience=audience, **more))
        assert page.status_code == 200, page.text
        signed = sign(mei, here, page)
        assert signed.status_code == 303, signed.text
        return mei

    return run


@pytest.fixture
def given_out(session: Session, world: World) -> None:
    """Work for the Level I badge is given out by load."""
    world.level_1.achievement.is_allocated = True
    session.commit()


@pytest.fixture
def grantor(session: Session, world: World) -> Callable[..., Person]:
    """Makes grantors of the Level I badge."""

    def make(name: str, role: AssessingRole = AssessingRole.GRANTOR) -> Person:
        person = make_person(session, world.course, Role.GRADER, name)
        appoint(session, person, world.level_1).role = role
        session.commit()
        return person

    return make
