"""After it is assessed the work can still be read by those who assess it."""

import pytest

from app.assessment.models import Decision
from app.core.clock import utcnow
from tests.assessment.several import needs, record, url
from tests.assessment.work import TEXT


@pytest.mark.parametrize("decision", [Decision.MET, Decision.NOT_MET, Decision.REVISION])
def test_the_work_stands_on_the_page_of_its_decision(
    app, browser, session, world, submission, decision
):
    record(session, app, submission, world.grantor, decision=decision)

    page = browser(world.grantor).get(url(submission)).text

    assert "Show what was handed in" in page
    assert TEXT in page


def test_the_work_stands_where_others_assess_it_next(app, browser, session, world, submission):
    needs(session, world.level_1, 2)
    record(session, app, submission, world.grantor)

    page = browser(world.grantor).get(url(submission)).text

    assert "Your assessment is recorded" in page
    assert TEXT in page


def test_work_that_was_taken_back_is_not_shown(browser, session, world, submission):
    submission.attempts[-1].withdrawn_at = utcnow()
    session.commit()

    page = browser(world.grantor).get(url(submission)).text

    assert "The learner has taken this work back" in page
    assert TEXT not in page
