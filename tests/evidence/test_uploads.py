"""Files that come in pieces: by the front door, as a script sends them."""

import base64
import hashlib

import pytest

from app.evidence.models import SubmissionStatus
from tests import factories
from tests.evidence import samples
from tests.evidence.sending import TUS, Sender

PDF = samples.pdf()


def test_a_file_in_pieces_becomes_a_file_of_the_draft(
    sender, desk, artifacts, submissions, stored_files
):
    answer = sender.send("essay.pdf", PDF, pieces=5)

    assert answer.status_code == 204, answer.text
    assert answer.headers["Upload-Offset"] == str(len(PDF))
    (artifact,) = artifacts()
    assert artifact.file_name == "essay.pdf"
    assert artifact.media_type == "application/pdf"
    assert artifact.size_bytes == len(PDF)
    assert artifact.sha256 == hashlib.sha256(PDF).hexdigest()
    assert submissions()[0].status is SubmissionStatus.DRAFT
    assert [path.read_bytes() for path in stored_files() if path.name[0] != "."] == [PDF]
    assert len(stored_files()) == 1
    assert "essay.pdf" in desk.page().text


def test_it_is_handed_in_with_what_the_form_sends(sender, desk, artifacts, attempts):
    sender.send("essay.pdf", PDF)
    page = desk.send(text="and a text")

    assert "Your work is handed in" in page.text
    assert [row.kind for row in artifacts()] == ["file", "text"]
    assert attempts()[0].submitted_at


def test_every_answer_speaks_the_protocol(sender, browser, world, uploads_url):
    created = sender.announce("essay.pdf", len(PDF))
    begun = sender.piece(PDF[:100])
    looked = sender.look()

    assert created.status_code == 201
    assert created.headers["Tus-Resumable"] == "1.0.0"
    assert created.headers["Upload-Expires"].endswith("GMT")
    assert begun.status_code == 204
    assert begun.headers["Upload-Offset"] == "100"
    assert looked.status_code == 200
    assert looked.headers["Upload-Offset"] == "100"
    assert looked.headers["Upload-Length"] == str(len(PDF))
    assert looked.headers["Cache-Control"] == "no-store"
    options = sender.client.options(sender.url)
    assert options.headers["Tus-Extension"] == "creation,expiration,termination,checksum"
    assert options.headers["Tus-Max-Size"] == str(2048 * 1024 * 1024)


@pytest.mark.parametrize("version", ["", "0.2.2", "2.0.0"])
def test_another_version_of_the_protocol_is_refused(sender, version):
    answer = sender.announce("essay.pdf", 10, {"Tus-Resumable": version})

    assert answer.status_code == 412
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("size", ["", "-1", "1e9", "0x10", "ten", "1" * 16, "1.5", "\u0663"])
def test_a_length_that_is_no_number_is_refused(sender, uploads, size):
    answer = sender.announce("essay.pdf", size)

    assert answer.status_code == 400
    assert answer.json["detail"] == "Upload-Length must be a number of bytes."
    assert uploads() == []


@pytest.mark.parametrize("metadata", ["filename \u00fc", "filename %%%", "filename gIA="])
def test_metadata_that_are_no_base64_of_a_text_are_refused(sender, uploads, metadata):
    answer = sender.announce("x", 10, {"Upload-Metadata": metadata.encode().decode("latin-1")})

    assert answer.status_code == 400
    assert "filename is no Base64" in answer.json["detail"]
    assert uploads() == []


def test_a_file_over_the_limit_of_the_installation_is_refused_before_a_byte(sender, uploads):
    answer = sender.announce("film.pdf", 2048 * 1024 * 1024 + 1)

    assert answer.status_code == 413
    assert answer.mimetype == "application/problem+json"
    assert answer.json["detail"] == "“film.pdf” is too large: a file may have 2048 MB at most."
    assert uploads() == []


def test_a_file_over_the_limit_of_the_assignment_is_refused_both_ways(
    session, assignment, sender, desk, artifacts
):
    session.merge(assignment).max_file_mb = 1
    session.commit()
    content = b"a" * (1024 * 1024 + 1)

    by_script = sender.announce("long.txt", len(content))
    by_form = sender.client.post(
        desk.url,
        data=b'--x\r\nContent-Disposition: form-data; name="files"; filename="long.txt"\r\n\r\n'
        + content
        + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
    )
    enough = sender.send("enough.txt", content[:-1])

    assert by_script.status_code == 413
    assert by_form.status_code == 422
    assert "“long.txt” is too large: a file may have 1 MB at most." in by_script.json["detail"]
    assert "“long.txt” is too large: a file may have 1 MB at most." in by_form.text
    assert enough.status_code == 204
    assert [row.file_name for row in artifacts()] == ["enough.txt"]


def test_more_bytes_than_announced_are_refused_and_what_came_is_kept(sender, uploads):
    sender.announce("essay.pdf", 200)
    sender.piece(PDF[:150])

    answer = sender.piece(PDF[150:250], 150)

    assert answer.status_code == 413
    assert uploads()[0].received_bytes == 150
    assert sender.look().headers["Upload-Offset"] == "150"


@pytest.mark.parametrize("offset", [0, 99, 101, 10**14])
def test_a_piece_at_the_wrong_place_is_refused_and_the_right_one_named(sender, offset):
    sender.announce("essay.pdf", len(PDF))
    sender.piece(PDF[:100])

    answer = sender.piece(PDF[100:], offset)

    assert answer.status_code in ({413, 409} if offset > 101 else {409})
    assert answer.json["offset"] == 100
    assert answer.headers["Upload-Offset"] == "100"
    assert sender.piece(PDF[100:], 100).status_code == 204


