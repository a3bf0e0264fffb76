"""A learner hands in work: by the front door."""

import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry, find_broken_entry
from app.evidence.models import ArtifactKind, SubmissionStatus
from app.outbox.models import Delivery
from tests.evidence import samples
from tests.evidence.conftest import Desk

PDF = samples.pdf()
SHA256 = hashlib.sha256(PDF).hexdigest()


def in_groups(digest: str) -> str:
    return "".join(f"<span>{digest[i : i + 8]}</span><wbr>" for i in range(0, 64, 8))[:-5]


def test_the_page_says_what_to_do_and_who_acts_next(desk, world):
    page = desk.page()

    assert page.status_code == 200
    assert "Literature review" in page.text
    assert "Research Literacy" in page.text
    assert "Write <strong>one</strong> page." in page.text
    assert "Criterion 1" in page.text
    assert "Meets the criterion" in page.text
    assert "Not started" in page.text
    assert "You act next" in page.text
    assert "Hand in" in page.text


def test_looking_at_the_page_begins_nothing(desk, submissions):
    desk.page()

    assert submissions() == []


def test_files_link_and_text_are_handed_in_and_receipted(desk, artifacts, submissions, attempts):
    page = desk.send(
        ("essay.pdf", PDF), ("photo.png", samples.picture()),
        link="https://example.org/work", text="My thoughts",
    )  # fmt: skip

    assert "Your work is handed in" in page.text
    assert in_groups(SHA256) in page.text
    assert "A grantor acts next" in page.text
    assert "Attempt 1, handed in" in page.text
    assert [row.kind for row in artifacts()] == ["file", "file", "link", "text"]
    assert artifacts()[0].sha256 == SHA256
    assert artifacts()[0].media_type == "application/pdf"
    assert artifacts()[2].sha256 == hashlib.sha256(b"https://example.org/work").hexdigest()
    (submission,) = submissions()
    assert submission.status is SubmissionStatus.SUBMITTED
    assert submission.submitted_at == attempts()[0].submitted_at


def test_the_gradebook_is_told_of_the_submission_once(desk, session, world):
    desk.send(("essay.pdf", PDF))

    (delivery,) = session.scalars(select(Delivery).where(Delivery.subject.like("score:%"))).all()
    score = json.loads(delivery.payload["body"])
    assert score["activityProgress"] == "Submitted"
    assert score["comment"] == "Submitted for Research Literacy; awaiting assessment"
    assert "scoreGiven" not in score


def test_handing_in_is_audited_by_digest_and_names_nobody(desk, session, world, submissions):
    desk.send(("My secret diary.pdf", PDF), text="private")

    entry = session.scalars(select(AuditEntry)).one()
    assert entry.action == "submission.handed_in"
    assert entry.actor == f"person:{world.learner.id}"
    assert entry.subject == f"submission:{submissions()[0].id}"
    assert entry.facts["artifacts"][0]["sha256"] == SHA256
    assert "diary" not in json.dumps(entry.facts)
    assert find_broken_entry(session, world.institution.id) is None


def test_a_draft_is_kept_and_nobody_else_is_troubled(desk, submissions, attempts, session):
    page = desk.send(("essay.pdf", PDF), text="half", button="save")

    assert "Your draft is saved" in page.text
    assert "Files in your draft" in page.text
    assert "half</textarea>" in page.text
    assert submissions()[0].status is SubmissionStatus.DRAFT
    assert attempts()[0].submitted_at is None
    (delivery,) = session.scalars(select(Delivery)).all()
    assert json.loads(delivery.payload["body"])["activityProgress"] == "InProgress"


def test_a_draft_grows_and_is_handed_in_whole(desk, artifacts, attempts):
    desk.send(("one.pdf", PDF), button="save")
    desk.send(("two.png", samples.picture()), link="https://example.org", button="save")
    desk.send(link="https://example.org/better")

    assert [row.file_name or row.url for row in artifacts()] == [
        "one.pdf",
        "two.png",
        "https://example.org/better",
    ]
    assert len(attempts()) == 1
    assert attempts()[0].submitted_at is not None


