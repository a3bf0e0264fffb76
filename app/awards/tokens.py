"""An award's credential as a token. Made when asked for: the same award has the same token."""

import json
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from app.awards.models import Award
from app.core.crypto import Vault
from app.core.errors import NotFoundError
from app.credentials.jwt import sign_jwt
from app.credentials.keys import verification_method
from app.platforms.models import KeyStatus
from app.programme.issuer_keys import find_issuer_key
from app.programme.models import IssuerKey, KeyKind
from app.programme.service import issuer_did


def credential_jwt(session: Session, award: Award, *, vault: Vault, base_url: str) -> str:
    """Return the award's credential as a signed token (VC-JWT).

    Raises: `NotFoundError` if its issuer has no key for tokens.
    """
    issuer = award.version.achievement.issuer
    key = _find_key(session, award)
    if key is None:
        raise NotFoundError("This issuer signs no tokens: ask the programme administrator.")
    kid = verification_method(issuer_did(base_url, issuer), key.multikey)
    return _sign(award.credential, kid, _Secret(vault, key))


def has_tokens(session: Session, award: Award) -> bool:
    """Return whether an award's credential is to be had as a token."""
    return _find_key(session, award) is not None


def _find_key(session: Session, award: Award) -> IssuerKey | None:
    issuer_id = award.version.achievement.issuer.id
    return find_issuer_key(session, issuer_id, KeyKind.RSA, KeyStatus.ACTIVE)


class _Secret:
    """A private key that is opened only when a token is not at hand; one key is like itself."""

    def __init__(self, vault: Vault, key: IssuerKey) -> None:
        self._vault = vault
        self._sealed = key.private_key_sealed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Secret) and other._sealed == self._sealed

    def __hash__(self) -> int:
        return hash(self._sealed)

    def open(self) -> dict[str, Any]:
        jwk: dict[str, Any] = json.loads(self._vault.open(self._sealed))
        return jwk


@lru_cache(maxsize=512)
def _sign(credential: str, kid: str, secret: _Secret) -> str:
    return sign_jwt(json.loads(credential), private_jwk=secret.open(), kid=kid)
