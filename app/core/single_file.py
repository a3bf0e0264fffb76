"""Views that a whole class asks for at once: one after the other in each process.

Python runs one thread at a time. Two launches in two threads take it from each other
at every statement, which costs a tenth of their processor time and helps neither.
Only with SQLite: PostgreSQL answers from another process, and meanwhile others may go on.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from threading import Lock
from typing import ParamSpec, TypeVar

from app.core.db import db

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")

_turn = Lock()  # of one process
_has_turn: ContextVar[bool] = ContextVar("assay_has_turn", default=False)


def in_single_file(view: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """Let this view run when no other of its kind does.

    Whatever waits in it for somebody outside steps aside meanwhile.
    """

    @wraps(view)
    def run(*args: Asked.args, **values: Asked.kwargs) -> Answer:
        if db.engine.dialect.name != "sqlite":
            return view(*args, **values)
        with _turn:
            token = _has_turn.set(True)
            try:
                return view(*args, **values)
            finally:
                _has_turn.reset(token)

    return run


@contextmanager
def stepping_aside() -> Iterator[None]:
    """Let the others go on while this one waits. No transaction may be open."""
    if not _has_turn.get():
        yield
        return
    _turn.release()
    token = _has_turn.set(False)
    try:
        yield
    finally:
        _has_turn.reset(token)
        _turn.acquire()
