"""PDF pages are drawn by a process that may be lost; texts are read from their beginning."""

import io
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from time import monotonic

import pytest
from PIL import Image

from app.core.errors import InvalidError, NotFoundError
from app.evidence import pdf_worker, preview
from app.evidence.preview import BusyError, PdfState, draw_page, measure_pdf, read_beginning
from app.evidence.storage import LocalStorage
from tests.evidence import samples


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path)


def keep(storage, content: bytes) -> str:
    return storage.put(io.BytesIO(content)).key


def read_page(storage, key: str, number: int) -> bytes:
    with draw_page(storage, key, number).stream as picture:
        return picture.read()


@pytest.fixture
def workers(monkeypatch, tmp_path):
    """Put a script in the place of the drawing process; `count` is how often it began."""

    class Workers:
        begun = tmp_path / "begun"

        def use(self, script: str) -> None:
            stand_in = tmp_path / "stand_in.py"
            stand_in.write_text(f"with open({str(self.begun)!r}, 'a') as f: f.write('x')\n{script}")
            monkeypatch.setattr(preview, "WORKER", stand_in)

        @property
        def count(self) -> int:
            return len(self.begun.read_text()) if self.begun.exists() else 0

    return Workers()


def test_a_pdf_is_measured_before_it_is_drawn(storage):
    facts = measure_pdf(storage, keep(storage, samples.pdf(3)))

    assert (facts.state, facts.page_count) == (PdfState.READY, 3)
    assert [page.number for page in facts.pages] == [1, 2, 3]
    assert (facts.pages[0].width, facts.pages[0].height) == (1200, 1553)


def test_a_page_is_drawn_once_and_kept(storage, monkeypatch):
    key = keep(storage, samples.pdf(2))
    first = read_page(storage, key, 2)
    with Image.open(io.BytesIO(first)) as image:
        assert image.size == (1200, 1553)

    monkeypatch.setattr(preview, "WORKER", "nothing that could draw")

    assert read_page(storage, key, 2) == first


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


def test_a_page_that_fails_while_drawn_is_said_plainly_and_not_tried_again(storage, workers):
    key = keep(storage, samples.pdf(2))
    measure_pdf(storage, key)
    workers.use("import os; os.abort()")

    for _ in range(3):
        with pytest.raises(InvalidError, match="Download the file"):
            draw_page(storage, key, 1)

    assert workers.count == 1


def test_a_page_of_nested_forms_is_given_up_within_its_seconds_and_once(storage, workers):
    key = keep(storage, samples.nested_forms(levels=6, fan=10))
    began = monotonic()

    with pytest.raises(InvalidError, match="cannot be shown here"):
        draw_page(storage, key, 1)

    assert monotonic() - began < preview.WALL_SECONDS + 2
    workers.use("raise SystemExit(1)")
    with pytest.raises(InvalidError, match="cannot be shown here"):
        draw_page(storage, key, 1)
    assert workers.count == 0


def test_a_document_of_many_such_pages_is_given_up_altogether(storage, workers):
    key = keep(storage, samples.pdf(9))
    measure_pdf(storage, key)
    workers.use("raise SystemExit(1)")

    for number in range(1, 10):
        with pytest.raises(InvalidError):
            draw_page(storage, key, number)

    assert workers.count == preview.MAX_DEMANDING_PAGES


def test_pages_that_are_merely_damaged_spoil_no_other(storage, workers, monkeypatch):
    key = keep(storage, samples.pdf(9))
    measure_pdf(storage, key)
    workers.use(f"raise SystemExit({pdf_worker.EXIT_BROKEN})")
    for number in range(1, 9):
        with pytest.raises(InvalidError):
            draw_page(storage, key, number)

    monkeypatch.setattr(preview, "WORKER", pdf_worker.__file__)

    assert read_page(storage, key, 9)


def test_what_is_no_picture_is_not_kept_as_one(storage, workers):
    key = keep(storage, samples.pdf())
    measure_pdf(storage, key)
    workers.use("print('<svg>')")

    with pytest.raises(InvalidError):
        draw_page(storage, key, 1)


def test_nobody_waits_long_for_the_drawing_process(storage, monkeypatch):
    measured, other = keep(storage, samples.pdf()), keep(storage, samples.pdf())
    measure_pdf(storage, measured)
    monkeypatch.setattr(preview, "_drawing", BoundedSemaphore(1))
    monkeypatch.setattr(preview, "WAIT_SECONDS", 0.05)

    with preview._drawing:
        with pytest.raises(BusyError):
            draw_page(storage, measured, 1)
        with pytest.raises(BusyError):
            draw_page(storage, other, 1)
        assert measure_pdf(storage, other).state is PdfState.BUSY

    assert read_page(storage, measured, 1)
    assert measure_pdf(storage, other).state is PdfState.READY


def test_a_page_that_many_ask_for_at_once_is_drawn_once(storage, monkeypatch, workers):
    key = keep(storage, samples.pdf())
    measure_pdf(storage, key)
    monkeypatch.setattr(preview, "_drawing", BoundedSemaphore(1))
    monkeypatch.setattr(preview, "WAIT_SECONDS", 20)
    workers.use(f"import runpy; runpy.run_path({pdf_worker.__file__!r}, run_name='__main__')")

    with ThreadPoolExecutor(4) as browsers:
        pages = list(browsers.map(lambda _: read_page(storage, key, 1), range(4)))

    assert len(set(pages)) == 1
    assert workers.count == 1


def test_a_page_like_a_photograph_is_kept_small(storage):
    key = keep(storage, samples.noise_pdf())

    picture = draw_page(storage, key, 1)

    with picture.stream as stream, Image.open(stream) as image:
        assert (image.format, picture.media_type) == ("JPEG", "image/jpeg")
        assert image.size == (1200, 1553)
    assert storage.count_derived_bytes(key) < 1_600_000
    assert draw_page(storage, key, 1).stream.close() is None


def test_no_more_is_drawn_of_a_file_than_its_share_of_the_disk(storage, monkeypatch):
    key = keep(storage, samples.pdf(3))
    first = read_page(storage, key, 1)
    monkeypatch.setattr(preview, "MAX_DERIVED_BYTES", len(first))

    with pytest.raises(InvalidError, match="no more are"):
        draw_page(storage, key, 2)

    assert read_page(storage, key, 1) == first


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
        assert b"[3, 1073741824, 0, 0]" in kept.read()


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
