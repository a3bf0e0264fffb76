"""The page of a learner who has not begun is kept; what is a person's own is not in it."""

import re

import pytest

from app.core.principal import Role
from app.evidence import views
from app.mapping.service import edit_assignment
from tests import factories
from tests.campus import make_administrator

TOKEN = re.compile(r'name="csrf_token" type="hidden" value="([^"]+)"')


@pytest.fixture(autouse=True)
def _with_form_tokens(app):
    app.config["WTF_CSRF_ENABLED"] = True


@pytest.fixture
def pages(app):
    """The pages that are kept now."""
    return lambda: app.extensions.get("assay.first_pages", {})


def test_a_class_gets_one_page_and_everybody_their_own_token(browser, world, url, pages):
    first, second = browser(world.learner), browser(world.other_learner)

    one, other = first.get(url).text, second.get(url).text

    assert len(pages()) == 1
    tokens = [TOKEN.search(page)[1] for page in (one, other)]
    assert tokens[0] != tokens[1]
    assert one.replace(tokens[0], "") == other.replace(tokens[1], "")
    assert not any(token in part for token in tokens for kept in pages().values() for part in kept)
    answer = second.post(
        url,
        data={"text": "x", "save": "1", "csrf_token": tokens[1]},
        headers={"Referer": f"https://tool.test{url}"},
    )
    assert answer.status_code == 303


@pytest.mark.parametrize("is_first", [True, False])
def test_a_learner_who_is_an_administrator_has_a_page_of_their_own(
    browser, session, world, url, is_first
):
    make_administrator(session, world.learner)
    session.commit()
    office, none = browser(world.learner), browser(world.other_learner)

    pages = {
        person: person.get(url).text for person in ((office, none) if is_first else (none, office))
    }

    assert "Administration" in pages[office]
    assert "Administration" not in pages[none], "nobody learns what office a classmate holds"


def test_an_edit_shows_at_once(browser, world, url, session, assignment):
    browser(world.learner).get(url)

    words = {"title": "Another title", "instructions": "Do something else."}
    now = assignment.created_at
    edit_assignment(session, assignment, **words, edited_by=world.instructor.id, now=now)
    session.commit()

    page = browser(world.other_learner).get(url).text
    assert all(word in page for word in words.values())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("max_files", 1), ("file_kinds", ["image"]), ("accepts_link", False)],
        *[("accepts_text", False), ("max_file_mb", 7), ("is_by_criterion", True)],
        ("statement", "I wrote this."),
    ],
)
def test_what_may_be_handed_in_shows_at_once(
    browser, world, url, session, assignment, pages, name, value
):
    before = browser(world.learner).get(url).text
    setattr(assignment, name, value)
    session.commit()

    after = browser(world.learner).get(url).text

    assert len(pages()) == 2
    assert TOKEN.sub("", before) != TOKEN.sub("", after)


def test_who_has_begun_does_not_get_the_kept_page(browser, world, url, desk):
    app_page = browser(world.other_learner).get(url).text
    token = TOKEN.search(desk.page().text)[1]
    desk.client.post(
        url,
        data={"text": "my own words", "save": "1", "csrf_token": token},
        headers={"Referer": f"https://tool.test{url}"},
    )

    assert "my own words" in desk.page().text
    assert "Draft saved" in desk.page().text
    assert "Not started" in app_page
    assert "my own words" not in browser(world.other_learner).get(url).text


def test_the_kept_page_is_for_learners_of_the_course_alone(browser, session, world, url, pages):
    browser(world.learner).get(url)
    ghost = factories.make_person(
        session, world.course, Role.LEARNER, "Test student", is_test_user=True
    )
    stranger = factories.make_course(session, world.deployment, "course-2")
    outsider = factories.make_person(session, stranger, Role.LEARNER, "Outsider")
    session.commit()

    assert len(pages()) == 1
    assert "Student preview" in browser(ghost).get(url).text
    assert "This is what your students see" in browser(world.instructor).get(url).text
    assert browser(outsider).get(url).status_code == 404
    assert browser(None).get(url).status_code == 401


def test_a_message_is_shown_once_and_not_kept(browser, world, url, pages):
    client = browser(world.learner)
    with client.session_transaction(base_url="https://tool.test") as cookie:
        cookie["_flashes"] = [("success", "Just this once")]

    assert "Just this once" in client.get(url).text
    assert "Just this once" not in client.get(url).text
    assert not any("Just this once" in before for before, _ in pages().values())


def test_no_more_than_so_many_pages_are_kept(
    browser, world, url, session, assignment, pages, monkeypatch
):
    monkeypatch.setattr("app.evidence.first_page.MAX_PAGES", 2)
    for number in range(5):
        assignment.title = f"Title {number}"
        session.commit()
        assert f"Title {number}" in browser(world.learner).get(url).text

    assert len(pages()) <= 2


def make_other_class(session, world, **changes):
    """Make such an assignment in another course; return its address and a learner of it."""
    course = factories.make_course(session, world.deployment, "course-2", "Methods, evening class")
    learner = factories.make_person(session, course, Role.LEARNER, "Learner of the evening class")
    positions = changes.pop("criterion_positions", (0, 1))
    other = factories.make_assignment(
        session, course, world.level_1, link=None, criterion_positions=positions
    )
    for name, value in changes.items():
        setattr(other, name, value)
    session.commit()
    return f"/courses/{course.id}/assignments/{other.id}/work", learner


@pytest.fixture
def drawn(monkeypatch):
    """How often a page was drawn."""
    times = []
    real = views.work_page
    monkeypatch.setattr(views, "work_page", lambda *a, **k: times.append(1) or real(*a, **k))
    return times


def test_such_an_assignment_of_another_course_gets_the_page_with_its_own_addresses(
    app, browser, session, world, url, drawn
):
    other_url, learner = make_other_class(session, world)
    first = browser(world.learner).get(url).text

    given = browser(learner).get(other_url).text
    app.extensions["assay.first_pages"].clear()
    app.extensions["assay.first_pages_alike"].clear()
    as_drawn = browser(learner).get(other_url).text

    assert len(drawn) == 2, "the second class's first page was not drawn"
    assert TOKEN.sub("", given) == TOKEN.sub("", as_drawn)
    assert url not in given
    assert TOKEN.search(given)[1] not in first


@pytest.mark.parametrize(
    "changes",
    [
        {"criterion_positions": (0,)},
        {"title": "Another title"},
        {"max_group_size": 2},
    ],
)
def test_another_assignment_gets_a_page_of_its_own(browser, session, world, url, drawn, changes):
    other_url, learner = make_other_class(session, world, **changes)
    browser(world.learner).get(url)

    page = browser(learner).get(other_url).text

    assert len(drawn) == 2
    assert url not in page


def test_an_address_that_somebody_wrote_stays_as_it_was_written(
    browser, session, world, url, assignment
):
    words = f"The example: {url}"
    assignment.instructions = words
    other_url, learner = make_other_class(session, world, instructions=words)

    assert words in browser(world.learner).get(url).text
    assert words in browser(learner).get(other_url).text
