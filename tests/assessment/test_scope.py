"""A grantor who is appointed for some courses sees and decides work of those courses only."""

from datetime import UTC, datetime

import pytest

from app.assessment.models import Assessment
from app.core.principal import Role
from app.evidence.models import Artifact
from app.programme.models import GrantorAppointment
from tests import factories
from tests.assessment.work import form_data, hand_in


@pytest.fixture
def elsewhere(session, world):
    """Jonas's work for the same badge, handed in in a second course."""
    course = factories.make_course(session, world.deployment, "course-2", "Statistics")
    factories.enrol(session, course, world.other_learner, Role.LEARNER)
    link = factories.make_link(session, course, "link-2")
    assignment = factories.make_assignment(session, course, world.level_1, link=link)
    session.commit()
    return hand_in(session, assignment, world.other_learner)


@pytest.fixture
def limited(session, world):
    """Priya's appointment, limited to the first course."""
    appointment = session.query(GrantorAppointment).filter_by(person_id=world.grantor.id).one()
    appointment.is_limited, appointment.courses = True, [world.course]
    session.commit()
    return appointment


def url(submission):
    return f"/assessment/submissions/{submission.id}"


def test_the_queue_holds_work_of_the_appointed_courses_only(
    browser, world, submission, elsewhere, limited
):
    text = browser(world.grantor).get("/assessment/queue").text

    assert "Mei Student" in text
    assert "Jonas Student" not in text
    assert "1 submission" in text
    everything = browser(world.second_grantor).get("/assessment/queue").text
    assert "Mei Student" in everything
    assert "Jonas Student" in everything


def test_work_of_another_course_is_neither_seen_nor_started_nor_decided(
    browser, session, world, submission, elsewhere, limited
):
    client = browser(world.grantor)
    artifact = session.query(Artifact).filter_by(attempt_id=elsewhere.attempts[0].id).one()

    assert client.get(url(elsewhere)).status_code == 403
    assert client.post(f"{url(elsewhere)}/start").status_code == 403
    refused = client.post(url(elsewhere), data=form_data(elsewhere, "best", "best"))
    assert refused.status_code == 403
    assert client.get(f"/artifacts/{artifact.id}").status_code == 404
    assert session.query(Assessment).count() == 0
    assert client.get(url(submission)).status_code == 200


def test_the_next_one_is_never_of_another_course(browser, world, elsewhere, limited):
    text = browser(world.grantor).get("/assessment/queue").text

    assert "Assess next" not in text
    assert "Nothing waits for you" in text


def test_staff_see_who_assesses_in_their_course(browser, session, world, elsewhere, limited):
    factories.enrol(session, elsewhere.assignment.course, world.instructor, Role.INSTRUCTOR)
    session.commit()
    there = f"/courses/{elsewhere.course_id}/assignments/{elsewhere.assignment_id}"

    text = browser(world.instructor).get(there).text

    assert "Luis Grantor" in text
    assert "Priya Grantor" not in text


def test_a_page_left_open_decides_nothing_once_the_appointment_has_ended(
    browser, session, world, submission
):
    client = browser(world.grantor)
    assert client.get(url(submission)).status_code == 200
    appointment = session.query(GrantorAppointment).filter_by(person_id=world.grantor.id).one()
    appointment.ends_at = datetime.now(UTC)
    session.commit()

    refused = client.post(url(submission), data=form_data(submission, "best", "best"))

    assert refused.status_code == 403
    assert session.query(Assessment).count() == 0


def test_rights_of_two_appointments_add_up(browser, session, world, submission, elsewhere, limited):
    second = factories.appoint(session, world.grantor, world.level_1)
    second.is_limited, second.courses = True, [elsewhere.assignment.course]
    session.commit()
    client = browser(world.grantor)

    assert client.get(url(submission)).status_code == 200
    assert client.get(url(elsewhere)).status_code == 200
