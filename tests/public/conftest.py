"""One award, made through the service."""

import pytest

from app.awards.service import issue_if_due
from tests.assessment.work import reached
from tests.factories import NOON


@pytest.fixture
def award(app, session, world):
    award = issue_if_due(
        session,
        person=world.learner,
        version=world.level_1,
        reached=reached(world.level_1),
        awarded_by=world.grantor.id,
        vault=app.extensions["assay.vault"],
        base_url="https://tool.test",
        now=NOON,
    )
    session.commit()
    return award


@pytest.fixture
def stranger(browser):
    """Anybody, without session or cookie."""
    return browser(None)
