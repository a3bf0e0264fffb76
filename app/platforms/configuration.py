"""What an LMS says of itself when it registers: read with distrust. Pure.

Whoever holds an invitation chooses the address that this came from, so nothing
in it is believed: addresses must be web addresses, texts are cleaned, and where
a host has nothing to do with the issuer, the administrator is told.
Source: LTI Dynamic Registration 1.0 §3.4; OpenID Connect Discovery 1.0 §3.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from app.core.errors import InvalidError

LTI_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
CANVAS_ACCOUNT = "https://canvas.instructure.com/lti/account_name"
MAX_BYTES = 256 * 1024
MAX_ADDRESS = 1000
MAX_ID = 255
MAX_ITEMS = 200
# Hosts of different names that belong to one vendor. Source: Canvas `doc/api/lti_dev_key_config.md`
# (issuer at instructure.com, sign-in at canvaslms.com); Blackboard, “Register LTI 1.3 tools”.
VENDORS = (
    frozenset({"instructure.com", "canvaslms.com"}),
    frozenset({"blackboard.com", "anthology.com"}),
)
# Under these, the part that a customer chooses stands one further to the left.
SHARED_SUFFIXES = frozenset({"ac", "co", "com", "edu", "gov", "net", "org", "sch"})
COUNTRY_LENGTH = 2


@dataclass(frozen=True)
class PlatformConfiguration:
    """An LMS's OpenID configuration, checked.

    `audience`: who tokens are asked of, where the LMS names it; else `None`.
    `family`, `version`, `account`: the product, as it says; may be `None`.
    `messages`: type → places. `strange`: hosts that do not belong to the issuer's.
    """

    issuer: str
    auth_url: str
    token_url: str
    jwks_url: str
    registration_url: str
    audience: str | None
    scopes: tuple[str, ...]
    family: str | None
    version: str | None
    account: str | None
    messages: Mapping[str, tuple[str, ...]]
    notices: tuple[str, ...]
    strange: tuple[str, ...]

    @property
    def issuer_host(self) -> str:
        """The host of the issuer."""
        return host_of(self.issuer)


@dataclass(frozen=True)
class Registered:
    """What the LMS answered: how the tool is known to it now, and what it was granted.

    `deployment_id`: `None` where the first launch tells it (Canvas).
    """

    client_id: str
    deployment_id: str | None
    scopes: tuple[str, ...]


def check_configuration_address(address: str, *, allow_http: bool) -> str:
    """Return the address of a configuration if it may be called at all.

    Raises: `InvalidError`.
    """
    return _web_address(address, "configuration", allow_http=allow_http)


def read_configuration(body: bytes, *, source: str, allow_http: bool) -> PlatformConfiguration:
    """Check an OpenID configuration that was fetched from `source`.

    Raises: `InvalidError` naming what is wrong, in words for the LMS's administrator.
    """
    document = _read_object(body, "configuration")

    def address(name: str) -> str:
        value = document.get(name)
        if not isinstance(value, str) or not value:
            raise InvalidError(f"The configuration of the LMS lacks “{name}”.")
        return _web_address(value, name, allow_http=allow_http)

    issuer = address("issuer")
    if not related(host_of(issuer), host_of(source)):
        raise InvalidError(
            f"The configuration stands at {host_of(source)}, but speaks for another host, "
            f"{host_of(issuer)}. Nothing was registered."
        )
    urls = {
        name: address(name)
        for name in (
            *("authorization_endpoint", "token_endpoint", "jwks_uri"),
            "registration_endpoint",
        )
    }
    if host_of(urls["registration_endpoint"]) != host_of(source) and not related(
        host_of(urls["registration_endpoint"]), host_of(issuer)
    ):
        raise InvalidError("The configuration sends the registration to another host.")
    lti = document.get(LTI_CONFIGURATION)
    lti = lti if isinstance(lti, dict) else {}
    family = _text(lti.get("product_family_code"), 100)
    audience = _text(document.get("authorization_server"), MAX_ADDRESS)
    hosts = dict.fromkeys(host_of(url) for url in (*urls.values(), audience or issuer))
    return PlatformConfiguration(
        issuer=issuer,
        auth_url=urls["authorization_endpoint"],
        token_url=urls["token_endpoint"],
        jwks_url=urls["jwks_uri"],
        registration_url=urls["registration_endpoint"],
        audience=audience,
        scopes=_texts(document.get("scopes_supported")),
        family=family.lower() if family else None,
        version=_text(lti.get("version"), 60),
        account=_text(lti.get(CANVAS_ACCOUNT), 200),
        messages=_messages(lti.get("messages_supported")),
        notices=_notices(lti.get("notice_types_supported")),
        strange=tuple(host for host in hosts if not related(host, host_of(issuer))),
    )


def read_answer(body: bytes) -> Registered:
    """Read what the LMS answered to the registration.

    The scopes are read again: its administrator may have granted fewer.
    Raises: `InvalidError`.
    """
    answer = _read_object(body, "answer")
    client_id = _id(answer.get("client_id"))
    if client_id is None:
        raise InvalidError("The LMS answered without a client id, so Assay cannot know it by one.")
    tool, scope = answer.get(TOOL_CONFIGURATION), answer.get("scope")
    return Registered(
        client_id=client_id,
        deployment_id=_id(tool.get("deployment_id")) if isinstance(tool, dict) else None,
        scopes=_texts(scope.split() if isinstance(scope, str) else scope),
    )


def as_facts(platform: PlatformConfiguration, registered: Registered) -> dict[str, Any]:
    """Return what is kept beside the registration, for the administrator to look at."""
    facts = {
        "registration_host": host_of(platform.registration_url),
        "version": platform.version,
        "account": platform.account,
        "messages": sorted(platform.messages),
        "notices": list(platform.notices),
        "scopes": list(registered.scopes),
        "deployment_id": registered.deployment_id,
        "strange": list(platform.strange),
    }
    return {name: value for name, value in facts.items() if value is not None}


def host_of(address: str) -> str:
    """Return the host of an address, in small letters; empty if it has none.

    The dot that may end a name says nothing and goes.
    """
    try:
        return (urlsplit(address).hostname or "").lower().rstrip(".")
    except ValueError:
        return ""


def related(one: str, other: str) -> bool:
    """Return whether two hosts plainly belong together: same domain, or one vendor's."""
    if one == other:
        return True
    first, second = _domain(one), _domain(other)
    return first == second or any({first, second} <= vendor for vendor in VENDORS)


