"""How the bytes of what was handed in are sent: nothing in them can act, parts can be asked for."""

import re

import pytest
import requests

from app.evidence.models import Artifact
from app.evidence.sending import disposition_of, sent_type
from app.mapping.artifact_kinds import KINDS
from tests.evidence import samples
from tests.html import assert_accessible

OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 4000


@pytest.fixture
def send(desk, artifacts, assignment, session):
    """Hand in one file; return its address."""
    assignment.file_kinds = sorted(KINDS)
    session.commit()

    def hand_in(name, content):
        desk.send((name, content), button="save")
        artifact = artifacts()[-1]
        return f"/files/artifacts/{artifact.id}"

    return hand_in


@pytest.fixture
def bucket(app, settings, s3_settings):
    """The installation keeps its files in a bucket."""
    changed = settings.model_copy(update=s3_settings)
    app.extensions["assay.settings"] = changed
    return changed


def read(desk, address, **headers):
    return desk.client.get(address, headers=headers, buffered=True)


def assert_guarded(answer):
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    for name, value in GUARDS.items():
        assert answer.headers[name] == value


@pytest.mark.parametrize(
    ("name", "content", "is_inline"),
    [
        ("photo.png", samples.picture(), True),
        ("talk.mp4", MP4, True),
        ("essay.pdf", samples.pdf(1), False),
        ("page.md", b"# <script>alert(1)</script>\n\n<html>", False),
        ("code.xml", b'<?xml version="1.0"?><a xmlns="urn:x">1</a>', False),
        ("code.js", b"alert(1)", False),
        ("utf16.txt", "plain words".encode("utf-16"), False),
        ("utf7.txt", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-", False),
    ],
)
def test_only_what_cannot_act_is_shown_in_place(desk, send, name, content, is_inline):
    address = send(name, content)

    answer = read(desk, address)

    assert answer.data == content
    assert_guarded(answer)
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("inline" if is_inline else "attachment")
    assert not re.search("html|xml|svg|script", answer.mimetype)
    asked = read(desk, f"{address}?download=1").headers["Content-Disposition"]
    assert asked.startswith("attachment")


@pytest.mark.parametrize(
    "media_type",
    [
        *("text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "text/javascript"),
        *("TEXT/HTML; charset=utf-7", "multipart/x-mixed-replace", "message/rfc822", "html"),
        *("", None),
    ],
)
def test_whatever_a_row_says_active_content_is_sent_as_nothing_in_particular(
    desk, send, session, media_type
):
    address = send("photo.png", samples.picture())
    session.get_one(Artifact, int(address.rpartition("/")[2])).media_type = media_type
    session.commit()

    answer = read(desk, address)

    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert_guarded(answer)


def test_office_files_keep_their_type():
    assert sent_type(OFFICE) == OFFICE


def test_a_text_says_in_which_letters_it_is_written(desk, send):
    """Without that a browser might guess UTF-7, in which plain letters are markup."""
    assert read(desk, send("a.txt", b"x")).headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("asked", "content_range", "data"),
    [
        ("bytes=0-3", "bytes 0-3/12", b"0123"),
        ("bytes=8-", "bytes 8-11/12", b"89ab"),
        ("bytes=-2", "bytes 10-11/12", b"ab"),
        ("bytes=4-9999", "bytes 4-11/12", b"456789ab"),
    ],
)
def test_a_part_can_be_asked_for(desk, send, asked, content_range, data):
    answer = read(desk, send("a.txt", b"0123456789ab"), Range=asked)

    assert answer.status_code == 206
    assert answer.data == data
    assert answer.headers["Content-Range"] == content_range
    assert int(answer.headers["Content-Length"]) == len(data)
    assert_guarded(answer)


@pytest.mark.parametrize("asked", ["bytes=12-", "bytes=99999-100000"])
def test_a_part_beyond_the_end_is_refused_with_the_size(desk, send, asked):
    answer = read(desk, send("a.txt", b"0123456789ab"), Range=asked)

    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == "bytes */12"
    assert answer.data == b""
    assert_guarded(answer)


@pytest.mark.parametrize("asked", ["nonsense", "bytes=", "lines=1-2", "bytes=9-2", "bytes=a-b"])
def test_a_range_that_nobody_understands_is_ignored_or_refused(desk, send, asked):
    answer = read(desk, send("a.txt", b"0123456789ab"), Range=asked)

    assert (answer.status_code, answer.data) in {(200, b"0123456789ab"), (416, b"")}


@pytest.mark.parametrize(
    ("name", "plain", "full"),
    [
        ("essay.pdf", "essay.pdf", None),
        ("my essay.pdf", '"my essay.pdf"', None),
        ("Étude.pdf", "Etude.pdf", "%C3%89tude.pdf"),
        ("概要.pdf", "file.pdf", "%E6%A6%82%E8%A6%81.pdf"),
        ("مقال.docx", "file.docx", "%D9%85%D9%82%D8%A7%D9%84.docx"),
        ('a"b;c=d.pdf', '"a\'b;c=d.pdf"', "a%22b%3Bc%3Dd.pdf"),
        ("../../etc/passwd", "passwd", None),
        ("a\r\nSet-Cookie: x=1.txt", '"aSet-Cookie: x=1.txt"', None),
        ("exe.\u202efdp", "exe.fdp", None),
        ("", "file", None),
    ],
)
def test_a_name_in_any_script_is_said_as_the_standard_says(name, plain, full):
    said = disposition_of(name, is_inline=False)

    parts = re.fullmatch(r"attachment; filename=(.*?)(?:; filename\*=UTF-8''(.*))?", said)
    assert parts is not None, said
    assert (parts[1], parts[2]) == (plain, full)
    assert said.isascii()


class TestBucket:
    """Files in an object store are fetched from there."""

    def test_a_file_is_fetched_by_an_address_that_is_good_for_a_minute(self, desk, bucket, send):
        address = send("概要.pdf", samples.pdf(1))

        answer = read(desk, address)

        assert answer.status_code == 302
        assert_guarded(answer)
        assert answer.location.startswith(f"{bucket.storage_origin}/")
        assert "X-Amz-Expires=60" in answer.location
        fetched = requests.get(answer.location, timeout=10)
        assert fetched.content.startswith(b"%PDF-")
        assert fetched.headers["Content-Type"] == "application/pdf"
        assert fetched.headers["Content-Disposition"] == disposition_of("概要.pdf", is_inline=False)

    def test_a_picture_is_shown_in_place_and_active_content_never(
        self, desk, bucket, send, session
    ):
        address = send("photo.png", samples.picture())
        shown = requests.get(read(desk, address).location, timeout=10)
        session.get_one(Artifact, int(address.rpartition("/")[2])).media_type = "text/html"
        session.commit()
        active = requests.get(read(desk, address).location, timeout=10)

        assert shown.headers["Content-Disposition"].startswith("inline")
        assert shown.headers["Content-Type"] == "image/png"
        assert active.headers["Content-Disposition"].startswith("attachment")
        assert active.headers["Content-Type"] == "application/octet-stream"

    def test_a_link_inside_the_frame_of_an_lms_is_answered_by_the_tool_itself(
        self, desk, bucket, send
    ):
        """An LMS may let no other host into its frames; a browser then shows nothing at all."""
        content = samples.pdf(1)
        address = send("essay.pdf", content)

        answer = read(desk, f"{address}?download=1", **{"Sec-Fetch-Dest": "iframe"})

        assert (answer.status_code, answer.data) == (200, content)
        assert answer.headers["Content-Disposition"] == "attachment; filename=essay.pdf"
        assert_guarded(answer)
        shown = read(desk, address, **{"Sec-Fetch-Dest": "image"})
        assert shown.status_code == 302

    def test_strangers_get_no_address(self, browser, world, desk, bucket, send):
        address = send("photo.png", samples.picture())

        assert browser().get(address).status_code == 401
        assert browser(world.other_learner).get(address).status_code == 404

    def test_pages_of_people_signed_in_may_show_pictures_from_there(
        self, desk, browser, bucket, send
    ):
        page = desk.client.get(send("photo.png", samples.picture()).removeprefix("/files"))

        policy = page.headers["Content-Security-Policy"]
        assert f"img-src 'self' data: {bucket.storage_origin};" in policy
        assert f"media-src 'self' {bucket.storage_origin};" in policy
        assert_accessible(page.text)
        public = browser().get("/").headers["Content-Security-Policy"]
        assert bucket.storage_origin not in public

    def test_the_whole_way_of_a_pdf_works(self, desk, bucket, send):
        address = send("essay.pdf", samples.pdf(2))
        page = address.removeprefix("/files")

        assert "Page 2 of 2 of essay.pdf" in desk.client.get(page).text
        drawn = read(desk, f"{page}/pages/2.png")
        assert (drawn.status_code, drawn.mimetype) == (200, "image/png")


def test_without_a_bucket_no_other_host_may_show_anything(desk, settings):
    assert settings.storage_origin is None
    policy = desk.page().headers["Content-Security-Policy"]
    assert "img-src 'self' data:;" in policy
    assert "media-src" not in policy
