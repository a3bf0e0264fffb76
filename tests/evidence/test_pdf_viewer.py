"""A PDF is read in place: its pages, their text, one page large; whatever it holds."""

import io
from threading import BoundedSemaphore

import pytest
from PIL import Image

from app.evidence import pdf_worker, preview
from app.evidence.pdf_text import find_page_texts, read_page_texts
from app.evidence.preview import BusyError, PdfState, draw_page, find_measure, measure_pdf
from app.evidence.storage import LocalStorage
from tests.evidence import samples

SCRIPT = b"/OpenAction<</S/JavaScript/JS(app.alert\\(1\\); this.getField)>>"
PLACE = b"/Rect[100 100 500 500]/F 4/AP<</N 99 0 R>>>>]"
SQUARE = b"/Annots[<</Type/Annot/Subtype/Square" + PLACE
FIELD = b"/Annots[<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(Mei)" + PLACE


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path / "kept")


def keep(storage, content: bytes) -> str:
    return storage.put(io.BytesIO(content)).key


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    """Put a script in the place of the process that reads the file."""

    def use(script: str) -> None:
        path = tmp_path / "stand_in.py"
        path.write_text(script)
        monkeypatch.setattr(preview, "WORKER", path)

    return use


def test_each_page_stands_beside_its_text(desk, artifacts):
    desk.send(("essay.pdf", samples.written_pdf("Boolean operators", "<b>Truncation</b>")))
    (artifact,) = artifacts()

    page = desk.client.get(f"/artifacts/{artifact.id}")

    assert "Boolean operators</pre>" in page.text
    assert "&lt;b&gt;Truncation&lt;/b&gt;</pre>" in page.text
    assert page.text.count("Text of this page") == 2
    assert f'href="#a{artifact.id}-p2"' in page.text
    assert page.text.count('loading="lazy"') == 2


def test_one_page_is_opened_large_with_its_neighbours(desk, artifacts):
    desk.send(("essay.pdf", samples.written_pdf("One", "Two", "Three")))
    (artifact,) = artifacts()
    here = f"/artifacts/{artifact.id}"

    page = desk.client.get(f"{here}?page=2&zoom=200")

    assert "zoom-frame zoom-200" in page.text
    assert page.text.count('loading="lazy"') == 1
    assert "Two</pre>" in page.text
    assert "Three</pre>" not in page.text
    assert f"{here}?zoom=200&amp;page=1" in page.text
    assert f"{here}?zoom=200&amp;page=3" in page.text


@pytest.mark.parametrize("query", ["?page=9", "?page=0", "?page=x", "?page=" + "9" * 5000])
def test_a_page_that_there_is_not_shows_them_all(desk, artifacts, query):
    desk.send(("essay.pdf", samples.written_pdf("One", "Two")))
    (artifact,) = artifacts()

    page = desk.client.get(f"/artifacts/{artifact.id}{query}")

    assert page.text.count('loading="lazy"') == 2


def test_a_page_without_text_says_so(desk, artifacts):
    desk.send(("scan.pdf", samples.pdf(1)))
    (artifact,) = artifacts()

    page = desk.client.get(f"/artifacts/{artifact.id}")

    assert "No text was found on this page" in page.text


def test_a_script_in_a_document_does_not_run_and_its_page_is_drawn(storage):
    plain = keep(storage, samples.written_pdf("Hello"))
    scripted = keep(storage, samples.written_pdf("Hello", first=SCRIPT))

    assert measure_pdf(storage, scripted).state is PdfState.READY
    assert pixels(storage, scripted) == pixels(storage, plain)
    assert read_page_texts(storage, scripted) == ("Hello",)


@pytest.mark.parametrize(
    ("annotation", "catalog"), [(SQUARE, b""), (FIELD, b"/AcroForm<</Fields[]>>")]
)
def test_annotations_and_what_was_filled_in_are_drawn(storage, annotation, catalog):
    plain = keep(storage, samples.written_pdf("Hello"))
    marked = keep(storage, annotated(annotation, catalog))

    assert pixels(storage, marked) != pixels(storage, plain)


