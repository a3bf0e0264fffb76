"""Tokens of platforms in compact form: read without trust, then checked against a key."""

import json
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.util import urlsafe_b64decode

from app.launch.refusal import LaunchRefusedError

JWS_PARTS = 3


def read_token(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a compact JWS, without trusting them yet.

    Raises: `LaunchRefusedError` if it is none.
    """
    parts = token.split(".")
    try:
        header, body = (
            json.loads(urlsafe_b64decode(part.encode()), parse_constant=_refuse_constant)
            for part in parts[:2]
        )
    except (ValueError, RecursionError) as error:
        raise _no_token() from error
    is_token = len(parts) == JWS_PARTS and isinstance(header, dict)
    if not is_token or not isinstance(body, dict):
        raise _no_token()
    return header, body


def key_id(header: dict[str, Any]) -> str:
    """Return the id of the key that an RS256 token names.

    Raises: `LaunchRefusedError` if it names none, or is signed in another way.
    """
    kid = header.get("kid")
    if header.get("alg") != "RS256":
        raise LaunchRefusedError("The launch is not signed with RS256.", cause="algorithm")
    if not isinstance(kid, str) or not kid:
        raise LaunchRefusedError("The launch does not name its key.", cause="no_key_id")
    return kid


def check_signature(token: str, key: RSAKey) -> None:
    """Check an RS256 signature. Raises: `LaunchRefusedError`."""
    try:
        jws.deserialize_compact(token, key, ["RS256"])
    except (JoseError, ValueError) as error:
        raise LaunchRefusedError(
            "The signature of the launch is wrong.", cause="signature"
        ) from error


def _refuse_constant(name: str) -> None:
    """Refuse NaN and infinity, which are no JSON. Raises: `ValueError`."""
    raise ValueError(name)


def _no_token() -> LaunchRefusedError:
    return LaunchRefusedError("What the LMS sent is not a launch.", cause="not_a_token")
