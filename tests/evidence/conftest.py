"""An assignment that takes files, a link and a text, and ways to send work to it."""

import io
import sys
from dataclasses import dataclass

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from app.core.principal import Role
from app.evidence.models import Artifact, Attempt, Submission
from app.evidence.upload_models import Upload
from tests import factories
from tests.clamd import EICAR
from tests.evidence import samples
from tests.evidence.groups import Team
from tests.evidence.scanning import appoint
from tests.evidence.sending import Sender
from tests.s3 import KEY_ID, REGION, SECRET, run_s3

# Behaves as LibreOffice does: takes its options, writes a PDF of the same name, ends well.
WORKS = """
folder = sys.argv[sys.argv.index("--outdir") + 1]
assert sys.argv[sys.argv.index("--convert-to") + 1] == "pdf"
os.makedirs(folder, exist_ok=True)
shutil.copy({pdf!r}, os.path.join(folder, "file.pdf"))
"""


@dataclass(frozen=True)
class Desk:
    """A learner's browser at one assignment."""

    client: object
    url: str

    def send(self, *files: tuple[str, bytes], button: str = "hand_in", **fields):
        data = {**fields, button: "1"} if button else dict(fields)
        if files:
            data["files"] = [(io.BytesIO(content), name) for name, content in files]
        return self.client.post(
            self.url, data=data, content_type="multipart/form-data", follow_redirects=True
        )

    def page(self):
        return self.client.get(self.url)


@pytest.fixture(scope="session")
def s3():
    """A real S3 server process, one for all tests of a worker."""
    with run_s3() as server:
        yield server


@pytest.fixture
def s3_settings(s3):
    """The settings of an installation that keeps its files in a bucket of its own."""
    return {
        "storage_url": f"s3://{s3.make_bucket()}/work/here",
        "s3_endpoint": s3.origin,
        "s3_region": REGION,
        "s3_key_id": KEY_ID,
        "s3_secret": SecretStr(SECRET),
    }


@pytest.fixture
def assignment(session, world):
    assignment = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    return assignment


@pytest.fixture
def url(assignment):
    return f"/courses/{assignment.course_id}/assignments/{assignment.id}/work"


@pytest.fixture
def desk(browser, world, url):
    return Desk(browser(world.learner), url)


@pytest.fixture
def uploads_url(url):
    return f"{url.removesuffix('/work')}/uploads"


@pytest.fixture
def sender(browser, world, uploads_url):
    return Sender(browser(world.learner), uploads_url)


@pytest.fixture
def uploads(rows):
    return lambda: rows(Upload)


@pytest.fixture
def stored_files(settings):
    """List what the storage folder holds now."""
    return lambda: sorted(path for path in settings.storage_dir.rglob("*") if path.is_file())


@pytest.fixture
def rows(session):
    """Read rows as the program committed them, in order."""

    def read(model):
        session.expire_all()
        session.rollback()
        return list(session.scalars(select(model).order_by(model.id)))

    return read


@pytest.fixture
def artifacts(rows):
    return lambda: rows(Artifact)


@pytest.fixture
def attempts(rows):
    return lambda: rows(Attempt)


@pytest.fixture
def submissions(rows):
    return lambda: rows(Submission)


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


@pytest.fixture
def team(browser, session, assignment, url):
    """Learners who may work in groups of three."""
    assignment.max_group_size = 3
    session.commit()
    return Team(browser, session, url.removesuffix("/work"))


@pytest.fixture
def third(session, world):
    """Another learner of the course."""
    person = factories.make_person(session, world.course, Role.LEARNER, "Amara Student")
    session.commit()
    return person


@pytest.fixture
def administrator(session, world):
    appoint(session, world)
    session.commit()
    return world.instructor


@pytest.fixture
def infected(desk, scanner, scan, artifacts):
    """A PDF that is fine and a text that is not, handed in and scanned."""
    desk.send(("essay.pdf", samples.pdf(1)), ("notes.txt", EICAR))
    assert scan()
    return artifacts()
