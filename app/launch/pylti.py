"""PyLTI1p3, subclassed: its chain of checks, with our store, keys and stricter rules.

What stock PyLTI1p3 2.0.0 accepts or refuses wrongly, and why each step here is
overridden, stands in docs/decisions/0002-pylti1p3.md. Beside this module only
`pylti_store` imports PyLTI1p3.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from pylti1p3.message_launch import MessageLaunch
from pylti1p3.oidc_login import OIDCLogin

from app.core.crypto import hash_secret
from app.core.db import reading, short_transaction
from app.core.http import OutgoingClient
from app.launch import claims as rules
from app.launch.compact import Token, check_signature, key_id, read_token
from app.launch.keys import platform_key
from app.launch.lookups import (
    StartedLogin,
    TrustedPlatform,
    add_login,
    find_login,
)
from app.launch.pylti_store import (
    NoCookies,
    NoSession,
    Parameters,
    Registrations,
    as_registration,
)
from app.launch.refusal import LaunchRefusedError, Mender
from app.launch.storage import STORAGE_TARGET, StorageOffer

LOGIN_LIFETIME = timedelta(minutes=10)
PASSED_ON = (
    "iss",
    "login_hint",
    "target_link_uri",
    "lti_message_hint",
    "lti_deployment_id",
    "client_id",
)
MAX_PARAMETER = 4000


@dataclass(frozen=True)
class LoginSecrets:
    """The secrets of one login; only their hashes are stored.

    `storage`: for the platform's storage; `None` if no page will put it there.
    """

    state: str
    nonce: str
    browser: str
    storage: str | None


class Login(OIDCLogin[Parameters, Registrations, NoSession, NoCookies, str]):
    """Starts a login: stores the row, answers with the address to go to."""

    secrets: LoginSecrets
    platform: TrustedPlatform

    def __init__(self, values: Mapping[str, str], *, storage: StorageOffer | None = None) -> None:
        """Take the platform's parameters, and whether a page may use its storage first."""
        self._values = values
        self._storage = storage
        super().__init__(Parameters(values), Registrations(), NoSession(), NoCookies())

    def start(self, launch_url: str, *, now: datetime) -> str:
        """Store state and nonce; return the platform's authorisation address.

        Source: LTI Security Framework 1.0 §5.1.1.2.
        Raises: `LaunchRefusedError` if the login lacks something or is unknown.
        """
        for name in ("iss", "login_hint"):
            if not self._values.get(name):
                raise LaunchRefusedError(
                    f"The LMS started a login without “{name}”.", cause=f"login_without_{name}"
                )
        if any(len(self._values.get(name, "")) > MAX_PARAMETER for name in PASSED_ON):
            raise LaunchRefusedError(
                "The LMS started a login with more than can be kept.", cause="login_too_long"
            )
        registration = self.validate_oidc_login()
        platform = self.platform = registration.platform
        state, nonce, browser = (secrets.token_urlsafe(24) for _ in range(3))
        storage = None
        parameters = {name: self._values[name] for name in PASSED_ON if self._values.get(name)}
        if self._storage is not None and self._storage.is_open_to(platform.product_family):
            storage = secrets.token_urlsafe(32)
            parameters[STORAGE_TARGET] = self._storage.frame or ""
        self.secrets = LoginSecrets(state, nonce, browser, storage)
        with short_transaction() as wire:
            add_login(
                wire,
                state_hash=hash_secret(self.secrets.state),
                nonce_hash=hash_secret(self.secrets.nonce),
                browser_hash=hash_secret(self.secrets.browser),
                storage_hash=hash_secret(storage) if storage else None,
                platform_id=platform.id,
                parameters=parameters,
                created_at=now,
                expires_at=now + LOGIN_LIFETIME,
            )
        query = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": platform.client_id,
            "redirect_uri": launch_url,
            "state": self.secrets.state,
            "nonce": self.secrets.nonce,
            "login_hint": self._values["login_hint"],
        }
        if self._values.get("lti_message_hint") is not None:
            query["lti_message_hint"] = self._values["lti_message_hint"]
        parts = urlsplit(platform.auth_url)
        merged = "&".join(item for item in (parts.query, urlencode(query)) if item)
        address: str = urlunsplit(parts._replace(query=merged))
        return address


