"""Platforms' public keys: kept in the database, fetched again for an unknown key id."""

import json
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.core.db import db, transaction
from app.core.http import CallError, OutgoingClient
from app.core.single_file import stepping_aside
from app.launch.lookups import TrustedPlatform
from app.launch.refusal import LaunchRefusedError
from app.platforms.models import Platform
from app.platforms.service import get_platform

REFETCH_INTERVAL = timedelta(seconds=60)
READ_SECONDS = 4.0
PATIENCE = 4
PATIENCE_SECONDS = 0.25
UNDER_WAY = timedelta(seconds=3)
MAX_WAITING = 3
_waiting = threading.BoundedSemaphore(MAX_WAITING)  # of one process


def platform_key(
    platform: TrustedPlatform, kid: str, *, http: OutgoingClient, now: datetime
) -> RSAKey:
    """Return the platform's key of this id.

    An unknown id is looked up at most once a minute; while the platform is
    down, its known keys stay good. No transaction may be open: this is one of
    the calls that a page waits for, and it commits what it learned by itself.

    Raises: `LaunchRefusedError` if there is no such key.
    """
    key = known_key(platform, kid)
    if key is not None:
        return key
    with stepping_aside():
        if _was_asked(platform, now=now) or not _may_ask(platform.id, now=now):
            # Perhaps just now: a whole class may come at once.
            return _await_key(platform, kid, now=now)
        return _fetch_key(platform, kid, http=http, now=now)


def key_without_waiting(
    platform: TrustedPlatform, kid: str, *, http: OutgoingClient, now: datetime
) -> RSAKey:
    """Return the platform's key of this id, but wait for nobody else's look-up.

    Raises: `LaunchRefusedError` if there is no such key.
    """
    key = known_key(platform, kid)
    if key is not None:
        return key
    if _was_asked(platform, now=now) or not _may_ask(platform.id, now=now):
        raise _no_key(platform)
    return _fetch_key(platform, kid, http=http, now=now)


def known_key(platform: TrustedPlatform, kid: str) -> RSAKey | None:
    """Return the platform's key of this id if it is known already; ask nobody."""
    return _find_in_text(platform.jwks_text, kid) if platform.jwks_text else None


def _was_asked(platform: TrustedPlatform, *, now: datetime) -> bool:
    """Return whether the platform was asked within the minute, as far as its row told."""
    asked_at = platform.jwks_checked_at
    return asked_at is not None and now - asked_at < REFETCH_INTERVAL


def _may_ask(platform_id: int, *, now: datetime) -> bool:
    """Take the minute's only right to ask this platform, by one atomic update."""
    with transaction() as write:
        result: Any = write.execute(
            update(Platform)
            .where(
                Platform.id == platform_id,
                or_(
                    Platform.jwks_checked_at.is_(None),
                    Platform.jwks_checked_at <= now - REFETCH_INTERVAL,
                ),
            )
            .values(jwks_checked_at=now)
            .execution_options(synchronize_session=False)
        )
        return bool(result.rowcount)


def _await_key(platform: TrustedPlatform, kid: str, *, now: datetime) -> RSAKey:
    """Look a few times, for a second at most, whether another launch brings the key.

    Whoever waits here has not been checked yet, so only while an answer can still be
    under way, and never more than a few at once: strangers must not take all threads.
    """
    asked_at = platform.jwks_checked_at
    is_over = asked_at is not None and UNDER_WAY < now - asked_at < REFETCH_INTERVAL
    if is_over or not _waiting.acquire(blocking=False):
        raise _no_key(platform)
    try:
        for _ in range(PATIENCE):
            read = db.session()
            read.rollback()
            jwks = read.scalar(select(Platform.jwks).where(Platform.id == platform.id))
            read.rollback()
            key = _find(jwks, kid)
            if key is not None:
                return key
            time.sleep(PATIENCE_SECONDS)
    finally:
        _waiting.release()
    raise _no_key(platform)


def _fetch_key(
    platform: TrustedPlatform, kid: str, *, http: OutgoingClient, now: datetime
) -> RSAKey:
    jwks = _fetch(platform.jwks_url, http)
    if jwks is not None:
        with transaction() as write:
            _remember(write, platform.id, jwks, now=now)
    key = _find(jwks, kid)
    if key is None:
        raise _unknown_key() if jwks else _unreachable()
    return key


def _remember(
    session: Session, platform_id: int, jwks: Mapping[str, Any], *, now: datetime
) -> None:
    platform = get_platform(session, platform_id)
    platform.jwks, platform.jwks_fetched_at = dict(jwks), now


def _fetch(url: str, http: OutgoingClient) -> Mapping[str, Any] | None:
    try:
        reply = http.call(
            "GET", url, headers={"Accept": "application/json"}, read_seconds=READ_SECONDS
        )
        document = reply.json() if reply.status == 200 else None  # noqa: PLR2004 (HTTP OK)
    except CallError:
        return None
    keys = document.get("keys") if isinstance(document, dict) else None
    return {"keys": keys} if isinstance(keys, list) and keys else None


@lru_cache(maxsize=256)
def _find_in_text(jwks_text: str, kid: str) -> RSAKey | None:
    """Find a key in a row's text. Another text is another question, so nothing here grows old."""
    return _find(json.loads(jwks_text), kid)


def _find(jwks: Mapping[str, Any] | None, kid: str) -> RSAKey | None:
    for jwk in (jwks or {}).get("keys", ()):
        if not isinstance(jwk, dict) or jwk.get("kid") != kid or jwk.get("kty") != "RSA":
            continue
        if jwk.get("alg", "RS256") != "RS256" or jwk.get("use", "sig") != "sig":
            continue
        n, e = jwk.get("n"), jwk.get("e")
        if isinstance(n, str) and isinstance(e, str):
            return _import(n, e)
    return None


@lru_cache(maxsize=256)
def _import(n: str, e: str) -> RSAKey | None:
    try:
        return RSAKey.import_key({"kty": "RSA", "n": n, "e": e})
    except (JoseError, ValueError):
        return None


def _no_key(platform: TrustedPlatform) -> LaunchRefusedError:
    return _unknown_key() if platform.jwks_text else _unreachable()


def _unknown_key() -> LaunchRefusedError:
    return LaunchRefusedError(
        "The launch is signed with a key that the LMS does not publish.", cause="unknown_key"
    )


def _unreachable() -> LaunchRefusedError:
    return LaunchRefusedError(
        "The keys of the LMS could not be fetched, so the launch cannot be checked. "
        "Try again in a minute.",
        cause="jwks_unreachable",
    )
