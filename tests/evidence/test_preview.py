"""PDF pages are drawn by a process that may be lost; texts are read from their beginning."""

import io

import pytest
from PIL import Image

from app.core.errors import InvalidError, NotFoundError
from app.evidence import pdf_worker, preview
from app.evidence.preview import PdfState, draw_page, measure_pdf, read_beginning
from app.evidence.storage import LocalStorage
from tests.evidence import samples


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path)


def keep(storage, content: bytes) -> str:
    return storage.put(io.BytesIO(content)).key


def test_a_pdf_is_measured_before_it_is_drawn(storage):
    facts = measure_pdf(storage, keep(storage, samples.pdf(3)))

    assert (facts.state, facts.page_count) == (PdfState.READY, 3)
    assert [page.number for page in facts.pages] == [1, 2, 3]
    assert (facts.pages[0].width, facts.pages[0].height) == (1200, 1553)


def test_a_page_is_drawn_once_and_kept(storage, monkeypatch):
    key = keep(storage, samples.pdf(2))
    with draw_page(storage, key, 2) as picture:
        first = picture.read()
    with Image.open(io.BytesIO(first)) as image:
        assert image.size == (1200, 1553)

    monkeypatch.setattr(preview, "WORKER", "nothing that could draw")

    with draw_page(storage, key, 2) as picture:
        assert picture.read() == first


@pytest.mark.parametrize("number", [0, 3, 99999])
def test_there_is_no_page_beyond_the_last(storage, number):
    key = keep(storage, samples.pdf(2))

    with pytest.raises(NotFoundError):
        draw_page(storage, key, number)


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (b"%PDF-1.4\nnothing else", PdfState.BROKEN),
        (samples.pdf()[:200], PdfState.BROKEN),
        (samples.ENCRYPTED_PDF, PdfState.ENCRYPTED),
    ],
)
def test_a_pdf_that_cannot_be_read_is_no_crash(storage, content, state):
    key = keep(storage, content)

    assert measure_pdf(storage, key).state is state
    assert measure_pdf(storage, key).pages == ()
    with pytest.raises(NotFoundError):
        draw_page(storage, key, 1)


def test_a_page_that_fails_while_drawn_is_said_plainly(storage, monkeypatch, tmp_path):
    key = keep(storage, samples.pdf())
    measure_pdf(storage, key)
    dies = tmp_path / "dies.py"
    dies.write_text("import os; os.abort()")
    monkeypatch.setattr(preview, "WORKER", dies)

    with pytest.raises(InvalidError, match="Download the file"):
        draw_page(storage, key, 1)


def test_a_file_that_takes_too_long_is_given_up_and_not_tried_again(storage, monkeypatch, tmp_path):
    key = keep(storage, samples.pdf())
    hangs = tmp_path / "hangs.py"
    hangs.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(preview, "WORKER", hangs)
    monkeypatch.setattr(preview, "WALL_SECONDS", 0.2)

    assert measure_pdf(storage, key).state is PdfState.TOO_DEMANDING

    monkeypatch.setattr(preview, "WORKER", pdf_worker.__file__)
    assert measure_pdf(storage, key).state is PdfState.TOO_DEMANDING


def test_the_process_has_limits_and_sees_no_settings(storage, monkeypatch, tmp_path):
    key = keep(storage, samples.pdf())
    monkeypatch.setenv("ASSAY_SECRET_KEY", "not for the drawing process")
    asks = tmp_path / "asks.py"
    asks.write_text(
        "import json, os, resource, runpy, sys\n"
        f"worker = runpy.run_path({pdf_worker.__file__!r})\n"
        "worker['set_limits']()\n"
        "limits = [resource.getrlimit(getattr(resource, 'RLIMIT_' + name))[0]\n"
        "          for name in ('CPU', 'AS', 'FSIZE', 'CORE')]\n"
        "assert 'ASSAY_SECRET_KEY' not in os.environ\n"
        "print(json.dumps({'page_count': 0, 'sizes': [], 'limits': limits}))\n"
    )
    monkeypatch.setattr(preview, "WORKER", asks)

    assert measure_pdf(storage, key).state is PdfState.READY
    with storage.find_derived(key, "pages.json") as kept:
        assert b"[10, 1073741824, 0, 0]" in kept.read()


@pytest.mark.parametrize(("width", "height"), [(612, 792), (1e6, 10), (10, 1e6), (0, 0)])
def test_no_page_is_drawn_larger_than_the_limit(width, height):
    scale = pdf_worker.scale_of(width, height)

    assert width * scale <= 1200.01
    assert height * scale <= 4800.01


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\xef\xbb\xbfna\xc3\xafve\r\nline", "naïve\nline"),
        (b"na\xefve \x80", "naïve €"),
        ("naïve".encode("utf-16"), "naïve"),
        (b"a\0b", "a\ufffdb"),
    ],
)
def test_a_text_is_read_whatever_its_encoding(content, text):
    assert read_beginning(io.BytesIO(content)).text == text


def test_only_the_beginning_of_a_long_text_is_read():
    beginning = read_beginning(io.BytesIO("é".encode() * 150_000 + b"x"))
    odd = read_beginning(io.BytesIO(b"x" + "é".encode() * 150_000))

    assert beginning.is_cut
    assert odd.is_cut
    assert len(beginning.text) == 100_000
    assert odd.text == "x" + "é" * 99_999
