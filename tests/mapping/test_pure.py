"""Kinds of file, cleaned words, safe Markdown, sums in words."""

import pytest

from app.core.markdown import render_markdown
from app.mapping.artifact_kinds import KINDS, extensions_of
from app.mapping.wording import clean_line, clean_lines, sum_in_words


def test_every_kind_is_complete_and_named_as_in_the_registry():
    for name, kind in KINDS.items():
        assert kind.name == name
        assert kind.label
        assert kind.media_types
        assert all(ext == ext.lower() and "." not in ext for ext in kind.extensions)


def test_an_extension_belongs_to_one_kind():
    every = [extension for kind in KINDS.values() for extension in kind.extensions]

    assert len(every) == len(set(every))


def test_what_a_browser_would_run_is_no_kind():
    assert not extensions_of(KINDS) & {"html", "htm", "svg", "xhtml", "exe", "zip"}


def test_an_unknown_kind_adds_no_extension():
    assert extensions_of(["pdf", "nothing"]) == frozenset({"pdf"})


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  a  b ", "a b"),
        ("a\r\nb\tc", "a b c"),
        ("a\x00b\u202ec\u200b", "abc"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\ud800", ""),
        (None, None),
    ],
)
def test_a_title_is_one_clean_line(typed, kept):
    assert clean_line(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\r\nb\rc\n\n", "a\nb\nc"),
        ("\tcode\x0b\x0c", "code"),
        ("a\x0bb\x1cc\x85d", "abcd"),
        ("a\x00\x1b\u2066b", "ab"),
        (None, None),
    ],
)
def test_instructions_keep_their_lines(typed, kept):
    assert clean_lines(typed) == kept


@pytest.mark.parametrize(
    ("points", "words"), [([3, 3], "2 × 3"), ([3], "1 × 3"), ([3, 2, 3], "3 + 2 + 3"), ([], "")]
)
def test_points_add_up_in_words(points, words):
    assert sum_in_words(points) == words


@pytest.mark.parametrize(
    ("written", "absent"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("<img src=x onerror=alert(1)>", "<img"),
        ("![x](https://example.org/pixel.png)", "<img"),
        ("[x](javascript:alert(1))", "<a"),
        ("[x](data:text/html;base64,PHNjcmlwdD4=)", "<a"),
        ("<javascript:alert(1)>", "<a"),
        ("# Heading", "<h1"),
    ],
)
def test_markdown_lets_nothing_dangerous_through(written, absent):
    assert absent not in render_markdown(written)


def test_markdown_renders_what_instructions_need():
    html = render_markdown("# Do\n\n1. **Read** [this](https://example.org)\n2. `write`")

    assert "<h2>Do</h2>" in html
    assert "<strong>Read</strong>" in html
    assert 'href="https://example.org" rel="noopener noreferrer nofollow"' in html
    assert "<code>write</code>" in html


def test_a_table_is_a_table_with_its_heads_told():
    html = render_markdown("| Part | Days |\n| --- | --- |\n| Search | 3 <b>x</b> |")

    assert '<caption class="visually-hidden">Table</caption>' in html
    assert '<th scope="col">Part</th>' in html
    assert "<td>3 &lt;b&gt;x&lt;/b&gt;</td>" in html


def test_typed_tables_bring_no_caption_of_their_own():
    html = render_markdown("&lt;table> `<table><th>`")

    assert "<caption" not in html
    assert 'scope="col"' not in html
