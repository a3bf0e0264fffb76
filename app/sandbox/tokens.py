"""OAuth 2.0 client credentials with a signed assertion, and the bearer tokens it gives.

Source: LTI Security Framework 1.0 §4.1; RFC 7523; RFC 6749 §5; RFC 6750 §3.
"""

import hashlib
import secrets
import time
from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import Blueprint, jsonify, request

from app.sandbox.keys import BadTokenError
from app.sandbox.lms import current_lms, current_profile
from app.sandbox.models import AccessToken
from app.sandbox.replies import ServiceError
from app.sandbox.vocabulary import ALLOWED_SCOPES, CLAIM, CLIENT_CREDENTIALS, JWT_BEARER

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue

bp = Blueprint("tokens", __name__, url_prefix="/lti")

TOKEN_SECONDS = 3600
LONGEST_ASSERTION_SECONDS = 300
LEEWAY_SECONDS = 10
FORM_TYPE = "application/x-www-form-urlencoded"


class TokenRefusedError(Exception):
    """A token request that is refused with one of OAuth's words."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        """Keep the word, the explanation and the HTTP status."""
        super().__init__(description)
        self.code = code
        self.status = status


@bp.errorhandler(TokenRefusedError)
def _show_refusal(refusal: TokenRefusedError) -> "ResponseReturnValue":
    return jsonify(error=refusal.code, error_description=str(refusal)), refusal.status


@bp.post("/token")
def token() -> "ResponseReturnValue":
    """Give an access token for those of the asked scopes that the tool may have."""
    if request.mimetype != FORM_TYPE:
        raise TokenRefusedError("invalid_request", f"The request must be {FORM_TYPE}.")
    form = request.form
    if form.get("grant_type") != CLIENT_CREDENTIALS:
        raise TokenRefusedError("unsupported_grant_type", "grant_type must be client_credentials.")
    if form.get("client_assertion_type") != JWT_BEARER:
        raise TokenRefusedError("invalid_request", f"client_assertion_type must be {JWT_BEARER}.")
    now = int(time.time())
    try:
        claims = current_lms().tool_keys.read(form.get("client_assertion", ""))
    except BadTokenError as error:
        raise _invalid_client(str(error)) from error
    _check_assertion(claims, now)
    if not current_lms().database.use_up("jti", claims["jti"]):
        raise _invalid_client("This jti was used before.")
    asked = form.get("scope", "").split()
    granted = [scope for scope in ALLOWED_SCOPES if scope in asked]
    if len(granted) < len(set(asked)) and current_profile().refuses_unknown_scopes:
        raise TokenRefusedError("invalid_scope", "A requested scope is invalid, unknown, or bad.")
    if not granted:
        raise TokenRefusedError("invalid_scope", "None of the asked scopes is allowed.")
    answer = jsonify(
        access_token=_issue(granted, now),
        token_type="Bearer",  # noqa: S106 - OAuth's name of the kind
        expires_in=TOKEN_SECONDS,
        scope=" ".join(granted),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def requires_scope(
    *scopes: str,
) -> "Callable[[Callable[..., ResponseReturnValue]], Callable[..., ResponseReturnValue]]":
    """Let a service be used only with a fresh token that has one of the scopes."""

    def decorate(
        view: "Callable[..., ResponseReturnValue]",
    ) -> "Callable[..., ResponseReturnValue]":
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> "ResponseReturnValue":
            _check_bearer(scopes)
            return view(*args, **kwargs)

        return guarded

    return decorate


def _check_assertion(claims: dict[str, Any], now: int) -> None:
    client_id, issuer = str(claims.get("iss")), current_lms().config.issuer
    profile = current_lms().profile_of(client_id)
    if profile is None or claims.get("sub") != client_id:
        raise _invalid_client("iss and sub must be the client_id.")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    wanted = {profile.audience(issuer)} | ({issuer} if profile.takes_issuer_as_audience else set())
    if not wanted & {str(each) for each in audiences}:
        raise _invalid_client(f"audience is invalid: aud must be {profile.audience(issuer)}.")
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    if expires <= now - LEEWAY_SECONDS:
        raise _invalid_client("The assertion has expired.")
    if expires > now + LONGEST_ASSERTION_SECONDS + LEEWAY_SECONDS:
        raise _invalid_client("The assertion is valid for more than five minutes.")
    if issued > now + LEEWAY_SECONDS:
        raise _invalid_client("The assertion comes from the future (iat).")
    if not isinstance(claims.get("jti"), str) or not claims["jti"]:
        raise _invalid_client("jti is missing.")
    deployment_id = claims.get(f"{CLAIM}deployment_id", profile.deployment_id)
    if deployment_id != profile.deployment_id:
        raise _invalid_client("The deployment is not known here.")


def _seconds(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _invalid_client(f"{name} is missing or no number.")
    return value


def _invalid_client(description: str) -> TokenRefusedError:
    return TokenRefusedError("invalid_client", description, 401)


def _issue(scopes: list[str], now: int) -> str:
    value = secrets.token_urlsafe(32)
    with current_lms().database.writing() as session:
        session.add(
            AccessToken(
                token_hash=_hash(value), scope=" ".join(scopes), expires_at=now + TOKEN_SECONDS
            )
        )
    return value


def _check_bearer(scopes: tuple[str, ...]) -> None:
    if current_profile().wants_user_agent and not request.headers.get("User-Agent"):
        raise ServiceError(403, "Name yourself: a User-Agent header is required.")
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not value:
        raise ServiceError(401, "A bearer token is needed.")
    with current_lms().database.reading() as session:
        found = session.get(AccessToken, _hash(value.strip()))
    if found is None or found.expires_at <= time.time():
        raise ServiceError(401, "The token is not ours, or it has expired.")
    if not set(scopes) & set(found.scope.split()):
        raise ServiceError(403, f"The token lacks the scope {' or '.join(scopes)}.")


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
