"""The class list on the pages: the button that reads it, and who stands in the class."""

import re

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.principal import Role
from tests import factories
from tests.assessment.work import hand_in
from tests.courses.roster_server import answer, member


@pytest.fixture
def assignment(session, course, world):
    made = factories.make_assignment(session, course, world.level_1, link=world.link)
    session.commit()
    return made


@pytest.fixture
def place(assignment):
    return f"/courses/{assignment.course_id}/assignments/{assignment.id}"


@pytest.fixture
def button(course):
    return f"/courses/{course.id}/roster"


def test_the_button_reads_the_list_and_the_class_page_shows_who_has_not_started(
    browser, world, lms, place, button, session, assignment
):
    lms.members = [member("a", name="Aya Newcomer"), member("t", "Instructor", name="Tove Teacher")]
    hand_in(session, assignment, world.learner)
    ines = browser(world.instructor)
    before = ines.get(place)

    answered = ines.post(button, headers={"Referer": f"https://tool.test{place}"})
    page = ines.get(answered.location)

    assert "has not been read yet" in before.text
    assert "Aya Newcomer" not in before.text
    assert (answered.status_code, answered.location) == (303, place)
    assert "The class list was read. New: 2" in page.text
    assert "The LMS lists 2 people in this course" in page.text
    row = re.search(r"Aya Newcomer.*?</tr>", page.text, re.DOTALL)[0]
    assert "Not started" in row
    assert "Tove Teacher" not in page.text


def test_who_had_the_list_read_is_in_the_audit_log(browser, world, lms, button, course, session):
    lms.members = [member("a", name="Aya Newcomer")]

    browser(world.instructor).post(button)

    session.rollback()
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.subject) == ("roster.asked", f"course:{course.id}")
    assert entry.actor == f"person:{world.instructor.id}"
    assert entry.facts == {}


def test_a_list_that_was_read_because_it_was_due_is_not_in_the_audit_log(
    world, lms, reader, course, session
):
    lms.members = [member("a", name="Aya Newcomer")]

    reader.refresh(course.id)

    session.rollback()
    assert session.scalars(select(AuditEntry)).all() == []


def test_what_went_wrong_is_said_beside_the_list(browser, world, lms, place, button):
    lms.members = [member("a", name="Aya Newcomer")]
    ines = browser(world.instructor)
    ines.post(button)
    lms.script = [answer("", 403)]

    page = ines.get(ines.post(button, headers={"Referer": f"https://tool.test{place}"}).location)

    assert "The class list could not be read" in page.text
    assert "HTTP 403" in page.text
    assert "The LMS lists 1 person in this course" in page.text, "the last whole one"
    assert "Aya Newcomer" in page.text


def test_without_a_list_the_page_says_how_learners_appear(browser, world, session, place, course):
    course.memberships_url = None
    session.commit()

    page = browser(world.instructor).get(place)

    assert "does not share its class list" in page.text
    assert "Read the class list" not in page.text


def test_a_list_that_is_not_offered_is_a_plain_answer(browser, world, session, button, course):
    course.memberships_url = None
    session.commit()

    assert browser(world.instructor).post(button).status_code == 303


@pytest.mark.parametrize(
    ("who", "status"),
    [("instructor", 303), ("assistant", 303), ("learner", 403), ("grantor", 403), ("grader", 403)],
)
def test_staff_alone_read_the_list(browser, world, lms, button, who, status):
    lms.members = [member("a")]

    assert browser(getattr(world, who)).post(button).status_code == status
    assert bool(lms.seen) is (status == 303)


def test_staff_of_another_course_read_nothing(app, browser, session, lms, button):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")

    assert browser(other.instructor).post(button).status_code == 404
    assert lms.seen == []


