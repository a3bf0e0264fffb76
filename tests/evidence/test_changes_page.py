"""Two attempts beside each other, for the learner, staff and grantors."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.core.principal import Role
from app.evidence.models import Artifact, ScanState, Submission, SubmissionStatus
from tests import factories
from tests.evidence import samples


@pytest.fixture
def assignment(session, assignment):
    assignment.max_files = 5
    session.commit()
    return assignment


@pytest.fixture
def revise(desk, session):
    """Hand in twice; return the address of the comparison."""

    def hand_in(first: list, second: list, texts=("One two.", "One three.")) -> str:
        desk.send(*first, text=texts[0])
        submission = session.query(Submission).one()
        submission.status = SubmissionStatus.REVISION_REQUESTED
        session.commit()
        desk.send(*second, text=texts[1])
        return f"/submissions/{submission.id}/attempts/2/changes"

    return hand_in


def test_what_was_replaced_is_shown_word_by_word(desk, revise):
    url = revise(
        [("a.txt", b"alpha\nbeta\n"), ("old.txt", b"gone"), ("same.pdf", samples.pdf())],
        [("a.txt", b"alpha\n<b>gamma</b>\n"), ("photo.png", samples.picture())],
    )

    page = desk.client.get(url)

    assert "Attempt 2 compared with 1" in page.text
    assert "<del> two</del>" in page.text
    assert "<ins> three</ins>" in page.text
    assert "&lt;b&gt;" in page.text.replace("<ins>", "").replace("</ins>", "")
    for word in ("Replaced", "New", "Removed"):
        assert word in page.text
    assert "What you changed since the attempt before" in desk.page().text


def test_documents_are_compared_by_the_text_of_their_pages(desk, revise):
    url = revise(
        [("essay.pdf", samples.written_pdf("A first draft"))],
        [("essay.pdf", samples.written_pdf("A second draft"))],
    )

    page = desk.client.get(url)

    assert "<del> first</del>" in page.text
    assert "<ins> second</ins>" in page.text


def test_what_has_no_text_is_said_to_have_none(desk, revise):
    url = revise(
        [("a.png", samples.picture()), ("b.pdf", samples.pdf(1))],
        [("a.png", samples.picture("PNG") + b"\0"), ("b.pdf", samples.pdf(2))],
    )

    page = desk.client.get(url)

    assert page.text.count("There is no text in it that could be compared") == 2


def test_what_is_withheld_is_not_compared(desk, revise, session):
    url = revise([("a.txt", b"secret before")], [("a.txt", b"secret after")])
    session.execute(update(Artifact).values(scan_state=ScanState.INFECTED))
    session.commit()

    assert "secret" not in desk.client.get(url).text


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("learner", 200), ("instructor", 200), ("assistant", 200), ("grantor", 200),
        ("second_grantor", 200), ("other_learner", 404), ("grader", 404),
    ],
)  # fmt: skip
def test_who_may_read_both_may_compare_them(browser, world, revise, who, status):
    url = revise([], [])

    assert browser(getattr(world, who)).get(url).status_code == status


def test_staff_of_another_course_may_not(browser, session, world, revise):
    url = revise([], [])
    elsewhere = factories.make_course(session, world.deployment, "course-2")
    teacher = factories.make_person(session, elsewhere, Role.INSTRUCTOR, "Otto Other")
    session.commit()

    assert browser(teacher).get(url).status_code == 404


def test_another_institution_may_not(app, browser, session, world, revise):
    url = revise([], [])
    other = factories.make_world(session, app.extensions["assay.vault"], "other")

    assert browser(other.grantor).get(url).status_code == 404


@pytest.mark.parametrize("tail", ["/attempts/1/changes", "/attempts/9/changes"])
def test_there_must_be_two(desk, revise, tail):
    url = revise([], [])

    assert desk.client.get(url.replace("/attempts/2/changes", tail)).status_code == 404
    assert desk.client.get(f"{url}?with=2").status_code == 404
    assert desk.client.get(f"{url}?with=1").status_code == 200


def test_a_draft_or_what_was_taken_back_is_compared_with_nothing(desk, revise, session):
    url = revise([], [])
    submission = session.query(Submission).one()
    session.refresh(submission)
    newest = submission.attempts[-1]
    newest.withdrawn_at = newest.submitted_at + timedelta(minutes=1)
    session.commit()

    assert desk.client.get(url).status_code == 404
    assert "What you changed" not in desk.page().text


def test_the_workbench_says_what_changed_in_one_line(browser, world, revise, session):
    revise(
        [("a.txt", b"one"), ("b.txt", b"two")],
        [("a.txt", b"1"), ("b.txt", b"two"), ("photo.png", samples.picture())],
    )
    submission = session.query(Submission).one()

    page = browser(world.grantor).get(f"/assessment/submissions/{submission.id}")

    assert "Since attempt 1:" in page.text
    assert "2 replaced, 1 new, 1 unchanged." in page.text
    assert f"/submissions/{submission.id}/attempts/2/changes" in page.text