def test_a_file_can_be_taken_out_and_is_gone_from_the_disk(desk, artifacts, stored_files):
    desk.send(("one.pdf", PDF), ("two.png", samples.picture()), button="save")
    first = artifacts()[0]

    page = desk.send(button="", remove=first.id, text="typed meanwhile")

    assert "Removed from your draft" in page.text
    assert "typed meanwhile</textarea>" in page.text
    assert [row.file_name for row in artifacts() if row.kind == "file"] == ["two.png"]
    assert len(stored_files()) == 1


def test_nothing_can_be_taken_out_of_somebody_elses_draft(desk, browser, world, url, artifacts):
    desk.send(("one.pdf", PDF), button="save")

    other = Desk(browser(world.other_learner), url)
    other.send(text="mine", button="save")
    other.send(text="mine", button="", remove=artifacts()[0].id)

    assert [row.kind for row in artifacts()] == ["file", "text"]


def test_an_empty_link_or_text_takes_it_out(desk, artifacts):
    desk.send(link="https://example.org", text="x", button="save")
    desk.send(link="", text="", button="save")

    assert artifacts() == []


@pytest.mark.parametrize("fields", [{}, {"link": "  ", "text": "\r\n"}])
def test_an_empty_submission_is_refused_at_the_field(desk, submissions, fields):
    page = desk.send(**fields)

    assert page.status_code == 422
    assert "<title>Error:" in page.text
    assert '<a href="#files">Nothing has been added yet' in page.text
    assert submissions() == []


def test_saving_nothing_begins_nothing(desk, submissions):
    page = desk.send(button="save")

    assert "nothing to save" in page.text
    assert submissions() == []


def test_one_bad_field_loses_nothing_else(desk, artifacts, submissions, stored_files):
    page = desk.send(
        ("essay.pdf", PDF), ("virus.exe", b"MZ"), ("fake.pdf", b"<html>x</html>"),
        link="javascript:alert(1)", text="my text",
    )  # fmt: skip

    assert page.status_code == 422
    assert "“virus.exe”: files of this type are not accepted here." in page.text
    assert "“fake.pdf” is not what its name says" in page.text
    assert '<a href="#link">The link must begin with https' in page.text
    assert 'value="javascript:alert(1)"' in page.text
    assert "my text</textarea>" in page.text
    assert "essay.pdf" in page.text
    assert submissions()[0].status is SubmissionStatus.DRAFT
    assert [row.kind for row in artifacts()] == ["file", "text"]
    assert len(stored_files()) == 1


def test_a_file_that_is_too_large_is_refused_and_the_others_kept(
    app, desk, artifacts, stored_files
):
    app.request_class.max_file_bytes = 5000
    page = desk.send(("big.txt", b"a" * 5001), ("small.txt", b"a" * 5000), text="kept")

    assert page.status_code == 422
    assert "“big.txt” is too large" in page.text
    assert [row.file_name or row.text for row in artifacts()] == ["small.txt", "kept"]
    assert [path.stat().st_size for path in stored_files()] == [5000]


