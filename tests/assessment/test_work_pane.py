"""The artifact pane of the workbench: everything in place, however much there is."""

import hashlib
import io
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from app.core.db import db
from app.evidence import preview, showing
from app.evidence.models import Artifact, ArtifactKind
from app.evidence.pdf_text import read_page_texts
from app.evidence.preview import measure_pdf
from app.evidence.showing import PANE_STARTS
from app.evidence.storage import LocalStorage
from tests.evidence import samples


@pytest.fixture
def add(session, settings, submission):
    """Put one more file into what was handed in."""
    storage = LocalStorage(settings.storage_dir)

    def put(name: str, content: bytes, media_type: str, *, criterion=None) -> Artifact:
        stored = storage.put(io.BytesIO(content))
        artifact = Artifact(
            institution_id=submission.institution_id,
            attempt_id=submission.attempts[0].id,
            kind=ArtifactKind.FILE,
            file_name=name,
            media_type=media_type,
            size_bytes=stored.size_bytes,
            storage_key=stored.key,
            sha256=hashlib.sha256(content).hexdigest(),
            criterion_id=criterion.id if criterion else None,
            created_at=datetime.now(UTC),
        )
        session.add(artifact)
        session.commit()
        return artifact

    return put


@pytest.fixture
def bench(browser, world, submission):
    client = browser(world.grantor)
    return lambda: client.get(f"/assessment/submissions/{submission.id}")


def count_queries(app, run) -> int:
    told = []

    def note(*_: object) -> None:
        told.append(1)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        run()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(told)


def test_a_list_leads_to_each_artifact_part_by_part(bench, add, assignment):
    first, second = assignment.criteria
    add("late.py", b"x = 1", "text/plain", criterion=second)
    add("early.md", b"# One", "text/markdown", criterion=first)

    page = bench()

    groups = ["For the whole assignment", first.name, second.name]
    places = [page.text.index(f'<li class="work-group">{name}</li>') for name in groups]
    assert places == sorted(places)
    assert f"For: {first.name}" in page.text
    assert page.text.index("early.md") < page.text.index("late.py")


def test_one_artifact_needs_no_list(bench):
    assert "work-list" not in bench().text


def test_no_query_is_made_for_an_artifact(app, bench, add, assignment):
    add("a.md", b"x", "text/markdown", criterion=assignment.criteria[0])
    bench()
    few = count_queries(app, bench)
    for number in range(20):
        add(f"{number}.py", b"x = 1", "text/plain", criterion=assignment.criteria[number % 2])

    assert count_queries(app, bench) == few


def test_a_page_of_many_documents_starts_few_processes(bench, add, settings, monkeypatch, tmp_path):
    begun = tmp_path / "begun"
    script = tmp_path / "worker.py"
    script.write_text(
        f"with open({str(begun)!r}, 'a') as f: f.write('x')\n"
        f"import runpy; runpy.run_path({str(preview.WORKER)!r}, run_name='__main__')\n"
    )
    monkeypatch.setattr(preview, "WORKER", script)
    files = [add(f"{n}.pdf", samples.written_pdf(f"Text {n}"), "application/pdf") for n in range(6)]

    page = bench()

    assert len(begun.read_text()) == PANE_STARTS
    assert page.text.count("They are being prepared.") >= 4
    assert "Open 5.pdf by itself" in page.text
    storage = LocalStorage(settings.storage_dir)
    for file in files:
        measure_pdf(storage, file.storage_key)
    assert "They are being prepared." not in bench().text


def test_a_pane_has_room_for_so_much_text_and_an_artifact_for_its_own(
    bench, add, settings, browser, world, monkeypatch
):
    files = [add(f"{n}.pdf", samples.written_pdf("x" * 30), "application/pdf") for n in range(2)]
    storage = LocalStorage(settings.storage_dir)
    for file in files:
        measure_pdf(storage, file.storage_key)
        read_page_texts(storage, file.storage_key)
    monkeypatch.setattr(showing, "PANE_TEXT_CHARACTERS", 40)

    page = bench()

    assert page.text.count("x" * 30) == 1
    alone = browser(world.grantor).get(f"/artifacts/{files[1].id}")
    assert "x" * 30 in alone.text


def test_staff_read_the_same_pane(browser, world, submission, add):
    add("notes.md", b"**bold**", "text/markdown")

    page = browser(world.instructor).get(
        f"/courses/{submission.course_id}/assignments/{submission.assignment_id}"
        f"/learners/{submission.learner_id}"
    )

    assert "<strong>bold</strong>" in page.text
    assert "work-list" in page.text


def test_a_file_that_is_missing_from_the_storage_takes_nothing_else_with_it(bench, add, settings):
    gone = [
        add("a.pdf", samples.pdf(), "application/pdf"),
        add("a.txt", b"x", "text/plain"),
        add("a.py", b"x", "text/plain"),
    ]
    add("b.md", b"**still here**", "text/markdown")
    for artifact in gone:
        LocalStorage(settings.storage_dir).delete(artifact.storage_key)

    page = bench()

    assert page.status_code == 200
    assert "<strong>still here</strong>" in page.text
    assert page.text.count("missing from the tool’s storage") == 3


def test_a_link_says_what_the_learner_calls_it_and_that_it_could_not_be_opened(
    session, submission, bench
):
    session.add(
        Artifact(
            institution_id=submission.institution_id,
            attempt_id=submission.attempts[0].id,
            kind=ArtifactKind.LINK,
            url="https://blog.example/search",
            sha256="0" * 64,
            note="My <search> diary",
            capture_failed_at=datetime.now(UTC),
            capture_problem="It answers 403.",
            created_at=datetime.now(UTC),
        )
    )
    session.commit()

    page = bench().text

    assert "My &lt;search&gt; diary" in page
    assert "Assay could not open it on" in page
    assert "It answers 403." in page