def annotated(annotation: bytes, catalog: bytes) -> bytes:
    """A page with an annotation, whose appearance was appended as an incremental update."""
    body = samples.written_pdf("Hello", more=annotation, first=catalog)
    drawn = b"1 0 0 rg 0 0 400 400 re f"
    kind = b"<</Type/XObject/Subtype/Form/BBox[0 0 400 400]/Length %d>>" % len(drawn)
    added = b"99 0 obj\n%sstream\n%s\nendstream\nendobj\n" % (kind, drawn)
    table = b"xref\n99 1\n%010d 00000 n \n" % len(body)
    start = int(body.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    trailer = b"trailer\n<</Root 1 0 R/Size 100/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
    return body + added + table + trailer % (start, len(body + added))


def pixels(storage, key: str) -> bytes:
    with draw_page(storage, key, 1).stream as stream, Image.open(stream) as image:
        return image.tobytes()


def test_of_ten_thousand_pages_the_first_are_shown(desk, artifacts):
    desk.send(("long.pdf", samples.endless_pdf(10_000)))
    (artifact,) = artifacts()

    page = desk.client.get(f"/artifacts/{artifact.id}")

    assert "The first 200 of 10000 pages are shown" in page.text
    assert page.text.count('loading="lazy"') == 200


def test_the_text_is_read_once_and_kept(storage, stand_in):
    key = keep(storage, samples.written_pdf("One", "Two"))
    assert find_page_texts(storage, key) is None
    first = read_page_texts(storage, key)

    stand_in("raise SystemExit(1)")

    assert read_page_texts(storage, key) == find_page_texts(storage, key) == first == ("One", "Two")


@pytest.mark.parametrize("content", [samples.ENCRYPTED_PDF, b"%PDF-1.4\nnothing else"])
def test_what_cannot_be_read_has_no_text(storage, content):
    assert read_page_texts(storage, keep(storage, content)) == ()


def test_what_was_read_before_time_ran_out_counts(storage, stand_in, monkeypatch):
    monkeypatch.setattr(preview, "WALL_SECONDS", 1)
    stand_in(
        "import sys, time\n"
        'sys.stdout.write(\'"One"\\n"Two"\\n"Thr\'); sys.stdout.flush(); time.sleep(60)\n'
    )

    assert read_page_texts(storage, keep(storage, samples.pdf())) == ("One", "Two")


def test_what_is_no_text_of_a_page_is_not_taken_for_one(storage, stand_in):
    stand_in("print('{}\\n\"a\\\\r\\\\nb\\\\u0000\\\\ud800\\\\f\"\\n[1]\\nx')")

    assert read_page_texts(storage, keep(storage, samples.pdf())) == ("a\nb?",)


def test_nobody_waits_long_for_the_text(storage, monkeypatch):
    monkeypatch.setattr(preview, "_drawing", BoundedSemaphore(1))
    monkeypatch.setattr(preview, "WAIT_SECONDS", 0.05)
    key = keep(storage, samples.written_pdf("One"))

    with preview._drawing, pytest.raises(BusyError):
        read_page_texts(storage, key)

    assert read_page_texts(storage, key) == ("One",)


def test_the_text_of_a_page_and_of_a_document_is_capped():
    class Page:
        def get_textpage(self):
            return self

        def count_chars(self):
            return 30_000

        def get_text_range(self, first, count):
            return "x" * count

    target = io.BytesIO()
    pdf_worker.write_texts([Page()] * 100, target)

    lengths = [len(line) - 2 for line in target.getvalue().splitlines()]
    assert lengths[0] == pdf_worker.MAX_PAGE_CHARACTERS
    assert sum(lengths) == pdf_worker.MAX_TEXT_CHARACTERS
    assert len(lengths) == 100


def test_what_was_not_measured_is_said_to_come_later(storage):
    assert find_measure(storage, keep(storage, samples.pdf())).state is PdfState.LATER
