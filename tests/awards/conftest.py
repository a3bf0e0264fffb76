"""Awards, made through the service; and badges of which certificates are made."""

import pytest

from app.awards.issuing import find_standing_award
from app.awards.service import issue_if_due
from tests.assessment.work import hand_in, reached
from tests.awards.souvenir_world import make_souvenir
from tests.certificates import give, make_badge, make_rule_level
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


@pytest.fixture
def level(session, world):
    return make_rule_level(session, world)


@pytest.fixture
def badges(session, world):
    """Five badges of Level I."""
    return [make_badge(session, world, f"badge-{letter}") for letter in "abcde"]


@pytest.fixture
def earn(app, session, world):
    """Award badges to the learner, one after the other; return the last award."""

    def earn_badges(*badges, person=None, now=NOON):
        for badge in badges:
            award = give(app, session, person or world.learner, badge, now=now)
        session.commit()
        return award

    return earn_badges


@pytest.fixture
def held(session, world):
    """The learner's standing award of an achievement, or `None`."""

    def find(version, person=None):
        session.expire_all()
        return find_standing_award(
            session,
            person_id=(person or world.learner).id,
            achievement_id=version.achievement_id,
            now=NOON,
        )

    return find


@pytest.fixture
def souvenir(session, world):
    """An approved Souvenir; the world's grantor may give it."""
    return make_souvenir(session, world)
