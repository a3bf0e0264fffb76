"""What is sent in pieces and is not what it should be, or comes when it cannot be taken."""

import io
import tracemalloc
import zipfile
import zlib
from datetime import UTC, datetime

import pytest

from app.courses.models import Enrolment
from tests.evidence import samples
from tests.evidence.test_revision import ask_for_revision

PDF = samples.pdf()
HEBREW = "עבודה סופית.pdf"


class Meanwhile(io.BytesIO):
    """A body during which something happens elsewhere, once its first bytes were read."""

    def __init__(self, content, happens):
        super().__init__(content)
        self._happens = happens

    def readinto(self, buffer):
        count = super().readinto(buffer)
        if self._happens:
            happens, self._happens = self._happens, None
            happens()
        return count


def send_while(sender, content, happens, *, offset=0):
    """Send a last piece; something happens while it is read."""
    return sender.client.patch(
        sender.at,
        input_stream=Meanwhile(content, happens),
        content_length=len(content),
        headers={
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        },
    )


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\mei\\essay.pdf", "essay.pdf"),
        (HEBREW, HEBREW),
        ("essay\u202efdp.pdf", "essayfdp.pdf"),
        ("a\0b.pdf", "ab.pdf"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("報告" * 100 + ".pdf", "報告" * 41 + "報.pdf"),
    ],
)
def test_a_name_is_cleaned_and_letters_of_every_script_stay(sender, artifacts, sent, kept):
    answer = sender.send(sent, PDF, pieces=2)

    assert answer.status_code == 204
    assert artifacts()[0].file_name == kept
    assert len(artifacts()[0].file_name.encode()) <= 255


@pytest.mark.parametrize(
    "name", ["virus.exe", "page.html", "logo.svg", "noname", "", ".pdf", "film.mp4"]
)
def test_a_type_that_is_not_taken_is_refused_before_a_byte(sender, uploads, name):
    answer = sender.announce(name, 10)

    assert answer.status_code == 422
    assert "files of this type are not accepted here" in answer.json["detail"]
    assert uploads() == []


def test_an_empty_file_is_refused(sender):
    answer = sender.announce("essay.pdf", 0)

    assert answer.status_code == 422
    assert answer.json["detail"] == "“essay.pdf” is empty."


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"MZ\x90\0 a program",
        b"<html><script>1</script>" + PDF,
        PDF + samples.archive("x.html"),
    ],
    ids=["html", "program", "html before", "archive behind"],
)
def test_a_file_that_is_something_else_too_is_refused_and_nothing_is_kept(
    sender, desk, artifacts, stored_files, content
):
    desk.send(text="typed before", button="save")

    answer = sender.send("essay.pdf", content, pieces=3)

    assert answer.status_code == 422
    assert "“essay.pdf” is not what its name says" in answer.json["detail"]
    assert [row.text for row in artifacts()] == ["typed before"]
    assert stored_files() == []
    assert sender.look().status_code == 404


