"""How a launch is refused: a cause for the log, plain words for the person."""

from enum import StrEnum
from typing import Any

from app.core.errors import DomainError


class Mender(StrEnum):
    """Who can put it right."""

    NOBODY = "nobody"
    YOU = "you"
    LMS_ADMINISTRATOR = "lms_administrator"
    TOOL_ADMINISTRATOR = "tool_administrator"
    PROGRAMME_ADMINISTRATOR = "programme_administrator"
    INSTRUCTOR = "instructor"


class LaunchRefusedError(DomainError):
    """A launch that is not accepted.

    `cause`: a short, fixed word for the log; it holds nothing that was sent.
    `return_url`: the way back to the LMS; `None` unless signed claims told it.
    """

    return_url: str | None = None

    def __init__(
        self,
        message: str,
        *,
        cause: str,
        mender: Mender = Mender.LMS_ADMINISTRATOR,
        title: str = "This launch did not work",
    ) -> None:
        """Keep the message for the person and the cause for the log."""
        super().__init__(message)
        self.cause = cause
        self.mender = mender
        self.title = title


class DeepLinkRefusedError(LaunchRefusedError):
    """A checked deep-linking launch that cannot be served: the LMS gets to know why."""

    def __init__(
        self,
        message: str,
        *,
        cause: str,
        mender: Mender,
        deployment_pk: int,
        settings: dict[str, Any],
    ) -> None:
        """Keep where the answer goes. Source: LTI Deep Linking 2.0 §4.5 (`errormsg`)."""
        super().__init__(message, cause=cause, mender=mender)
        self.deployment_pk = deployment_pk
        self.settings = settings


class CookieBlockedError(LaunchRefusedError):
    """The launch is good, but the browser did not send our cookie: other ways are open.

    `ticket`: with which the launch goes on once the browser has shown that it is the
    one that began the login. `parameters`: what starts the same login again.
    Source: LTI Security Framework 1.0, §5.1.1.1.
    """

    def __init__(
        self,
        *,
        ticket: str,
        state_hash: str,
        has_stored: bool,
        parameters: dict[str, str],
        return_url: str | None,
    ) -> None:
        """Keep what the page of the other ways needs."""
        super().__init__(
            "Your browser does not let Assay remember you inside this page.",
            cause="cookie_blocked",
            mender=Mender.YOU,
        )
        self.ticket = ticket
        self.state_hash = state_hash
        self.has_stored = has_stored
        self.parameters = parameters
        self.return_url = return_url