def test_somebody_who_left_is_marked_and_their_work_stays(
    browser, world, lms, session, assignment, place, button
):
    hand_in(session, assignment, world.learner)
    lms.members = [member("a", name="Aya Newcomer")]
    ines = browser(world.instructor)
    ines.post(button)

    page = ines.get(place)

    row = re.search(r"Mei Student.*?</tr>", page.text, re.DOTALL)[0]
    assert "no longer a learner of the course" in row
    assert "Submitted" in row
    assert "Jonas Student" not in page.text, "gone, and nothing of theirs is here"
    address = f"{place}/learners/{world.learner.id}"
    assert ines.get(address).status_code == 200


def test_the_parts_of_the_class(browser, world, lms, session, assignment, place, button):
    hand_in(session, assignment, world.learner)
    ines = browser(world.instructor)

    started = ines.get(f"{place}?show=started")
    rest = ines.get(f"{place}?show=not_started")
    odd = ines.get(f"{place}?show=%3Cscript%3E&page=-7")

    assert "Mei Student" in started.text
    assert "Jonas Student" not in started.text
    assert "Mei Student" not in rest.text
    assert "Jonas Student" in rest.text
    assert odd.status_code == 200
    assert "Jonas Student" in odd.text


def test_a_large_class_stands_on_several_pages(browser, world, lms, place, button):
    lms.members = [member(f"s{number}", name=f"Student {number:03}") for number in range(230)]
    ines = browser(world.instructor)
    ines.post(button)

    first, last = ines.get(place), ines.get(f"{place}?page=3")

    assert "Student 000" in first.text
    assert "Student 100" not in first.text
    assert "Page 1 of 3" in first.text
    assert "Student 229" in last.text
    assert re.search(r"Learners</dt><dd>230<", first.text)


def test_the_command_reads_one_list_or_all_that_are_due(app, lms, course):
    lms.members = [member("a"), member("b")]
    run = app.test_cli_runner().invoke

    one = run(args=["roster", "refresh", "--course", str(course.id)])
    due = run(args=["roster", "refresh"])
    lms.script = [answer("", 500)]
    failed = run(args=["roster", "refresh", "--course", str(course.id)])
    unknown = run(args=["roster", "refresh", "--course", "9999"])

    assert one.output.endswith("New: 2, changed: 0, gone: 7.\n")
    assert "Read 0 class lists." in due.output
    assert failed.exit_code == 1
    assert "fault of its own" in failed.output
    assert unknown.exit_code == 1
    assert "no such course" in unknown.output


def test_the_timer_reads_what_is_due(app, lms, course, session):
    from app.cli.roster import refresh_rosters
    from app.core.clock import utcnow

    lms.members = [member("a")]

    with app.app_context():
        refresh_rosters(utcnow())

    assert len(lms.seen) == 1


def test_a_learner_in_the_roster_alone_can_be_looked_up(browser, world, lms, place, button, person):
    lms.members = [member("a", name="Aya Newcomer"), member("t", "Instructor")]
    ines = browser(world.instructor)
    ines.post(button)

    assert ines.get(f"{place}/learners/{person('a').id}").status_code == 200
    assert ines.get(f"{place}/learners/{person('t').id}").status_code == 404


def test_the_role_of_the_world_is_untouched(world, session, course, lms, browser, button, sub_of):
    from sqlalchemy import select

    from app.courses.models import Enrolment

    lms.members = [member(sub_of(world.instructor), "Learner")]
    browser(world.instructor).post(button)

    session.rollback()
    session.expire_all()
    role = session.scalar(select(Enrolment.role).where(Enrolment.person_id == world.instructor.id))
    assert role is Role.INSTRUCTOR


def test_the_button_carries_the_forms_token(app, browser, world, lms, place, button):
    """With the guard of production on: the page's own button works, a foreign one does not."""
    app.config["WTF_CSRF_ENABLED"] = True
    lms.members = [member("a")]
    ines = browser(world.instructor)
    origin = {"Referer": f"https://tool.test{place}"}
    token = re.search(r'name="csrf_token" value="([^"]+)"', ines.get(place).text)[1]

    foreign = ines.post(button, headers=origin)
    own = ines.post(button, headers=origin, data={"csrf_token": token})

    assert (foreign.status_code, own.status_code) == (400, 303)
