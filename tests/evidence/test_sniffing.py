"""A file is what its bytes say, not what its name says."""

import io
import struct
import zlib

import pytest

from app.core.errors import InvalidError
from app.evidence.sniffing import FORMATS, find_media_type
from app.evidence.zip_names import read_zip_names
from app.mapping.artifact_kinds import KINDS, extensions_of
from tests.evidence import samples

HTML = b"<!doctype html><html><script>alert(1)</script></html>"


PDF_WITH_SCRIPT = samples.pdf(1).replace(
    b"/Type/Catalog", b"/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>/Type/Catalog"
)
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 4000


def with_png_text(words: bytes) -> bytes:
    """A sound picture that carries words in a chunk of its own, right after its header."""
    body = b"tEXtComment\0" + words
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    whole = samples.picture()
    return whole[:33] + chunk + whole[33:]


def with_mp4_box(words: bytes) -> bytes:
    box = struct.pack(">I", len(words) + 8) + b"free" + words
    return MP4[:24] + box + MP4[24:]


def media_type(content: bytes, name: str, extensions=frozenset(FORMATS)) -> str:
    return find_media_type(io.BytesIO(content), name, extensions=extensions)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.pdf", samples.pdf(), "application/pdf"),
        ("A.PDF", samples.pdf(), "application/pdf"),
        ("a.png", samples.picture("PNG"), "image/png"),
        ("a.jpg", samples.picture("JPEG"), "image/jpeg"),
        ("a.gif", samples.picture("GIF"), "image/gif"),
        ("a.webp", samples.picture("WEBP"), "image/webp"),
        ("a.txt", "naïve\n".encode(), "text/plain"),
        ("a.txt", b"1", "text/plain"),
        ("a.md", b"# Title\n\n<p align='center'>x</p>", "text/markdown"),
        ("a.csv", b"a,b\n1,2\n", "text/csv"),
        ("a.txt", "words".encode("utf-16"), "text/plain"),
        # In UTF-7 this is markup; it is sent as UTF-8, where it is letters.
        ("a.txt", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "text/plain"),
        ("a.png", with_png_text(b"drawn by hand"), "image/png"),
        ("a.mp4", MP4, "video/mp4"),
        ("script.pdf", PDF_WITH_SCRIPT, "application/pdf"),
        ("a.py", b"#!/usr/bin/env python\nprint('<html>')\n", "text/plain"),
        ("a.json", b'{"a": [1, 2]}', "text/plain"),
        ("a.xml", b"<?xml version='1.0'?><a/>", "text/plain"),
        ("a.js", b"function a() { return '<b>'; }\n", "text/plain"),
        (
            "a.docx",
            samples.word(),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("a.odt", samples.open_document(), "application/vnd.oasis.opendocument.text"),
    ],
)
def test_an_honest_file_is_accepted(name, content, expected):
    assert media_type(content, name) == expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.pdf", HTML),
        ("page.pdf", b"GIF89a" + samples.pdf()),
        ("page.pdf", HTML + samples.pdf()),
        ("page.pdf", b"%PDF-1.7\n<html><script>alert(1)</script>"),
        ("both.pdf", samples.pdf() + samples.archive("evil.class")),
        ("both.png", samples.picture() + samples.archive("evil.class")),
        ("both.gif", b"GIF89a/*<script>*/=1;alert(1)"),
        ("both.gif", b"GIF89a" + b"\0" * 40 + b"%PDF-1.4"),
        ("image.png", samples.picture("JPEG")),
        ("image.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("image.png", with_png_text(HTML)),
        ("image.png", with_png_text("<script>alert(1)</script>".encode("utf-16"))),
        ("image.jpg", b"\xff\xd8\xff\xfe\x00\x40" + HTML + samples.picture("JPEG")[2:]),
        ("talk.mp4", with_mp4_box(b"<IFRAME src=x>")),
        ("talk.mp4", HTML + MP4),
        ("talk.mp4", b"\0\0\0\x14ftypavif\0\0\0\0avif"),
        ("sound.mp3", b"ID3\x04\0\0\0\0\0\x40" + HTML),
        ("film.webm", b"\x1aE\xdf\xa3" + HTML),
        ("note.txt", b"MZ\x90\x00\x03\x00\x00\x00binary"),
        ("note.txt", b"\x01"),
        ("note.txt", b"\xff"),
        ("note.txt", HTML),
        ("note.txt", b"\xef\xbb\xbf  \n" + HTML),
        ("note.txt", HTML.decode().encode("utf-16")),
        ("note.txt", b"\xff\xfe" + HTML.decode().encode("utf-16-le")),
        ("table.csv", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("note.txt", b"text with \0 inside"),
        ("a.docx", samples.archive("a.txt")),
        ("a.docx", samples.archive("[Content_Types].xml", "xl/workbook.xml")),
        (
            "macro.docx",
            samples.archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        ),
        ("a.odt", samples.archive("content.xml", first=("mimetype", "text/html"))),
        ("a.odt", samples.word()),
    ],
)
def test_a_file_that_lies_about_its_type_is_refused(name, content):
    with pytest.raises(InvalidError, match="is not what its name says"):
        media_type(content, name)


@pytest.mark.parametrize("name", ["a.exe", "a.html", "a.svg", "a", "a.pdf.exe", "pdf"])
def test_a_type_that_nobody_wants_is_refused(name):
    with pytest.raises(InvalidError, match="not accepted here"):
        media_type(samples.pdf(), name)


def test_a_type_that_this_assignment_does_not_want_is_refused():
    with pytest.raises(InvalidError, match="not accepted here"):
        media_type(samples.picture(), "a.png", extensions={"pdf"})


def test_an_empty_file_is_refused():
    with pytest.raises(InvalidError, match=r"“a\.pdf” is empty"):
        media_type(b"", "a.pdf")


def test_the_stream_is_left_at_its_start():
    stream = io.BytesIO(samples.word())

    find_media_type(stream, "a.docx", extensions={"docx"})

    assert stream.tell() == 0


def test_a_packed_gigabyte_costs_only_its_directory():
    small = samples.archive("[Content_Types].xml", "word/document.xml")
    claims_much = small.replace(struct.pack("<L", 4), struct.pack("<L", 0xFFFFFFF0))

    assert "word/document.xml" in read_zip_names(io.BytesIO(claims_much))


@pytest.mark.parametrize(
    ("count", "size"), [(10_001, 100), (5, 5 * 1024 * 1024), (0xFFFF, 0xFFFFFFFF)]
)
def test_a_directory_beyond_the_limits_is_not_read(count, size):
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, size, 0, 0)

    assert read_zip_names(io.BytesIO(b"\0" * 6_000_000 + end)) == frozenset()


def test_every_type_that_an_assignment_can_ask_for_is_known():
    assert set(FORMATS) == extensions_of(KINDS)
    for kind in KINDS.values():
        for extension in kind.extensions:
            assert FORMATS[extension].media_type in kind.media_types
