"""Office files become PDFs by a program that may do anything, or is missing."""

import io
import json
import os
import socket
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from app.cli.deliveries import delivery_handlers
from app.evidence import converting, office_worker
from app.evidence.converting import OfficeState, convert, find_office_state, find_program
from app.evidence.models import Artifact, ScanState
from app.evidence.pdf_text import read_page_texts
from app.evidence.preparing import KIND
from app.evidence.preview import CONVERTED_NAME, MEASURE_NAME
from app.evidence.storage import LocalStorage
from app.outbox.models import Delivery, DeliveryState
from app.outbox.worker import run_due
from app.settings import Settings
from tests.evidence import samples

ODT = "application/vnd.oasis.opendocument.text"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# Behaves as LibreOffice does: takes its options, writes a PDF of the same name, ends well.
WORKS = """
folder = sys.argv[sys.argv.index("--outdir") + 1]
assert sys.argv[sys.argv.index("--convert-to") + 1] == "pdf"
os.makedirs(folder, exist_ok=True)
shutil.copy({pdf!r}, os.path.join(folder, "file.pdf"))
"""


@pytest.fixture
def assignment(session, assignment):
    assignment.file_kinds = ["office", "pdf", "code"]
    session.commit()
    return assignment


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path / "kept")


@pytest.fixture
def office(tmp_path):
    """Write a program that stands in for LibreOffice; return its path."""
    pdf = tmp_path / "made.pdf"
    pdf.write_bytes(samples.written_pdf("From an office file"))

    def write(body: str = WORKS) -> str:
        path = tmp_path / "soffice"
        head = f"#!{sys.executable} -I\nimport json, os, shutil, sys, time, signal, subprocess\n"
        path.write_text(head + body.replace("{pdf!r}", repr(str(pdf))))
        path.chmod(0o700)
        return str(path)

    return write


def keep(storage, content: bytes | None = None) -> str:
    return storage.put(io.BytesIO(content or samples.word())).key


