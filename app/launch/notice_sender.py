"""Tells a deployment where its notices go: one call per kind of notice.

Source: LTI Platform Notification Service 1.0 (notice handlers).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.clock import utcnow
from app.core.crypto import Vault
from app.core.db import db
from app.core.http import CallError, OutgoingClient, Reply
from app.core.told import retry_after
from app.launch.notices import KIND, SCOPE
from app.outbox.errors import ParkedError, PermanentError, RetryLaterError
from app.outbox.worker import Handler, Message
from app.platforms.models import Deployment, DeploymentStatus, PlatformStatus
from app.platforms.service import active_tool_key
from app.platforms.tokens import Registration, TokenSource

UNAUTHORIZED, FORBIDDEN = 401, 403
TRY_AGAIN = frozenset({408, 425, 429})
MAX_WAIT_SECONDS = 86_400


def delivery_handlers(
    vault: Vault,
    http: OutgoingClient,
    base_url: str,  # noqa: ARG001 (every room's handlers are made with the same three)
    *,
    clock: Callable[[], datetime] = utcnow,
) -> dict[str, Handler]:
    """Return who delivers what, for the outbox worker; one set per process, for its tokens."""
    return {KIND: HandlerSender(vault, http, clock=clock)}


@dataclass(frozen=True)
class Job:
    """Everything that the calls need, read before the LMS is called."""

    registration: Registration
    service_url: str
    notice_types: list[str]
    handler: str


class HandlerSender:
    """Delivers addresses for notices; holds no transaction while it waits for the LMS."""

    def __init__(
        self, vault: Vault, http: OutgoingClient, *, clock: Callable[[], datetime]
    ) -> None:
        """Prepare the client; tokens are kept as long as this object lives."""
        self._vault = vault
        self._http = http
        self._tokens = TokenSource(http, signing_key=self._read_signing_key, clock=clock)

    def __call__(self, message: Message) -> None:
        """Tell the address for each kind of notice, or say why not; again does no harm."""
        job = _read_job(message.payload)
        try:
            for notice_type in job.notice_types:
                body = json.dumps({"notice_type": notice_type, "handler": job.handler}).encode()
                _raise_unless_taken(self._put(job, body))
        except CallError as error:
            raise RetryLaterError(f"The LMS could not be reached. {error}") from error

    def _put(self, job: Job, body: bytes) -> Reply:
        reply = self._put_once(job, body)
        return self._put_once(job, body) if reply.status == UNAUTHORIZED else reply

    def _put_once(self, job: Job, body: bytes) -> Reply:
        """Send one address with a token; forget a token that is not taken."""
        scopes = frozenset({SCOPE})
        token = self._tokens.get(job.registration, scopes)
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        reply = self._http.call("PUT", job.service_url, headers=headers, data=body)
        if reply.status == UNAUTHORIZED:
            self._tokens.drop(job.registration, scopes)
        return reply

    def _read_signing_key(self) -> tuple[str, str]:
        session = db.session()
        try:
            return active_tool_key(session, self._vault)
        finally:
            session.rollback()


def _read_job(payload: Mapping[str, Any]) -> Job:
    """Read what the calls need, and let go of the database before the LMS is called."""
    session = db.session()
    try:
        deployment = session.get_one(Deployment, payload["deployment_pk"])
        platform = deployment.platform
        is_active = platform.status is PlatformStatus.ACTIVE
        if not is_active or deployment.status is not DeploymentStatus.ACTIVE:
            raise ParkedError("The connection to this LMS is switched off in the tool.")
        return Job(
            registration=Registration.of(platform, deployment),
            service_url=payload["service_url"],
            notice_types=payload["notice_types"],
            handler=payload["handler"],
        )
    finally:
        session.rollback()


def _raise_unless_taken(reply: Reply) -> None:
    status = reply.status
    if 200 <= status < 300:  # noqa: PLR2004 (the range of success)
        return
    if status in TRY_AGAIN or status >= 500 or status < 400:  # noqa: PLR2004 (server, redirect)
        raise RetryLaterError(
            f"The LMS did not take the address for notices (HTTP {status}).",
            after=retry_after(reply.headers),
        )
    if status == UNAUTHORIZED:
        raise RetryLaterError("The LMS does not take the access that it gave us (HTTP 401).")
    if status == FORBIDDEN:
        raise ParkedError(
            "The LMS does not let the tool ask for notices (HTTP 403). When its administrator has "
            "allowed it, open any activity once; then we ask again."
        )
    raise PermanentError(
        f"The LMS refused the address for notices (HTTP {status}). Copied courses are still "
        "recognised by what their activities tell."
    )
