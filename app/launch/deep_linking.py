"""The answer to a deep-linking launch: the items, and one signed message around them."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey
from markupsafe import Markup

from app.catalog.models import AchievementVersion
from app.launch.claims import CLAIM
from app.mapping.asked import RESOURCE_LINK, Asked
from app.mapping.history import UUID_KEY
from app.mapping.models import Assignment
from app.mapping.schedule import written
from app.passback.lineitems import TAG, describe_review
from app.platforms.models import Deployment
from app.platforms.quirks import link_variables
from app.platforms.variables import VARIABLES

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
LIFETIME = timedelta(minutes=50)
PAGE_KEY = "assay_page"
ACHIEVEMENT_KEY = "assay_achievement"
CREDENTIALS = "credentials"
FRAME = {"width": 1000, "height": 800}
WINDOW = {"targetName": "_blank"}
BADGE_PIXELS = 128
MAX_TEXT = 500


@dataclass(frozen=True)
class Addresses:
    """Whole addresses of the tool: where links lead, and of one achievement."""

    launch: str
    achievement: str = ""
    image: str = ""


def assignment_item(
    assignment: Assignment, *, addresses: Addresses, asked: Asked, family: str | None
) -> dict[str, Any]:
    """Return the assignment as a link for the LMS; nothing in it is null or empty.

    Identity travels in `custom`, not in the address: Brightspace refuses query
    strings there. Source: LTI Deep Linking 2.0 §3.2 (LTI Resource Link).
    """
    version = assignment.version
    identity = {UUID_KEY: assignment.uuid}
    item: dict[str, Any] = {
        **_resource_link(addresses, asked, version),
        "title": assignment.title,
        "text": f"{version.achievement.level.name}: {version.name}",
        "custom": {**identity, **VARIABLES, **link_variables(family)},
        **_dates(assignment),
    }
    if asked.takes_columns:
        item["lineItem"] = {
            "label": assignment.title,
            "scoreMaximum": assignment.max_points,
            "resourceId": assignment.uuid,
            "tag": TAG,
            "gradesReleased": True,
            "submissionReview": describe_review(addresses.launch, assignment.uuid),
        }
    return item


def credentials_item(title: str, *, addresses: Addresses, asked: Asked) -> dict[str, Any]:
    """Return a link to whoever opens it's own credentials; it is not graded."""
    item = _resource_link(addresses, asked, None)
    return {**item, "title": title, "custom": {PAGE_KEY: CREDENTIALS}}


def achievement_item(
    version: AchievementVersion, *, addresses: Addresses, asked: Asked
) -> dict[str, Any]:
    """Return a link to an achievement that is not graded, of the kind that the LMS takes.

    Its public page is for everybody, so a plain link is best; the page inside the
    course is for an LMS that takes only launches. Source: LTI Deep Linking 2.0 §3.1, §3.2, §3.4.
    """
    title, text = version.name, version.description[:MAX_TEXT]
    if "link" in asked.types:
        item = {"type": "link", "url": addresses.achievement, "title": title, "text": text}
        return item | {"icon": _icon(addresses)}
    if "html" in asked.types:
        html = Markup('<a href="{}" target="_blank" rel="noopener">{}</a>')
        return {
            "type": "html",
            "title": title,
            "text": text,
            "html": str(html.format(addresses.achievement, title)),
        }
    item = _resource_link(addresses, asked, version)
    custom = {ACHIEVEMENT_KEY: version.public_id}
    return {**item, "title": title, "text": text, "custom": custom}


def file_item(
    url: str, *, title: str, media_type: str | None, expires_at: datetime
) -> dict[str, Any]:
    """Return a file that the LMS is to fetch before its address expires.

    Source: LTI Deep Linking 2.0 §3.3 (File).
    """
    item = {"type": "file", "url": url, "title": title, "expiresAt": written(expires_at)}
    return item | ({"mediaType": media_type} if media_type else {})


def link_item(url: str, *, title: str) -> dict[str, Any]:
    """Return a plain link. Source: LTI Deep Linking 2.0 §3.1 (Link)."""
    return {"type": "link", "url": url, "title": title}


def response_claims(
    deployment: Deployment,
    settings: dict[str, Any],
    items: list[dict[str, Any]],
    *,
    error: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """Return the claims of the answer; an empty list of items means “cancelled”.

    `error`: what went wrong, for the person in front of the LMS.
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
    if error:
        message[f"{DL}errormsg"] = error
    return message


def sign_response(message: dict[str, Any], *, kid: str, pem: str) -> str:
    """Return the message as a compact JWS (RS256)."""
    header = {"alg": "RS256", "typ": "JWT", "kid": kid}
    return jwt.encode(header, message, RSAKey.import_key(pem))


def _resource_link(
    addresses: Addresses, asked: Asked, version: AchievementVersion | None
) -> dict[str, Any]:
    item: dict[str, Any] = {"type": RESOURCE_LINK, "url": addresses.launch}
    if asked.target:
        item[asked.target] = FRAME if asked.target == "iframe" else WINDOW
    if version is not None:
        item["icon"] = _icon(addresses)
    return item


def _icon(addresses: Addresses) -> dict[str, Any]:
    return {"url": addresses.image, "width": BADGE_PIXELS, "height": BADGE_PIXELS}


def _dates(assignment: Assignment) -> dict[str, Any]:
    """Return when it can be opened and until when it is due; what is not known is left out."""
    opens, due, closes = assignment.opens_at, assignment.due_at, assignment.closes_at
    available = {"startDateTime": opens, "endDateTime": closes}
    parts = {"available": available, "submission": {"endDateTime": due}}
    told = {
        name: {key: written(moment) for key, moment in part.items() if moment is not None}
        for name, part in parts.items()
    }
    return {name: part for name, part in told.items() if part}
