"""How the domain says no. Everything else that flies is a bug and becomes a 500."""

from datetime import timedelta


class DomainError(Exception):
    """Base of the expected refusals; the message is for the person: what is wrong, what to do."""


class NotFoundError(DomainError):
    """No such thing, or not yours to see."""


class ForbiddenError(DomainError):
    """You may see it, but not do this to it."""


class InvalidError(DomainError):
    """The values do not make sense together."""


class TooLargeError(InvalidError):
    """It is larger than what is taken here."""


class ConflictError(DomainError):
    """The thing has moved on since you looked."""


class UnavailableError(DomainError):
    """Something that the tool itself needs is away or full; nothing was lost: try again."""


class DeliveryError(Exception):
    """Another system did not take our message; the outbox will try again."""


class RetryLaterError(DeliveryError):
    """Not now: ask again, but not before the other system allows it."""

    def __init__(self, message: str, *, after: timedelta | None = None) -> None:
        """Keep the words for the person who looks, and the wait that was asked for."""
        super().__init__(message)
        self.after = after
