"""Who may see a learner's page of an assignment, and who may hand in there."""

import pytest
from sqlalchemy import select

from app.core.principal import Role
from app.courses.models import Enrolment
from tests import factories
from tests.evidence import samples

PDF = samples.pdf()


def test_the_students_preview_of_the_lms_can_look_but_not_hand_in(
    browser, session, world, url, submissions, stored_files
):
    ghost = factories.make_person(
        session, world.course, Role.LEARNER, "Test student", is_test_user=True
    )
    session.commit()
    client = browser(ghost)

    page = client.get(url)
    answer = client.post(url, data={"text": "x", "hand_in": "1"})

    assert "Student preview" in page.text
    assert 'type="file"' not in page.text
    assert answer.status_code == 403
    assert submissions() == []
    assert stored_files() == []


@pytest.mark.parametrize("who", ["instructor", "assistant", "grantor"])
def test_staff_see_the_page_but_no_form(browser, world, url, who, desk):
    desk.send(text="private words", button="save")
    client = browser(getattr(world, who))

    page = client.get(url)

    assert page.status_code == 200
    assert "This is what your students see" in page.text
    assert "<form" not in page.text
    assert "private words" not in page.text
    assert client.post(url, data={"text": "x", "hand_in": "1"}).status_code == 403


def test_strangers_and_other_courses_find_nothing(browser, session, world, url, assignment, app):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    elsewhere = factories.make_course(session, world.deployment, "course-2")
    factories.enrol(session, elsewhere, world.learner, Role.LEARNER)
    session.commit()

    assert browser(None).get(url).status_code == 401
    assert browser(other.learner).get(url).status_code == 404
    wrong_course = f"/courses/{elsewhere.id}/assignments/{assignment.id}/work"
    assert browser(world.learner).get(wrong_course).status_code == 404
    answer = browser(world.learner).post(wrong_course, data={"text": "x", "hand_in": "1"})
    assert answer.status_code == 404


def test_two_learners_never_see_each_others_work(desk, browser, world, url):
    desk.send(("mine.pdf", PDF), text="my words")

    assert "mine.pdf" not in browser(world.other_learner).get(url).text


def test_a_learner_who_left_the_course_cannot_hand_in(desk, session, world, submissions):
    enrolment = session.scalars(
        select(Enrolment).where(Enrolment.person_id == world.learner.id)
    ).one()
    enrolment.role = Role.OBSERVER
    session.commit()

    assert desk.send(text="x").status_code == 403
    assert submissions() == []
