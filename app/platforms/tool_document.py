"""How the tool describes itself to an LMS: registration document, Canvas configuration. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from app.platforms.configuration import PlatformConfiguration
from app.platforms.quirks import CANVAS
from app.platforms.variables import CANVAS_VARIABLES, VARIABLES

NAME = "Assay"
DESCRIPTION = (
    "Micro-credentials inside the course: map an assignment, assess the work, award an Open Badge."
)
TOOL_ID = "assay"
CANVAS_KEYS = "https://canvas.instructure.com/lti/"
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
NOTICES = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
CORE_SCOPES = (f"{AGS}lineitem", f"{AGS}result.readonly", f"{AGS}score", NRPS)
SCOPES = (*CORE_SCOPES, NOTICES)
SCOPE_WORDS = {
    f"{AGS}lineitem": "Make and change its own gradebook columns",
    f"{AGS}result.readonly": "Read the results in its own columns",
    f"{AGS}score": "Write scores and comments into its own columns",
    NRPS: "Read who is in a course",
    NOTICES: "Be told when a course is copied",
}

CLAIMS = ("iss", "sub", "name", "given_name", "family_name", "email")

RESOURCE_LINK = "LtiResourceLinkRequest"
DEEP_LINK = "LtiDeepLinkingRequest"
SUBMISSION_REVIEW = "LtiSubmissionReviewRequest"
DATA_PRIVACY = "LtiDataPrivacyLaunchRequest"
CONTEXT = "LtiContextLaunchRequest"


@dataclass(frozen=True)
class Placement:
    """One place of Canvas where the tool appears, and the message that it launches there."""

    name: str
    message_type: str
    label: str


# Source: Canvas, “Configuring LTI advantage tools” (doc/api/lti_dev_key_config.md).
CANVAS_PLACEMENTS = (
    Placement("course_navigation", RESOURCE_LINK, NAME),
    Placement("assignment_selection", DEEP_LINK, NAME),
    Placement("link_selection", DEEP_LINK, NAME),
    Placement("editor_button", DEEP_LINK, NAME),
    Placement("homework_submission", DEEP_LINK, "My work in Assay"),
)
# The standard's own places. Source: LTI Dynamic Registration 1.0, “Placements”.
STANDARD_PLACEMENTS = ("ContentArea", "RichTextEditor")


@dataclass(frozen=True)
class ToolAddresses:
    """Every address that an LMS may ask for, under one base address."""

    base_url: str

    @property
    def host(self) -> str:
        """The host with its port, as `domain` wants it."""
        return urlsplit(self.base_url).netloc

    @property
    def login(self) -> str:
        """Where a login begins."""
        return f"{self.base_url}/lti/login"

    @property
    def launch(self) -> str:
        """Where every message goes, and the one redirect address."""
        return f"{self.base_url}/lti/launch"

    @property
    def jwks(self) -> str:
        """The public keys."""
        return f"{self.base_url}/lti/jwks.json"

    @property
    def notices(self) -> str:
        """Where the LMS sends its notices."""
        return f"{self.base_url}/lti/notices"

    @property
    def canvas(self) -> str:
        """The configuration that Canvas can fetch."""
        return f"{self.base_url}/lti/canvas.json"

    @property
    def logo(self) -> str:
        """The tool's mark."""
        return f"{self.base_url}/static/img/mark.svg"

    @property
    def privacy(self) -> str:
        """What happens to people's data."""
        return f"{self.base_url}/privacy"

    @property
    def terms(self) -> str:
        """The terms of use."""
        return f"{self.base_url}/terms"


def wanted_scopes(supported: Sequence[str]) -> list[str]:
    """Return the scopes to ask for: those needed that the platform has.

    A platform that lists none is asked for those of LTI Advantage: one that it
    does not know could fail the whole registration.
    """
    return [scope for scope in (SCOPES if supported else CORE_SCOPES) if _offers(supported, scope)]


