"""Work from another assignment, used once more by reference."""

import pytest

from app.core.principal import Role
from app.evidence.models import Artifact, ScanState
from tests import factories
from tests.evidence import samples
from tests.evidence.conftest import Desk

PDF = samples.pdf()


@pytest.fixture
def elsewhere(browser, session, world):
    """Mei's desk at an assignment of another course, with work handed in."""
    course = factories.make_course(session, world.deployment, "course-2")
    factories.enrol(session, course, world.learner, Role.LEARNER)
    other = factories.make_assignment(session, course, world.level_1, link=None, title="Earlier")
    session.commit()
    desk = Desk(browser(world.learner), f"/courses/{course.id}/assignments/{other.id}/work")
    desk.send(
        ("my thesis.pdf", PDF),
        link="https://example.org/film",
        link_note="The film",
        text="Words I wrote",
    )
    return desk


@pytest.fixture
def picker(url):
    return url.replace("/work", "/earlier-work")


@pytest.fixture
def choose(desk, picker):
    return lambda *ids, **more: desk.client.post(
        picker, data={"artifacts": list(ids), **more}, follow_redirects=True
    )


def of_draft(artifacts):
    newest = artifacts()[-1].attempt_id
    return [row for row in artifacts() if row.attempt_id == newest]


def test_own_work_from_any_course_is_offered(elsewhere, desk, picker):
    page = desk.client.get(picker)

    for words in ("my thesis.pdf", "The film", "Words I wrote", "Earlier · "):
        assert words in page.text


def test_what_is_chosen_is_in_the_draft_by_reference(
    elsewhere, desk, choose, artifacts, stored_files, attempts
):
    file, link, text = artifacts()

    page = choose(file.id, link.id, text.id)

    taken = of_draft(artifacts)
    assert [row.origin_id for row in taken] == [file.id, link.id, text.id]
    assert taken[0].storage_key == file.storage_key
    assert len(stored_files()) == 1
    assert "It is in your draft now" in page.text
    assert "Words I wrote</textarea>" in page.text
    assert 'value="The film"' in page.text
    assert attempts()[1].revision == 1


def test_taken_out_again_it_stays_where_it_was_handed_in(
    elsewhere, desk, choose, artifacts, stored_files
):
    choose(artifacts()[0].id)
    desk.send(button="", remove=artifacts()[-1].id)

    assert len(stored_files()) == 1
    assert len(artifacts()) == 3


def test_chosen_twice_it_is_there_once(elsewhere, choose, artifacts):
    file = artifacts()[0].id
    choose(file, file)
    choose(file)

    assert len(artifacts()) == 4


@pytest.mark.parametrize(
    ("facts", "gone"),
    [
        ({"scan_state": ScanState.INFECTED}, "my thesis.pdf"),
        ({"scan_state": ScanState.WAITING}, "my thesis.pdf"),
        ({"deleted_at": factories.NOON}, "my thesis.pdf"),
        ({"size_bytes": 51 * 1024 * 1024}, "my thesis.pdf"),
        ({"file_name": "program.py"}, "program.py"),
    ],
)
def test_what_is_infected_deleted_too_large_or_of_another_kind_is_not_offered(
    elsewhere, desk, picker, choose, session, artifacts, facts, gone
):
    row = session.get(Artifact, artifacts()[0].id)
    for name, value in facts.items():
        setattr(row, name, value)
    session.commit()

    assert gone not in desk.client.get(picker).text.partition('id="left-out"')[0]
    assert choose(row.id).status_code == 422
    assert len(artifacts()) == 3


@pytest.mark.parametrize(
    ("name", "gone"), [("accepts_link", "The film"), ("accepts_text", "Words I wrote")]
)
def test_only_what_the_assignment_takes_is_offered(
    elsewhere, desk, picker, session, assignment, name, gone
):
    setattr(assignment, name, False)
    session.commit()

    page = desk.client.get(picker).text.partition('id="left-out"')[0]

    assert gone not in page
    assert "my thesis.pdf" in page


