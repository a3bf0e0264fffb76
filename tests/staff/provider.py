"""A real OpenID provider in a process of its own, and a way to it that can misbehave.

The way passes everything on, the Host too, so the provider speaks in its name;
a test changes single answers, as a hostile or broken campus would.
"""

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from app.staff.models import StaffSession

TOKEN, JWKS, DISCOVERY = "/oauth2/token", "/jwks", "/.well-known/openid-configuration"
Claims = dict[str, Any]


@contextmanager
def running_provider() -> Iterator[int]:
    """Run the provider; give its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"AUTHLIB_INSECURE_TRANSPORT": "1"},
    )
    try:
        for _ in range(200):
            try:
                requests.get(f"http://localhost:{port}{DISCOVERY}", timeout=1)
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


class CampusLogin:
    """The campus as the tool sees it: `issuer` is its address.

    `answers`: path → what is answered instead of the provider. `changes`: path →
    how the provider's JSON is changed. `claims`: how the id token's claims are
    changed; it is then signed with `key`, which `/jwks` serves instead.
    """

    def __init__(self, provider_port: int) -> None:
        self._behind = f"http://localhost:{provider_port}"
        self.answers: dict[str, Callable[[], Response]] = {}
        self.changes: dict[str, Callable[[Claims], Claims]] = {}
        self.claims: Callable[[Claims], Claims] | None = None
        self.key: RSAKey | None = None
        self.header: Claims = {}
        self.served: list[RSAKey] | None = None
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.issuer = ""

    def paths(self) -> list[str]:
        return [path for path, _form in self.asked]

    def form_of(self, path: str) -> dict[str, str]:
        """What was posted to a path last."""
        form = next(form for asked, form in reversed(self.asked) if asked == path)
        return {name: values[0] for name, values in form.items()}

    def knows(self, sub: str, **claims: Any) -> None:
        """Let the provider know somebody."""
        answer = requests.put(f"{self._behind}/users/{sub}", json=claims, timeout=5)
        assert answer.status_code == 204, answer.text

    def agree(self, address: str, sub: str) -> str:
        """Be the browser at the campus: sign in; return where it is sent back to."""
        return self._answer(address, {"sub": sub})

    def decline(self, address: str) -> str:
        return self._answer(address, {"action": "deny"})

    def _answer(self, address: str, form: dict[str, str]) -> str:
        answer = requests.post(address, data=form, allow_redirects=False, timeout=5)
        assert answer.status_code in {302, 303}, answer.text
        return answer.headers["Location"]

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        self.asked.append((request.path, parse_qs(request.get_data(as_text=True))))
        made = self.answers.get(request.path)
        response = made() if made else self._pass_on(request)
        return response(environ, start_response)

    def _pass_on(self, request: Request) -> Response:
        answer = requests.request(
            request.method,
            f"{self._behind}{request.full_path}",
            data=request.get_data(),
            headers={name: value for name, value in request.headers if name != "Content-Length"},
            allow_redirects=False,
            timeout=5,
        )
        body = answer.content
        if request.path == TOKEN and answer.status_code == 200 and (self.claims or self.key):
            body = self._sign_again(answer.json())
        if request.path == JWKS and self.key is not None:
            served = [self.key] if self.served is None else self.served
            body = json.dumps({"keys": [key.as_dict(private=False) for key in served]}).encode()
        if request.path in self.changes:
            body = json.dumps(self.changes[request.path](json.loads(body))).encode()
        kept = {"Content-Type", "Location"}
        headers = {name: value for name, value in answer.headers.items() if name in kept}
        return Response(body, answer.status_code, headers)

    def _sign_again(self, token: Claims) -> bytes:
        part = token["id_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        claims = self.claims(claims) if self.claims else claims
        assert self.key is not None, "changed claims need a key"
        header = {"alg": "RS256", "kid": self.key.kid, **self.header}
        return json.dumps({**token, "id_token": jwt.encode(header, claims, self.key)}).encode()


@contextmanager
def running_campus(provider_port: int) -> Iterator[CampusLogin]:
    """Run the way to the provider on a free port."""
    campus = CampusLogin(provider_port)
    server = make_server("127.0.0.1", 0, campus, threaded=True)
    campus.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield campus
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def new_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def is_nobody(session, page):
    """Whether somebody was refused, and no session was made."""
    session.rollback()
    return page.status_code == 403 and session.query(StaffSession).count() == 0


def plain(document, status=200):
    """An answer with a document, as it stands or as JSON."""
    return lambda: Response(
        document if isinstance(document, str) else json.dumps(document),
        status,
        content_type="application/json",
    )
