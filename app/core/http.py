"""The one outgoing client: timeouts, a size limit, no redirects, an address guard."""

import json
import time
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter

from app.core.errors import DeliveryError

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
CHUNK_BYTES = 64 * 1024
MAX_BYTES = 4 * 1024 * 1024


class CallError(DeliveryError):
    """The other system could not be reached, or what came back could not be read."""


@dataclass(frozen=True)
class Reply:
    """What another system answered; `body` is at most `MAX_BYTES` long."""

    status: int
    headers: requests.structures.CaseInsensitiveDict[str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """Return the body as JSON.

        Raises: `CallError` if it is something else.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise CallError("The answer was not JSON.") from error


class OutgoingClient:
    """Calls other systems on behalf of the tool.

    Only https to public addresses; http and loopback only where the settings
    say so. The name is resolved once and that address is used, so a second
    answer of the name server cannot lead inside.
    """

    def __init__(self, *, user_agent: str, allow_loopback: bool) -> None:
        """Prepare one pooled session."""
        self._allow_loopback = allow_loopback
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers["User-Agent"] = user_agent
        for scheme in ("https", "http"):
            self._session.mount(
                f"{scheme}://",
                IPFilterAdapter(is_https_proto=scheme == "https", allow_loopback=allow_loopback),
            )

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        data: bytes | dict[str, str] | None = None,
        read_seconds: float | None = None,
    ) -> Reply:
        """Send one request and return the answer, whatever its status.

        Units: `read_seconds` is the longest silence (by default `READ_SECONDS`), and a third
            of the longest answer.

        Raises: `CallError` if it was not sent, timed out, or is too large.
        """
        self._check(url)
        silence = READ_SECONDS if read_seconds is None else read_seconds
        try:
            with self._session.request(
                method,
                url,
                headers=headers,
                data=data,
                timeout=(CONNECT_SECONDS, silence),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = _read(response, time.monotonic() + 3 * silence)
        except InvalidIPAddress as error:
            raise CallError("The address is not public; it is not called.") from error
        except requests.RequestException as error:
            raise CallError(f"No answer ({type(error).__name__}).") from error
        except Exception as error:  # urllib3 raises its own errors while a streamed body is read
            if type(error).__module__.startswith("urllib3"):
                raise CallError(f"The answer broke off ({type(error).__name__}).") from error
            raise
        if len(body) > MAX_BYTES:
            raise CallError("The answer was too large.")
        return Reply(response.status_code, response.headers, body)

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "https" and parts.hostname:
            return
        if parts.scheme == "http" and parts.hostname and self._allow_loopback:
            return
        raise CallError("Only https addresses are called.")


def _read(response: requests.Response, deadline: float) -> bytes:
    """Read at most one byte more than allowed; a server that drips is left at the deadline."""
    parts: list[bytes] = []
    size = 0
    for part in response.raw.stream(CHUNK_BYTES, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            break
        if time.monotonic() > deadline:
            raise CallError("The answer took too long.")
    return b"".join(parts)
