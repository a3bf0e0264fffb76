"""How a handler tells the worker that a message did not arrive, and what should happen next."""

from app.core.errors import DeliveryError, RetryLaterError

__all__ = ["ParkedError", "PermanentError", "RetryLaterError", "SupersededError"]


class PermanentError(DeliveryError):
    """Trying again will not help; the message says in plain words what somebody can do."""


class ParkedError(PermanentError):
    """Trying again will not help until the other side has changed; then it is taken up again."""


class SupersededError(DeliveryError):
    """A newer message of the same subject has taken this one's place."""
