"""What all errands to gradebooks share: the client, its tokens, and platforms that need a rest."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from app.core.crypto import Vault
from app.core.db import db
from app.core.http import CallError, OutgoingClient
from app.outbox.errors import RetryLaterError
from app.passback.ags import AgsClient
from app.platforms.service import active_tool_key
from app.platforms.tokens import TokenSource

PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)


class Desk:
    """One per process; tokens are kept as long as it lives.

    A platform that cannot be reached is left alone for a while, so that its
    messages do not hold up those of the others; so is one that asks us to wait.
    """

    def __init__(
        self,
        vault: Vault,
        http: OutgoingClient,
        base_url: str,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        """Prepare the client."""
        self.vault = vault
        self.base_url = base_url
        self.clock = clock
        self.ags = AgsClient(
            http, TokenSource(http, signing_key=self._read_signing_key, clock=clock)
        )
        self._paused_until: dict[int, datetime] = {}

    @contextmanager
    def calling(self, platform_id: int) -> Iterator[None]:
        """Call a platform unless it is to be left alone; notice if it is from now on.

        Raises: `RetryLaterError`.
        """
        rest = self._paused_until.get(platform_id, self.clock()) - self.clock()
        if rest > timedelta(0):
            raise RetryLaterError(
                "The LMS could not be reached, or asked us to wait, a moment ago.", after=rest
            )
        try:
            yield
        except CallError as error:
            self._paused_until[platform_id] = self.clock() + PAUSE
            raise RetryLaterError(f"The LMS could not be reached. {error}") from error
        except RetryLaterError as error:
            if error.after is not None:
                self._paused_until[platform_id] = self.clock() + min(error.after, LONGEST_PAUSE)
            raise

    def _read_signing_key(self) -> tuple[str, str]:
        session = db.session()
        try:
            return active_tool_key(session, self.vault)
        finally:
            session.rollback()
