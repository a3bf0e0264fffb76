"""A file is what its bytes say, not what its name says."""

import io
import struct

import pytest

from app.core.errors import InvalidError
from app.evidence.sniffing import FORMATS, find_media_type
from app.evidence.zip_names import read_zip_names
from app.mapping.artifact_kinds import KINDS, extensions_of
from tests.evidence import samples

HTML = b"<!doctype html><html><script>alert(1)</script></html>"


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
        ("note.txt", b"MZ\x90\x00\x03\x00\x00\x00binary"),
        ("note.txt", b"\x01"),
        ("note.txt", b"\xff"),
        ("note.txt", HTML),
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
