"""An instructor at an activity that is not set up yet."""

from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select

from app.mapping.models import Assignment, DeepLinkRequest
from tests import factories


@dataclass(frozen=True)
class Desk:
    """A browser at the set-up of one activity; `form`: what the page would send as it stands."""

    client: object
    url: str
    form: dict[str, object]

    def choose(self):
        return self.client.get(self.url)

    def page(self, version):
        return self.client.get(f"{self.url}/{version.id}")

    def send(self, version, **changes):
        data = {
            "criteria": [item.id for item in version.criteria],
            **self.form,
            **changes,
        }
        data = {name: value for name, value in data.items() if value is not None}
        return self.client.post(f"{self.url}/{version.id}", data=data)

    def with_client(self, client):
        return replace(self, client=client)


FORM = {
    "title": "Literature review",
    "instructions": "Write **one** page.",
    "file_kinds": ["pdf", "image"],
    "max_files": "3",
    "accepts_text": "y",
    "grade_rule": "rubric",
}


@pytest.fixture
def desk(browser, world):
    url = f"/courses/{world.course.id}/links/{world.link.id}/setup"
    return Desk(browser(world.instructor), url, FORM)


@pytest.fixture
def selection(session, world):
    """A deep-linking request that the instructor has begun in the LMS."""
    request = DeepLinkRequest(
        token="a-token",
        institution_id=world.institution.id,
        deployment_pk=world.deployment.id,
        course_id=world.course.id,
        person_id=world.instructor.id,
        settings={"deep_link_return_url": "https://lms.test/return", "accept_types": []},
        created_at=factories.NOON,
        expires_at=factories.NOON.replace(year=2126),
    )
    session.add(request)
    session.commit()
    return request


@pytest.fixture
def deep_desk(browser, world, selection):
    url = f"/courses/{world.course.id}/deep-linking/a-token"
    return Desk(browser(world.instructor), url, FORM)


@pytest.fixture
def assignments(session):
    """Read the assignments as the program committed them."""

    def read():
        session.rollback()
        session.expire_all()
        return list(session.scalars(select(Assignment).order_by(Assignment.id)))

    return read
