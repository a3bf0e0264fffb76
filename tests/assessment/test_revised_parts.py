"""After a revision of named parts the rest is rated as before, and what changed is marked."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.assessment.dialogue_models import Appeal
from app.assessment.models import AttemptDecision, Decision
from app.evidence.models import Submission, SubmissionStatus
from tests.assessment.desk import draft_data
from tests.assessment.several import record, url


@pytest.fixture
def revised(app, session, world, assignment, submission):
    """Priya asked for a revision of the second criterion alone; it was handed in again."""
    second = assignment.criteria[1]
    record(
        session,
        app,
        submission,
        world.grantor,
        "best",
        "below",
        decision=Decision.REVISION,
        parts=frozenset({second.id}),
        comments={assignment.criteria[0].id: "Well searched."},
    )
    again = session.get_one(Submission, submission.id, populate_existing=True)
    again.status = SubmissionStatus.SUBMITTED
    again.decided_at = None
    again.submitted_at = again.attempts[-1].submitted_at = datetime.now(UTC)
    session.commit()
    return again


def chosen(page):
    return re.findall(r'name="criterion_(\d+)" value="(\d+)" checked', page)


def level(assignment, step):
    first = assignment.criteria[0]
    return (str(first.id), str(first.rubric_levels[step].id))


@pytest.mark.parametrize("who", ["grantor", "second_grantor"])
def test_what_was_not_revised_is_rated_as_before(browser, world, assignment, revised, who):
    page = browser(getattr(world, who)).get(url(revised)).text

    assert chosen(page) == [level(assignment, 2)]
    assert "Well searched." in page
    assert page.count('<span class="tag">Revised</span>') == 1
    said = "as you rated it before" if who == "grantor" else "as it was rated before"
    assert page.count(said) == 1


def test_ones_own_draft_counts_more(browser, session, world, assignment, revised):
    priya = browser(world.grantor)
    data = draft_data(revised, "enough", "best")
    assert priya.post(url(revised, "/draft"), data=data).status_code in {200, 303}

    page = priya.get(url(revised)).text

    assert chosen(page)[0] == level(assignment, 1)
    assert '<span class="tag">Revised</span>' in page


def test_a_revision_of_everything_begins_with_nothing(browser, session, world, revised):
    revised.attempts[-1].open_parts = None
    session.commit()

    page = browser(world.grantor).get(url(revised)).text

    assert chosen(page) == []
    assert '<span class="tag">Revised</span>' not in page


def test_whoever_hears_an_appeal_rates_by_themselves(browser, session, world, revised):
    session.add(
        Appeal(
            institution_id=revised.institution_id,
            submission_id=revised.id,
            decision_id=session.scalars(select(AttemptDecision.id)).one(),
            person_id=world.learner.id,
            reason="I did.",
            opened_at=datetime.now(UTC),
        )
    )
    session.commit()

    page = browser(world.second_grantor).get(url(revised)).text

    assert chosen(page) == []
