"""The keys of issuers, as verifiers fetch them."""

from flask import Response, current_app

from app.core.access import public
from app.core.db import db
from app.public import responses
from app.public.blueprint import bp
from app.public.service import get_did_document, get_issuer_by_did_path, get_key_set


@bp.get("/.well-known/did.json", defaults={"did_path": ""})
@bp.get("/<path:did_path>/did.json")
@public
def did(did_path: str) -> Response:
    """Publish the keys of an issuer, at the address that its `did:web` names.

    Source: did:web method specification, section 3.2.
    """
    session = db.session()
    found = get_issuer_by_did_path(session, did_path.replace("/", ":"))
    return responses.document(get_did_document(session, found, _base_url()))


@bp.get("/.well-known/jwks.json")
@public
def jwks() -> Response:
    """Publish the keys of the tokens of every issuer. Source: RFC 7517."""
    return responses.document(get_key_set(db.session(), _base_url()))


def _base_url() -> str:
    base_url: str = current_app.extensions["assay.settings"].base_url
    return base_url