class Launch(MessageLaunch[Parameters, Registrations, NoSession, NoCookies]):
    """Checks one launch; `validate()` runs the steps in PyLTI1p3's order.

    Nothing is written here: the row of the login is used up by the caller,
    together with everything else that the launch writes.
    """

    login: StartedLogin
    platform: TrustedPlatform
    message_type: str
    _token: Token
    _is_signed = False

    def __init__(
        self,
        values: Mapping[str, str],
        *,
        http: OutgoingClient,
        tool_origin: str,
        now: datetime,
    ) -> None:
        """Take the form that the platform posted."""
        self._http = http
        self._tool_origin = tool_origin
        self._now = now
        super().__init__(
            Parameters(values),
            Registrations(),
            session_service=NoSession(),
            cookie_service=NoCookies(),
            requests_session=http,
        )

    @property
    def body(self) -> Mapping[str, Any]:
        """The checked claims."""
        claims: Mapping[str, Any] = self._jwt["body"]
        return claims

    @property
    def return_url(self) -> str | None:
        """The way back to the LMS; `None` until the signature that vouches for it is checked."""
        return rules.return_address(self.body) if self._is_signed else None

    def _get_request_param(self, key: str) -> str:
        return self._request.get_param(key) or ""

    def validate_state(self) -> "Launch":
        """Find the login that this state began; it must be unused and fresh."""
        state = self._get_request_param("state")
        with reading() as wire:
            found = find_login(wire, hash_secret(state))
        if found is None:
            raise LaunchRefusedError(
                "This launch does not belong to a login that began here. "
                "Open the activity again from your course.",
                cause="unknown_state",
                mender=Mender.YOU,
            )
        login, self.platform = found
        if login.used_at is not None:
            raise replay()
        if login.expires_at <= self._now:
            raise LaunchRefusedError(
                "This login took too long. Open the activity again from your course.",
                cause="login_expired",
                mender=Mender.YOU,
            )
        self.login = login
        return self

    def validate_jwt_format(self) -> "Launch":
        """Read header and claims of a compact JWS, without trusting them yet."""
        self._token = read_token(self._get_request_param("id_token"))
        self._jwt = {"header": self._token.header, "body": self._token.claims}
        return self

    def validate_nonce(self) -> "Launch":
        """Compare the nonce with this login's, and no other's."""
        nonce = self.body.get("nonce")
        if not isinstance(nonce, str) or not hmac.compare_digest(
            hash_secret(nonce), self.login.nonce_hash
        ):
            raise LaunchRefusedError(
                "This launch does not answer the login that began here.", cause="nonce"
            )
        return self

    def validate_registration(self) -> "Launch":
        """Take the platform that the login was started for; the token must be its and ours."""
        platform = self.platform
        self._registration = as_registration(platform)
        rules.check_token(
            self.body,
            issuer=platform.issuer,
            client_id=platform.client_id,
            now=self._now.timestamp(),
        )
        return self

    def validate_jwt_signature(self) -> "Launch":
        """Check the RS256 signature with the platform's key of this id."""
        kid = key_id(self._token.header)
        key = platform_key(self.platform, kid, http=self._http, now=self._now)
        check_signature(self._token, key)
        self._is_signed = True
        return self

    def validate_deployment(self) -> "Launch":
        """Leave the deployment to the caller, who asks for it under the write lock."""
        return self

    def validate_message(self) -> "Launch":
        """Check the LTI claims."""
        self.message_type = rules.check_message(self.body, tool_origin=self._tool_origin)
        return self

    def save_launch_data(self) -> "Launch":
        """Keep nothing: the caller writes what the launch means in one transaction."""
        return self


def replay() -> LaunchRefusedError:
    """Return the refusal of a launch that was used before."""
    return LaunchRefusedError(
        "This launch was used already. Open the activity again from your course.",
        cause="replay",
        mender=Mender.YOU,
    )
