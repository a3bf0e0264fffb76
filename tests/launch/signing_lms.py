"""An LMS that signs whatever a test wants, for launches that no honest platform sends."""

import base64
import json
import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jws
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from app.launch.claims import AGS, CLAIM, NRPS
from tests.conftest import BASE_URL, Browser
from tests.factories import AGS_SCOPES

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
INSTRUCTOR = f"{MEMBERSHIP}#Instructor"
LEARNER = f"{MEMBERSHIP}#Learner"
GRADER = f"{MEMBERSHIP}/Instructor#Grader"


@dataclass(frozen=True)
class Login:
    """What the tool sent the browser away with."""

    state: str
    nonce: str
    address: str


class SigningLms:
    """One registered platform whose key the test holds."""

    def __init__(self, key: RSAKey, issuer: str = "https://lms.test") -> None:
        self.key = key
        self.issuer = issuer
        self.kid = "lms-key-1"

    @property
    def jwks(self) -> dict[str, Any]:
        public = {**self.key.as_dict(private=False), "kid": self.kid, "alg": "RS256", "use": "sig"}
        return {"keys": [public]}

    def login(self, browser: Browser, **changes: str | None) -> Login:
        """Start a login as the platform does; return state and nonce."""
        values = {
            "iss": self.issuer,
            "login_hint": "hint",
            "target_link_uri": f"{BASE_URL}/lti/launch",
            "client_id": "assay",
            **changes,
        }
        page = browser.get("/lti/login", query_string={k: v for k, v in values.items() if v})
        assert page.status_code == 302, page.text
        query = {k: v[0] for k, v in parse_qs(urlsplit(page.location).query).items()}
        return Login(query["state"], query["nonce"], page.location)

    def claims(self, nonce: str, role: str = LEARNER, **changes: Any) -> dict[str, Any]:
        """Return a full, valid set of claims; a change to `None` leaves the claim out."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": "assay",
            "sub": "user-1",
            "iat": now,
            "exp": now + 60,
            "nonce": nonce,
            "name": "Mei Student",
            "email": "mei@university.example",
            f"{CLAIM}message_type": "LtiResourceLinkRequest",
            f"{CLAIM}version": "1.3.0",
            f"{CLAIM}deployment_id": "1",
            f"{CLAIM}target_link_uri": f"{BASE_URL}/lti/launch",
            f"{CLAIM}resource_link": {"id": "link-1", "title": "Literature review"},
            f"{CLAIM}context": {"id": "course-1", "title": "Methods", "label": "M1"},
            f"{CLAIM}roles": [role],
            AGS: {
                "scope": AGS_SCOPES,
                "lineitems": "https://lms.test/course-1/lineitems",
                "lineitem": "https://lms.test/li/link-1?type_id=1",
            },
            NRPS: {"context_memberships_url": "https://lms.test/course-1/people"},
        } | changes
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, claims: Any, *, header: dict[str, Any] | None = None) -> str:
        """Return the claims as a compact JWS."""
        head = {"alg": "RS256", "kid": self.kid, "typ": "JWT"} | (header or {})
        head = {name: value for name, value in head.items() if value is not None}
        return jws.serialize_compact(head, json.dumps(claims), self.key, [str(head.get("alg"))])

    def launch(
        self, browser: Browser, *, role: str = LEARNER, login: Login | None = None, **changes: Any
    ) -> TestResponse:
        """Do a whole login and launch; return the tool's answer to the launch."""
        login = login or self.login(browser)
        token = self.sign(self.claims(login.nonce, role, **changes))
        return browser.post("/lti/launch", data={"id_token": token, "state": login.state})


def place_of(answer: TestResponse) -> str:
    """Return the address of the page that a launch came to: shown at once, or led to."""
    assert answer.status_code in {200, 303}, answer.text
    return answer.location or re.search(r'<link rel="canonical" href="([^"]+)">', answer.text)[1]


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Return a token without a signature."""
    parts = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in (header, claims)
    )
    return f"{'.'.join(parts)}."
