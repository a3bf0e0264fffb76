"""What every test stands on: a real database file (or PostgreSQL), a browser per person."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import create_app
from app.core.orm import Base
from app.settings import Settings
from tests import factories
from tests.databases import PostgresTemplate
from tests.html import assert_accessible

BASE_URL = "https://tool.test"
SECRET = "a secret that only the tests know, long enough"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", action="store_true", help="run on PostgreSQL instead of SQLite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, run what has to do with the database; the rest would only repeat itself."""
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
def empty_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path | PostgresTemplate]:
    """A database with tables and no rows, made once and copied for each test."""
    factories.import_models()
    if request.config.getoption("--postgres"):
        # One server for all workers of a run, in a folder that no other run tidies up.
        run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
        folder = Path(tempfile.gettempdir()) / f"assay-postgres-{run}"
        with PostgresTemplate.create(folder) as template:
            yield template
        return
    path = tmp_path_factory.mktemp("database") / "empty.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    engine.dispose()
    yield path


@pytest.fixture
def database_url(empty_database: Path | PostgresTemplate, tmp_path: Path) -> Iterator[str]:
    if isinstance(empty_database, Path):
        yield f"sqlite:///{shutil.copy(empty_database, tmp_path / 'test.sqlite')}"
        return
    with empty_database.copy() as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        base_url=BASE_URL,
        secret_key=SecretStr(SECRET),
        database_url=database_url,
        storage_dir=tmp_path / "artifacts",
        allow_loopback=True,
        log_format="console",
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    # A test wants the page that a person would see, not the exception behind it.
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.test_client_class = Browser
    yield app
    with app.app_context():
        from app.core.db import db

        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def session(database_url: str, app: Flask) -> Iterator[Session]:
    """The test's own session: it sees what the program committed, nothing else."""
    engine = create_engine(database_url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _foreign_keys(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA busy_timeout=15000")

    with Session(engine, expire_on_commit=False) as session:
        yield session
    engine.dispose()


@pytest.fixture
def world(app: Flask, session: Session) -> factories.World:
    """A small university: platform, course, people, one Level I and one Level II; committed."""
    return factories.make_world(session, app)


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
