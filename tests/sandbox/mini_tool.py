"""A miniature tool: just enough to be launched by the practice LMS and to call it."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import requests
from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from joserfc.util import urlsafe_b64decode
from werkzeug.serving import make_server

from app.sandbox.server import QuietHandler
from app.sandbox.vocabulary import (
    CLAIM,
    CLIENT_CREDENTIALS,
    DEEP_LINK_RESPONSE,
    DEEP_LINKING_CLAIM,
    JWT_BEARER,
)

CLIENT_ID = "assay-practice"
PAGE = """<!doctype html><html lang="en"><title>Tool</title><h1>Hello {sub}</h1>{form}
<script>
  const say = (message) => parent.postMessage(message, "*");
  say("not for the LMS");
  say(JSON.stringify({{ subject: "lti.frameResize", height: 1234 }}));
</script>
"""


class MiniTool:
    """Keeps what it was sent: `launches` are verified claims, `refusals` are OpenID errors."""

    def __init__(self) -> None:
        self.url = ""
        self.key = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
        self.published = [self.key]
        self.jwks_requests = 0
        self.launches: list[dict[str, Any]] = []
        self.headers: list[dict[str, Any]] = []
        self.refusals: list[dict[str, str]] = []
        self.logins: list[dict[str, str]] = []
        self.notices: list[dict[str, Any]] = []
        self.authorize_changes: dict[str, str | None] = {}

    def reset(self) -> None:
        self.published = [self.key]
        self.jwks_requests = 0
        self.authorize_changes = {}
        for kept in (self.launches, self.headers, self.refusals, self.logins, self.notices):
            kept.clear()

    def deep_linking_form(self) -> str:
        """Return a form that answers the last launch with one item, if it asked for one."""
        settings = self.launches[-1].get(f"{DEEP_LINKING_CLAIM}deep_linking_settings")
        if not settings:
            return ""
        item = {"type": "ltiResourceLink", "title": "Portfolio", "lineItem": {"scoreMaximum": 6}}
        token = self.sign(self.answer_claims(self.launches[-1], [item]))
        address = settings["deep_link_return_url"]
        field = f'<input type="hidden" name="JWT" value="{token}">'
        return f'<form method="post" action="{address}">{field}<button>Return</button></form>'

    def answer_claims(self, launch: dict[str, Any], items: list[Any]) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": launch["aud"],
            "aud": launch["iss"],
            "iat": now,
            "exp": now + 300,
            "nonce": secrets.token_urlsafe(8),
            f"{CLAIM}message_type": DEEP_LINK_RESPONSE,
            f"{CLAIM}version": "1.3.0",
            f"{CLAIM}deployment_id": launch[f"{CLAIM}deployment_id"],
            f"{DEEP_LINKING_CLAIM}data": launch[f"{DEEP_LINKING_CLAIM}deep_linking_settings"][
                "data"
            ],
            f"{DEEP_LINKING_CLAIM}content_items": items,
        }

    def create_app(self) -> Flask:
        app = Flask(__name__)

        @app.get("/lti/jwks.json")
        def jwks():
            self.jwks_requests += 1
            return jsonify(keys=[key.as_dict(private=False) for key in self.published])

        @app.route("/lti/login", methods=["GET", "POST"])
        def login():
            self.logins.append(request.values.to_dict())
            return redirect(self.authorize_url(request.values))

        @app.post("/lti/launch")
        def launch():
            if "error" in request.form:
                self.refusals.append(request.form.to_dict())
                return "refused", 400
            issuer = self.logins[-1]["iss"]
            keys = KeySet.import_key_set(requests.get(f"{issuer}/lti/jwks.json", timeout=5).json())
            token = jwt.decode(request.form["id_token"], keys, algorithms=["RS256"])
            self.launches.append(dict(token.claims))
            self.headers.append(dict(token.header))
            return PAGE.format(sub=token.claims["sub"], form=self.deep_linking_form())

        @app.post("/lti/notices")
        def notices():
            for each in request.get_json()["notices"]:
                issuer = json.loads(urlsafe_b64decode(each["jwt"].split(".")[1].encode()))["iss"]
                keys = KeySet.import_key_set(
                    requests.get(f"{issuer}/lti/jwks.json", timeout=5).json()
                )
                claims = jwt.decode(each["jwt"], keys, algorithms=["RS256"]).claims
                self.notices.append(dict(claims))
            return jsonify(accepted=1)

        @app.get("/file.txt")
        def file():
            return Response(b"What I found.", content_type="text/plain")

        return app

    def authorize_url(self, login: Any) -> str:
        asked: dict[str, str | None] = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": login.get("client_id", CLIENT_ID),
            "redirect_uri": f"{self.url}/lti/launch",
            "login_hint": login["login_hint"],
            "lti_message_hint": login["lti_message_hint"],
            "state": "state-1",
            "nonce": secrets.token_urlsafe(8),
        } | self.authorize_changes
        known = {name: value for name, value in asked.items() if value is not None}
        return f"{login['iss']}/lti/authorize?{urlencode(known)}"

    def sign(self, claims: dict[str, Any], *, key: RSAKey | None = None, **header: Any) -> str:
        key = key or self.key
        return jwt.encode({"alg": "RS256", "kid": key.kid} | header, claims, key)

    def assertion_claims(self, lms_url: str, client_id: str = CLIENT_ID) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": client_id,
            "sub": client_id,
            "aud": f"{lms_url}/lti/token",
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_urlsafe(8),
        }

    def ask_token(
        self, lms_url: str, scope: str, assertion: str | None = None, **changed: str
    ) -> requests.Response:
        form = {
            "grant_type": CLIENT_CREDENTIALS,
            "client_assertion_type": JWT_BEARER,
            "client_assertion": assertion or self.sign(self.assertion_claims(lms_url)),
            "scope": scope,
        } | changed
        return requests.post(f"{lms_url}/lti/token", data=form, timeout=5)

    def bearer(self, lms_url: str, *scopes: str, client_id: str = CLIENT_ID) -> dict[str, str]:
        assertion = self.sign(self.assertion_claims(lms_url, client_id))
        answer = self.ask_token(lms_url, " ".join(scopes), assertion)
        answer.raise_for_status()
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@contextmanager
def running_tool() -> Iterator[MiniTool]:
    tool = MiniTool()
    server = make_server(
        "127.0.0.1", 0, tool.create_app(), threaded=True, request_handler=QuietHandler
    )
    tool.url = f"http://localhost:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield tool
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