def registration_document(base_url: str, platform: PlatformConfiguration) -> dict[str, Any]:
    """Return what the tool posts to a platform to be registered; nothing in it is null.

    Source: LTI Dynamic Registration 1.0 §3.5 and §3.6; Moodle
    `ltiopenid/registration_helper.php` (arrays, `private_key_jwt`, domain); Canvas
    `doc/api/registration.md` (its own keys; without them names are withheld).
    """
    to = ToolAddresses(base_url)
    is_canvas = platform.family == CANVAS
    custom = {**VARIABLES, **(CANVAS_VARIABLES if is_canvas else {})}
    configuration: dict[str, Any] = {
        "domain": to.host,
        "secondary_domains": [],
        "description": DESCRIPTION,
        "target_link_uri": to.launch,
        "custom_parameters": custom,
        "claims": list(CLAIMS),
        "messages": _messages(to, platform),
    }
    if is_canvas:
        configuration[f"{CANVAS_KEYS}privacy_level"] = "public"
        configuration[f"{CANVAS_KEYS}tool_id"] = TOOL_ID
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["client_credentials", "implicit"],
        "initiate_login_uri": to.login,
        "redirect_uris": [to.launch],
        "client_name": NAME,
        "jwks_uri": to.jwks,
        "logo_uri": to.logo,
        "client_uri": f"{base_url}/",
        "policy_uri": to.privacy,
        "tos_uri": to.terms,
        "token_endpoint_auth_method": "private_key_jwt",
        "id_token_signed_response_alg": "RS256",
        "scope": " ".join(wanted_scopes(platform.scopes)),
        TOOL_CONFIGURATION: configuration,
    }


def canvas_configuration(base_url: str) -> dict[str, Any]:
    """Return what a Canvas developer key takes as JSON.

    Source: Canvas `doc/api/lti_dev_key_config.md`.
    """
    to = ToolAddresses(base_url)
    placements = [
        {
            "placement": place.name,
            "message_type": place.message_type,
            "target_link_uri": to.launch,
            "text": place.label,
            "icon_url": to.logo,
            "enabled": True,
        }
        for place in CANVAS_PLACEMENTS
    ]
    return {
        "title": NAME,
        "description": DESCRIPTION,
        "oidc_initiation_url": to.login,
        "target_link_uri": to.launch,
        "public_jwk_url": to.jwks,
        "scopes": list(SCOPES),
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": to.host,
                "tool_id": TOOL_ID,
                "privacy_level": "public",
                "settings": {
                    "text": NAME,
                    "icon_url": to.logo,
                    "selection_width": 1000,
                    "selection_height": 800,
                    "placements": placements,
                },
            }
        ],
        "custom_fields": {**VARIABLES, **CANVAS_VARIABLES},
    }


def _messages(to: ToolAddresses, platform: PlatformConfiguration) -> list[dict[str, Any]]:
    """Return the messages that the platform has, each with the places that it has."""
    common: dict[str, Any] = {"target_link_uri": to.launch, "icon_uri": to.logo}
    messages = [
        {"type": message_type, "label": NAME, **common, **_placed(platform, message_type)}
        for message_type in (RESOURCE_LINK, DEEP_LINK)
        if _offers(list(platform.messages), message_type)
    ]
    messages.extend(
        {"type": message_type, "label": NAME, **common}
        for message_type in (SUBMISSION_REVIEW, DATA_PRIVACY, CONTEXT)
        if message_type in platform.messages
    )
    return messages


def _placed(platform: PlatformConfiguration, message_type: str) -> Mapping[str, Any]:
    offered = platform.messages.get(message_type, ())
    if platform.family == CANVAS:
        mine = [place for place in CANVAS_PLACEMENTS if place.message_type == message_type]
        names = [place.name for place in mine if _offers(offered, place.name)]
        # Teachers add it where they want it: shown in every course's menu, it would be noise.
        hidden = {f"{CANVAS_KEYS}course_navigation/default_enabled": False}
        return {"placements": names, **(hidden if message_type == RESOURCE_LINK else {})}
    if message_type != DEEP_LINK:
        return {}
    names = [name for name in STANDARD_PLACEMENTS if name in offered]
    return {"placements": names or ["ContentArea"]}


def _offers(offered: Sequence[str], wanted: str) -> bool:
    """Return whether something is offered; a platform that lists nothing is not asked to."""
    return not offered or wanted in offered
