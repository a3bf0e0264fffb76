"""The rules of an id_token, and what is read from one. Pure.

Source: LTI 1.3 core §5.3 and §5.4, LTI Security Framework 1.0 §5.1.3.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from app.core.told import clean_text
from app.launch.refusal import LaunchRefusedError, Mender
from app.platforms.quirks import is_navigation

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"

RESOURCE_LINK = "LtiResourceLinkRequest"
DEEP_LINK = "LtiDeepLinkingRequest"
SUBMISSION_REVIEW = "LtiSubmissionReviewRequest"
CONTEXT_LAUNCH = "LtiContextLaunchRequest"
# The second is the older name; platforms send either.
DATA_PRIVACY = frozenset({"LtiDataPrivacyLaunchRequest", "DataPrivacyLaunchRequest"})
KNOWN_MESSAGES = DATA_PRIVACY | {RESOURCE_LINK, DEEP_LINK, SUBMISSION_REVIEW, CONTEXT_LAUNCH}

LEEWAY_SECONDS = 60
MAX_AGE_SECONDS = 600
MAX_SECONDS = 1e12
MAX_ID_LENGTH = 255
MAX_ADDRESS_LENGTH = 2000
HOST = re.compile(r"[a-z0-9._-]{1,253}")

Claims = Mapping[str, Any]


def check_token(claims: Claims, *, issuer: str, client_id: str, now: float) -> None:
    """Check what OpenID Connect asks of an id_token. Units: `now` in seconds since 1970.

    Raises: `LaunchRefusedError`.
    """
    if claims.get("iss") != issuer:
        raise _bad("issuer", "The launch came from another issuer than the login.")
    check_audience(claims, client_id)
    _check_times(claims, now)


def check_audience(claims: Claims, client_id: str) -> None:
    """Check that the token is meant for this tool.

    Several audiences are accepted in any order, if `azp` names this tool.
    Source: OpenID Connect Core 1.0 §3.1.3.7, rules 3 to 5.
    Raises: `LaunchRefusedError`.
    """
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or client_id not in audiences:
        raise _bad("audience", "The launch is addressed to another tool.")
    azp = claims.get("azp")
    if (azp is not None or len(audiences) > 1) and azp != client_id:
        raise _bad("authorized_party", "The launch was made for another tool.")


def check_message(claims: Claims, *, tool_origin: str) -> str:
    """Check what LTI asks of the message; return its type.

    Raises: `LaunchRefusedError`.
    """
    if claims.get(f"{CLAIM}version") != "1.3.0":
        raise _bad("version", "The launch is not LTI 1.3.")
    message_type = claims.get(f"{CLAIM}message_type")
    if not isinstance(message_type, str) or not message_type:
        raise _bad("message_type", "The launch does not say what it wants.")
    _text(claims, f"{CLAIM}deployment_id", "deployment_id")
    subject = _text(claims, "sub", "subject")
    if not subject.isascii():
        raise _bad("subject", "The launch names its user in a way that LTI does not allow.")
    roles = claims.get(f"{CLAIM}roles")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise _bad("roles", "The launch does not list the user's roles.")
    _check_target(claims, message_type, tool_origin)
    _check_parts(claims, message_type)
    return message_type


def value(raw: Any, *, max_length: int = 500) -> str | None:
    """Return a text claim cleaned, or `None` if it says nothing.

    A substitution variable that the platform did not resolve arrives as its
    own name ("$User.name") or empty: both are no value. Source: LTI 1.3 core, appendix B.
    """
    return clean_text(raw, max_length=max_length)


def identifier(raw: Any) -> str | None:
    """Return an id exactly as sent, or `None` if it says nothing (see `value`).

    An id is compared, so it is never cleaned or cut: two that differ stay two.
    Raises: `LaunchRefusedError` if it is too long or has characters that show nothing.
    """
    cleaned = value(raw, max_length=MAX_ID_LENGTH + 1)
    if cleaned is None:
        return None
    if cleaned != raw or len(cleaned) > MAX_ID_LENGTH:
        raise _bad("odd_id", "The launch names something in a way that LTI does not allow.")
    return cleaned


def web_address(raw: Any) -> str | None:
    """Return an http(s) address, or `None` if it is none, or too long."""
    text = value(raw, max_length=MAX_ADDRESS_LENGTH + 1)
    if text is None or len(text) > MAX_ADDRESS_LENGTH or not origin_of(text):
        return None
    return text


def origin_of(url: str | None) -> str:
    """Return scheme, host and port of an address, as a policy header writes them; or nothing.

    The host is written in ASCII and may hold nothing that means something in a
    header: a space or semicolon would end the policy and begin another.
    """
    text = url or ""
    # A class launches with the same few addresses; an endless one is not worth keeping.
    return _origin(text) if len(text) <= MAX_ADDRESS_LENGTH else _origin.__wrapped__(text)


@lru_cache(maxsize=1000)
def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        is_ipv6 = ":" in host
        host = str(IPv6Address(host)) if is_ipv6 else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return ""
    if parts.scheme not in {"http", "https"} or not (is_ipv6 or HOST.fullmatch(host)):
        return ""
    return f"{parts.scheme}://{f'[{host}]' if is_ipv6 else host}" + (f":{port}" if port else "")


def opens_course(claims: Claims) -> bool:
    """Return whether a launch is for the course as a whole, and not for one activity in it."""
    message_type = claims.get(f"{CLAIM}message_type")
    if message_type == RESOURCE_LINK and is_navigation(claims):
        return identifier(part(claims, f"{CLAIM}context").get("id")) is not None
    return message_type == CONTEXT_LAUNCH


def return_address(claims: Claims) -> str | None:
    """Return where the LMS wants its people back; only checked claims may come here."""
    return web_address(part(claims, f"{CLAIM}launch_presentation").get("return_url"))


def with_error(return_url: str, message: str) -> str:
    """Return the way back with a message for the person behind it. Source: LTI 1.3 core §5.4.4."""
    parts = urlsplit(return_url)
    query = "&".join(filter(None, (parts.query, urlencode({"lti_errormsg": message}))))
    return urlunsplit(parts._replace(query=query))


def part(claims: Claims, name: str) -> Mapping[str, Any]:
    """Return a claim that is an object; an absent or misshapen one as an empty object."""
    found = claims.get(name)
    return found if isinstance(found, dict) else {}  # as JSON gives them


def _check_times(claims: Claims, now: float) -> None:
    expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
    if expires <= now - LEEWAY_SECONDS:
        raise _clock("expired", "This launch has run out.", now)
    if issued > now + LEEWAY_SECONDS:
        raise _clock("issued_in_future", "This launch comes from the future.", now)
    if issued < now - MAX_AGE_SECONDS:
        raise _clock("issued_too_long_ago", "This launch is too old.", now)
    if expires <= issued:
        raise _clock("expires_before_issue", "This launch ended before it began.", now)
    if claims.get("nbf") is not None and _seconds(claims, "nbf") > now + LEEWAY_SECONDS:
        raise _clock("not_yet_valid", "This launch is not valid yet.", now)


def _seconds(claims: Claims, name: str) -> float:
    raw = claims.get(name)
    # Beyond the limit a float could not hold it; not-a-number is never within.
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 <= raw <= MAX_SECONDS:
        raise _bad(f"no_{name}", f"The launch does not say its time ({name}).")
    return float(raw)


def _text(claims: Claims, name: str, cause: str) -> str:
    found = identifier(claims.get(name))
    if found is None:
        raise _bad(cause, f"The launch lacks a part that LTI requires ({cause}).")
    return found


def _check_target(claims: Claims, message_type: str, tool_origin: str) -> None:
    target = claims.get(f"{CLAIM}target_link_uri")
    if target is None and message_type == DEEP_LINK:
        return  # the certification suite sends none there
    if not isinstance(target, str) or origin_of(target) != tool_origin:
        raise _bad("target_link_uri", "The launch is meant for an address that is not this tool's.")


def _check_parts(claims: Claims, message_type: str) -> None:
    if message_type == RESOURCE_LINK:
        _text(part(claims, f"{CLAIM}resource_link"), "id", "resource_link_id")
    elif message_type == DEEP_LINK:
        settings = part(claims, DEEP_LINKING)
        if identifier(part(claims, f"{CLAIM}context").get("id")) is None:
            raise _bad("deep_link_without_context", "The LMS does not say in which course.")
        if not _can_be_sent_back(settings.get("data")):
            raise _bad("deep_link_data", "The LMS sent data that cannot be sent back.")
        if web_address(settings.get("deep_link_return_url")) is None:
            raise _bad("deep_link_return_url", "The LMS does not say where to return.")
        if not isinstance(settings.get("accept_types"), list):
            raise _bad("accept_types", "The LMS does not say what it accepts.")
    elif message_type == SUBMISSION_REVIEW:
        _text(part(claims, f"{CLAIM}for_user"), "user_id", "for_user")
    elif message_type == CONTEXT_LAUNCH:
        _text(part(claims, f"{CLAIM}context"), "id", "context_id")
    elif message_type in DATA_PRIVACY and claims.get(f"{CLAIM}for_user") is not None:
        _text(part(claims, f"{CLAIM}for_user"), "user_id", "for_user")


def _can_be_sent_back(data: Any) -> bool:
    try:
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:  # half a character, or no number
        return False
    return True


def _bad(cause: str, message: str) -> LaunchRefusedError:
    return LaunchRefusedError(message, cause=cause)


def _clock(cause: str, message: str, now: float) -> LaunchRefusedError:

    shown = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return LaunchRefusedError(
        f"{message} Open the activity again. If it stays so, the clocks of the LMS and of "
        f"Assay differ; here it is {shown}.",
        cause=cause,
        mender=Mender.LMS_ADMINISTRATOR,
    )
