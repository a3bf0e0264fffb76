"""Dynamic Registration: ask the LMS who it is, tell it who we are, keep what it answers.

The two calls to the LMS and the one write are apart: no transaction is open
while somebody else's server takes its time.
Source: LTI Dynamic Registration 1.0 §3.4 to §3.7.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core.crypto import Vault
from app.core.errors import ConflictError, InvalidError
from app.core.http import CallError, OutgoingClient, Reply
from app.platforms import configuration
from app.platforms.configuration import PlatformConfiguration, Registered
from app.platforms.invitations import use_up_invitation
from app.platforms.keys import ensure_tool_key
from app.platforms.models import Invitation, Platform, PlatformStatus
from app.platforms.quirks import token_audience
from app.platforms.service import find_platform, register_platform
from app.platforms.tool_document import registration_document

READ_SECONDS = 5.0
MAX_TOKEN = 8000
SUCCESS, REDIRECTS, REFUSALS = range(200, 300), range(300, 400), range(400, 500)


@dataclass(frozen=True)
class Agreement:
    """Both sides of one registration: what the LMS is, and how it knows the tool."""

    platform: PlatformConfiguration
    registered: Registered


def register_with(
    http: OutgoingClient,
    *,
    base_url: str,
    configuration_url: str,
    registration_token: str | None,
    allow_http: bool,
) -> Agreement:
    """Register the tool with the LMS whose configuration stands at this address.

    The token goes with both calls: Canvas wants it with the first one too.
    Raises: `InvalidError` in words for the LMS's administrator.
    """
    url = configuration.check_configuration_address(configuration_url, allow_http=allow_http)
    bearer = _bearer(registration_token)
    reply = _call(http, "GET", url, what="configuration", headers=bearer)
    platform = configuration.read_configuration(reply.body, source=url, allow_http=allow_http)
    document = json.dumps(registration_document(base_url, platform))
    reply = _call(
        http,
        "POST",
        platform.registration_url,
        what="registration",
        headers=bearer | {"Content-Type": "application/json"},
        data=document.encode(),
    )
    return Agreement(platform, configuration.read_answer(reply.body))


def keep_registration(
    session: Session,
    invitation: Invitation,
    agreement: Agreement,
    vault: Vault,
    *,
    now: datetime,
) -> Platform:
    """Keep the registration, waiting for approval, and use the invitation up.

    Raises: `ConflictError` if the issuer and client id are known already, or the
        invitation was used meanwhile.
    """
    told, registered = agreement.platform, agreement.registered
    if find_platform(session, issuer=told.issuer, client_id=registered.client_id) is not None:
        raise ConflictError(
            "The LMS gave Assay a client id under which it is registered already. Nothing was "
            "changed here. Add Assay there as a new tool, not as an update of an old one."
        )
    platform = register_platform(
        session,
        invitation.institution_id,
        name=invitation.name or told.account or told.issuer_host,
        issuer=told.issuer,
        client_id=registered.client_id,
        auth_url=told.auth_url,
        token_url=told.token_url,
        jwks_url=told.jwks_url,
        token_audience=token_audience(told.family, told.audience),
        deployment_ids=[registered.deployment_id] if registered.deployment_id else [],
        status=PlatformStatus.PENDING,
        told=configuration.as_facts(told, registered),
        product_family=told.family,
        actor=f"invitation:{invitation.id}",
        now=now,
    )
    use_up_invitation(session, invitation.id, platform_pk=platform.id, now=now)
    ensure_tool_key(session, vault, now=now)
    return platform


def _call(
    http: OutgoingClient,
    method: str,
    url: str,
    *,
    what: str,
    headers: dict[str, str],
    data: bytes | None = None,
) -> Reply:
    """Call the LMS; a redirect is not followed, wherever it leads."""
    request: dict[str, Any] = {"headers": {"Accept": "application/json"} | headers, "data": data}
    try:
        reply = http.call(method, url, read_seconds=READ_SECONDS, **request)
    except CallError as error:
        raise InvalidError(
            f"The LMS could not be asked for its {what}: {error} Only https addresses that "
            "anybody can reach are called."
        ) from error
    if reply.status in SUCCESS:
        return reply
    if reply.status in REDIRECTS:
        raise InvalidError(f"The LMS's {what} address leads elsewhere; that is not followed.")
    if reply.status in REFUSALS:
        raise InvalidError(
            f"The LMS refused the {what} (HTTP {reply.status}). Its registration may have run "
            "out: begin again there, with the same link."
        )
    raise InvalidError(f"The LMS has a fault of its own (HTTP {reply.status}). Try again later.")


def _bearer(token: str | None) -> dict[str, str]:
    if not token:
        return {}
    if len(token) > MAX_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise InvalidError("The registration token of the LMS is not one.")
    return {"Authorization": f"Bearer {token}"}
