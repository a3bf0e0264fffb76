"""How many registrations may be under way in one process: an LMS that is slow holds few threads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.core.crypto import hash_secret
from app.core.errors import ConflictError

# A process has four web threads (deploy/gunicorn.conf.py); the rest belongs to everybody else.
MAX_UNDER_WAY = 2


class UnderWay:
    """The invitations whose LMS is being called just now."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._invitations: set[str] = set()

    @contextmanager
    def one(self, secret: str) -> Iterator[None]:
        """Count a registration as long as it is under way; nobody waits for a turn.

        Raises: `ConflictError` if this invitation has one already, or there are
            `MAX_UNDER_WAY` of others.
        """
        key = hash_secret(secret)
        with self._lock:
            if key in self._invitations:
                raise ConflictError(
                    "A registration with this link is under way just now. Wait until it has ended."
                )
            if len(self._invitations) >= MAX_UNDER_WAY:
                raise ConflictError(
                    "Other registrations are under way just now. Try again in a minute."
                )
            self._invitations.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._invitations.discard(key)
