"""Every kind of artifact is shown in place, and nothing in it acts."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from app.evidence import code, code_worker, notebooks
from app.evidence.models import Artifact, ScanState
from app.evidence.notebooks import read_notebook
from app.evidence.tables import read_table
from tests.evidence import samples

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def assignment(session, assignment):
    assignment.file_kinds = ["pdf", "image", "text", "code", "office", "video", "audio"]
    session.commit()
    return assignment


@pytest.fixture
def show(desk, artifacts):
    """Hand in one file; open the page of it."""

    def open_page(name: str, content: bytes, query: str = ""):
        desk.send((name, content))
        return desk.client.get(f"/artifacts/{artifacts()[-1].id}{query}")

    return open_page


def notebook(*cells: dict) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


def test_code_is_coloured_with_its_lines(show):
    page = show("sort.py", b'def sort(items):\n    return sorted(items)  # "fast"\n')

    assert '<span class="code-keyword">def</span>' in page.text
    assert '<span class="code-name">sort</span>' in page.text
    assert '<span class="code-comment"># &#34;fast&#34;</span>' in page.text
    assert page.text.count('class="code-line"') == 3


def test_what_is_written_in_code_is_text(show):
    page = show("page.js", b'let a = "</pre><script>alert(1)</script>";\n')

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


def test_code_that_costs_too_much_is_shown_plain_and_not_tried_again(
    show, desk, artifacts, monkeypatch, tmp_path
):
    hangs = tmp_path / "hangs.py"
    hangs.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(code, "WORKER", hangs)
    monkeypatch.setattr(code, "WALL_SECONDS", 0.2)

    page = show("sort.py", b"x = 1\n")

    assert '<span class="code-line">x = 1\n</span>' in page.text
    monkeypatch.setattr(code, "WORKER", code_worker.__file__)
    (artifact,) = artifacts()
    again = desk.client.get(f"/artifacts/{artifact.id}")
    assert '<span class="code-line">x = 1\n</span>' in again.text


@pytest.mark.parametrize("broken", ["raise SystemExit(1)", 'print(\'[[["keyword", "other"]]]\')'])
def test_what_a_broken_colouring_answers_is_not_shown(show, monkeypatch, tmp_path, broken):
    stand_in = tmp_path / "stand_in.py"
    stand_in.write_text(broken)
    monkeypatch.setattr(code, "WORKER", stand_in)

    page = show("sort.py", b"x = 1\n")

    assert '<span class="code-line">x = 1\n</span>' in page.text


def test_a_line_of_megabytes_is_cut_and_plain(show, monkeypatch):
    monkeypatch.setattr(code, "WORKER", "nothing that could colour")

    page = show("data.json", b'{"a": "' + b"x" * 5_000_000 + b'"}')

    assert page.status_code == 200
    assert len(page.data) < 300_000
    assert "Only the beginning is shown" in page.text


def test_every_family_of_words_has_a_colour_in_light_and_dark():
    style = (ROOT / "app/static/css/viewers.css").read_text()
    themes = [
        dict(re.findall(r"--code-(\w+): (#\w{6})", part)) for part in style.split("@media")[:2]
    ]
    papers = [["#ffffff", "#f4f6f8"], dark_papers()]

    for theme, backgrounds in zip(themes, papers, strict=True):
        assert set(theme) == code.FAMILIES
        for colour in theme.values():
            assert all(contrast(colour, paper) >= 4.5 for paper in backgrounds), colour
    for family in code.FAMILIES:
        assert f".code-{family} {{" in style


def dark_papers() -> list[str]:
    tokens = (ROOT / "app/static/css/tokens.css").read_text().split("prefers-color-scheme: dark")[1]
    return [re.search(rf"--{name}: (#\w{{6}})", tokens)[1] for name in ("paper", "surface")]


def contrast(one: str, other: str) -> float:
    """Source: WCAG 2.2, contrast ratio."""

    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_markdown_is_read_and_html_in_it_is_text(show):
    page = show("notes.md", b"# Title\n\n**bold** <script>alert(1)</script>\n\n[x](javascript:y)\n")

    assert "<strong>bold</strong>" in page.text
    assert "<script>alert" not in page.text
    assert 'href="javascript:' not in page.text
    assert "As it was typed" in page.text
    assert "# Title" in page.text


def test_bytes_that_are_no_text_are_shown_as_far_as_they_are(show):
    page = show("notes.txt", b"caf\xe9 \x81 \xff ok")

    assert "café" in page.text
    assert "ok</pre>" in page.text


def test_a_table_is_shown_as_one_and_formulas_are_text(show):
    rows = "".join(f"{n},=1+{n}\n" for n in range(300))

    page = show("data.csv", ("id,<b>sum</b>\n" + rows).encode())

    assert '<th scope="col">&lt;b&gt;sum&lt;/b&gt;</th>' in page.text
    assert "<td>=1+199</td>" in page.text
    assert "=1+200" not in page.text
    assert "Only the beginning is shown" in page.text


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [
        ("a;b\n1;2\n", ("a", "b"), (("1", "2"),)),
        ("a\tb\n1\n", ("a", "b"), (("1", ""),)),
        ('a,b\n"x\ny",2', ("a", "b"), (("x\ny", "2"),)),
        ("only", ("only",), ()),
    ],
)
def test_a_table_is_read_however_it_is_written(text, header, rows):
    table = read_table(text)

    assert (table.header, table.rows, table.is_cut) == (header, rows, False)


def test_a_table_of_many_columns_is_cut_and_what_is_none_is_not_one():
    assert read_table(",".join("x" * 60)).is_cut
    assert read_table("") is None
    assert read_table('"' + "x" * 200_000) is None


def test_a_notebook_is_shown_cell_by_cell_and_html_in_it_is_text(show):
    outputs = [
        {"output_type": "stream", "text": ["1\n"]},
        {"data": {"text/html": "<script>alert(1)</script>"}},
        {"data": {"image/png": "AAAA", "text/plain": "<Figure>"}},
        {"output_type": "error", "traceback": ["\x1b[31mNameError\x1b[0m: x"]},
    ]
    cell = {"cell_type": "code", "execution_count": 3, "source": "print(1)", "outputs": outputs}
    plan = {"cell_type": "markdown", "source": ["# Plan\n", "<img src=x onerror=alert(1)>"]}

    page = show("work.ipynb", notebook(plan, cell))

    assert "<h2>Plan</h2>" in page.text
    assert "In [3]" in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</pre>" in page.text
    assert "&lt;Figure&gt;" in page.text
    assert "NameError: x</pre>" in page.text
    assert "Not shown here: image/png" in page.text
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text


@pytest.mark.parametrize(
    "content",
    [b"{", b"[" * 100_000, b'{"cells": 3}', b"[]", b'{"cells": [' + b'"x",' * 10],
)
def test_what_is_no_notebook_is_shown_as_text(show, content):
    page = show("work.ipynb", content)

    assert page.status_code == 200
    assert '<pre class="viewer"' in page.text


def test_a_notebook_of_odd_values_is_read_as_far_as_it_goes():
    cells = [
        3,
        {"cell_type": "code", "source": 7, "outputs": "none", "execution_count": "x"},
        {"cell_type": "code", "source": [1, "a"], "outputs": [5, {"data": 4}, {"text": None}]},
        {"cell_type": "raw", "source": "x" * 30_000},
    ]

    found = read_notebook(json.dumps({"cells": cells * 200}))

    assert found.is_cut
    assert found.cells[0].source == ""
    assert (found.cells[1].source, found.cells[1].outputs) == ("a", ())
    assert len(found.cells[2].source) == notebooks.MAX_CELL_CHARACTERS + 2


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", "zoom-image-fit"),
        ("?zoom=natural", "zoom-image-natural"),
        ("?zoom=150", "zoom-image-150"),
        ("?zoom=9000", "zoom-image-fit"),
        ("?zoom=<b>&page=-1", "zoom-image-fit"),
    ],
)
def test_a_picture_is_shown_in_the_size_that_is_asked_for(show, query, shown):
    page = show("photo.png", samples.picture(), query)

    assert f"zoom-frame {shown}" in page.text
    assert 'alt="Submitted picture: photo.png"' in page.text


def test_a_picture_of_a_million_pixels_a_side_is_opened_by_nobody(show):
    huge = samples.picture()[:16] + (1_000_000).to_bytes(4) * 2 + samples.picture()[24:]

    page = show("bomb.png", huge)

    assert page.status_code == 200
    assert 'class="viewer"' not in page.text


WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x44\xac\0\0\x88\x58\1\0\2\0\x10\0data\0\0\0\0"
WEBM = (
    b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\xf7\x81\1\x42\xf2\x81\4\x42\xf3\x81\x08"
    b"\x42\x82\x84webm"
)


@pytest.mark.parametrize(
    ("name", "content", "tag"), [("talk.wav", WAV, "<audio"), ("clip.webm", WEBM, "<video")]
)
def test_sound_and_video_have_the_browsers_own_controls(show, name, content, tag):
    page = show(name, content)

    assert tag in page.text
    assert "controls" in page.text


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"scan_state": ScanState.INFECTED}, "Malware was found in it"),
        ({"scan_state": ScanState.WAITING}, "being checked for malware"),
        ({"deleted": True}, "The content was deleted"),
    ],
)
def test_what_is_withheld_says_so_and_nothing_else(
    desk, session, artifacts, grantor_client, facts, words
):
    desk.send(("secret.pdf", samples.pdf()), ("secret.txt", b"hidden words"))
    values = {"deleted_at": datetime.now(UTC)} if "deleted" in facts else facts
    session.execute(update(Artifact).values(**values))
    session.commit()
    pdf, text = artifacts()

    pages = [grantor_client.get(f"/artifacts/{artifact.id}") for artifact in (pdf, text)]
    bench = grantor_client.get(f"/assessment/submissions/{pdf.attempt.submission_id}")

    for page in (*pages, bench):
        assert words in page.text
        assert "hidden words" not in page.text
        assert "/pages/1.png" not in page.text
        assert "download=1" not in page.text
    assert grantor_client.get(f"/artifacts/{pdf.id}/pages/1.png").status_code in {403, 404, 503}


@pytest.fixture
def grantor_client(browser, world):
    return browser(world.grantor)


def test_a_link_tells_what_its_page_was_called_and_is_not_embedded(desk, session, artifacts):
    desk.send(link="https://exämple.org/a")
    session.execute(
        update(Artifact).values(title="<b>My site", captured_at=datetime(2026, 11, 2, tzinfo=UTC))
    )
    session.commit()

    page = desk.client.get(f"/artifacts/{artifacts()[0].id}")

    assert "&lt;b&gt;My site" in page.text
    assert "A page on xn--exmple-cua.org" in page.text
    assert "Its title was read" in page.text
    assert "<iframe" not in page.text
