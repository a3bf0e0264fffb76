"""Tokens of platforms in compact form: read without trust, then checked against a key."""

import json
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from app.launch.refusal import LaunchRefusedError

RS256 = jws.JWSRegistry(algorithms=["RS256"])


@dataclass(frozen=True, slots=True)
class Token:
    """A compact JWS, taken apart once: what it says, and what its signature is over."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: jws.CompactSignature


def read_token(text: str) -> Token:
    """Take a compact JWS apart, without trusting it yet.

    Raises: `LaunchRefusedError` if it is none.
    """
    try:
        signed = jws.extract_compact(text.encode(), registry=RS256)
        claims = json.loads(signed.payload, parse_constant=_refuse_constant)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise _no_token() from error
    header = signed.headers()
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise _no_token()
    return Token(header, claims, signed)


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


def check_signature(token: Token, key: RSAKey) -> None:
    """Check an RS256 signature. Raises: `LaunchRefusedError`."""
    try:
        is_right = jws.validate_compact(token.signed, key, registry=RS256)
    except (JoseError, ValueError) as error:
        raise _wrong_signature() from error
    if not is_right:
        raise _wrong_signature()


def _refuse_constant(name: str) -> None:
    """Refuse NaN and infinity, which are no JSON. Raises: `ValueError`."""
    raise ValueError(name)


def _wrong_signature() -> LaunchRefusedError:
    return LaunchRefusedError("The signature of the launch is wrong.", cause="signature")


def _no_token() -> LaunchRefusedError:
    return LaunchRefusedError("What the LMS sent is not a launch.", cause="not_a_token")
