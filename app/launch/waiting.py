"""Launches whose browser sent no cookie: they wait for another proof, then go on.

Why it is done so: docs/decisions/0009-sessions-without-cookies.md.
"""

import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core.crypto import Vault, hash_secret
from app.core.prepared import Wire
from app.launch import claims as rules
from app.launch.lookups import StartedLogin, TrustedPlatform, find_login
from app.launch.models import OidcLogin, PendingLaunch
from app.launch.pylti import Launch
from app.launch.pylti_store import as_registration
from app.launch.refusal import LaunchRefusedError, Mender

PENDING_LIFETIME = timedelta(minutes=2)


class Proof(StrEnum):
    """By what a browser shows that it began the login."""

    COOKIE = "cookie"
    STORAGE = "storage"


class WaitingLaunch(Launch):
    """A launch that was checked when it came, and is taken up again."""

    _is_signed = True

    def __init__(
        self, claims: Mapping[str, Any], login: StartedLogin, platform: TrustedPlatform
    ) -> None:
        """Take what was kept; nothing is left to be checked in it."""
        self._jwt = {"header": {}, "body": dict(claims)}
        self.login = login
        self.platform = platform
        self.message_type = claims[f"{rules.CLAIM}message_type"]


def let_wait(session: Session, launch: Launch, *, vault: Vault, now: datetime) -> str:
    """Keep a checked launch for a moment; return the ticket with which it goes on."""
    ticket = secrets.token_urlsafe(32)
    session.add(
        PendingLaunch(
            ticket_hash=hash_secret(ticket),
            login_id=launch.login.id,
            claims_sealed=vault.seal(json.dumps(launch.body).encode()),
            created_at=now,
            expires_at=now + PENDING_LIFETIME,
        )
    )
    return ticket


def take_up(
    session: Session, wire: Wire, ticket: str, *, vault: Vault, now: datetime
) -> WaitingLaunch:
    """Use a ticket up, once and whatever comes of it; return its launch.

    The one atomic delete settles replays and races.
    Raises: `LaunchRefusedError` if there is none, or no longer; nothing is written then.
    """
    found = session.execute(
        select(PendingLaunch.id, PendingLaunch.claims_sealed, OidcLogin.state_hash)
        .join(OidcLogin, OidcLogin.id == PendingLaunch.login_id)
        .where(PendingLaunch.ticket_hash == hash_secret(ticket), PendingLaunch.expires_at > now)
    ).first()
    if found is None:
        raise _gone()
    gone: Any = session.execute(delete(PendingLaunch).where(PendingLaunch.id == found.id))
    started = find_login(wire, found.state_hash)
    if gone.rowcount != 1 or started is None:
        raise _gone()
    login, platform = started
    as_registration(platform)
    return WaitingLaunch(json.loads(vault.open(found.claims_sealed)), login, platform)


def find_proof(
    login: StartedLogin, *, cookie_secret: str | None, storage_secret: str | None
) -> Proof | None:
    """Return by what this browser shows that it began this login; `None` if by nothing.

    The cookie goes first: some browsers withhold it only on the way back from
    another site, and a session by cookie is the better one.
    """
    if _is_same(cookie_secret, login.browser_hash):
        return Proof.COOKIE
    if _is_same(storage_secret, login.storage_hash):
        return Proof.STORAGE
    return None


def no_proof() -> LaunchRefusedError:
    """Return the refusal of a browser that cannot show that it began the login."""
    return LaunchRefusedError(
        "This launch was started in another browser.", cause="other_browser", mender=Mender.YOU
    )


def _is_same(secret: str | None, kept_hash: str | None) -> bool:
    if not secret or not kept_hash:
        return False
    return hmac.compare_digest(hash_secret(secret), kept_hash)


def _gone() -> LaunchRefusedError:
    return LaunchRefusedError(
        "This launch was used already, or it waited too long. "
        "Open the activity again from your course.",
        cause="ticket_gone",
        mender=Mender.YOU,
    )
