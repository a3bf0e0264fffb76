"""Statements of the hot path: compiled once, run straight on the driver.

A whole class launches at once, and SQLAlchemy's own work per statement costs
more than ten times what SQLite needs to answer (bench/README.md). So the few
statements that every launch runs are written with SQLAlchemy, which knows
tables, types and dialects, but run without it. Everything else uses sessions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Insert, Select, Update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

WIRE = "wire"  # of a unit of work, in its session's `info`
Processor = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Wire:
    """A driver's connection, and the dialect to speak on it."""

    driver: Any
    dialect: Dialect


def wire_of(session: Session) -> Wire:
    """Return the driver's connection of a session's open transaction.

    What the session has not flushed is not seen on it.
    """
    lent: Wire | None = session.info.get(WIRE)
    if lent is not None:
        return lent
    connection = session.connection()
    return Wire(connection.connection.dbapi_connection, connection.dialect)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in one dialect's words.

    `names`: the order of the parameters, where the driver wants them in order.
    `given`: parameters whose values stand in the statement itself.
    """

    text: str
    names: Sequence[str] | None
    given: Mapping[str, Any]
    to_driver: Mapping[str, Processor]
    from_driver: Sequence[tuple[int, Processor]]
    returns_key: bool


class Prepared:
    """One statement, compiled for a dialect when it is first run there."""

    def __init__(
        self,
        statement: Select[*tuple[Any, ...]] | Insert | Update,
        *,
        columns: Sequence[str] | None = None,
    ) -> None:
        """Take the statement; `columns`: those that an insert fills."""
        self._statement = statement
        self._columns = list(columns) if columns is not None else None
        self._compiled: dict[str, _Compiled] = {}

    def first(self, wire: Wire, facts: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Return the first row, or `None`."""
        row = self._run(wire, facts).fetchone()
        return None if row is None else self._read(wire, row)

    def all(self, wire: Wire, facts: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return every row."""
        return [self._read(wire, row) for row in self._run(wire, facts).fetchall()]

    def change(self, wire: Wire, facts: Mapping[str, Any]) -> int:
        """Run an insert or update; return how many rows it met."""
        count: int = self._run(wire, facts).rowcount
        return count

    def add(self, wire: Wire, facts: Mapping[str, Any]) -> int:
        """Run an insert of one row; return its key.

        Raises: `IntegrityError` if the row may not stand beside others.
        """
        cursor = self._run(wire, facts)
        form = self._compiled[wire.dialect.name]
        key: int = cursor.fetchone()[0] if form.returns_key else cursor.lastrowid
        return key

    def _run(self, wire: Wire, facts: Mapping[str, Any]) -> Any:
        form = self._compiled.get(wire.dialect.name) or self._compile(wire.dialect)
        values = {**form.given, **facts}
        for name, process in form.to_driver.items():
            values[name] = process(values[name])
        cursor = wire.driver.cursor()
        try:
            cursor.execute(
                form.text, values if form.names is None else [values[name] for name in form.names]
            )
        except wire.dialect.loaded_dbapi.IntegrityError as error:
            raise IntegrityError(form.text, None, error) from error
        return cursor

    def _read(self, wire: Wire, row: Sequence[Any]) -> tuple[Any, ...]:
        values = list(row)
        for place, process in self._compiled[wire.dialect.name].from_driver:
            values[place] = process(values[place])
        return tuple(values)

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=self._columns)
        to_driver, given = {}, {}
        for bind, name in compiled.bind_names.items():
            process = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if bind.value is not None and not bind.required:
                given[name] = process(bind.value) if process else bind.value
            elif process:
                to_driver[name] = process
        read = self._statement.selected_columns if isinstance(self._statement, Select) else ()
        readers = [item.type.dialect_impl(dialect).result_processor(dialect, None) for item in read]
        form = _Compiled(
            text=str(compiled),
            names=compiled.positiontup if compiled.positional else None,
            given=given,
            to_driver=to_driver,
            from_driver=[(place, process) for place, process in enumerate(readers) if process],
            returns_key=bool(compiled.effective_returning),
        )
        self._compiled[dialect.name] = form
        return form
