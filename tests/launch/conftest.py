"""A platform that signs, known to the tool."""

import pytest
import responses
from joserfc.jwk import RSAKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.courses.models import LtiUser
from app.launch.models import LaunchSession
from tests import factories
from tests.assessment.work import hand_in
from tests.factories import World
from tests.launch.signing_lms import SigningLms


@pytest.fixture(scope="session")
def lms_key() -> RSAKey:
    return RSAKey.generate_key(2048)


@pytest.fixture
def lms(lms_key: RSAKey, world: World, session: Session) -> SigningLms:
    """The world's platform; its keys are known, so no launch needs to fetch them."""
    lms = SigningLms(lms_key)
    world.platform.jwks = lms.jwks
    session.commit()
    return lms


@pytest.fixture
def count_sessions(session: Session):
    """How many people are signed in: a refused launch signs nobody in."""

    def count() -> int:
        session.rollback()
        return session.scalar(select(func.count()).select_from(LaunchSession)) or 0

    return count


@pytest.fixture
def closed_network():
    """No call leaves the machine; one that is tried finds nobody."""
    with responses.RequestsMock() as mock:
        mock.get("https://lms.test/jwks", status=404)
        yield mock


@pytest.fixture
def assignment(session, world):
    assignment = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    return assignment


@pytest.fixture
def submission(session, world, assignment):
    return hand_in(session, assignment, world.learner)


@pytest.fixture
def sub(session):
    def find(person) -> str:
        return session.scalars(select(LtiUser.sub).where(LtiUser.person_id == person.id)).first()

    return find