def test_the_assignment_may_take_smaller_files_than_the_installation(
    desk, session, assignment, artifacts, stored_files
):
    assignment.max_file_mb = 1
    session.commit()
    assert "Each may have up to 1 MB" in desk.page().text

    with io.BytesIO() as body:  # written here: the client's own way leaves a file open
        body.write(
            b'--x\r\nContent-Disposition: form-data; name="files"; filename="big.txt"\r\n\r\n'
        )
        body.write(b"a" * (1024 * 1024 + 1))
        body.write(b'\r\n--x\r\nContent-Disposition: form-data; name="files"; filename="small.txt"')
        body.write(b"\r\n\r\na\r\n--x--\r\n")
        body.seek(0)
        kind = "multipart/form-data; boundary=x"
        page = desk.client.post(desk.url, input_stream=body, content_type=kind)

    assert page.status_code == 422
    assert "“big.txt” is too large: a file may have 1 MB at most." in page.text
    assert [row.file_name for row in artifacts()] == ["small.txt"]
    assert len(stored_files()) == 1


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("\u202etxt.exe.txt", "txt.exe.txt"),
        ("مقال عن البحث.txt", "مقال عن البحث.txt"),
    ],
)
def test_a_name_keeps_its_letters_and_loses_what_misleads(desk, artifacts, sent, shown):
    page = desk.send((sent, b"words"), button="save")

    assert artifacts()[0].file_name == shown
    assert shown in page.text
    assert "\u202e" not in page.text


def test_no_more_files_than_asked_for(desk, artifacts):
    desk.send(("1.txt", b"1"), ("2.txt", b"2"), button="save")
    page = desk.send(("3.txt", b"3"), ("4.txt", b"4"))

    assert page.status_code == 422
    assert "“4.txt” was not taken: 3 files at most" in page.text
    assert [row.file_name for row in artifacts()] == ["1.txt", "2.txt", "3.txt"]


def test_the_same_file_sent_twice_is_there_once(desk, artifacts, stored_files):
    desk.send(("essay.pdf", PDF), button="save")
    desk.send(("essay.pdf", PDF), button="save")

    assert len(artifacts()) == 1
    assert len(stored_files()) == 1


def test_what_is_handed_in_is_frozen(desk, artifacts, submissions, stored_files):
    desk.send(("essay.pdf", PDF))
    when = submissions()[0].submitted_at

    for button in ("save", "hand_in"):
        page = desk.send(("other.pdf", samples.pdf(1)), button=button)
        assert "already handed in" in page.text
    page = desk.send(button="", remove=artifacts()[0].id)

    assert [row.file_name for row in artifacts()] == ["essay.pdf"]
    assert submissions()[0].submitted_at == when
    assert len(stored_files()) == 1
    assert "Save draft" not in page.text


def test_an_assignment_shows_only_the_fields_it_wants(session, desk, assignment, artifacts):
    assignment.max_files, assignment.accepts_link = 0, False
    session.commit()

    page = desk.page()
    answer = desk.send(("essay.pdf", PDF), link="https://example.org", text="only this")

    assert 'type="file"' not in page.text
    assert 'type="url"' not in page.text
    assert page.text.count('class="field"') == 1, "no empty frame is left of the others"
    assert answer.status_code == 200
    assert [row.kind for row in artifacts()] == [ArtifactKind.TEXT]


def test_two_windows_at_once_hand_in_one_attempt(
    browser, world, url, attempts, stored_files, session
):
    windows = [Desk(browser(world.learner), url) for _ in range(2)]
    start = Barrier(2)

    def press(window):
        start.wait()
        return window.send(("essay.pdf", PDF)).status_code

    with ThreadPoolExecutor(2) as both:
        answers = set(both.map(press, windows))

    assert answers <= {200, 409}
    assert [bool(attempt.submitted_at) for attempt in attempts()] == [True]
    assert len(stored_files()) == 1
    assert len(session.scalars(select(AuditEntry)).all()) == 1


def test_a_text_that_is_too_long_is_said_at_the_field_and_the_file_is_kept(desk, artifacts):
    page = desk.send(("essay.pdf", PDF), text="a" * 100_001)

    assert page.status_code == 422
    assert '<a href="#text">The text has 100,001 characters' in page.text
    assert [row.kind for row in artifacts()] == ["file"]


def test_a_draft_that_was_emptied_cannot_be_handed_in(desk, attempts):
    desk.send(text="x", button="save")

    page = desk.send(text="")

    assert page.status_code == 422
    assert "Nothing has been added yet" in page.text
    assert attempts()[0].submitted_at is None
