"""The worker makes ready what was handed in; office files are then read in place."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.cli.deliveries import delivery_handlers
from app.evidence.models import Artifact, ScanState
from app.evidence.preparing import KIND
from app.evidence.preview import MEASURE_NAME
from app.evidence.storage import LocalStorage
from app.outbox.models import Delivery, DeliveryState
from app.outbox.worker import run_due
from app.settings import Settings
from tests.evidence import samples


@pytest.fixture
def assignment(session, assignment):
    assignment.file_kinds = ["office", "pdf", "code"]
    session.commit()
    return assignment


@pytest.fixture
def work(app, settings: Settings):
    """Let the worker do what is due, with this program as LibreOffice."""

    def run(program: str, *, at: datetime | None = None) -> None:
        app.extensions["assay.settings"] = settings.model_copy(update={"soffice": program})
        with app.app_context():
            run_due(delivery_handlers(app), clock=lambda: at or datetime.now(UTC), kinds={KIND})

    return run


def test_an_office_file_is_shown_as_its_pages(desk, artifacts, browser, world, office, work):
    desk.send(("essay.docx", samples.word()))
    (artifact,) = artifacts()
    client = browser(world.grantor)
    before = client.get(f"/artifacts/{artifact.id}")

    work(office())

    assert "being made ready to be shown" in before.text
    page = client.get(f"/artifacts/{artifact.id}")
    assert "Page 1 of 1 of essay.docx" in page.text
    assert "From an office file</pre>" in page.text
    drawn = client.get(f"/artifacts/{artifact.id}/pages/1.png")
    assert drawn.mimetype == "image/png"
    assert "Download essay.docx" in page.text


def test_without_the_program_it_is_a_plain_word_and_a_download(desk, artifacts, work):
    desk.send(("essay.docx", samples.word()))

    work("")

    page = desk.client.get(f"/artifacts/{artifacts()[0].id}")
    assert "The tool has no program for them" in page.text
    assert "Download essay.docx" in page.text
    assert desk.client.get(f"/artifacts/{artifacts()[0].id}/pages/1.png").status_code == 404


def test_a_file_that_cannot_be_converted_is_a_plain_word_and_a_download(
    desk, artifacts, office, work
):
    desk.send(("essay.docx", samples.word()))

    work(office("raise SystemExit(1)"))

    page = desk.client.get(f"/artifacts/{artifacts()[0].id}")
    assert "It could not be turned into pages" in page.text
    assert "Download essay.docx" in page.text


def test_the_worker_waits_until_a_file_was_scanned(desk, session, artifacts, office, work, rows):
    desk.send(("essay.docx", samples.word()))
    session.execute(update(Artifact).values(scan_state=ScanState.WAITING))
    session.commit()

    work(office())

    (owed,) = [each for each in rows(Delivery) if each.kind == KIND]
    assert owed.state is DeliveryState.FAILING
    session.execute(update(Artifact).values(scan_state=ScanState.CLEAN))
    session.commit()
    work(office(), at=datetime.now(UTC) + timedelta(hours=1))
    (owed,) = [each for each in rows(Delivery) if each.kind == KIND]
    assert owed.state is DeliveryState.DELIVERED


@pytest.mark.parametrize(
    "facts",
    [{"scan_state": ScanState.INFECTED}, {"deleted_at": datetime(2026, 11, 2, tzinfo=UTC)}],
)
def test_what_is_withheld_is_never_given_to_a_program(
    desk, session, settings, artifacts, office, work, rows, facts
):
    desk.send(("essay.docx", samples.word()), ("a.pdf", samples.pdf()), ("a.py", b"x = 1"))
    session.execute(update(Artifact).values(**facts))
    session.commit()

    work(office())

    storage = LocalStorage(settings.storage_dir)
    assert {each.state for each in rows(Delivery) if each.kind == KIND} == {DeliveryState.DELIVERED}
    assert all(storage.count_derived_bytes(each.storage_key) == 0 for each in artifacts())


def test_the_worker_prepares_documents_and_code(desk, settings, artifacts, work):
    desk.send(("a.pdf", samples.written_pdf("One")), ("a.py", b"x = 1"), ("b.json", b"{}"))

    work("")

    storage = LocalStorage(settings.storage_dir)
    names = [(MEASURE_NAME, "text.json"), ("code.json",), ("code.json",)]
    for artifact, expected in zip(artifacts(), names, strict=True):
        for name in expected:
            with storage.find_derived(artifact.storage_key, name) as kept:
                assert kept.read()


def test_a_file_that_is_gone_is_nobodys_trouble(desk, settings, artifacts, work, rows):
    desk.send(("a.pdf", samples.pdf()))
    LocalStorage(settings.storage_dir).delete(artifacts()[0].storage_key)

    work("")

    assert [each.state for each in rows(Delivery) if each.kind == KIND] == [DeliveryState.DELIVERED]


def test_an_operator_has_files_looked_at_again(app, desk, artifacts, office, work, session):
    desk.send(("essay.docx", samples.word()), ("notes.pdf", samples.pdf()))
    work("")

    result = app.test_cli_runner().invoke(args=["evidence", "prepare"])
    work(office())

    assert "look at 2 files" in result.output
    page = desk.client.get(f"/artifacts/{artifacts()[0].id}")
    assert "Page 1 of 1 of essay.docx" in page.text
    assert session.scalar(select(Delivery.id).where(Delivery.state == DeliveryState.FAILED)) is None
