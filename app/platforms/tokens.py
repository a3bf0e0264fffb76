"""Access tokens for LTI services: client credentials, signed with the tool's key."""

import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from app.core.errors import RetryLaterError
from app.core.http import OutgoingClient, Reply
from app.core.told import retry_after
from app.platforms.models import Deployment, Platform

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DEPLOYMENT_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/deployment_id"
ASSERTION_LIFE = timedelta(minutes=3)
CLOCK_SKEW = timedelta(seconds=5)
MARGIN = timedelta(seconds=60)
DEFAULT_LIFE_SECONDS = 3600
# Longer than any platform means it; a token is asked for anew at least once a day.
MAX_LIFE_SECONDS = 24 * 3600
MAX_TOKEN = 16_000
OK = 200
KNOWN_REASONS = (
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
)

SigningKey = Callable[[], tuple[str, str]]
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Registration:
    """How the tool is known to one platform's token endpoint."""

    platform_id: int
    client_id: str
    token_url: str
    audience: str
    deployment_id: str

    @classmethod
    def of(cls, platform: Platform, deployment: Deployment) -> "Registration":
        """Return how the tool is known to a platform, in one deployment."""
        return cls(
            platform_id=platform.id,
            client_id=platform.client_id,
            token_url=platform.token_url,
            audience=platform.token_audience or platform.token_url,
            deployment_id=deployment.deployment_id,
        )


class TokenSource:
    """Fetches access tokens and keeps them in this process until shortly before they end.

    Kept by everything that a registration is, and the scopes; never by issuer:
    hosted Canvas has one issuer for all its customers. A registration that was
    changed asks anew.
    """

    def __init__(self, http: OutgoingClient, *, signing_key: SigningKey, clock: Clock) -> None:
        """Remember the client; `signing_key` returns the active key's id and PEM."""
        self._http = http
        self._signing_key = signing_key
        self._clock = clock
        self._kept: dict[tuple[Registration, str], tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    def get(self, registration: Registration, scopes: frozenset[str]) -> str:
        """Return a token for exactly these scopes.

        Raises: `CallError` if the endpoint cannot be reached; `RetryLaterError`
            if it gives none.
        Source: LTI Security Framework 1.0 §4.1.1; RFC 7523 §3.
        """
        key = (registration, " ".join(sorted(scopes)))
        with self._lock:
            token, ends_at = self._kept.get(key, ("", self._clock()))
        if token and ends_at > self._clock():
            return token
        asked_at = self._clock()
        reply = self._ask(registration, key[1])
        token, life = _read_token(reply)
        with self._lock:
            self._kept[key] = (token, asked_at + life - MARGIN)
        return token

    def drop(self, registration: Registration, scopes: frozenset[str]) -> None:
        """Forget a token that the platform no longer takes."""
        with self._lock:
            self._kept.pop((registration, " ".join(sorted(scopes))), None)

    def _ask(self, registration: Registration, scope: str) -> Reply:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._sign_assertion(registration),
            "scope": scope,
        }
        headers = {"Accept": "application/json"}
        return self._http.call("POST", registration.token_url, headers=headers, data=form)

    def _sign_assertion(self, registration: Registration) -> str:
        kid, pem = self._signing_key()
        now = self._clock()
        claims = {
            "iss": registration.client_id,
            "sub": registration.client_id,
            "aud": registration.audience,
            "iat": int((now - CLOCK_SKEW).timestamp()),
            "exp": int((now + ASSERTION_LIFE).timestamp()),
            "jti": secrets.token_urlsafe(24),
            DEPLOYMENT_CLAIM: registration.deployment_id,
        }
        header = {"alg": "RS256", "typ": "JWT", "kid": kid}
        return jwt.encode(header, claims, RSAKey.import_key(pem), algorithms=["RS256"])


def _read_token(reply: Reply) -> tuple[str, timedelta]:
    answer = _read_object(reply.body)
    token = answer.get("access_token")
    if reply.status == OK and isinstance(token, str) and token:
        if not _fits_a_header(token):
            raise RetryLaterError(
                "The LMS gave the tool an access token that cannot be used. Its administrator "
                "should look at what the token address answers."
            )
        return token, timedelta(seconds=_read_seconds(answer.get("expires_in")))
    reason = _known_reason(answer.get("error")) or f"HTTP {reply.status}"
    raise RetryLaterError(
        f"The LMS gave the tool no access to its services ({reason}). If this stays so, its "
        "administrator should check the tool's registration: client id, key address, scopes.",
        after=retry_after(reply.headers),
    )


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _fits_a_header(token: str) -> bool:
    """Return whether a token is written in what RFC 6750 §2.1 allows, generously read."""
    return len(token) <= MAX_TOKEN and token.isascii() and token.isprintable() and " " not in token


def _read_seconds(value: Any) -> int:
    try:
        return min(max(0, int(value)), MAX_LIFE_SECONDS)
    except (TypeError, ValueError, OverflowError):
        return DEFAULT_LIFE_SECONDS


def _known_reason(error: Any) -> str | None:
    """Return the endpoint's error code if it is one of the standard's. Source: RFC 6749 §5.2."""
    return error if isinstance(error, str) and error in KNOWN_REASONS else None
