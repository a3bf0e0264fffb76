"""Office files become PDFs by a program that may do anything, or is missing."""

import io
import json
import os
import socket
import zipfile
from pathlib import Path

import pytest

from app.evidence import converting, office_worker
from app.evidence.converting import OfficeState, convert, find_office_state, find_program
from app.evidence.pdf_text import read_page_texts
from app.evidence.preview import CONVERTED_NAME
from app.evidence.storage import LocalStorage
from tests.evidence import samples
from tests.evidence.conftest import WORKS

ODT = "application/vnd.oasis.opendocument.text"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path / "kept")


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
