"""The pages of the queue, and what its rows say."""

from datetime import UTC, datetime, timedelta

import pytest

from app.assessment import queue as queue_module
from app.assessment import queue_views
from app.assessment.desk_models import ConflictOfInterest
from app.core.principal import Role
from app.courses.models import RosterEntry, RosterStatus
from app.evidence.models import ScanState
from app.programme.models import AppointmentCourse, GrantorAppointment
from tests import factories
from tests.assessment.holding import conflict
from tests.assessment.work import hand_in

URL = "/assessment/queue"
NOW = datetime.now(UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def learners(session, world):
    """Makes learners by name."""

    def make(name):
        return factories.make_person(session, world.course, Role.LEARNER, name)

    return make


def shown(client, **query):
    """Open the queue; return its text."""
    page = client.get(URL, query_string=query)
    assert page.status_code == 200
    return page.text


def test_pages_lead_both_ways_within_the_filter(browser, session, world, assignment, learners):
    for number in range(60):
        hand_in(session, assignment, learners(f"Learner {number:02}"), at=NOW - (99 - number) * DAY)
    client = browser(world.grantor)
    query = {"course": world.course.id}

    first = shown(client, **query)
    second = client.get(link(first, "next"))
    third = client.get(link(second.text, "next"))
    back = client.get(link(third.text, "prev"))
    start = client.get(link(back.text, "prev"))

    assert names(second.text) == names(back.text) == list(range(25, 50))
    assert names(third.text) == list(range(50, 60))
    assert names(start.text) == names(first) == list(range(25))
    assert 'rel="prev"' not in start.text
    assert 'rel="next"' not in third.text
    assert "60 submissions" in first
    assert f"course={world.course.id}" in link(third.text, "prev")


def link(text, rel):
    address = text.partition(f'rel="{rel}" href="')[2].partition('"')[0]
    return address.replace("&amp;", "&")


def names(text):
    return [number for number in range(60) if f"Learner {number:02}<" in text]


def test_beyond_a_figure_nobody_counts(browser, session, world, assignment, learners, monkeypatch):
    monkeypatch.setattr(queue_module, "COUNTED", 26)
    monkeypatch.setattr(queue_views, "COUNTED", 26)
    for number in range(26):
        hand_in(session, assignment, learners(f"Learner {number:02}"))
    client = browser(world.grantor)

    assert "26 submissions" in shown(client)
    hand_in(session, assignment, learners("Learner 26"))
    assert "26+ submissions" in shown(client)


def test_what_a_conflict_keeps_away_is_neither_shown_nor_counted(
    browser, session, world, assignment, learners
):
    for number in range(30):
        hand_in(session, assignment, learners(f"Learner {number:02}"), at=NOW - (40 - number) * DAY)
    for number in (0, 1):
        session.add(
            ConflictOfInterest(
                institution_id=world.institution.id,
                person_id=world.grantor.id,
                learner_id=session.query(type(world.learner))
                .filter_by(name=f"Learner {number:02}")
                .one()
                .id,
                reason="Family",
                declared_by=world.grantor.id,
                declared_at=NOW,
            )
        )
    session.commit()

    text = shown(browser(world.grantor))

    assert names(text) == list(range(2, 27))
    assert "28 submissions" in text


def test_a_conflict_with_a_co_author_keeps_away_that_work_alone(
    browser, session, world, assignment, learners
):
    lead, other = (
        hand_in(session, assignment, learners(f"Learner {number:02}"), at=NOW - DAY)
        for number in (0, 1)
    )
    co_author = hand_in(session, assignment, learners("Learner 02"), at=NOW - DAY)
    co_author.lead_id = lead.id
    conflict(session, world.grantor, co_author.learner)

    text = shown(browser(world.grantor))

    assert names(text) == [1]
    assert browser(world.grantor).get(f"/assessment/submissions/{other.id}").status_code == 200


def test_a_work_that_cannot_be_assessed_says_why(browser, session, world, submission):
    world.level_1.approved_until = NOW - HOUR
    session.commit()

    text = shown(browser(world.grantor))

    assert "cannot be assessed now:" in text
    assert "The approval of this micro-credential has expired." in text
    assert "Assess next" not in text


def test_rows_say_what_is_to_be_known_before_opening(
    browser, session, world, assignment, submission
):
    submission.attempts[-1].artifacts[0].scan_state = ScanState.INFECTED
    session.add(
        RosterEntry(
            course_id=world.course.id,
            person_id=world.learner.id,
            role=Role.LEARNER,
            status=RosterStatus.GONE,
            changed_at=NOW,
        )
    )
    checked = hand_in(session, assignment, world.other_learner)
    checked.attempts[-1].artifacts[0].scan_state = ScanState.WAITING
    session.commit()

    text = shown(browser(world.grantor))

    assert "Malware found" in text
    assert "Being checked for malware" in text
    assert "no longer in the course; the work can still be assessed" in text
    assert browser(world.grantor).get(f"/assessment/submissions/{submission.id}").status_code == 200


def test_a_blind_achievement_shows_no_name(browser, session, world, submission):
    world.level_1.is_anonymous = True
    session.commit()

    text = shown(browser(world.grantor))

    assert "Mei Student" not in text
    assert ">Learner " in text


@pytest.mark.parametrize("count", [1, 6])
def test_a_limited_appointment_shows_its_courses_only(
    browser, session, world, assignment, submission, count
):
    appointment = session.query(GrantorAppointment).filter_by(person_id=world.grantor.id).one()
    appointment.is_limited = True
    for number in range(count):
        course = factories.make_course(
            session, world.deployment, f"more-{number}", f"More {number}"
        )
        session.add(AppointmentCourse(appointment_id=appointment.id, course_id=course.id))
    more = factories.make_assignment(session, course, world.level_1, link=None)
    hand_in(session, more, world.other_learner)
    client = browser(world.grantor)

    assert "Jonas Student" in shown(client)
    assert "Mei Student" not in shown(client)
    assert "Nothing fits" in shown(client, course=world.course.id)


def test_an_appointment_that_ends_while_the_page_is_open_takes_its_rows_along(
    browser, session, world, submission
):
    client = browser(world.second_grantor)
    assert "Mei Student" in shown(client)
    session.query(GrantorAppointment).filter_by(
        person_id=world.second_grantor.id, achievement_id=world.level_1.achievement_id
    ).update({"ends_at": NOW - HOUR})
    session.commit()

    text = shown(client, achievement=world.level_1.achievement_id)

    assert "Nothing fits" in text
    assert "one that you may not assess today" in text
    assert client.get(f"/assessment/submissions/{submission.id}").status_code == 403


def test_what_was_handed_in_again_says_so(browser, session, world, assignment):
    hand_in(session, assignment, world.learner)
    again = hand_in(session, assignment, world.other_learner)
    hand_in(session, assignment, world.other_learner, number=2)

    page = browser(world.grantor).get("/assessment/queue").text

    assert page.count("handed in again: attempt 2") == 1
    assert again.id


def test_a_promise_is_spoken_of_only_where_there_is_one(browser, session, world, submission):
    priya = browser(world.grantor)
    assert "what is promised first" not in priya.get("/assessment/queue").text

    submission.promised_at = datetime.now(UTC) + timedelta(days=2)
    session.commit()

    assert "what is promised first" in priya.get("/assessment/queue").text
