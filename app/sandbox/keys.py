"""The LMS's own signing key, and the tool's published ones."""

from threading import Lock
from typing import Any

import requests
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

FETCH_SECONDS = 5


class BadTokenError(Exception):
    """A JWT of the tool's that cannot be trusted; the message says why."""


class SigningKey:
    """Signs launches; its public half is what `/lti/jwks.json` shows."""

    def __init__(self, pem: str) -> None:
        """Read the private key; its id is the thumbprint of RFC 7638."""
        self.pem = pem
        self._key = RSAKey.import_key(pem, {"use": "sig", "alg": "RS256"})
        self.kid = self._key.thumbprint()

    def sign(self, claims: dict[str, Any]) -> str:
        """Return the claims as a signed JWT."""
        return jwt.encode({"alg": "RS256", "kid": self.kid}, claims, self._key)

    def published(self) -> dict[str, Any]:
        """Return the JSON Web Key Set with the public half."""
        return {"keys": [{**self._key.as_dict(private=False), "kid": self.kid}]}


class ToolKeys:
    """The tool's public keys, fetched when one is needed that is not known yet."""

    def __init__(self, jwks_url: str) -> None:
        """Fetch nothing yet: the tool may start after the LMS."""
        self._url = jwks_url
        self._keys: dict[str, RSAKey] = {}
        self._lock = Lock()

    def read(self, token: str) -> dict[str, Any]:
        """Return the claims of a JWT that the tool signed with RS256.

        Raises: `BadTokenError` if it did not, or its keys cannot be fetched.
        """
        try:
            header = jws.extract_compact(token.encode()).headers()
            key = self._find(str(header.get("kid") or ""))
            return dict(jwt.decode(token, key, algorithms=["RS256"]).claims)
        except (JoseError, ValueError) as error:
            raise BadTokenError(f"The JWT does not stand up: {error}") from error

    def _find(self, kid: str) -> RSAKey:
        if not kid:
            raise BadTokenError("The JWT's header names no key (kid).")
        with self._lock:
            if kid not in self._keys:
                self._keys = self._fetch()
            if kid not in self._keys:
                raise BadTokenError(f"The tool publishes no key “{kid}” at {self._url}.")
            return self._keys[kid]

    def _fetch(self) -> dict[str, RSAKey]:
        try:
            answer = requests.get(self._url, timeout=FETCH_SECONDS, allow_redirects=False)
            answer.raise_for_status()
            keys = KeySet.import_key_set(answer.json()).keys
        except (requests.RequestException, JoseError, ValueError, KeyError, TypeError) as error:
            raise BadTokenError(
                f"The tool's keys could not be fetched from {self._url}: {error}"
            ) from error
        return {key.kid: key for key in keys if isinstance(key, RSAKey) and key.kid}
