"""The practice LMS's own database file."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from joserfc.jwk import RSAKey
from sqlalchemy import create_engine, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.sandbox.example import fill
from app.sandbox.models import LmsBase, SeenToken, Setting
from app.sandbox.records import Failure

SIGNING_KEY = "signing_key"
SECRET = "secret"  # noqa: S105 - the name of a setting
KEY_BITS = 2048


class Database:
    """Opens the file, makes and fills it at the first start, and hands out sessions.

    One process serves a practice LMS, so writers take turns on a lock of it.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the file at `path`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = RLock()
        self._engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
        event.listen(self._engine, "connect", _prepare)
        LmsBase.metadata.create_all(self._engine)
        with self.writing() as session:
            if session.get(Setting, SIGNING_KEY) is None:
                _first_start(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Hand out a session that changes nothing."""
        with Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Hand out a session whose changes are kept if nothing goes wrong."""
        with self._lock, Session(self._engine) as session, session.begin():
            yield session

    def setting(self, name: str) -> str:
        """Return a value made at the first start."""
        with self.reading() as session:
            return session.get_one(Setting, name).value

    def find_setting(self, name: str, default: str = "") -> str:
        """Return a value that may have been chosen, or the default."""
        with self.reading() as session:
            found = session.get(Setting, name)
            return found.value if found else default

    def choose(self, name: str, value: str) -> None:
        """Keep a chosen value."""
        with self.writing() as session:
            session.merge(Setting(name=name, value=value))

    def rotate_signing_key(self) -> None:
        """Make a new signing key; the old one is gone at once."""
        self.choose(SIGNING_KEY, _new_key())

    def take_failure(self, service: str) -> tuple[str, float] | None:
        """Return kind and seconds of the fault that a service is to show now, if any."""
        with self.reading() as session:
            if session.get(Failure, service) is None:
                return None
        with self.writing() as session:
            found = session.get(Failure, service)
            if found is None:
                return None
            if found.times is not None:
                found.times -= 1
                if found.times <= 0:
                    session.delete(found)
            return found.kind, found.seconds

    def use_up(self, kind: str, value: str) -> bool:
        """Remember a `jti` or `nonce`; say whether it was new."""
        try:
            with self.writing() as session:
                session.add(SeenToken(kind=kind, value=value))
        except IntegrityError:
            return False
        return True


def _prepare(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _new_key() -> str:
    return RSAKey.generate_key(KEY_BITS).as_pem(private=True).decode()


def _first_start(session: Session) -> None:
    session.add_all(
        [
            Setting(name=SIGNING_KEY, value=_new_key()),
            Setting(name=SECRET, value=secrets.token_urlsafe(32)),
        ]
    )
    fill(session)
