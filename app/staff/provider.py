"""The campus's OpenID Connect provider: its discovery document, its keys, the code for a token."""

import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from app.core.errors import ForbiddenError
from app.core.http import CallError, OutgoingClient
from app.core.http_session import OutgoingAdapter, SessionError
from app.settings import Settings
from app.staff.id_tokens import Keys

DISCOVERY_PATH = "/.well-known/openid-configuration"
READ_SECONDS = 4.0
KEEP_SECONDS = 3600.0
DOWN_SECONDS = 15.0  # for so long nobody asks again a provider that did not answer
NEW_KEYS_SECONDS = 10.0
AUTH_METHODS = ("client_secret_basic", "client_secret_post")


class ProviderDownError(Exception):
    """The campus sign-in cannot be reached, or does not say what it must."""


class SignInRefusedError(ForbiddenError):
    """Somebody may not come in, or not this way."""


@dataclass(frozen=True)
class Endpoints:
    """What the discovery document tells; `end_session`: `None` if sign-out is not offered."""

    authorization: str
    token: str
    jwks: str
    end_session: str | None
    auth_method: str

    @property
    def origin(self) -> str:
        """Where the browser is sent, as a content policy names it."""
        parts = urlsplit(self.authorization)
        return f"{parts.scheme}://{parts.netloc}"


