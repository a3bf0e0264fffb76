"""A platform that signs, known to the tool."""

import pytest
import responses
from joserfc.jwk import RSAKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.courses.models import Course, LtiUser, ResourceLink
from app.launch.claims import AGS, CLAIM
from app.launch.models import LaunchSession
from app.mapping.models import Assignment
from app.platforms.models import ToolKey
from tests import factories
from tests.assessment.work import hand_in
from tests.factories import World
from tests.launch.framed import Framed
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
def framed(app, lms: SigningLms):
    """Make browsers without cookies: `framed()`."""
    return lambda: Framed(app.test_client(use_cookies=False), lms)


@pytest.fixture
def assignment(session, world):
    assignment = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    return assignment


@pytest.fixture
def original(assignment):
    """The assignment, where a copy of it is what the test is about."""
    return assignment


@pytest.fixture
def launch_copy(lms, browser):
    """Launch a link of another course; `custom` as a platform would have filled it in."""

    def launch(*, custom=None, course="course-2", link="link-2", client=None, lms=lms, **facts):
        changes = {
            f"{CLAIM}context": {"id": course, "title": "Methods (spring)"},
            f"{CLAIM}resource_link": {"id": link, "title": "Literature review"},
            f"{CLAIM}custom": custom or {},
            AGS: {"scope": factories.AGS_SCOPES, "lineitem": f"https://lms.test/li/{link}"},
        }
        changes |= {name: facts.pop(name) for name in list(facts) if name.startswith("http")}
        return lms.launch(client or browser(), **facts, **changes)

    return launch


@pytest.fixture
def mapped(session):
    """Return what a link is mapped to, as committed."""

    def find(link="link-2", course="course-2"):
        session.rollback()
        session.expire_all()
        return session.scalar(
            select(Assignment)
            .join(ResourceLink, ResourceLink.id == Assignment.resource_link_pk)
            .join(Course, Course.id == ResourceLink.course_id)
            .where(ResourceLink.resource_link_id == link, Course.context_id == course)
        )

    return find


@pytest.fixture
def tool_key(session, world):
    return session.scalar(select(ToolKey.public_jwk))


@pytest.fixture
def ines(browser):
    return browser()


@pytest.fixture
def submission(session, world, assignment):
    return hand_in(session, assignment, world.learner)


@pytest.fixture
def sub(session):
    def find(person) -> str:
        return session.scalars(select(LtiUser.sub).where(LtiUser.person_id == person.id)).first()

    return find
