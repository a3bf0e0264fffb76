"""The outgoing client as a transport of `requests`, for libraries that bring their own session."""

from typing import Any

from requests import PreparedRequest, RequestException, Response
from requests.adapters import BaseAdapter

from app.core.http import OutgoingClient

# What a library that uses such a session may still raise by itself, such as for a status of 500.
SessionError = RequestException


class OutgoingAdapter(BaseAdapter):
    """Sends what a `requests.Session` prepared through the one outgoing client.

    So its limits, deadlines and address guard hold whatever the library asks
    for; `timeout`, `verify` and `proxies` of the caller count for nothing. A
    session must be told `allow_redirects=False`: each hop would be a call of
    its own, guarded, but followed.
    """

    def __init__(self, client: OutgoingClient, *, read_seconds: float) -> None:
        """Take the client. Units: `read_seconds` as in `OutgoingClient.call`."""
        super().__init__()
        self._client = client
        self._read_seconds = read_seconds

    def send(self, request: PreparedRequest, *_args: Any, **_options: Any) -> Response:
        """Send one request.

        Raises: `CallError`, which no library takes for its own.
        """
        body = request.body
        reply = self._client.call(
            request.method or "GET",
            request.url or "",
            headers={name: str(value) for name, value in request.headers.items()},
            data=body.encode() if isinstance(body, str) else body,
            read_seconds=self._read_seconds,
        )
        response = Response()
        response.status_code = reply.status
        response.headers = reply.headers
        response.encoding = "utf-8"
        response.url = request.url or ""
        response.request = request
        response._content = reply.body  # noqa: SLF001 (where `requests` keeps what was read)
        return response

    def close(self) -> None:
        """Close nothing: the client outlives the session."""
