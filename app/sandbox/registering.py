"""Dynamic registration, the LMS's side: what this LMS is, and how a tool gets to know it.

As Canvas, it tells its configuration only to who holds the registration token; as
Moodle, it takes the token once and keeps the tool switched off until its
administrator activates it.
Source: LTI Dynamic Registration 1.0 §3.4 to §3.7; Canvas `doc/api/registration.md`;
Moodle `ltiopenid/registration_helper.php`.
"""

import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.sandbox.config import LmsConfig
from app.sandbox.lms import SignedValueError, current_lms
from app.sandbox.models import Tool
from app.sandbox.replies import ServiceError, read_json, reply
from app.sandbox.vocabulary import ALLOWED_SCOPES, DEEP_LINK, RESOURCE_LINK, SUBMISSION_REVIEW

bp = Blueprint("registering", __name__)

TOKEN = "registration-token"  # noqa: S105 - the name of a kind
TOKEN_SECONDS = 3600
JSON = "application/json"
LTI_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
CLAIMS = ("iss", "sub", "name", "given_name", "family_name", "email")


def registration_address(link: str) -> str:
    """Return the tool's registration link with what it needs to register itself here.

    Source: LTI Dynamic Registration 1.0 §3.3.
    """
    lms = current_lms()
    query = urlencode(
        {
            "openid_configuration": f"{lms.config.issuer}/.well-known/openid-configuration",
            "registration_token": lms.seal(TOKEN, {"id": secrets.token_urlsafe(16)}),
        }
    )
    return f"{link}{'&' if urlsplit(link).query else '?'}{query}"


@bp.get("/.well-known/openid-configuration")
def configuration() -> ResponseReturnValue:
    """Say what this LMS is, to who holds a registration token."""
    _read_token()
    config = current_lms().config
    return reply(
        {
            "issuer": config.issuer,
            "authorization_endpoint": f"{config.issuer}/lti/authorize",
            "token_endpoint": config.token_url,
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "jwks_uri": f"{config.issuer}/lti/jwks.json",
            "registration_endpoint": f"{config.issuer}/lti/register",
            "scopes_supported": ["openid", *ALLOWED_SCOPES],
            "response_types_supported": ["id_token"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": list(CLAIMS),
            "subject_types_supported": ["public"],
            LTI_CONFIGURATION: {
                "product_family_code": "assay-practice",
                "version": "1",
                "messages_supported": [
                    {"type": RESOURCE_LINK},
                    {"type": DEEP_LINK, "placements": ["ContentArea"]},
                    {"type": SUBMISSION_REVIEW},
                ],
                "variables": ["Context.id.history", "ResourceLink.id.history"],
            },
        },
        JSON,
    )


@bp.post("/lti/register")
def register() -> ResponseReturnValue:
    """Keep a tool, switched off, and tell it how it is known here."""
    token = _read_token()
    document = read_json(JSON)
    tool_configuration = _check(document, current_lms().config)
    lms = current_lms()
    if not lms.database.use_up(TOKEN, token["id"]):
        raise ServiceError(401, "This registration token was used before.")
    asked = str(document.get("scope", "")).split()
    granted = [scope for scope in ALLOWED_SCOPES if scope in asked]
    number = secrets.token_hex(8)
    tool = Tool(
        client_id=f"tool-{number}",
        deployment_id=f"deployment-{number}",
        name=str(document["client_name"])[:200],
        custom=_custom(tool_configuration),
        scope=" ".join(granted),
    )
    answer = {
        **document,
        "client_id": tool.client_id,
        "scope": tool.scope,
        TOOL_CONFIGURATION: {**tool_configuration, "deployment_id": tool.deployment_id},
    }
    with lms.database.writing() as session:
        session.add(tool)
    return reply(answer, JSON)


def _read_token() -> dict[str, str]:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        raise ServiceError(401, "The registration token is missing.")
    try:
        return current_lms().unseal(TOKEN, value, max_age_seconds=TOKEN_SECONDS)
    except SignedValueError as error:
        raise ServiceError(401, "The registration token is not ours, or has run out.") from error


def _check(document: dict[str, Any], config: LmsConfig) -> dict[str, Any]:
    """Return the tool's LTI part. Raises: `ServiceError` naming what real LMSs refuse."""
    if document.get("application_type") != "web":
        raise ServiceError(400, "application_type must be web.")
    if "id_token" not in _list(document, "response_types"):
        raise ServiceError(400, "response_types must hold id_token.")
    if document.get("token_endpoint_auth_method") != "private_key_jwt":
        raise ServiceError(400, "token_endpoint_auth_method must be private_key_jwt.")
    if not str(document.get("client_name") or "").strip():
        raise ServiceError(400, "client_name is missing.")
    if _list(document, "redirect_uris") != [config.redirect_uri]:
        raise ServiceError(400, f"redirect_uris must be [{config.redirect_uri}].")
    if document.get("jwks_uri") != f"{config.tool_url}/lti/jwks.json":
        raise ServiceError(400, "jwks_uri must be the tool's own.")
    if document.get("initiate_login_uri") != f"{config.tool_url}/lti/login":
        raise ServiceError(400, "initiate_login_uri must be the tool's own.")
    tool = document.get(TOOL_CONFIGURATION)
    if not isinstance(tool, dict) or not tool.get("domain") or not tool.get("target_link_uri"):
        raise ServiceError(400, "The tool's configuration lacks domain or target_link_uri.")
    return tool


def _list(document: dict[str, Any], name: str) -> list[Any]:
    value = document.get(name)
    return value if isinstance(value, list) else []


def _custom(tool: dict[str, Any]) -> dict[str, str]:
    found = tool.get("custom_parameters")
    return {str(name): str(value) for name, value in (found or {}).items()}
