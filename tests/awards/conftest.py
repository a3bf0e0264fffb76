"""One award, made through the service."""

import pytest

from app.awards.service import issue_if_due
from tests.assessment.work import hand_in, reached
from tests.factories import NOON, make_assignment


@pytest.fixture
def issue(app, session, world):
    """Award the Level I badge to somebody: `issue(person)`."""

    def issue_to(person, version=None, met=None, at=NOON):
        version = version or world.level_1
        award = issue_if_due(
            session,
            person=person,
            version=version,
            reached=reached(version) if met is None else met,
            awarded_by=world.grantor.id,
            vault=app.extensions["assay.vault"],
            base_url="https://tool.test",
            now=at,
        )
        session.commit()
        return award

    return issue_to


@pytest.fixture
def award(issue, world):
    return issue(world.learner)


@pytest.fixture
def submission(session, world):
    assignment = make_assignment(session, world.course, world.level_1, link=world.link)
    return hand_in(session, assignment, world.learner)
