"""Sessions where no cookie can be kept: their secret is the first part of the address.

`/~<secret>/courses/1/…` is `/courses/1/…` for whoever has that session. How such an
address is kept from being worth anything elsewhere: docs/decisions/0009.
"""

import hmac
import re
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Flask, Request, Response, has_request_context, request
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SecureCookieSession
from itsdangerous import BadSignature, URLSafeTimedSerializer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ADDRESS = re.compile(r"/~(?P<secret>[A-Za-z0-9_-]{43})(?P<path>/.*)", re.DOTALL)
SECRET_BYTES = 32  # 43 characters of the URL-safe alphabet
SECRET_KEY = "assay.address_secret"  # noqa: S105 (the name of an entry of the WSGI environment)
CSRF_KEY = "csrf_token"  # where Flask-WTF looks for it
FLASHES_KEY = "_flashes"  # where Flask keeps them
SAID = "_said"
SAID_SECONDS = 60
# The page on which a launch waits for its proof is the one other that may lead here.
FIRST_PAGE = "/lti/launch"


class AddressSessions:
    """WSGI middleware: moves the secret from the path to the script name.

    So every address that the program builds keeps the secret by itself.
    """

    def __init__(self, wsgi_app: "WSGIApplication") -> None:
        """Wrap the application."""
        self._app = wsgi_app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Take the secret out of the path, if there is one."""
        path = environ.get("PATH_INFO", "")
        if path.startswith("/~") and (found := ADDRESS.fullmatch(path)):
            environ[SECRET_KEY] = found["secret"]
            environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}/~{found['secret']}"
            environ["PATH_INFO"] = found["path"]
        return self._app(environ, start_response)


def address_secret() -> str | None:
    """Return the session secret in this request's address, if it has one."""
    secret: str | None = request.environ.get(SECRET_KEY) if has_request_context() else None
    return secret


def without_secret(address: str) -> str:
    """Return an address of this tool without the session secret of this request."""
    return address if address_secret() is None else address.replace(request.script_root, "", 1)


def comes_from_its_own_page(secret: str) -> bool:
    """Return whether a page of the same session, inside a frame, made this request.

    So the address alone opens nothing: not typed in, not as a link in a message or
    on somebody's page, not in another site's frame, not in a window of its own. A
    browser that does not say where a request comes from gets no such session.
    Source: W3C Fetch Metadata Request Headers, §2.1 and §2.4.
    """
    site, kind = (request.headers.get(f"Sec-Fetch-{name}") for name in ("Site", "Dest"))
    if site != "same-origin" or not kind or kind == "document":
        return False
    parts = urlsplit(request.referrer or "")
    is_own = parts.path == FIRST_PAGE or parts.path.startswith(f"/~{secret}/")
    return parts.netloc == request.host and is_own


class AddressSession(SecureCookieSession):
    """The session of an address: nothing of it is in a cookie, and no cookie adds to it.

    `cookie_sid`: the secret of the session that a cookie names beside it, if one came.
    """

    cookie_sid: str | None = None


class SaidMessages:
    """Messages for the next page travel in its address, signed, for a minute."""

    def __init__(self, secret_key: str) -> None:
        """Derive the keys."""
        self._key = secret_key.encode()
        self._signer = URLSafeTimedSerializer(
            secret_key, salt="assay said", serializer=TaggedJSONSerializer()
        )

    def open(self, secret: str, asked: Request, *, sid_key: str) -> AddressSession:
        """Return the session of a secret, with its form token and what is to be said."""
        form_token = hmac.new(self._key, b"form token of " + secret.encode(), sha256)
        values: dict[str, Any] = {sid_key: secret, CSRF_KEY: form_token.hexdigest()}
        if SAID in asked.args:
            try:
                whose, said = self._signer.loads(asked.args[SAID], max_age=SAID_SECONDS)
            except (BadSignature, ValueError):
                whose, said = "", []
            if whose == _fingerprint(secret):
                values[FLASHES_KEY] = said
        return AddressSession(values)

    def carry(self, session: AddressSession, response: Response) -> None:
        """Give a redirect to a page of the session what that page has to say."""
        said, location = session.get(FLASHES_KEY), response.location
        if not said or not location or not location.startswith(f"{request.script_root}/"):
            return
        mark = _fingerprint(str(address_secret()))
        parts = urlsplit(location)
        query = [*parse_qsl(parts.query, keep_blank_values=True)]
        texts = [(category, str(message)) for category, message in said]
        query.append((SAID, self._signer.dumps((mark, texts))))
        response.location = urlunsplit(parts._replace(query=urlencode(query)))


def make_private(response: Response) -> None:
    """Keep a page whose address is a secret out of caches and other sites' referrers.

    Not `no-referrer`: forms over https, and `comes_from_its_own_page`, need it within the tool.
    """
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"


class Application(Flask):
    """Flask, but public pages are linked to without the secret of a session's address."""

    def url_for(self, endpoint: str, **values: Any) -> str:
        """Build an address as Flask does; take the secret out of one that anybody may open."""
        address = super().url_for(endpoint, **values)
        if address_secret() is None:
            return address
        if endpoint.startswith("."):
            endpoint = f"{request.blueprint}{endpoint}" if request.blueprint else endpoint[1:]
        return without_secret(address) if self.is_public(endpoint) else address

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is: no view is `async`, and Flask asks for each anew."""
        return func

    def is_public(self, endpoint: str) -> bool:
        """Return whether anybody may call an endpoint; `install_access` says which."""
        rules: dict[str, str] = self.extensions["assay.access"]
        return rules.get(endpoint) == "public"


def _fingerprint(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()[:16]