def _domain(host: str) -> str:
    """Return the part of a host that one owner has: the last two labels, or three."""
    try:
        ip_address(host)
    except ValueError:
        pass
    else:
        return host
    labels = host.split(".")
    deep = (
        len(labels) > COUNTRY_LENGTH
        and len(labels[-1]) == COUNTRY_LENGTH
        and labels[-2] in SHARED_SUFFIXES
    )
    return ".".join(labels[-3:] if deep else labels[-2:])


def _read_object(body: bytes, what: str) -> dict[str, Any]:
    if len(body) > MAX_BYTES:
        raise InvalidError(f"The {what} of the LMS is too large to be one.")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidError(
            f"The {what} of the LMS is not JSON; perhaps it is a web page."
        ) from error
    if not isinstance(found, dict):
        raise InvalidError(f"The {what} of the LMS is not what it should be.")
    return found


def _web_address(value: str, name: str, *, allow_http: bool) -> str:
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    schemes = {"http", "https"} if allow_http else {"https"}
    is_clean = value.isascii() and value.isprintable() and not set(" \"'<>;,\\") & set(value)
    if parts.scheme not in schemes or not host or parts.username is not None or not is_clean:
        raise InvalidError(f"“{name}” of the LMS is not a web address that Assay may call.")
    if len(value) > MAX_ADDRESS:
        raise InvalidError(f"“{name}” of the LMS is too long.")
    return value


def _text(value: Any, longest: int) -> str | None:
    if not isinstance(value, str):
        return None
    cleaned = "".join(letter for letter in value if letter.isprintable()).strip()
    return cleaned[:longest] or None


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        return ()
    found = (_text(value, MAX_ID) for value in values[:MAX_ITEMS])
    return tuple(dict.fromkeys(value for value in found if value))


def _messages(values: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(values, list):
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for value in values[:MAX_ITEMS]:
        kind = _text(value.get("type"), 100) if isinstance(value, dict) else None
        if kind:
            found[kind] = _texts([*found.get(kind, ()), *_texts(value.get("placements"))])
    return found


def _notices(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        return ()
    return _texts(
        [value.get("notice_type") if isinstance(value, dict) else value for value in values]
    )


def _id(value: Any) -> str | None:
    """Return an id as it was sent, a number as text (Moodle); `None` if it is none."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not 0 < len(text) <= MAX_ID:
        return None
    return text if text.isprintable() and text == text.strip() else None
