"""The words of an assignment can change, what it shows cannot."""

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.principal import Role
from app.evidence.models import Submission, SubmissionStatus
from app.mapping.models import Assignment
from tests import factories


@pytest.fixture
def assignment(session, world):
    assignment = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    return assignment


@pytest.fixture
def url(assignment):
    return f"/courses/{assignment.course_id}/assignments/{assignment.id}/edit"


def test_the_page_shows_the_words_and_says_what_stays(browser, world, url):
    page = browser(world.instructor).get(url)

    assert page.status_code == 200
    assert 'value="Literature review"' in page.text
    assert "Write **one** page." in page.text
    assert "stays as it was set up" in page.text


def test_title_and_instructions_are_changed_and_audited(browser, session, world, url, assignments):
    answer = browser(world.assistant).post(
        url,
        data={"title": " New ", "instructions": "Two\r\npages", "criteria": "1", "max_files": "9"},
    )

    (assignment,) = assignments()
    assert answer.status_code == 303
    assert answer.location == url.removesuffix("/edit")
    assert (assignment.title, assignment.instructions) == ("New", "Two\npages")
    assert len(assignment.criteria) == 2
    assert assignment.max_files == 3
    entry = session.scalars(select(AuditEntry)).one()
    assert entry.action == "assignment.edited"
    assert entry.actor == f"person:{world.assistant.id}"
    assert entry.facts == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": ""}, "Give the assignment a title"),
        ({"title": "\u202e"}, "Give the assignment a title"),
        ({"title": "x" * 301}, "Use at most 300 characters for the title"),
        ({"instructions": "x" * 20_001}, "Use at most 20000 characters for the instructions"),
    ],
)
def test_bad_words_are_told_at_the_field(browser, world, url, assignments, changes, message):
    data = {"title": "New", "instructions": "", **changes}

    page = browser(world.instructor).post(url, data=data)

    assert page.status_code == 422
    assert page.text.count(message) == 2
    assert assignments()[0].title == "Literature review"


def test_only_staff_of_the_course_edit(browser, session, world, url, assignments):
    course = factories.make_course(session, world.deployment, "course-2", "Statistics")
    stranger = factories.make_person(session, course, Role.INSTRUCTOR, "Otto Other")
    client = browser(stranger)

    assert browser(world.learner).post(url, data={"title": "New"}).status_code == 403
    assert browser(world.grader).post(url, data={"title": "New"}).status_code == 403
    assert client.post(url, data={"title": "New"}).status_code in {403, 404}
    own_course = f"/courses/{course.id}/assignments/{assignments()[0].id}/edit"
    assert client.post(own_course, data={"title": "New"}).status_code == 404
    assert assignments()[0].title == "Literature review"


def test_a_set_up_is_undone_while_nobody_has_begun(browser, world, session):
    assignment = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    ines = browser(world.instructor)

    answer = ines.post(f"/courses/{world.course.id}/assignments/{assignment.id}/undo")

    assert answer.status_code == 303
    assert answer.location == f"/courses/{world.course.id}/links/{world.link.id}/setup"
    assert ines.get(answer.location).status_code == 200
    assert session.scalars(select(Assignment.id)).all() == []


def test_a_set_up_stays_once_somebody_has_begun(browser, world, session):
    assignment = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.add(
        Submission(
            institution_id=world.institution.id,
            course_id=world.course.id,
            assignment_id=assignment.id,
            achievement_id=world.level_1.achievement_id,
            learner_id=world.learner.id,
            status=SubmissionStatus.DRAFT,
            status_changed_at=factories.NOON,
            created_at=factories.NOON,
        )
    )
    session.commit()

    page = browser(world.instructor).post(
        f"/courses/{world.course.id}/assignments/{assignment.id}/undo"
    )

    assert page.status_code == 409
    assert "Somebody has begun" in page.text
    assert session.scalars(select(Assignment.id)).all() == [assignment.id]


def test_a_learner_undoes_nothing(browser, world, session):
    assignment = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()

    page = browser(world.learner).post(
        f"/courses/{world.course.id}/assignments/{assignment.id}/undo"
    )

    assert page.status_code == 403
