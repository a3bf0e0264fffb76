"""What learners type, made safe: names, links, texts."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidError
from app.evidence.texts import clean_file_name, clean_link, clean_text, extension_of, host_of


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("essay.pdf", "essay.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\mei\\essay.pdf", "essay.pdf"),
        ("概要 – résumé.pdf", "概要 – résumé.pdf"),
        ("a\x00b\r\nc.pdf", "abc.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("  spaced   out .pdf", "spaced out.pdf"),
        (".htaccess", "htaccess"),
        ("...", "file"),
        ("", "file"),
        ("e\u0301tude.pdf", "étude.pdf"),
        (".pdf", "pdf"),
    ],
)
def test_a_file_name_keeps_its_letters_and_loses_its_tricks(raw, clean):
    assert clean_file_name(raw) == clean


@given(st.text())
def test_any_file_name_becomes_a_harmless_one(raw):
    name = clean_file_name(raw)

    assert name
    assert len(name.encode()) <= 255
    assert not set(name) & set("/\\\0\r\n")
    assert not name.startswith((".", " "))
    assert not any(unicodedata.category(char) == "Cc" for char in name)


@given(st.text())
def test_a_clean_file_name_stays_as_it_is(raw):
    assert clean_file_name(clean_file_name(raw)) == clean_file_name(raw)


@given(st.text(alphabet="aé漢😀. ", min_size=200, max_size=600))
def test_a_long_name_keeps_its_extension(stem):
    assert extension_of(clean_file_name(f"x{stem}.pdf")) == "pdf"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/work?a=b#c",
        "http://localhost:8080/x",
        "https://bücher.example/",
        "https://[2001:db8::1]/x",
        "https://r3---sn-5h.my_site.example./x",
    ],
)
def test_a_web_address_is_taken_as_it_is(url):
    assert clean_link(f"  {url}\n") == url


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("javascript:alert(1)", "must begin with https"),
        ("ftp://example.org/x", "must begin with https"),
        ("example.org/work", "must begin with https"),
        ("https:///work", "names no web site"),
        ("https://", "names no web site"),
        ("https://user:secret@example.org/", "user name or password"),
        ("https://example.org\\@evil.test/", "user name or password"),
        ("https://example.org/a b", "spaces or invisible"),
        ("https://example.org/\u202egpj", "spaces or invisible"),
        ("https://example.org/\x01", "spaces or invisible"),
        ("https://example.org:port/", "no web address"),
        ("https://[::1/", "no web address"),
        ("https://<script>/", "names no web site"),
        ("https://example.org\u2044work.evil.test/", "names no web site"),
        ("https://example.org\u2215work.evil.test/", "names no web site"),
        ("https://example.org\u29f8work.evil.test/", "names no web site"),
        ("https://xn--example.orgwork-nm4j.evil.test/", "names no web site"),
        ("https://example..org/", "names no web site"),
        ("https://-example.org/", "names no web site"),
        ("https://" + "a." * 130 + "test/", "names no web site"),
        ("https://example.org/" + "a" * 2000, "2000 characters"),
    ],
)
def test_what_is_no_web_address_is_refused(url, message):
    with pytest.raises(InvalidError, match=message):
        clean_link(url)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.org:8080/x", "example.org"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://аррӏе.com/", "xn--80ak6aa92e.com"),
        ("https://[2001:DB8::1]/x", "2001:db8::1"),
        ("https://192.168.0.1/", "192.168.0.1"),
        ("https://example.org\u2044work.evil.test/", "example.org%E2%81%84work.evil.test"),
        ("https:///", ""),
    ],
)
def test_a_link_is_shown_with_its_host_in_plain_letters(url, host):
    assert host_of(url) == host


def test_a_text_keeps_its_lines_and_loses_control_characters():
    assert clean_text("  one\r\ntwo\rthree\x00\x1b[31m\ttab 😀 ") == "one\ntwo\nthree[31m\ttab 😀"


def test_a_text_is_never_markup_to_us_so_it_is_kept_as_typed():
    assert clean_text("<script>alert(1)</script>") == "<script>alert(1)</script>"


def test_a_text_that_is_too_long_is_refused_whole():
    assert len(clean_text("a" * 100_000)) == 100_000
    with pytest.raises(InvalidError, match="100,001 characters"):
        clean_text("a" * 100_001)
