"""What every test stands on: a real database file (or PostgreSQL), a browser per person."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import create_app
from app.cli.jobs import JOBS
from app.core.clock import utcnow
from app.core.crypto import Vault
from app.core.db import db
from app.core.orm import Base
from app.outbox.timers import run_job
from app.settings import Settings
from tests import factories
from tests.chromium import find_chromium
from tests.clamd import run_small_daemon
from tests.databases import Databases, SqliteFiles, postgres
from tests.evidence.scanning import set_scanner
from tests.html import assert_accessible

BASE_URL = "https://tool.test"
SECRET = "a secret that only the tests know, long enough"
# The ids of the rows in the `world` template, by their names in `factories.World`.
WORLD_KEYS: dict[str, int] = {}


TESTS = Path(__file__).resolve().parent
# Their tests talk to servers on loopback, draw pages in processes of their own, or walk a long way
# each; `make check` leaves them out.
SLOW = frozenset(
    {"approval", "awards", "catalog", "courses", "evidence", "passback", "profiles", "sandbox"}
    | {"staff"}
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", action="store_true", help="run on PostgreSQL instead of SQLite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the slow rooms; on PostgreSQL, run what has to do with the database."""
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in SLOW:
            item.add_marker("slow")
        if item.get_closest_marker("browser"):
            # A frame that grows under the pointer on a busy machine: again, and it is said.
            item.add_marker(pytest.mark.flaky(reruns=2))
    if config.getoption("--postgres"):
        items[:] = [item for item in items if "database_url" in getattr(item, "fixturenames", ())]


class Browser(FlaskClient):
    """One person's browser inside the LMS.

    Every request runs in an empty context: an app context left open by a
    fixture (pytest-flask opens one) would leak `g` and the database session
    from one request, and one person, to the next.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("base_url", BASE_URL)
        kwargs.setdefault("buffered", True)
        page = Context().run(super().open, *args, **kwargs)
        if page.mimetype == "text/html" and page.location is None and "<html" in page.text:
            assert_accessible(page.text)
        return page


@pytest.fixture(scope="session")
def chromium_path() -> str | None:
    """The browser's program; it must be asked for before `playwright`, of which there is one."""
    return find_chromium()


@pytest.fixture(scope="session")
def playwright(chromium_path: str | None) -> Iterator[Any]:
    """Playwright, once per worker: two at a time do not run in one process."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    """This worker's database, with two templates: without rows, and with the `world`."""
    factories.import_models()
    if not request.config.getoption("--postgres"):
        files = SqliteFiles(tmp_path_factory.mktemp("database"))
        _make_templates(files)
        yield files
        return
    # One server for all workers of a run, in a folder that no other run tidies up.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    with postgres(Path(tempfile.gettempdir()) / f"assay-postgres-{run}") as found:
        _make_templates(found)
        yield found


def _make_templates(databases: Databases) -> None:
    for name in ("empty", "world"):
        engine = create_engine(databases.template(name))
        Base.metadata.create_all(engine)
        if name == "world":
            with Session(engine) as session:
                WORLD_KEYS.update(factories.make_world(session, Vault(SECRET)).keys())
        engine.dispose()


@pytest.fixture
def database_url(databases: Databases, request: pytest.FixtureRequest) -> str:
    databases.reset("world" if "world" in request.fixturenames else "empty")
    return databases.url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        base_url=BASE_URL,
        secret_key=SecretStr(SECRET),
        database_url=database_url,
        storage_dir=tmp_path / "artifacts",
        undo_minutes=0,  # most tests are about what follows; those about the wait set it
        allow_loopback=True,
        log_format="console",
    )


@pytest.fixture(scope="session")
def worker_app(databases: Databases) -> Flask:
    """One application per worker: to build it anew, with every template and statement, is slow."""
    app = create_app(
        Settings(
            base_url=BASE_URL,
            secret_key=SecretStr(SECRET),
            database_url=databases.url,
            allow_loopback=True,
            log_format="console",
        )
    )
    app.test_client_class = Browser
    return app


@pytest.fixture
def app(worker_app: Flask, settings: Settings) -> Iterator[Flask]:
    """The application on this test's database and storage; what a test changes is put back."""
    config, extensions = dict(worker_app.config), dict(worker_app.extensions)
    worker_app.extensions["assay.settings"] = settings
    # A test wants the page that a person would see, not the exception behind it.
    worker_app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    worker_app.request_class.max_file_bytes = settings.max_upload_bytes
    yield worker_app
    with worker_app.app_context():
        db.session.remove()
        db.engine.dispose()
    worker_app.config.clear()
    worker_app.config.update(config)
    worker_app.extensions.clear()
    worker_app.extensions.update(extensions)


@pytest.fixture(scope="session")
def worker_engine(databases: Databases) -> Engine:
    """The tests' own way into the database."""
    engine = create_engine(databases.url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _foreign_keys(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA busy_timeout=15000")

    return engine


@pytest.fixture
def session(worker_engine: Engine, app: Flask) -> Iterator[Session]:
    """The test's own session: it sees what the program committed, nothing else."""
    with Session(worker_engine, expire_on_commit=False) as session:
        yield session
    worker_engine.dispose()


@pytest.fixture
def world(session: Session) -> factories.World:
    """A small university: platform, course, people, one Level I and one Level II; committed."""
    return factories.find_world(session, WORLD_KEYS)


@pytest.fixture
def browser(app: Flask, session: Session) -> Callable[..., Browser]:
    """A signed-in browser: `browser(person)`; a stranger's: `browser(None)`."""

    def open_browser(person: Any = None) -> Browser:
        client: Browser = app.test_client()
        if person is not None:
            sid = factories.make_session(session, person)
            with client.session_transaction(base_url=BASE_URL) as cookie:
                cookie["sid"] = sid
        return client

    return open_browser


@pytest.fixture(scope="session")
def small_daemon() -> Iterator[str]:
    """The address of a server process that speaks as ClamAV's daemon does."""
    with run_small_daemon() as address:
        yield address


@pytest.fixture
def scanner(app: Flask, settings: Settings, small_daemon: str) -> None:
    """Files are checked for malware on this installation."""
    set_scanner(app, settings, small_daemon)


@pytest.fixture
def scan(app: Flask) -> Callable[[], bool]:
    """Let the worker's job run, as a process of its own would."""

    def run() -> bool:
        with app.app_context():
            job = next(job for job in JOBS if job.name == "scan")
            return run_job(job, clock=utcnow)

    return run
