"""The issuer's identity: `did:web` and its document."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from app.core.errors import InvalidError
from app.credentials.jwt import KEY_TYPE
from app.credentials.keys import verification_method

# Of a document that lists JSON Web Keys too; not fetched by anybody who only wants the keys.
JWK_CONTEXT = "https://w3id.org/security/jwk/v1"
DID_CONTEXTS = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1")


def did_web(base_url: str, path: tuple[str, ...] = ()) -> str:
    """Return the DID of whoever controls a web address.

    It resolves to `<base_url>/.well-known/did.json`, or `<base_url>/<path>/did.json` where
    there is a path in either argument.

    Raises: `InvalidError` if the address has no host name, or more than host, port and path.
    Source: did:web method specification, section 3.2.
    """
    parts = urlsplit(base_url)
    host = parts.hostname
    if parts.scheme not in {"http", "https"} or not host or ":" in host:
        raise InvalidError(f"“{base_url}” has no host name to make a did:web of.")
    if parts.username or parts.query or parts.fragment:
        raise InvalidError(f"“{base_url}” must be a scheme, host, port and path alone.")
    authority = host if parts.port is None else f"{host}%3A{parts.port}"
    segments = [segment for segment in parts.path.split("/") if segment]
    segments += [quote(segment, safe="") for segment in path]
    return ":".join(["did:web", authority, *segments])


def did_document(
    did: str,
    multikeys: Sequence[str],
    profile_url: str,
    jwks: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Build the DID document that lists every key that a living credential was signed with.

    `jwks`: the public keys of its tokens, each with its `kid`.

    Raises: `InvalidError` if there is no key for credentials.
    Source: W3C Controlled Identifiers 1.0; `assertionMethod` holds strings, because one
        verifier reads nothing else.
    """
    if not multikeys:
        raise InvalidError("The issuer has no key yet.")
    methods: list[dict[str, Any]] = [
        {
            "id": verification_method(did, multikey),
            "type": "Multikey",
            "controller": did,
            "publicKeyMultibase": multikey,
        }
        for multikey in multikeys
    ]
    methods += [
        {
            "id": verification_method(did, jwk["kid"]),
            "type": KEY_TYPE,
            "controller": did,
            "publicKeyJwk": dict(jwk),
        }
        for jwk in jwks
    ]
    return {
        "@context": [*DID_CONTEXTS, JWK_CONTEXT] if jwks else list(DID_CONTEXTS),
        "id": did,
        "alsoKnownAs": [profile_url],
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }


def key_set(did: str, jwks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the keys of an issuer's tokens as a JWK Set, each under its id in the DID document.

    Source: RFC 7517; Open Badges 3.0 implementation guide, for `iss` where a host has several
        issuers.
    """
    return {
        "keys": [{**jwk, "kid": verification_method(did, jwk["kid"]), "iss": did} for jwk in jwks]
    }