def test_a_draft_elsewhere_is_not_offered_nor_what_was_taken_back(
    elsewhere, desk, picker, attempts
):
    address = elsewhere.url.replace("/work", "/withdraw")
    elsewhere.client.post(address, data={"attempt": attempts()[0].id})

    assert "Nothing of yours fits here yet" in desk.client.get(picker).text


def test_other_peoples_work_is_neither_offered_nor_taken(
    elsewhere, browser, world, picker, artifacts
):
    client = browser(world.other_learner)

    assert "Nothing of yours fits here yet" in client.get(picker).text
    for forged in ([artifacts()[0].id], ["x"], [0], [-1], ["99999"]):
        assert client.post(picker, data={"artifacts": forged}).status_code == 422
    assert len(artifacts()) == 3


def test_choosing_nothing_is_said(elsewhere, choose):
    page = choose()

    assert page.status_code == 422
    assert "Choose at least one piece of work" in page.text


def test_there_is_room_for_so_many_files_and_one_text(
    elsewhere, desk, choose, session, assignment, artifacts
):
    assignment.max_files = 1
    session.commit()
    desk.send(("own.txt", b"a"), text="my own words", button="save")
    file, _link, text = artifacts()[:3]

    assert "1 files at most" in choose(file.id).text
    assert "There is a text already" in choose(text.id).text
    assert [row.file_name or row.text for row in of_draft(artifacts)] == ["own.txt", "my own words"]


def test_it_goes_to_the_criterion_that_was_chosen(
    elsewhere, choose, session, assignment, artifacts
):
    assignment.is_by_criterion = True
    session.commit()
    file = artifacts()[0].id

    for forged in (999, "x", ""):
        assert choose(file, part=forged).status_code == 422
    choose(file, part=assignment.criteria[1].id)

    assert artifacts()[-1].criterion_id == assignment.criteria[1].id


def test_nothing_is_added_to_what_is_handed_in(elsewhere, desk, picker, choose, artifacts):
    desk.send(text="done")

    assert desk.client.get(picker).status_code == 409
    assert choose(artifacts()[0].id).status_code == 409
    assert len(artifacts()) == 4


def test_the_way_there_saves_what_was_typed(desk, picker, artifacts):
    answer = desk.client.post(desk.url, data={"text": "typed", "browse": "1"})

    assert answer.location == picker
    assert [row.text for row in artifacts()] == ["typed"]


def test_what_is_not_taken_here_is_named_with_the_reason(
    elsewhere, desk, session, assignment, picker
):
    assignment.file_kinds, assignment.accepts_link = ["image"], False
    session.commit()

    page = desk.client.get(picker).text

    left_out = page[page.index('id="left-out"') :]
    assert "my thesis.pdf" in left_out
    assert "The film" in left_out
    assert "of a kind that this assignment does not take" in left_out
    assert "Words I wrote" not in left_out


def test_what_is_too_large_here_is_named_with_the_reason(
    elsewhere, desk, session, assignment, picker, artifacts
):
    session.merge(artifacts()[0]).size_bytes = 2 * 1024 * 1024
    assignment.max_file_mb = 1
    session.commit()

    assert "larger than this assignment takes" in desk.client.get(picker).text


def test_earlier_work_is_offered_where_there_is_some(browser, world, elsewhere, desk, url, app):
    app.config["WTF_CSRF_ENABLED"] = True  # as it is where the page is kept for the class

    assert "Use earlier work" in desk.page().text
    assert "Use earlier work" not in browser(world.other_learner).get(url).text
    assert "Use earlier work" in desk.page().text


def test_a_link_that_is_none_does_not_stand_in_the_way(elsewhere, desk, artifacts):
    page = desk.send(button="browse", link="htp://typo", text="kept")

    assert page.status_code == 200
    assert "Your earlier work" in page.text
    assert "This was not kept in your draft: htp://typo" in page.text
    assert artifacts()[-1].text == "kept"
