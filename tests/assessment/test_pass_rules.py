"""From work to award under each pass rule, through the grantor's and the learner's pages."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.assessment.models import Assessment
from app.awards.models import Award
from app.core.clock import utcnow
from app.evidence.models import SubmissionStatus
from app.outbox.models import Delivery
from tests import factories
from tests.assessment.work import form_data, hand_in


@pytest.fixture
def version(session, world):
    """Level II with three criteria, none of them required by itself."""
    for criterion in world.level_2.criteria:
        criterion.is_required = False
    session.commit()
    return world.level_2


@pytest.fixture
def rule(session, version):
    def set_rule(**content):
        version.pass_rule = content
        session.commit()

    return set_rule


@pytest.fixture
def assess(browser, session, world, version):
    """Hand in for these criteria and have it rated; return the submission."""

    def hand_in_and_rate(positions, *steps, learner=world.learner):
        number = len(session.scalars(select(Award)).all()) + len(positions) * 10 + positions[0]
        assignment = factories.make_assignment(
            session,
            world.course,
            version,
            link=factories.make_link(session, world.course, f"{learner.id}-{number}"),
            criterion_positions=positions,
        )
        submission = hand_in(session, assignment, learner)
        answer = browser(world.second_grantor).post(
            f"/assessment/submissions/{submission.id}", data=form_data(submission, *steps)
        )
        assert answer.status_code == 303
        session.rollback()
        session.expire_all()
        return submission

    return hand_in_and_rate


def awards(session):
    return session.scalars(select(Award)).all()


def comment(session):
    newest = session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
    return json.loads(newest.payload["body"])["comment"]


def test_two_of_three_are_enough_whichever_they_are(assess, rule, session):
    rule(kind="k_of_n", k=2)

    first = assess((0, 1), "enough", "below")

    assert first.status is SubmissionStatus.MET
    assert comment(session) == "1 of 2 criteria of Clinical Communication met"
    second = assess((2,), "best")
    assert len(awards(session)) == 1
    assert {first.status, second.status} == {SubmissionStatus.AWARDED}


def test_a_choice_does_not_stand_in_for_a_required_criterion(assess, rule, session, version):
    version.criteria[0].is_required = True
    rule(kind="k_of_n", k=2)

    assess((1, 2), "best", "best")

    assert awards(session) == []
    assert comment(session) == "1 of 2 criteria of Clinical Communication met"
    assess((0,), "enough")
    assert len(awards(session)) == 1


def test_points_add_up_with_their_weights_across_assignments(assess, rule, session, version):
    version.criteria[0].weight = 2
    rule(kind="weighted", threshold=70)

    assess((0,), "best")  # 2 of 4 parts

    assert awards(session) == []
    assert comment(session) == ("Clinical Communication: 50 % of the points reached, 70 % needed")
    assess((1,), "enough")  # a third of one part more: 58 %
    assert awards(session) == []
    assess((2,), "best")  # one part more: 83 %
    assert len(awards(session)) == 1


def test_the_best_of_two_ratings_counts(assess, rule, session, version):
    rule(kind="weighted", threshold=33)

    assess((0,), "best")
    assess((0, 1), "below", "below")

    assert len(awards(session)) == 1


def test_the_learner_reads_the_rule_and_how_far_it_is(browser, assess, rule, world):
    rule(kind="k_of_n", k=2)
    submission = assess((0,), "enough")
    place = f"/courses/{submission.course_id}/assignments/{submission.assignment_id}"
    mei = browser(world.learner)

    work, feedback = mei.get(f"{place}/work").text, mei.get(f"{place}/feedback").text

    assert "when any 2 of the 3 criteria are met" in work
    assert "one to choose from" in work
    assert "You have met 1 of the 2 that are needed" in feedback


def test_the_learner_reads_how_many_points_are_reached(browser, assess, rule, world):
    rule(kind="weighted", threshold=60)
    submission = assess((0,), "enough")
    place = f"/courses/{submission.course_id}/assignments/{submission.assignment_id}"

    page = browser(world.learner).get(f"{place}/feedback").text

    assert "60 % of the weighted points are reached" in page
    assert "You have reached 11 % of the points so far" in page


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"kind": "k_of_n", "k": 2}, "when any 2 of the 3 criteria are met"),
        ({"kind": "k_of_n", "k": 1}, "when any one of the 3 criteria is met"),
        ({"kind": "weighted", "threshold": 55}, "when 55 % of the weighted points are reached"),
    ],
)
def test_the_public_page_says_the_rule_in_words(browser, rule, version, content, words):
    rule(**content)

    page = browser().get(f"/achievements/{version.public_id}", headers={"Accept": "text/html"})

    assert words in page.text


@pytest.mark.parametrize(
    ("required", "content", "words"),
    [
        (3, {"kind": "all_required"}, "when each of the 3 criteria is met"),
        (1, {"kind": "all_required"}, "when every required criterion is met"),
        (1, {"kind": "k_of_n", "k": 2}, "2 of the 3 criteria are met, among them every required"),
        (3, {"kind": "weighted", "threshold": 80}, "when every criterion is met and 80 %"),
        (1, {"kind": "weighted", "threshold": 80}, "every required criterion is met and 80 %"),
    ],
)
def test_a_rule_with_required_criteria_says_so(
    browser, session, rule, version, required, content, words
):
    for criterion in version.criteria[:required]:
        criterion.is_required = True
    rule(**content)

    page = browser().get(f"/achievements/{version.public_id}", headers={"Accept": "text/html"})

    assert words in page.text


def test_a_course_that_cannot_lead_to_the_award_is_told(browser, assess, rule, world):
    rule(kind="k_of_n", k=3)
    submission = assess((0, 1), "enough", "enough")
    page = f"/courses/{submission.course_id}/assignments/{submission.assignment_id}"
    ines = browser(world.instructor)

    assert "does not show enough criteria yet" in ines.get(page).text
    rule(kind="k_of_n", k=2)
    assert "does not show enough criteria yet" not in ines.get(page).text


def test_what_led_to_an_expired_award_does_not_lead_to_the_next(assess, rule, session, version):
    rule(kind="k_of_n", k=2)
    version.validity_months = 1
    session.commit()
    assess((0, 1), "best", "best")
    (award,) = awards(session)
    award.awarded_at = utcnow() - timedelta(days=50)
    award.valid_until = utcnow() - timedelta(days=20)
    for assessment in session.scalars(select(Assessment)):
        assessment.assessed_at = award.awarded_at
    session.commit()

    assess((2,), "best")

    assert len(awards(session)) == 1, "one new criterion is not two"
    assess((0, 2), "best", "best")
    assert len(awards(session)) == 2
    assert award.ended_at is not None