def bomb() -> bytes:
    """An office file of 100 kB that would unpack to 100 MB."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for name in ("[Content_Types].xml", "word/document.xml"):
            out.writestr(name, "<x/>")
        with out.open("word/media/zeros", "w") as member:
            for _ in range(100):
                member.write(bytes(1024 * 1024))
    return target.getvalue()


def test_a_zip_bomb_is_never_unpacked(session, assignment, sender, artifacts, monkeypatch):
    session.merge(assignment).file_kinds = ["office"]
    session.commit()
    content = bomb()

    def unpack(*_args, **_kwargs):
        raise AssertionError("something was unpacked")

    for name in ("decompress", "decompressobj"):
        monkeypatch.setattr(zlib, name, unpack)
    tracemalloc.start()
    try:
        answer = sender.send("work.docx", content, pieces=4)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert answer.status_code == 204
    assert artifacts()[0].size_bytes == len(content) < 200_000
    assert peak < 8_000_000


def test_the_draft_that_is_full_refuses_and_an_empty_piece_tries_again(
    sender, desk, artifacts, stored_files
):
    sender.announce("late.txt", 4)
    desk.send(("1.txt", b"1"), ("2.txt", b"2"), ("3.txt", b"3"), button="save")

    refused = sender.piece(b"late")
    desk.send(button="", remove=artifacts()[0].id)
    accepted = sender.piece(b"", 4)

    assert refused.status_code == 422
    assert refused.json["detail"] == "3 files at most can be handed in. Remove one first."
    assert accepted.status_code == 204
    assert [row.file_name for row in artifacts()] == ["2.txt", "3.txt", "late.txt"]
    assert len(stored_files()) == 3


def test_no_more_files_are_announced_than_are_taken(sender, desk, uploads):
    desk.send(("1.txt", b"1"), ("2.txt", b"2"), ("3.txt", b"3"), button="save")

    answer = sender.announce("4.txt", 4)

    assert answer.status_code == 422
    assert "3 files at most" in answer.json["detail"]
    assert uploads() == []


def test_an_assignment_without_files_takes_none(session, assignment, sender):
    session.merge(assignment).max_files = 0
    session.commit()

    assert "takes no files" in sender.announce("essay.pdf", 10).json["detail"]


def test_work_handed_in_while_a_file_comes_is_not_changed(sender, desk, artifacts, attempts):
    sender.announce("late.pdf", len(PDF))

    answer = send_while(sender, PDF, lambda: desk.send(text="handed in"))

    assert answer.status_code == 409
    assert "already been handed in" in answer.json["detail"]
    assert [row.text for row in artifacts()] == ["handed in"]
    assert len(attempts()) == 1


def test_what_came_too_late_is_added_when_it_is_the_learners_turn_again(
    sender, desk, session, submissions, artifacts
):
    sender.announce("late.pdf", len(PDF))
    send_while(sender, PDF, lambda: desk.send(text="handed in"))
    ask_for_revision(session, submissions()[0])

    answer = sender.piece(b"", len(PDF))

    assert answer.status_code == 204
    assert [row.file_name for row in artifacts()] == [None, "late.pdf"]


def test_nothing_is_announced_for_work_that_was_handed_in(sender, desk, uploads):
    desk.send(text="handed in")

    answer = sender.announce("late.pdf", 10)

    assert answer.status_code == 409
    assert "What you handed in is safe" in answer.json["detail"]
    assert uploads() == []


def leave(session, world):
    session.query(Enrolment).filter_by(
        course_id=world.course.id, person_id=world.learner.id
    ).delete()
    session.commit()


def test_a_learner_who_was_removed_while_a_file_comes_adds_nothing(
    sender, session, world, artifacts, submissions
):
    sender.announce("late.pdf", len(PDF))

    answer = send_while(sender, PDF, lambda: leave(session, world))

    assert answer.status_code == 403
    assert "no longer a student of this course" in answer.json["detail"]
    assert artifacts() == submissions() == []
    assert sender.piece(b"", len(PDF)).status_code == 404


def test_a_learner_who_was_removed_between_two_pieces_sends_no_more(
    sender, session, world, uploads
):
    sender.announce("late.pdf", len(PDF))
    sender.piece(PDF[:100])
    leave(session, world)

    answer = sender.piece(PDF[100:], 100)

    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert uploads()[0].received_bytes == 100


def test_the_student_preview_sends_nothing(session, world, sender, uploads):
    session.query(Enrolment).filter_by(person_id=world.learner.id).update({"is_test_user": True})
    session.commit()

    answer = sender.announce("essay.pdf", 10)

    assert answer.status_code == 403
    assert "student preview" in answer.json["detail"]
    assert uploads() == []


def test_a_file_belongs_to_a_criterion_where_the_assignment_asks_by_criterion(
    sender, session, assignment, artifacts
):
    criterion = assignment.criteria[1]
    assert sender.announce("essay.pdf", 10, criterion=str(criterion.id)).status_code == 422
    session.merge(assignment).is_by_criterion = True
    session.commit()

    answer = sender.send("essay.pdf", PDF, criterion=str(criterion.id))
    for_all = sender.announce("essay.pdf", 10)

    assert (answer.status_code, for_all.status_code) == (204, 422)
    assert [row.criterion_id for row in artifacts()] == [criterion.id]


@pytest.mark.parametrize("criterion", ["999999", "-1", "one", "1; DROP TABLE upload"])
def test_a_forged_criterion_is_refused(sender, uploads, criterion):
    answer = sender.announce("essay.pdf", 10, criterion=criterion)

    assert answer.status_code in {400, 422}
    assert uploads() == []


def test_a_criterion_of_another_achievement_is_refused(sender, world, uploads):
    other = world.level_2.criteria[0]

    assert sender.announce("essay.pdf", 10, criterion=str(other.id)).status_code == 422
    assert uploads() == []


def test_only_the_parts_that_are_open_take_files(
    sender, desk, session, submissions, attempts, assignment
):
    desk.send(text="first")
    ask_for_revision(session, submissions()[0])
    desk.send(text="second", button="save")
    open_one, closed_one = assignment.criteria[:2]
    session.merge(attempts()[-1]).open_parts = [open_one.id]
    session.merge(assignment).is_by_criterion = True
    session.commit()

    closed = sender.announce("a.pdf", len(PDF), criterion=str(closed_one.id))
    opened = sender.send("b.pdf", PDF, criterion=str(open_one.id))

    assert closed.status_code == 409
    assert "stays as you handed it in" in closed.json["detail"]
    assert opened.status_code == 204


def test_an_achievement_that_may_not_be_used_takes_nothing(session, world, sender):
    sender.announce("essay.pdf", len(PDF))
    session.merge(world.level_1).achievement.retired_at = datetime.now(UTC)
    session.commit()

    answer = sender.piece(PDF)

    assert answer.status_code == 409
    assert "retired" in answer.json["detail"]
