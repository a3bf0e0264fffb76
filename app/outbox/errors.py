"""How a handler tells the worker that a message did not arrive, and what should happen next."""

from datetime import timedelta

from app.core.errors import DeliveryError


class RetryLaterError(DeliveryError):
    """Not now: the worker tries again, not before the other system allows it."""

    def __init__(self, message: str, *, after: timedelta | None = None) -> None:
        """Keep the words for the person who looks, and the wait that was asked for."""
        super().__init__(message)
        self.after = after


class PermanentError(DeliveryError):
    """Trying again will not help; the message says in plain words what somebody can do."""


class ParkedError(PermanentError):
    """Trying again will not help until the other side has changed; then it is taken up again."""


class SupersededError(DeliveryError):
    """A newer message of the same subject has taken this one's place."""
