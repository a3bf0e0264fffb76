"""Who may read an artifact, and how its bytes are sent."""

from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore

import pytest
from sqlalchemy import select

from app.core.principal import Role
from app.courses.models import Enrolment
from app.evidence import preview
from app.programme.models import GrantorAppointment
from tests import factories
from tests.evidence import samples

NAME = "Étude „概要“ 1.pdf"


@pytest.fixture
def handed_in(desk, artifacts):
    """A PDF, a picture, a text file, a link and a text, in this order."""
    desk.send(
        (NAME, samples.pdf(2)), ("photo.png", samples.picture()), ("code.txt", b"<b>1 < 2</b>"),
        link="https://example.org/a?b=<c>", text="<script>alert(1)</script>",
    )  # fmt: skip
    return artifacts()


def read(client, path, **facts):
    """Get one address; buffered, so that the file behind the answer is closed."""
    return client.get(path, buffered=True, **facts)


def paths_of(artifact) -> list[str]:
    page = f"/artifacts/{artifact.id}"
    return [page, f"/files{page}", f"{page}/pages/1.png"]


def statuses(client, artifact) -> set[int]:
    return {read(client, path).status_code for path in paths_of(artifact)}


def set_launch(session, person, course, at):
    enrolment = session.scalars(
        select(Enrolment).where(Enrolment.person_id == person.id, Enrolment.course_id == course.id)
    ).one()
    enrolment.last_launched_at = at
    session.commit()


@pytest.mark.parametrize("who", ["learner", "instructor", "assistant", "grantor", "second_grantor"])
def test_the_learner_staff_and_grantors_may_read(browser, world, handed_in, who):
    assert statuses(browser(getattr(world, who)), handed_in[0]) == {200}


@pytest.mark.parametrize("who", ["other_learner", "grader"])
def test_others_of_the_course_may_not(browser, world, handed_in, who):
    assert statuses(browser(getattr(world, who)), handed_in[0]) == {404}


def test_a_stranger_is_asked_to_sign_in(browser, handed_in):
    assert statuses(browser(None), handed_in[0]) == {401}


@pytest.mark.parametrize("who", ["learner", "instructor", "grantor"])
def test_another_institution_may_not(app, browser, session, world, handed_in, who):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")

    assert statuses(browser(getattr(other, who)), handed_in[0]) == {404}


def test_staff_of_another_course_may_not(browser, session, world, handed_in):
    elsewhere = factories.make_course(session, world.deployment, "course-2")
    teacher = factories.make_person(session, elsewhere, Role.INSTRUCTOR, "Otto Other")
    session.commit()

    assert statuses(browser(teacher), handed_in[0]) == {404}


def test_staff_whose_launch_is_long_ago_may_not(browser, session, world, handed_in):
    set_launch(session, world.instructor, world.course, datetime.now(UTC) - timedelta(hours=13))

    assert statuses(browser(world.instructor), handed_in[0]) == {404}


def test_a_grantor_of_another_achievement_may_not(browser, session, world, handed_in):
    factories.appoint(session, world.grader, world.level_2)
    session.commit()

    assert statuses(browser(world.grader), handed_in[0]) == {404}


def test_a_grantor_whose_term_has_ended_may_not(browser, session, world, handed_in):
    appointment = session.scalars(
        select(GrantorAppointment).where(GrantorAppointment.person_id == world.grantor.id)
    ).one()
    appointment.ends_at = datetime.now(UTC) - timedelta(minutes=1)
    session.commit()

    assert statuses(browser(world.grantor), handed_in[0]) == {404}


def test_a_grantor_reads_across_courses(browser, session, world, handed_in):
    elsewhere = factories.make_course(session, world.deployment, "course-2")
    grantor = factories.make_person(session, elsewhere, Role.GRADER, "Gerda Grantor")
    factories.appoint(session, grantor, world.level_1)
    session.commit()

    assert statuses(browser(grantor), handed_in[0]) == {200}


@pytest.mark.parametrize("who", ["instructor", "grantor"])
def test_a_draft_is_the_learners_alone(desk, browser, world, artifacts, who):
    desk.send(("essay.pdf", samples.pdf()), button="save")
    (draft,) = artifacts()

    assert statuses(desk.client, draft) == {200}
    assert statuses(browser(getattr(world, who)), draft) == {404}


