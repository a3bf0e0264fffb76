"""The database session, and the one place that commits."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from flask import Flask, current_app, has_request_context
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Connection, Engine, PoolProxiedConnection, event
from sqlalchemy.orm import Session

from app.core.audit import VAULT
from app.core.orm import Base
from app.core.prepared import WIRE, Wire


class LateSession(FlaskSession):
    """A session that a unit of work lends its connection, used when the first ORM statement is.

    Most launches come through with prepared statements alone, and to set SQLAlchemy's
    connection up and down costs as much as all of these.
    """

    _lent: PoolProxiedConnection | None = None
    _connection: Connection | None = None

    def lend(self, pooled: PoolProxiedConnection | None) -> None:
        """Lend the connection of a unit of work, or take it back."""
        self._lent, self._connection = pooled, None

    def get_bind(self, *args: Any, **options: Any) -> Engine | Connection:
        """Return the lent connection while there is one, else the engine."""
        if self._lent is None:
            engine = super().get_bind(*args, **options)
            return _reader(engine) if has_request_context() else engine
        if self._connection is None:
            self._connection = Connection(self._db.engine, self._lent)
        return self._connection


db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": LateSession})

# The request's connection while nobody uses it. No entry of `g`, which is asked ten times as long.
_kept: ContextVar["Held | None"] = ContextVar("assay_kept", default=None)
_writing: ContextVar[bool] = ContextVar("assay_writing", default=False)
# SQLite has one writer at a time. Those of this process wait here, which costs nothing;
# at the database they would sleep and ask, sleep and ask.
_one_writer = Lock()
_readers: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=15000",
)


class Held(NamedTuple):
    """A connection from the pool, and how prepared statements see it."""

    pooled: PoolProxiedConnection
    wire: Wire


@contextmanager
def transaction() -> Iterator[Session]:
    """Run one unit of work: commit on success, roll back on any exception.

    Entry points open it (views, CLI commands, the outbox worker). Services
    never commit; they receive the session this yields. What the caller read
    before is read again inside, under the write lock, so a decision is never
    made on a stale row.

    Raises: `RuntimeError` if one is open already: two commits are not one unit.
    """
    _refuse_a_second()
    session: Any = db.session()
    session.rollback()
    held = _take()
    wire = held.wire
    token = _writing.set(True)
    try:
        with _turn_to_write(wire):
            session.lend(held.pooled)
            session.info[WIRE] = wire
            session.info[VAULT] = current_app.extensions.get(VAULT)
            try:
                _begin_to_write(wire)
                yield session
                if session.in_transaction():
                    session.commit()
                wire.driver.commit()  # what was written on the wire alone
            except BaseException:
                session.rollback()
                held.pooled.close()
                raise
            finally:
                del session.info[WIRE]
                session.lend(None)
    finally:
        _writing.reset(token)
    _keep(held)


@contextmanager
def reading() -> Iterator[Wire]:
    """Lend a connection for prepared statements that only read, each by itself."""
    held = _take()
    try:
        yield held.wire
        if held.wire.dialect.name != "sqlite":
            held.wire.driver.commit()  # other drivers begin by themselves; see `_reader`
    except BaseException:
        held.pooled.close()
        raise
    _keep(held)


@contextmanager
def short_transaction() -> Iterator[Wire]:
    """Run one unit of work of prepared statements alone, as `transaction` does for sessions.

    Raises: `RuntimeError`, as `transaction` does.
    """
    _refuse_a_second()
    held = _take()
    token = _writing.set(True)
    try:
        with _turn_to_write(held.wire):
            try:
                _begin_to_write(held.wire)
                yield held.wire
                held.wire.driver.commit()
            except BaseException:
                held.pooled.close()
                raise
    finally:
        _writing.reset(token)
    _keep(held)


def install_connections(app: Flask) -> None:
    """Give a request's connection back to the pool at its end.

    What it read through the ORM ends with COMMIT: after a ROLLBACK, psycopg forgets
    which statements it has prepared. Nothing can be written by it (see `_reader`).
    """

    def give_back(_error: BaseException | None) -> None:
        session = db.session() if db.session.registry.has() else None
        if session is not None and session.in_transaction() and session.is_active:
            session.expunge_all()  # nothing is to be flushed
            session.commit()
        held = _kept.get()
        if held is not None:
            _kept.set(None)
            held.pooled.close()

    app.teardown_appcontext(give_back)


def _reader(engine: Engine | Connection) -> Engine | Connection:
    """Return the engine for what a request reads outside a unit of work.

    PostgreSQL refuses to write there, so that only `transaction` writes.
    """
    if engine.dialect.name == "sqlite" or isinstance(engine, Connection):
        return engine
    reader = _readers.get(engine)
    if reader is None:
        reader = _readers[engine] = engine.execution_options(postgresql_readonly=True)
    return reader


def _take() -> Held:
    """Take a connection, on which nothing is open.

    A request keeps its own for the next that asks, because a launch asks five times.
    While it is in use it is not the request's: nobody meets another's transaction on
    it. Whoever fails closes it: the pool rolls back what is open, and drops a
    connection that is lost.
    """
    held = _kept.get()
    if held is not None:
        _kept.set(None)
        return held
    engine = db.engine
    pooled = engine.raw_connection()
    return Held(pooled, Wire(pooled.dbapi_connection, engine.dialect))


def _keep(held: Held) -> None:
    """Keep a connection for the rest of the request, or give it back to the pool."""
    if has_request_context() and _kept.get() is None:
        _kept.set(held)
    else:
        held.pooled.close()


def _refuse_a_second() -> None:
    if _writing.get():
        raise RuntimeError("A transaction is open already; pass its session on.")


def _turn_to_write(wire: Wire) -> AbstractContextManager[Any]:
    return _one_writer if wire.dialect.name == "sqlite" else nullcontext()


def _begin_to_write(wire: Wire) -> None:
    if wire.dialect.name == "sqlite":
        wire.driver.execute("BEGIN IMMEDIATE")


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
        if not pooled.dbapi_connection.in_transaction:  # else: the unit of work has begun it
            pooled.dbapi_connection.execute("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")

    # In the dialect, where SQLAlchemy asks for it: an event would slow down every statement.
    engine.dialect.do_begin = _begin  # type: ignore[method-assign,assignment]
