"""Blind to each other until all are in; what was recommended; who settles: on every page."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.assessment.models import Assessment, Decision
from app.assessment.queries import find_pending_decision
from app.assessment.seeing import find_blind_since, find_viewer, see_assessments
from app.core.principal import Role
from app.courses.models import Enrolment
from app.evidence.models import SubmissionStatus
from tests.assessment.several import (
    GRANTOR,
    MODERATOR,
    TEN_MINUTES,
    again,
    appoint,
    hand_in,
    needs,
    record,
    url,
)
from tests.assessment.work import form_data

SECRET = "Only for those who may read it."
NO = Decision.NOT_MET


@pytest.fixture
def two(session, world):
    """The badge needs two grantors; both of them teach the course, too."""
    needs(session, world.level_1, 2)
    for person in (world.grantor, world.second_grantor):
        enrolment = session.query(Enrolment).filter_by(person_id=person.id).one()
        enrolment.role = Role.TEACHING_ASSISTANT
    session.commit()


@pytest.fixture
def moderator(session, world, two):
    appoint(session, world.grader, world.level_1, MODERATOR)
    return world.grader


def say(session, app, submission, person, **facts):
    """Record with words that are easily found on a page."""
    criteria = submission.assignment.criteria
    comments = {criterion.id: SECRET for criterion in criteria}
    return record(session, app, submission, person, comments=comments, **facts)


def doors(submission):
    """Every page on which somebody might read what another said of a work."""
    place = f"/courses/{submission.course_id}/assignments/{submission.assignment_id}"
    artifact = submission.attempts[0].artifacts[0]
    return [
        url(submission),
        url(submission, "/step-aside"),
        f"{place}/learners/{submission.learner_id}",
        "/assessment/queue",
        f"/artifacts/{artifact.id}",
        "/assessment/conflicts",
    ]


def test_who_has_not_assessed_sees_nothing_of_the_other_by_any_door(
    browser, session, app, world, submission, two
):
    browser(world.grantor).post(url(submission, "/start"))
    say(session, app, submission, world.grantor)
    luis = browser(world.second_grantor)

    for door in doors(submission):
        page = luis.get(door)

        assert page.status_code == 200, door
        assert SECRET not in page.text, door
        assert "Priya" not in page.text, door
    assert "1 of 2 grantors have assessed this" in luis.get(url(submission)).text


def test_who_assessed_first_waits_and_sees_only_their_own(
    browser, session, app, world, submission, two
):
    say(session, app, submission, world.grantor)
    priya = browser(world.grantor)

    page = priya.get(url(submission)).text

    assert "1 of 2 assessed" in page
    assert "It waits for one more grantor." in page
    assert SECRET in page
    assert "Record assessment" not in page
    late = priya.post(url(submission), data=form_data(submission, "best", "best"))
    assert late.status_code == 409
    assert "already been assessed by you" in late.text


def test_staff_who_assess_nothing_are_told_when_it_is_told(
    browser, session, app, world, submission, two
):
    read = doors(submission)[2]
    say(session, app, submission, world.grantor)
    assert SECRET not in browser(world.instructor).get(read).text

    say(session, app, submission, world.second_grantor)

    assert SECRET in browser(world.instructor).get(read).text


def test_when_both_are_in_everybody_reads_all_with_their_agreement(
    browser, session, app, world, submission, two
):
    say(session, app, submission, world.grantor)
    record(session, app, submission, world.second_grantor, "enough", "best")

    for person in (world.grantor, world.second_grantor):
        page = browser(person).get(url(submission)).text

        assert "They come to the same decision." in page
        assert "The same level for 1 of 2 criteria" in page
        assert "One level apart" in page
        assert "Assessed by Priya Grantor" in page
        assert "Assessed by Luis Grantor" in page
    assert (
        "The same level for 1 of 2 criteria"
        in browser(world.grantor).get(doors(submission)[2]).text
    )


def test_while_it_can_be_undone_it_stays_blind(browser, session, app, world, submission, two):
    say(session, app, submission, world.grantor)
    record(session, app, submission, world.second_grantor, undo_for=TEN_MINUTES)

    page = browser(world.second_grantor).get(url(submission)).text

    assert "The learner is told" in page
    assert SECRET not in page
    assert find_pending_decision(session, submission.id) is not None


def test_the_learner_reads_what_both_said_under_numbers(
    browser, session, app, world, submission, two
):
    place = f"/courses/{submission.course_id}/assignments/{submission.assignment_id}/feedback"
    say(session, app, submission, world.grantor)
    assert SECRET not in browser(world.learner).get(place).text
    record(session, app, submission, world.second_grantor)

    page = browser(world.learner).get(place).text

    assert SECRET in page
    assert "Grantor 1" in page
    assert "Grantor 2" in page
    assert "Priya" not in page


def test_those_who_disagree_read_each_other_and_whom_to_ask(
    browser, session, app, world, submission, moderator
):
    say(session, app, submission, world.grantor)
    record(session, app, submission, world.second_grantor, decision=NO)

    page = browser(world.second_grantor).get(url(submission)).text

    assert "The grantors do not agree" in page
    assert "A moderator settles it: Nora Grader" in page
    assert "They do not come to the same decision." in page
    assert SECRET in page


def test_without_a_moderator_the_page_says_whom_to_ask(
    browser, session, app, world, submission, two
):
    record(session, app, submission, world.grantor)
    record(session, app, submission, world.second_grantor, decision=NO)

    page = browser(world.grantor).get(url(submission)).text

    assert "Ask your programme administrator to appoint one" in page


def test_a_moderator_settles_it_with_both_side_by_side(
    browser, session, app, world, submission, moderator
):
    say(session, app, submission, world.grantor)
    record(session, app, submission, world.second_grantor, decision=NO)
    nora = browser(moderator)

    page = nora.get(url(submission)).text

    assert "The grantors do not agree: you settle it" in page
    assert SECRET in page
    assert "Luis Grantor says no." in page
    assert "Settle it</button>" in page
    answer = nora.post(url(submission), data=form_data(submission, "best", "best"))
    assert answer.status_code == 303
    again(session)
    assert submission.status is SubmissionStatus.AWARDED
    assert "Settled by Nora Grader" in nora.get(url(submission)).text


def test_a_moderator_is_blind_too_until_all_are_in(
    browser, session, app, world, submission, moderator
):
    say(session, app, submission, world.grantor)

    page = browser(moderator).get(url(submission)).text

    assert SECRET not in page
    assert "Priya" not in page


def test_a_third_who_is_not_involved_reads_nothing_of_a_dispute(
    browser, session, app, world, submission, two
):
    appoint(session, world.instructor, world.level_1, GRANTOR)
    say(session, app, submission, world.grantor)
    record(session, app, submission, world.second_grantor, decision=NO)

    page = browser(world.instructor).get(url(submission)).text

    assert "The grantors do not agree" in page
    assert SECRET not in page


def test_pages_that_tell_of_deeds_know_since_when_somebody_is_blind(
    session, app, world, submission, two
):
    now = datetime.now(UTC)
    viewers = [
        find_viewer(session, submission, person.id, now=now)
        for person in (world.grantor, world.second_grantor, world.instructor)
    ]
    since = submission.attempts[0].created_at
    assert {find_blind_since(session, submission, viewer) for viewer in viewers} == {since}
    record(session, app, submission, world.grantor)
    record(session, app, submission, world.second_grantor)

    assert {find_blind_since(session, submission, viewer) for viewer in viewers} == {None}


def test_after_a_revision_only_the_new_round_is_blind(session, app, world, submission, two):
    for person in (world.grantor, world.second_grantor):
        record(session, app, submission, person, decision=Decision.REVISION)
    told_at = session.scalars(select(Assessment.assessed_at)).all()
    later = datetime.now(UTC) + timedelta(seconds=1)
    hand_in(session, submission.assignment, world.learner, number=2, at=later)
    say(session, app, submission, world.grantor, now=later + timedelta(seconds=1))

    viewer = find_viewer(session, submission, world.second_grantor.id, now=datetime.now(UTC))
    seen = see_assessments(session, submission, viewer)

    assert len(seen.told) == len(told_at)
    assert seen.current == ()
    assert seen.counted == 1
    assert find_blind_since(session, submission, viewer) == later
