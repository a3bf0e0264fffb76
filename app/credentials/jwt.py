"""A credential as JSON Web Token (VC-JWT), signed with RS256: the other form of its proof."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from app.core.errors import InvalidError

# The floor of the standard; some verifiers refuse what is newer than ES256.
ALGORITHM: Final = "RS256"
HEADER_TYPE: Final = "JWT"
KEY_TYPE: Final = "JsonWebKey"
KEY_BITS: Final = 2048
# A page never waits for a token that is longer than any credential of ours can be.
LONGEST: Final = 512_000
_HEADER: Final = frozenset({"alg", "kid", "typ"})
_CLAIMS: Final = frozenset({"iss", "jti", "nbf", "sub", "exp"})


def generate_private_jwk() -> dict[str, Any]:
    """Return a new RSA key as a private JWK, to be sealed before it is stored."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    key = RSAKey.import_key(made)
    return {**key.as_dict(private=True), "kid": key.thumbprint()}


def public_jwk(private_jwk: Mapping[str, Any]) -> dict[str, Any]:
    """Return the public half of an RSA key, with its thumbprint for a key id.

    Source: RFC 7638 for the thumbprint.
    """
    key = RSAKey.import_key(dict(private_jwk))
    return {
        **{name: key.as_dict(private=False)[name] for name in ("kty", "n", "e")},
        "kid": key.thumbprint(),
        "alg": ALGORITHM,
        "use": "sig",
    }


def sign_jwt(credential: Mapping[str, Any], *, private_jwk: Mapping[str, Any], kid: str) -> str:
    """Return the credential as a signed token; an embedded proof is left out.

    `kid`: the id of the verification method that stands in the issuer's DID document. The same
    credential and key always give the same token.

    Source: Open Badges 3.0, section 8.2 (JSON Web Token proof format): the payload is the
        credential, beside the registered claims.
    """
    header = {"alg": ALGORITHM, "kid": kid, "typ": HEADER_TYPE}
    payload = {name: value for name, value in credential.items() if name != "proof"}
    payload |= _registered_claims(payload)
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    key = _private_key(json.dumps(private_jwk, sort_keys=True))
    return jws.serialize_compact(header, text.encode(), key, algorithms=[ALGORITHM])


def verify_jwt(text: str, *, did_document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the credential that a token of this issuer holds; its period is not looked at.

    The key is taken from the DID document alone: one that the token brings along proves nothing.

    Raises: `InvalidError` if the token is not what the issuer signed.
    """
    if len(text) > LONGEST:
        raise InvalidError("The token is too long.")
    try:
        header = jws.extract_compact(text.encode("ascii")).headers()
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise InvalidError("The token cannot be read.") from error
    if header.keys() != _HEADER or header["alg"] != ALGORITHM or header["typ"] != HEADER_TYPE:
        raise InvalidError("The token's header holds more or less than alg RS256, kid and typ JWT.")
    try:
        key = _find_key(header["kid"], did_document)
        signed = jws.deserialize_compact(text.encode("ascii"), key, algorithms=[ALGORITHM])
        payload = json.loads(signed.payload)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise InvalidError("The credential was changed after it was signed.") from error
    if not isinstance(payload, dict):
        raise InvalidError("The token holds no credential.")
    _check_claims(payload, did_document)
    return {name: value for name, value in payload.items() if name not in _CLAIMS}


def _registered_claims(credential: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims that say again what the credential says. Raises: `InvalidError`."""
    try:
        claims: dict[str, Any] = {
            "iss": credential["issuer"]["id"],
            "jti": credential["id"],
            "nbf": _seconds(credential["validFrom"]),
        }
        if "id" in credential["credentialSubject"]:
            claims["sub"] = credential["credentialSubject"]["id"]
        if "validUntil" in credential:
            claims["exp"] = _seconds(credential["validUntil"])
    except (LookupError, TypeError, ValueError) as error:
        raise InvalidError("The token holds no credential of Open Badges 3.0.") from error
    return claims


def _check_claims(payload: Mapping[str, Any], did_document: Mapping[str, Any]) -> None:
    credential = {name: value for name, value in payload.items() if name not in _CLAIMS}
    said = {name: value for name, value in payload.items() if name in _CLAIMS}
    if said != _registered_claims(credential):
        raise InvalidError("The token's claims do not say what its credential says.")
    if said["iss"] != did_document.get("id"):
        raise InvalidError("The DID document is not the issuer's.")


def _seconds(moment: str) -> int:
    found = datetime.fromisoformat(moment)
    if found.tzinfo is None:
        raise ValueError("A moment without time zone.")
    return int(found.timestamp())


def _find_key(kid: Any, did_document: Mapping[str, Any]) -> RSAKey:
    if kid not in did_document.get("assertionMethod", ()):
        raise InvalidError("The issuer does not list the key of this token.")
    for method in did_document.get("verificationMethod", ()):
        if isinstance(method, dict) and method.get("id") == kid:
            jwk = method.get("publicKeyJwk")
            if method.get("type") != KEY_TYPE or method.get("controller") != did_document.get("id"):
                raise InvalidError("The key of this token is not the issuer's JSON Web Key.")
            if not isinstance(jwk, dict) or jwk.get("kty") != "RSA" or "d" in jwk:
                raise InvalidError("The key of this token is no public RSA key.")
            return RSAKey.import_key(jwk)
    raise InvalidError("The issuer's DID document does not hold the key of this token.")


@lru_cache(maxsize=32)
def _private_key(text: str) -> RSAKey:
    return RSAKey.import_key(json.loads(text))