def bomb(unpacked: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("word/document.xml", b"\0" * unpacked)
    return target.getvalue()


def test_an_office_file_becomes_a_pdf_that_stands_beside_it(storage, office):
    key = keep(storage)

    assert convert(storage, key, media_type=DOCX, program=office()) is OfficeState.READY

    with storage.find_derived(key, CONVERTED_NAME) as made:
        assert made.read().startswith(b"%PDF-")
    assert find_office_state(storage, key) is OfficeState.READY
    storage.delete(key)
    assert storage.find_derived(key, CONVERTED_NAME) is None


@pytest.mark.parametrize(
    "body",
    [
        "",  # writes nothing, and ends well
        "raise SystemExit(1)",
        "os.abort()",
        WORKS.replace("{pdf!r}", "__file__"),  # writes what is no PDF
        WORKS.replace("shutil.copy", "os.symlink"),  # points at a file elsewhere
    ],
)
def test_a_program_that_fails_is_said_plainly_and_not_tried_again(storage, office, body):
    key = keep(storage)

    assert convert(storage, key, media_type=DOCX, program=office(body)) is OfficeState.FAILED
    assert convert(storage, key, media_type=DOCX, program=office()) is OfficeState.FAILED
    assert storage.find_derived(key, CONVERTED_NAME) is None


def test_a_program_that_hangs_is_ended_with_all_that_it_started(
    storage, office, monkeypatch, tmp_path
):
    monkeypatch.setattr(converting, "WALL_SECONDS", 1)
    pids = tmp_path / "pids"
    program = office(
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(pids)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    key = keep(storage)

    state = convert(storage, key, media_type=DOCX, program=program)

    assert state is OfficeState.TOO_DEMANDING
    assert not is_running(int(pids.read_text()))


def is_running(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return stat.rsplit(") ", 1)[1][0] not in "ZX"


def test_a_zip_bomb_is_not_given_to_the_program(storage, office, monkeypatch, tmp_path):
    worker = tmp_path / "small_worker.py"
    text = Path(office_worker.__file__).read_text(encoding="utf-8")
    worker.write_text(text.replace("300 * 1024 * 1024", "100_000"))
    monkeypatch.setattr(converting, "WORKER", str(worker))
    began = tmp_path / "began"
    program = office(f"open({str(began)!r}, 'w')")

    state = convert(storage, keep(storage, bomb(100_001)), media_type=DOCX, program=program)

    assert state is OfficeState.TOO_DEMANDING
    assert not began.exists()


@pytest.mark.parametrize("content", [b"PK nothing", samples.word()[:-30]])
def test_an_archive_that_is_none_is_not_given_to_the_program(storage, office, content):
    key = keep(storage, content)

    assert convert(storage, key, media_type=DOCX, program=office()) is OfficeState.FAILED


def test_the_program_has_limits_a_profile_of_its_own_and_no_settings(
    storage, office, monkeypatch, tmp_path
):
    monkeypatch.setenv("ASSAY_SECRET_KEY", "not for LibreOffice")
    told = tmp_path / "told.json"
    program = office(
        "import resource\n"
        "limits = [resource.getrlimit(getattr(resource, 'RLIMIT_' + name))[0]\n"
        "          for name in ('CPU', 'AS', 'FSIZE', 'CORE')]\n"
        "profile = sys.argv[1].removeprefix('-env:UserInstallation=file://')\n"
        "rules = open(profile + '/user/registrymodifications.xcu').read()\n"
        "facts = {'limits': limits, 'environment': sorted(os.environ), 'group': os.getpgid(0),\n"
        "         'pid': os.getpid(), 'here': os.getcwd(), 'home': os.environ['HOME'],\n"
        "         'macros': 'DisableMacrosExecution' in rules, 'name': sys.argv[-1]}\n"
        f"json.dump(facts, open({str(told)!r}, 'w'))\n"
    )

    convert(storage, keep(storage), media_type=DOCX, program=program)

    facts = json.loads(told.read_text())
    assert facts["limits"] == [45, 3 * 1024**3, 200 * 1024**2, 0]
    assert not any(name.startswith("ASSAY") for name in facts["environment"])
    assert facts["group"] == facts["pid"] != os.getpgid(0)
    assert facts["here"] == facts["home"]
    assert not Path(facts["home"]).exists()
    assert facts["macros"]
    assert facts["name"].endswith("/file.docx")


def test_where_the_program_is_missing_it_is_tried_when_it_is_there(storage, office):
    key = keep(storage)

    assert convert(storage, key, media_type=DOCX, program=None) is OfficeState.OFF
    assert convert(storage, key, media_type=DOCX, program="/no/such/program") is OfficeState.FAILED

    other = keep(storage)
    convert(storage, other, media_type=DOCX, program=None)
    assert convert(storage, other, media_type=DOCX, program=office()) is OfficeState.READY


def test_the_program_is_looked_for_unless_the_setting_says_where(monkeypatch, office):
    path = office()
    monkeypatch.setenv("PATH", str(Path(path).parent))

    assert find_program(None) == path
    assert find_program("") is None
    assert find_program("/opt/office/soffice") == "/opt/office/soffice"
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_program(None) is None


# By the front door: handed in, prepared by the worker, read in place.


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


def written_odt(picture_url: str) -> bytes:
    target = io.BytesIO()
    name = "urn:oasis:names:tc:opendocument:xmlns"
    with zipfile.ZipFile(target, "w") as out:
        out.writestr(zipfile.ZipInfo("mimetype"), ODT)
        out.writestr(
            "META-INF/manifest.xml",
            f'<m:manifest xmlns:m="{name}:manifest:1.0" m:version="1.2">'
            f'<m:file-entry m:full-path="/" m:media-type="{ODT}"/>'
            '<m:file-entry m:full-path="content.xml" m:media-type="text/xml"/></m:manifest>',
        )
        out.writestr(
            "content.xml",
            f'<o:document-content xmlns:o="{name}:office:1.0" xmlns:t="{name}:text:1.0" '
            f'xmlns:d="{name}:drawing:1.0" xmlns:s="{name}:svg-compatible:1.0" '
            'xmlns:x="http://www.w3.org/1999/xlink" o:version="1.2"><o:body><o:text>'
            '<t:p>Hello</t:p><t:p><d:frame s:width="5cm" s:height="5cm">'
            f'<d:image x:href="{picture_url}" x:type="simple" x:show="embed" x:actuate="onLoad"/>'
            "</d:frame></t:p></o:text></o:body></o:document-content>",
        )
    return target.getvalue()


@pytest.mark.skipif(not find_program(None), reason="LibreOffice is not installed")
def test_a_real_libreoffice_converts_a_file_and_calls_nobody(storage):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        port = server.getsockname()[1]
        key = keep(storage, written_odt(f"http://127.0.0.1:{port}/picture.png"))

        state = convert(storage, key, media_type=ODT, program=find_program(None))

        with pytest.raises(BlockingIOError):
            server.accept()

    assert state is OfficeState.READY
    assert read_page_texts(storage, key) == ("Hello",)
