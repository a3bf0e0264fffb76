"""The database session, and the one place that commits."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from app.core.orm import Base
from app.core.prepared import Wire

db = SQLAlchemy(metadata=Base.metadata)

_writing: ContextVar[bool] = ContextVar("assay_writing", default=False)

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=15000",
)


@contextmanager
def transaction() -> Iterator[Session]:
    """Run one unit of work: commit on success, roll back on any exception.

    Entry points open it (views, CLI commands, the outbox worker). Services
    never commit; they receive the session this yields. What the caller read
    before is read again inside, under the write lock, so a decision is never
    made on a stale row.

    Raises: `RuntimeError` if one is open already: two commits are not one unit.
    """
    if _writing.get():
        raise RuntimeError("A transaction is open already; pass its session on.")
    session = db.session()
    session.rollback()
    token = _writing.set(True)
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        _writing.reset(token)


@contextmanager
def reading() -> Iterator[Wire]:
    """Lend a connection for prepared statements that only read, each by itself."""
    engine = db.engine
    pooled = engine.raw_connection()
    try:
        yield Wire(pooled.dbapi_connection, engine.dialect)
    finally:
        pooled.close()


@contextmanager
def short_transaction() -> Iterator[Wire]:
    """Run one unit of work of prepared statements alone, as `transaction` does for sessions."""
    with reading() as wire:
        if wire.dialect.name == "sqlite":
            wire.driver.execute("BEGIN IMMEDIATE")
        yield wire
        wire.driver.commit()  # what was not committed is rolled back when the pool takes it back


def engine_options(database_url: str) -> dict[str, Any]:
    """Return what SQLAlchemy's engine needs for this database."""
    # Errors are logged: what people typed must not be in them.
    private = {"hide_parameters": True}
    if database_url.startswith("sqlite:"):
        # The connection used last: what it keeps of the file is likely still true.
        return {"connect_args": {"timeout": 15}, "pool_use_lifo": True, **private}
    return {"pool_pre_ping": True, "pool_size": 5, "max_overflow": 10, **private}


def prepare_engine(engine: Engine) -> None:
    """Make SQLite behave: write-ahead log, foreign keys, and honest transactions.

    The driver's own transaction handling begins too late: two writers that
    both read first would fail on each other. So BEGIN is sent by us, and a
    unit of work takes the write lock at its start (BEGIN IMMEDIATE).
    Source: SQLAlchemy documentation, SQLite dialect, "Serializable isolation".
    """
    if engine.dialect.name != "sqlite":
        return
    if engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in SQLITE_PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    def _begin(pooled: Any) -> None:
        pooled.dbapi_connection.execute("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")

    # In the dialect, where SQLAlchemy asks for it: an event would slow down every statement.
    engine.dialect.do_begin = _begin  # type: ignore[method-assign,assignment]
