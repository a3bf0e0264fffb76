"""Believe forwarded addresses only from the proxies that the settings name."""

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from app.settings import Network

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_FORWARDED",
)


class TrustedProxies:
    """WSGI middleware: one hop of X-Forwarded-*, and only from a trusted address."""

    def __init__(self, wsgi_app: "WSGIApplication", networks: Sequence[Network]) -> None:
        """Wrap the application."""
        self._plain = wsgi_app
        self._forwarded = ProxyFix(wsgi_app, x_for=1, x_proto=1, x_host=0)
        self._networks = networks
        # The same few proxies ask again and again.
        self._trusts = lru_cache(maxsize=1000)(self._is_trusted)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Apply the headers, or take them away."""
        if self._trusts(environ.get("REMOTE_ADDR", "")):
            return self._forwarded(environ, start_response)
        for name in FORWARDED:
            environ.pop(name, None)
        return self._plain(environ, start_response)

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)
