"""Open Badges 2.0 as older backpacks fetch it: each document stands at the address that is its id.

Source: Open Badges 2.0, hosted verification.
"""

from flask import Response, current_app

from app.awards.baked import (
    badge_class_address,
    get_assertion,
    issuer2_address,
)
from app.awards.facts import achievement_facts, issuer_facts
from app.core.access import public
from app.core.db import db
from app.credentials.openbadge2 import build_badge_class, build_issuer
from app.programme.service import issuer_did
from app.public import responses
from app.public.blueprint import bp
from app.public.service import get_issuer, get_shown_award, get_version


@bp.get("/ob2/assertions/<public_id>")
@public
def assertion(public_id: str) -> Response:
    """Send an award's assertion; of one that does not hold, the bare form with status 410."""
    found = get_shown_award(db.session(), public_id)
    body = get_assertion(found, base_url=_base_url())
    return responses.linked_data(body, status=410 if body.get("revoked") else 200)


@bp.get("/ob2/badges/<public_id>")
@public
def badge_class(public_id: str) -> Response:
    """Send the badge class of one version of an achievement."""
    version = get_version(db.session(), public_id)
    base_url = _base_url()
    body = build_badge_class(
        achievement_facts(version, base_url),
        address=badge_class_address(base_url, version),
        issuer_url=issuer2_address(base_url, version.achievement.issuer),
    )
    return responses.linked_data(body)


@bp.get("/ob2/issuers/<slug>")
@public
def issuer2(slug: str) -> Response:
    """Send the profile of an issuer."""
    found = get_issuer(db.session(), slug)
    base_url = _base_url()
    facts = issuer_facts(found, issuer_did(base_url, found))
    return responses.linked_data(build_issuer(facts, address=issuer2_address(base_url, found)))


def _base_url() -> str:
    base_url: str = current_app.extensions["assay.settings"].base_url
    return base_url
