"""What an id token says, believed only after every check. Asks nobody."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key

LEEWAY_SECONDS = 60
# Signatures by a key pair alone: neither `none` nor one made with a shared secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
MAX_LENGTH = 16_384
MAX_SUB = 255
MAX_EMAIL = 320

Keys = tuple[Key, ...]


class BadTokenError(Exception):
    """The token is not to be believed."""


class UnknownKeyError(BadTokenError):
    """No key of those that are known has the id that the token names."""


@dataclass(frozen=True)
class WhoCame:
    """Who signed in. `email`: only if the provider has verified it; else `None`."""

    issuer: str
    sub: str
    email: str | None


def read_id_token(
    token: str,
    keys: Keys,
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str | None,
    now: datetime,
) -> WhoCame:
    """Return who an id token is about.

    Raises: `UnknownKeyError` if its key is not among these; `BadTokenError` for
        a signature, an issuer, an audience, a time or a nonce that is not right.
    Source: OpenID Connect Core 1.0, §3.1.3.7.
    """
    key = _find_key(token, keys)
    try:
        checked = jwt.decode(token, key, algorithms=list(ALGORITHMS))
        claims = CodeIDToken(
            checked.claims,
            checked.header,
            options={
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": client_id},
                "sub": {"essential": True},
            },
            params={"nonce": nonce, "client_id": client_id, "access_token": access_token},
        )
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError) as error:
        raise BadTokenError(type(error).__name__) from error
    return _who(claims, issuer)


def _find_key(token: str, keys: Keys) -> Key:
    if len(token) > MAX_LENGTH:
        raise BadTokenError("too long")
    try:
        header: dict[str, Any] = dict(jws.extract_compact(token.encode()).headers())
    except (JoseError, ValueError) as error:
        raise BadTokenError("no token") from error
    if header.get("alg") not in ALGORITHMS:
        raise BadTokenError("algorithm")
    kid = header.get("kid")
    family = {"RS": "RSA", "PS": "RSA", "ES": "EC"}[header["alg"][:2]]
    fitting = [key for key in keys if key.key_type == family and key.get("use") in {None, "sig"}]
    # Without an id, the only key there is; a choice among several would be a guess.
    found = [key for key in fitting if key.kid == kid] if kid is not None else fitting
    if len(found) != 1:
        raise UnknownKeyError("key")
    return found[0]


def _who(claims: CodeIDToken, issuer: str) -> WhoCame:
    sub, email = claims["sub"], claims.get("email")
    if not isinstance(sub, str) or not 0 < len(sub) <= MAX_SUB or not sub.isprintable():
        raise BadTokenError("sub")
    is_verified = claims.get("email_verified") is True and isinstance(email, str)
    return WhoCame(
        issuer=issuer,
        sub=sub,
        email=email if is_verified and len(email) <= MAX_EMAIL and email.isprintable() else None,
    )
