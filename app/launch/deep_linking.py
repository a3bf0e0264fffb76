"""The answer to a deep-linking launch: one signed message with the new activity."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from app.launch.claims import CLAIM
from app.mapping.history import UUID_KEY
from app.mapping.models import Assignment
from app.platforms.models import Deployment

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
LIFETIME = timedelta(minutes=10)
REVIEWABLE = ["InProgress", "Submitted", "Completed"]


def content_item(
    assignment: Assignment, *, launch_url: str, settings: dict[str, Any]
) -> dict[str, Any]:
    """Return the assignment as a link for the LMS; nothing in it is null.

    Identity travels in `custom`, not in the address: Brightspace refuses query
    strings there. Source: LTI Deep Linking 2.0 §3.2 (LTI Resource Link).
    """
    item: dict[str, Any] = {
        "type": "ltiResourceLink",
        "url": launch_url,
        "title": assignment.title,
        "custom": {UUID_KEY: assignment.uuid},
    }
    if settings.get("accept_lineitem") is not False:
        item["lineItem"] = {
            "label": assignment.title,
            "scoreMaximum": assignment.max_points,
            "resourceId": assignment.uuid,
            "tag": "badge",
            "submissionReview": {"reviewableStatus": REVIEWABLE},
        }
    return item


def response_claims(
    deployment: Deployment,
    settings: dict[str, Any],
    items: list[dict[str, Any]],
    *,
    now: datetime,
) -> dict[str, Any]:
    """Return the claims of the answer; an empty list of items means “cancelled”.

    Source: LTI Deep Linking 2.0 §4.5 (Deep Linking Response Message).
    """
    issued = int(now.timestamp())
    message: dict[str, Any] = {
        "iss": deployment.platform.client_id,
        "aud": deployment.platform.issuer,
        "iat": issued,
        "exp": issued + int(LIFETIME.total_seconds()),
        "nonce": secrets.token_urlsafe(24),
        f"{CLAIM}deployment_id": deployment.deployment_id,
        f"{CLAIM}message_type": "LtiDeepLinkingResponse",
        f"{CLAIM}version": "1.3.0",
        f"{DL}content_items": items,
    }
    if settings.get("data") is not None:
        message[f"{DL}data"] = settings["data"]
    return message


def sign_response(message: dict[str, Any], *, kid: str, pem: str) -> str:
    """Return the message as a compact JWS (RS256)."""
    header = {"alg": "RS256", "typ": "JWT", "kid": kid}
    return jwt.encode(header, message, RSAKey.import_key(pem))
