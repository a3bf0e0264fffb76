"""Platforms' public keys: kept in the database, fetched again for an unknown key id."""

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
from app.launch.lookups import TrustedPlatform
from app.launch.refusal import LaunchRefusedError
from app.platforms.models import Platform
from app.platforms.service import get_platform

REFETCH_INTERVAL = timedelta(seconds=60)
READ_SECONDS = 4.0
PATIENCE = 4
PATIENCE_SECONDS = 0.25


def platform_key(
    platform: TrustedPlatform, kid: str, *, http: OutgoingClient, now: datetime
) -> RSAKey:
    """Return the platform's key of this id.

    An unknown id is looked up at most once a minute; while the platform is
    down, its known keys stay good. No transaction may be open: this is one of
    the calls that a page waits for, and it commits what it learned by itself.

    Raises: `LaunchRefusedError` if there is no such key.
    """
    key = _find(platform.jwks, kid)
    if key is not None:
        return key
    if not _may_ask(platform.id, now=now):
        # Somebody has asked within the minute, perhaps just now: a whole class may come at once.
        key = _find(_await_keys(platform.id, kid), kid)
        if key is None:
            raise _unknown_key() if platform.jwks else _unreachable()
        return key
    jwks = _fetch(platform.jwks_url, http)
    if jwks is not None:
        with transaction() as write:
            _remember(write, platform.id, jwks, now=now)
    key = _find(jwks, kid)
    if key is None:
        raise _unknown_key() if jwks else _unreachable()
    return key


def known_key(platform: TrustedPlatform, kid: str) -> RSAKey | None:
    """Return the platform's key of this id if it is known already; ask nobody."""
    return _find(platform.jwks, kid)


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


def _await_keys(platform_id: int, kid: str) -> Mapping[str, Any] | None:
    """Look a few times, for a second at most, whether another launch has brought the key."""
    jwks = None
    for _ in range(PATIENCE):
        read = db.session()
        read.rollback()
        jwks = read.scalar(select(Platform.jwks).where(Platform.id == platform_id))
        if _find(jwks, kid) is not None:
            break
        read.rollback()
        time.sleep(PATIENCE_SECONDS)
    return jwks


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
