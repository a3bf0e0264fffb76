"""Platforms' public keys: kept in the database, fetched again for an unknown key id."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from sqlalchemy.orm import Session

from app.core.db import transaction
from app.core.errors import NotFoundError
from app.core.http import CallError, OutgoingClient
from app.launch.lookups import TrustedPlatform
from app.launch.refusal import LaunchRefusedError
from app.platforms.service import get_platform

REFETCH_INTERVAL = timedelta(seconds=60)


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
    checked = platform.jwks_checked_at
    if checked is not None and platform.jwks is not None and now - checked < REFETCH_INTERVAL:
        raise _unknown_key()
    jwks = _fetch(platform.jwks_url, http)
    platform_id = platform.id
    with transaction() as write:
        _remember(write, platform_id, jwks, now=now)
    key = _find(jwks, kid)
    if key is None:
        raise _unknown_key() if jwks else _unreachable()
    return key


def _remember(
    session: Session, platform_id: int, jwks: Mapping[str, Any] | None, *, now: datetime
) -> None:
    try:
        platform = get_platform(session, platform_id)
    except NotFoundError:
        return
    platform.jwks_checked_at = now
    if jwks is not None:
        platform.jwks, platform.jwks_fetched_at = dict(jwks), now


def _fetch(url: str, http: OutgoingClient) -> Mapping[str, Any] | None:
    try:
        reply = http.call("GET", url, headers={"Accept": "application/json"})
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
