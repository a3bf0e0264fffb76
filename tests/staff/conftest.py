"""A campus with a real provider, an administrator's browser, and a second LMS."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.core.principal import Role
from app.courses.models import Course, Person
from app.settings import Settings
from app.staff.models import StaffIdentity
from app.staff.provider import Provider
from tests import factories
from tests.campus import make_administrator
from tests.conftest import Browser
from tests.staff.provider import CampusLogin, running_campus, running_provider


@pytest.fixture
def admin(world: factories.World, session: Session, browser: Callable[..., Browser]) -> Browser:
    """The browser of an administrator who came from the LMS."""
    make_administrator(session, world.instructor)
    opened: Browser = browser(world.instructor)
    return opened


@pytest.fixture(scope="session")
def provider_port() -> Iterator[int]:
    with running_provider() as port:
        yield port


@pytest.fixture
def campus(provider_port: int, app: Flask, settings: Settings) -> Iterator[CampusLogin]:
    """The campus sign-in, set up in the application."""
    with running_campus(provider_port) as found:
        told = settings.model_copy(
            update={
                "oidc_issuer": found.issuer,
                "oidc_client_id": "assay-client",
                "oidc_client_secret": SecretStr("campus secret"),
            }
        )
        app.extensions["assay.settings"] = told
        app.extensions["assay.campus"] = Provider(told, app.extensions["assay.http"])
        yield found


@pytest.fixture
def tie(session: Session, campus: CampusLogin) -> Callable[[Person, str], StaffIdentity]:
    """Tie somebody to a campus account, as an invitation would."""

    def make(person: Person, sub: str) -> StaffIdentity:
        identity = StaffIdentity(
            institution_id=person.institution_id,
            person_id=person.id,
            issuer=campus.issuer,
            sub=sub,
            email=None,
            created_at=factories.NOON,
        )
        session.add(identity)
        session.commit()
        return identity

    return make


class Visitor:
    """Somebody in front of the sign-in page, without a session."""

    def __init__(self, client: Browser, campus: CampusLogin) -> None:
        self.client = client
        self.campus = campus

    def begin(self, **form: str) -> str:
        """Press the button; return where the browser is sent."""
        page = self.client.post("/staff/sign-in", data=form)
        assert page.status_code == 303, page.text
        return str(page.location)

    def come_back(self, address: str) -> TestResponse:
        """Follow the campus back to the tool."""
        parts = urlsplit(address)
        assert parts.netloc == "tool.test"
        return self.client.get(f"{parts.path}?{parts.query}")

    def sign_in(self, sub: str, **form: str) -> TestResponse:
        return self.come_back(self.campus.agree(self.begin(**form), sub))


@pytest.fixture
def visitor(campus: CampusLogin, browser: Callable[..., Browser]) -> Visitor:
    return Visitor(browser(None), campus)


@pytest.fixture
def second_lms(world: factories.World, session: Session) -> Course:
    """A course in the other LMS of the same university."""
    platform, deployment = factories.make_platform(
        session, world.institution, "https://second.test"
    )
    platform.name = "Second LMS"
    course = factories.make_course(session, deployment, "other-1", "Methods abroad")
    session.commit()
    return course


@pytest.fixture
def known(
    session: Session, world: factories.World, tie: Callable[[Person, str], StaffIdentity]
) -> None:
    """An administrator whom the campus knows as `tariq`."""
    make_administrator(session, world.assistant)
    tie(world.assistant, "tariq")


@pytest.fixture
def twin(session: Session, second_lms: Course) -> Person:
    """Mei, as the other LMS knows her: under another name."""
    person = factories.make_person(session, second_lms, Role.LEARNER, "M. Student")
    session.commit()
    return person


@pytest.fixture
def sides(
    browser: Callable[..., Browser], world: factories.World, twin: Person
) -> tuple[Browser, Browser]:
    """Her browser in the first LMS, and the one in the second."""
    return browser(world.learner), browser(twin)
