"""The issuer's identity: `did:web` and its document."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from app.core.errors import InvalidError
from app.credentials.keys import verification_method

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


def did_document(did: str, multikeys: Sequence[str], profile_url: str) -> dict[str, Any]:
    """Build the DID document that lists every key that a living credential was signed with.

    Raises: `InvalidError` if there is no key.
    Source: W3C Controlled Identifiers 1.0; `assertionMethod` holds strings, because one
        verifier reads nothing else.
    """
    if not multikeys:
        raise InvalidError("The issuer has no key yet.")
    methods = [verification_method(did, multikey) for multikey in multikeys]
    return {
        "@context": list(DID_CONTEXTS),
        "id": did,
        "alsoKnownAs": [profile_url],
        "verificationMethod": [
            {"id": method, "type": "Multikey", "controller": did, "publicKeyMultibase": multikey}
            for method, multikey in zip(methods, multikeys, strict=True)
        ],
        "assertionMethod": methods,
    }
