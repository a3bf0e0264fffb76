"""The one outgoing client: time and size limits, no redirects, an address guard."""

import http.client
import io
import ipaddress
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from app.core.errors import DeliveryError

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
# A whole call, from the look-up of the name to the last byte, takes this many silences at most.
SILENCES = 3
CHUNK_BYTES = 64 * 1024
MAX_BYTES = 4 * 1024 * 1024
# All of IPv6 that is handed out for the open network; whatever lies outside has its own rules.
OPEN_IPV6 = ipaddress.IPv6Network("2000::/3")


class CallError(DeliveryError):
    """The other system could not be reached, or what came back could not be read.

    `is_refused`: the address is none that is called, today or tomorrow.
    """

    is_refused = False


class RefusedError(CallError):
    """The address is not called at all."""

    is_refused = True


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


@dataclass(frozen=True)
class _Patience:
    """How long a call waits: `silence` for the next byte, and never beyond `ends_at`."""

    silence: float
    ends_at: float

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.ends_at

    def seconds(self, most: float | None = None) -> float:
        """Return how long the next step may take: as long as a silence, or at `most`.

        Raises: `TimeoutError` if the call has had its time, as a socket does.
        """
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("The call has had its time.")
        return min(self.silence if most is None else most, left)


# Of the call that this thread is in. A call begins and ends in one thread, while the
# connections that serve it are pooled and outlive it.
_patience: ContextVar[_Patience] = ContextVar("patience")


class _TimedStream(io.RawIOBase):
    """What a socket receives; every single read is measured against the call's end.

    The socket's own time-out begins anew with each byte, so alone it bounds nothing.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_patience.get().seconds())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedSocket:
    """A socket as far as `http.client` needs one to read an answer."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedStream(self._sock))


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(_TimedSocket(sock), *args, **options)  # type: ignore[arg-type]


class _Timed(HTTPConnection):
    """A connection whose every step ends with the call."""

    response_class = _TimedResponse

    def _new_conn(self) -> socket.socket:
        self.timeout = _patience.get().seconds(CONNECT_SECONDS)
        sock = super()._new_conn()
        # The handshake, if there is one, is bounded as a whole by the time-out set here.
        try:
            sock.settimeout(_patience.get().seconds(CONNECT_SECONDS))
        except TimeoutError:
            sock.close()
            raise
        return sock

    def send(self, data: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(_patience.get().seconds())
        super().send(data)


class _TimedTls(_Timed, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Timed


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TimedTls


class _Adapter(IPFilterAdapter):
    """Connects to open addresses alone, and on time."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def build_connection_pool_key_attributes(self, *args: Any, **options: Any) -> Any:
        """Refuse what the library's list of closed ranges forgets; the host is an address here."""
        host, pool = super().build_connection_pool_key_attributes(*args, **options)
        address = ipaddress.ip_address(host["host"].strip("[]"))
        is_open = address.is_global and (address.version == 4 or address in OPEN_IPV6)  # noqa: PLR2004
        if not is_open and not (self._allow_loopback and address.is_loopback):
            raise InvalidIPAddress(address)
        return host, pool


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
                _Adapter(is_https_proto=scheme == "https", allow_loopback=allow_loopback),
            )

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        data: bytes | dict[str, str] | None = None,
        read_seconds: float | None = None,
        first_bytes: int | None = None,
    ) -> Reply:
        """Send one request and return the answer, whatever its status.

        Units: `read_seconds` is the longest silence (by default `READ_SECONDS`); the whole
            call ends after `SILENCES` of them, however busily the other side drips.
            `first_bytes`: no more is read of the answer, and that it goes on is no error.

        Raises: `CallError` if it was not sent, timed out, or is too large.
        """
        self._check(url)
        silence = READ_SECONDS if read_seconds is None else read_seconds
        with _within(silence) as patience, _told_plainly(patience):
            response = self._session.request(
                method,
                url,
                headers=headers,
                data=data,
                timeout=(CONNECT_SECONDS, silence),
                allow_redirects=False,
                stream=True,
            )
            with response:
                body = _read(response, MAX_BYTES + 1 if first_bytes is None else first_bytes)
        if len(body) > MAX_BYTES:
            raise CallError("The answer was too large.")
        return Reply(response.status_code, response.headers, body)

    def _check(self, url: str) -> None:
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise RefusedError("The address cannot be read; it is not called.") from error
        if parts.scheme == "https" and parts.hostname:
            return
        if parts.scheme == "http" and parts.hostname and self._allow_loopback:
            return
        raise RefusedError("Only https addresses are called.")


@contextmanager
def _within(silence: float) -> Iterator[_Patience]:
    patience = _Patience(silence, time.monotonic() + SILENCES * silence)
    token = _patience.set(patience)
    try:
        yield patience
    finally:
        _patience.reset(token)


@contextmanager
def _told_plainly(patience: _Patience) -> Iterator[None]:
    """Turn whatever the libraries raise into a `CallError`."""
    try:
        yield
    except InvalidIPAddress as error:
        raise RefusedError("The address is not public; it is not called.") from error
    except (OSError, HTTPError, ValueError) as error:
        name = type(error).__name__
        if patience.is_over:
            raise CallError("The answer took too long.") from error
        if isinstance(error, requests.RequestException):
            raise CallError(f"No answer ({name}).") from error
        if isinstance(error, ValueError):  # a name that is none, a header beyond Latin-1
            raise CallError(f"The request cannot be written ({name}).") from error
        # urllib3 raises its own errors while a streamed body is read
        raise CallError(f"The answer broke off ({name}).") from error


def _read(response: requests.Response, most: int) -> bytes:
    """Read at most so many bytes."""
    parts: list[bytes] = []
    size = 0
    for part in response.raw.stream(CHUNK_BYTES, decode_content=True):
        parts.append(part)
        size += len(part)
        if size >= most:
            break
    return b"".join(parts)[:most]