def test_a_pdf_is_downloaded_and_its_pages_are_shown(desk, handed_in):
    pdf = handed_in[0]

    page = read(desk.client, f"/artifacts/{pdf.id}")
    content = read(desk.client, f"/files/artifacts/{pdf.id}")
    picture = read(desk.client, f"/artifacts/{pdf.id}/pages/2.png")

    assert f"Page 2 of 2 of {NAME}" in page.text
    assert content.data == samples.pdf(2) or content.data.startswith(b"%PDF-")
    assert content.headers["Content-Disposition"].startswith("attachment; ")
    assert (
        "filename*=UTF-8''%C3%89tude%20%E2%80%9E%E6%A6%82%E8%A6%81%E2%80%9C%201.pdf"
        in content.headers["Content-Disposition"]
    )
    assert picture.mimetype == "image/png"
    assert read(desk.client, f"/artifacts/{pdf.id}/pages/3.png").status_code == 404


def test_bytes_are_sent_so_that_they_can_do_nothing(desk, handed_in):
    for artifact in handed_in[:3]:
        headers = read(desk.client, f"/files/artifacts/{artifact.id}").headers
        assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "private, no-store"
        assert int(headers["Content-Length"]) == artifact.size_bytes


def test_only_a_picture_is_drawn_by_the_browser(desk, handed_in):
    picture, text = handed_in[1], handed_in[2]

    assert "attachment" not in read(desk.client, f"/files/artifacts/{picture.id}").headers.get(
        "Content-Disposition"
    )
    for path in (f"/files/artifacts/{picture.id}?download=1", f"/files/artifacts/{text.id}"):
        assert "attachment" in read(desk.client, path).headers["Content-Disposition"]


def test_a_part_of_a_file_can_be_asked_for(desk, handed_in):
    answer = read(
        desk.client, f"/files/artifacts/{handed_in[2].id}", headers={"Range": "bytes=3-6"}
    )

    assert answer.status_code == 206
    assert answer.data == b"1 < "
    assert answer.headers["Content-Range"] == "bytes 3-6/12"


def test_typed_and_uploaded_text_is_shown_never_run(desk, handed_in):
    file_page = read(desk.client, f"/artifacts/{handed_in[2].id}")
    text_page = read(desk.client, f"/artifacts/{handed_in[4].id}")

    assert "&lt;b&gt;1 &lt; 2&lt;/b&gt;</pre>" in file_page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</pre>" in text_page.text


def test_a_link_shows_where_it_leads_and_tells_nothing_there(desk, handed_in):
    page = read(desk.client, f"/artifacts/{handed_in[3].id}")

    assert "A page on example.org" in page.text
    assert 'href="https://example.org/a?b=&lt;c&gt;"' in page.text
    assert 'target="_blank" rel="noopener noreferrer"' in page.text


@pytest.mark.parametrize("index", [3, 4])
def test_what_is_no_file_has_no_bytes_and_no_pages(desk, handed_in, index):
    page, content, picture = paths_of(handed_in[index])

    assert read(desk.client, page).status_code == 200
    assert read(desk.client, content).status_code == 404
    assert read(desk.client, picture).status_code == 404


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.4\nnothing else", "The file is damaged"),
        (samples.ENCRYPTED_PDF, "locked with a password"),
    ],
)
def test_a_pdf_that_cannot_be_shown_says_why_and_can_be_downloaded(desk, artifacts, content, words):
    desk.send(("odd.pdf", content))
    (artifact,) = artifacts()

    page = read(desk.client, f"/artifacts/{artifact.id}")

    assert words in page.text
    assert "Download odd.pdf" in page.text
    assert read(desk.client, f"/files/artifacts/{artifact.id}").data == content


def test_there_is_no_artifact_beyond_the_last(desk, handed_in):
    assert read(desk.client, "/artifacts/99999").status_code == 404


def test_while_many_pages_are_drawn_a_page_asks_to_come_again(desk, artifacts, monkeypatch):
    desk.send(("work.pdf", samples.pdf()))
    (artifact,) = artifacts()
    monkeypatch.setattr(preview, "_drawing", BoundedSemaphore(1))
    monkeypatch.setattr(preview, "WAIT_SECONDS", 0.05)

    with preview._drawing:
        shown = read(desk.client, f"/artifacts/{artifact.id}")
        page = read(desk.client, f"/artifacts/{artifact.id}/pages/1.png")

    assert "Load the page again in a moment" in shown.text
    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) > 0
    assert "Many pages are being drawn" in page.text
    assert read(desk.client, f"/artifacts/{artifact.id}/pages/1.png").status_code == 200


def test_a_file_is_called_what_the_receipt_calls_it(desk, artifacts):
    receipt = desk.send(("essay.pdf", samples.pdf())).text

    page = desk.client.get(f"/artifacts/{artifacts()[0].id}").text

    assert "PDF file" in receipt
    assert "<dd>PDF file</dd>" in page
    assert "application/pdf" not in page
