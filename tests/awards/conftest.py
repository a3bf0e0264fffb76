"""One award, made through the service."""

import pytest

from app.awards.service import issue_if_due
from tests.assessment.work import hand_in
from tests.awards.souvenir_world import make_souvenir
from tests.factories import NOON, make_assignment


@pytest.fixture
def issue(app, session, world):
    """Award the Level I badge to somebody: `issue(person)`."""

    def issue_to(person, version=None, met=None):
        version = version or world.level_1
        award = issue_if_due(
            session,
            person=person,
            version=version,
            met_criterion_ids={c.id for c in version.criteria} if met is None else met,
            awarded_by=world.grantor.id,
            vault=app.extensions["assay.vault"],
            base_url="https://tool.test",
            now=NOON,
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


@pytest.fixture
def souvenir(session, world):
    """An approved Souvenir; the world's grantor may give it."""
    return make_souvenir(session, world)