class Provider:
    """One provider, as the settings name it. What it told is kept for an hour, per process."""

    def __init__(self, settings: Settings, client: OutgoingClient) -> None:
        """Take the settings; nothing is asked yet."""
        self.issuer = settings.oidc_issuer or ""
        self.client_id = settings.oidc_client_id or ""
        self.read_seconds = READ_SECONDS
        self._secret = settings.oidc_client_secret
        self._scopes = settings.oidc_scopes
        self._redirect_uri = f"{settings.base_url}/staff/callback"
        self._allows_http = settings.may_call_loopback
        self._client = client
        self._lock = threading.Lock()
        self._endpoints: tuple[Endpoints, float] | None = None
        self._down: tuple[ProviderDownError, float] | None = None
        self._keys: tuple[Keys, float] | None = None

    def endpoints(self) -> Endpoints:
        """Return what the discovery document tells.

        Raises: `ProviderDownError` if it cannot be read, or is another issuer's.
        Source: OpenID Connect Discovery 1.0, §3 and §4.3.
        """
        kept = self._endpoints
        if kept is not None and time.monotonic() < kept[1]:
            return kept[0]
        with self._lock:
            # Whoever waited finds what the one before was told; of one that is down, the same.
            kept, down = self._endpoints, self._down
            if kept is not None and time.monotonic() < kept[1]:
                return kept[0]
            if down is not None and time.monotonic() < down[1]:
                raise ProviderDownError(*down[0].args)
            address = f"{self.issuer.rstrip('/')}{DISCOVERY_PATH}"
            try:
                found = self._read_discovery(self._fetch(address))
            except ProviderDownError as error:
                self._down = (error, time.monotonic() + DOWN_SECONDS)
                raise
            self._endpoints = (found, time.monotonic() + KEEP_SECONDS)
        return found

    def keys(self) -> Keys:
        """Return the provider's public keys.

        Raises: `ProviderDownError`.
        """
        kept = self._keys
        if kept is not None and time.monotonic() < kept[1]:
            return kept[0]
        return self._fetch_keys()

    def newer_keys(self) -> Keys:
        """Return the keys fetched anew, after a token named one that is not known.

        At most once in `NEW_KEYS_SECONDS`, whoever asks; else what is kept.
        Raises: `ProviderDownError`.
        """
        kept = self._keys
        if kept is not None and time.monotonic() < kept[1] - KEEP_SECONDS + NEW_KEYS_SECONDS:
            return kept[0]
        return self._fetch_keys()

    def authorization_url(self, *, state: str, nonce: str, verifier: str) -> str:
        """Return the address of the campus sign-in for one login.

        Source: OpenID Connect Core 1.0, §3.1.2.1; RFC 7636, §4.3 (S256).
        """
        with self._session(self.endpoints()) as session:
            url, _state = session.create_authorization_url(
                self.endpoints().authorization, state=state, nonce=nonce, code_verifier=verifier
            )
        return str(url)

    def fetch_id_token(self, code: str, *, verifier: str) -> tuple[str, str | None]:
        """Change a code for the id token; return it and the access token that came with it.

        Raises: `ProviderDownError` if the provider does not answer;
            `SignInRefusedError` if it does not take the code.
        """
        endpoints = self.endpoints()
        with self._session(endpoints) as session:
            try:
                token = session.fetch_token(
                    endpoints.token,
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=self._redirect_uri,
                    code_verifier=verifier,
                    allow_redirects=False,
                )
            except (CallError, SessionError) as error:
                raise ProviderDownError("token endpoint") from error
            except (AuthlibBaseError, ValueError) as error:
                raise SignInRefusedError(
                    "The campus sign-in did not confirm who you are; it may have been used twice. "
                    "Begin again."
                ) from error
        id_token, access_token = token.get("id_token"), token.get("access_token")
        if not isinstance(id_token, str):
            raise SignInRefusedError("The campus sign-in did not say who you are. Begin again.")
        return id_token, access_token if isinstance(access_token, str) else None

    def _session(self, endpoints: Endpoints) -> OAuth2Session:
        session = OAuth2Session(
            self.client_id,
            self._secret.get_secret_value() if self._secret else None,
            token_endpoint_auth_method=endpoints.auth_method,
            scope=self._scopes,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
        )
        session.trust_env = False
        adapter = OutgoingAdapter(self._client, read_seconds=self.read_seconds)
        for scheme in ("https://", "http://"):
            session.mount(scheme, adapter)
        return session

    def _fetch_keys(self) -> Keys:
        found = self._fetch(self.endpoints().jwks)
        listed = found.get("keys")
        keys = []
        for each in listed if isinstance(listed, list) else []:
            try:
                keys.append(JWKRegistry.import_key(each))
            except (JoseError, ValueError, TypeError, KeyError, AttributeError):
                continue  # a kind of key that is not known here signs nothing that is believed
        self._keys = (tuple(keys), time.monotonic() + KEEP_SECONDS)
        return tuple(keys)

    def _fetch(self, url: str) -> dict[str, Any]:
        try:
            reply = self._client.call(
                "GET",
                url,
                headers={"Accept": "application/json"},
                read_seconds=self.read_seconds,
            )
            found = reply.json()
        except CallError as error:
            raise ProviderDownError(url) from error
        if reply.status != 200 or not isinstance(found, dict):  # noqa: PLR2004 (HTTP's word for yes)
            raise ProviderDownError(url)
        return found

    def _read_discovery(self, found: dict[str, Any]) -> Endpoints:
        if found.get("issuer") != self.issuer:
            raise ProviderDownError("the discovery document is another issuer's")
        offered = found.get("token_endpoint_auth_methods_supported") or [AUTH_METHODS[0]]
        method = next((each for each in AUTH_METHODS if each in offered), None)
        if method is None:
            raise ProviderDownError("no way to authenticate to the token endpoint")
        return Endpoints(
            authorization=self._address(found.get("authorization_endpoint")),
            token=self._address(found.get("token_endpoint")),
            jwks=self._address(found.get("jwks_uri")),
            end_session=self._address(found["end_session_endpoint"])
            if found.get("end_session_endpoint")
            else None,
            auth_method=method,
        )

    def _address(self, value: object) -> str:
        """Return an endpoint's address, if it is one; http only where the settings allow it."""
        text = value if isinstance(value, str) else ""
        try:
            parts = urlsplit(text)
            host, _port = parts.hostname, parts.port
        except ValueError as error:
            raise ProviderDownError("an endpoint has no address") from error
        schemes = {"https", "http"} if self._allows_http else {"https"}
        is_plain = text.isascii() and text.isprintable() and not set(" \"'<>;,\\") & set(text)
        if parts.scheme not in schemes or not host or parts.username or not is_plain:
            raise ProviderDownError("an endpoint has no address that is called")
        return text