@pytest.mark.parametrize("offset", ["-1", "x", ""])
def test_an_offset_that_is_no_number_is_refused(sender, offset):
    sender.announce("essay.pdf", len(PDF))

    answer = sender.piece(PDF, headers={"Upload-Offset": offset})

    assert answer.status_code == 400
    assert sender.look().headers["Upload-Offset"] == "0"


def test_only_a_raw_body_is_taken(sender):
    sender.announce("essay.pdf", len(PDF))

    answer = sender.piece(PDF, headers={"Content-Type": "application/pdf"})

    assert answer.status_code == 415
    assert sender.look().headers["Upload-Offset"] == "0"


def test_an_upload_can_be_ended(sender, uploads, artifacts):
    sender.announce("essay.pdf", len(PDF))
    sender.piece(PDF[:100])

    answer = sender.cancel()

    assert answer.status_code == 204
    assert sender.look().status_code == 404
    assert sender.piece(PDF[100:], 100).status_code == 404
    assert sender.cancel().status_code == 404
    assert artifacts() == []


def test_one_that_is_in_the_draft_is_not_ended_here(sender, artifacts):
    sender.send("essay.pdf", PDF)

    assert sender.cancel().status_code == 409
    assert len(artifacts()) == 1


def test_the_last_piece_sent_again_is_no_error(sender, artifacts):
    sender.send("essay.pdf", PDF)

    again = sender.piece(b"", len(PDF))

    assert again.status_code == 204
    assert again.headers["Upload-Offset"] == str(len(PDF))
    assert len(artifacts()) == 1


def test_the_same_file_twice_is_there_once(sender, artifacts, stored_files):
    sender.send("essay.pdf", PDF)
    answer = sender.send("essay.pdf", PDF, pieces=3)

    assert answer.status_code == 204
    assert len(artifacts()) == 1
    assert len(stored_files()) == 1


def test_a_checksum_that_fits_is_taken_and_another_refused(sender, artifacts):
    def checksum(content, name="sha256"):
        digest = base64.b64encode(hashlib.new(name, content).digest()).decode()
        return {"Upload-Checksum": f"{name} {digest}"}

    sender.announce("essay.pdf", len(PDF))

    wrong = sender.piece(PDF, headers=checksum(b"other bytes"))
    assert wrong.status_code == 460
    assert sender.look().headers["Upload-Offset"] == "0"
    for nonsense in ("md5 AAAA", "sha1", "sha1 \x7f"):
        assert sender.piece(PDF, headers={"Upload-Checksum": nonsense}).status_code in {400, 460}
    assert sender.piece(PDF[:50], headers=checksum(PDF[:50], "sha1")).status_code == 204
    assert sender.piece(PDF[50:], 50, headers=checksum(PDF[50:])).status_code == 204
    assert artifacts()[0].sha256 == hashlib.sha256(PDF).hexdigest()


def test_somebody_elses_upload_is_not_there(sender, browser, world, uploads_url):
    sender.announce("essay.pdf", len(PDF))
    sender.piece(PDF[:100])
    other = Sender(browser(world.other_learner), uploads_url, at=sender.at)

    assert other.look().status_code == 404
    assert other.piece(PDF[100:], 100).status_code == 404
    assert other.cancel().status_code == 404
    assert sender.look().headers["Upload-Offset"] == "100"


def test_staff_and_strangers_send_nothing(browser, world, uploads_url, uploads):
    for person, status in ((world.instructor, 403), (None, 401)):
        answer = Sender(browser(person), uploads_url).announce("essay.pdf", 10)
        assert answer.status_code == status
        assert answer.mimetype == "application/problem+json"
    assert uploads() == []


def test_an_upload_belongs_to_one_assignment(session, world, sender):
    other = factories.make_assignment(session, world.course, world.level_1, link=None)
    session.commit()
    sender.announce("essay.pdf", len(PDF))
    there = sender.at.replace(
        sender.url, f"/courses/{world.course.id}/assignments/{other.id}/uploads"
    )

    assert there != sender.at
    assert sender.client.head(there, headers=TUS).status_code == 404
    missing = f"/courses/{world.course.id}/assignments/999999/uploads"
    assert Sender(sender.client, missing).announce("essay.pdf", 10).status_code == 404


def test_without_script_the_page_has_the_plain_field_alone(desk, settings):
    page = desk.page()

    assert 'type="file"' in page.text
    assert '<div class="uploads" hidden' in page.text
    assert "up to 2048 MB:" in page.text
    assert "Each may have up to 50 MB." in page.text


def test_a_piece_is_no_part_of_another_assignments_upload(session, world, sender, uploads_url):
    sender.announce("essay.pdf", len(PDF))
    course_id = world.course.id

    answer = sender.client.head(
        sender.at.replace(f"/courses/{course_id}/", f"/courses/{course_id + 1}/"), headers=TUS
    )

    assert answer.status_code == 404


def test_a_file_that_was_sent_meanwhile_is_no_other_window(desk, sender, session, attempts):
    """The page was opened before there was a draft; its script has sent a file since."""
    seen = desk.page().text.split('name="seen"')[1].split('value="')[1].split('"')[0]
    assert sender.send("essay.pdf", PDF).status_code == 204

    page = desk.send(text="What I searched, and where.", seen=seen)

    assert page.status_code == 200
    assert attempts()[0].submitted_at is not None
    assert len(attempts()[0].artifacts) == 2
