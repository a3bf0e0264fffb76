"""The issuer's keys, as they are published and as a learner keeps them."""

from typing import Any

from sqlalchemy.orm import Session

from app.awards.facts import issuer_address
from app.core.errors import NotFoundError
from app.credentials.did import did_document, key_set
from app.programme.models import IssuerProfile
from app.programme.service import issuer_did, list_published_jwks, list_published_multikeys


def read_did_document(session: Session, issuer: IssuerProfile, *, base_url: str) -> dict[str, Any]:
    """Return the DID document of an issuer, with every key that may still be trusted.

    Raises: `NotFoundError` if all its keys are revoked.
    """
    multikeys = list_published_multikeys(session, issuer.id)
    if not multikeys:
        raise NotFoundError("This issuer has no key that may be trusted.")
    return did_document(
        issuer_did(base_url, issuer),
        multikeys,
        issuer_address(base_url, issuer),
        list_published_jwks(session, issuer.id),
    )


def read_token_keys(
    session: Session, issuer: IssuerProfile, *, base_url: str
) -> list[dict[str, Any]]:
    """Return the public keys of an issuer's tokens, each under its id in the DID document."""
    jwks = list_published_jwks(session, issuer.id)
    keys: list[dict[str, Any]] = key_set(issuer_did(base_url, issuer), jwks)["keys"]
    return keys
