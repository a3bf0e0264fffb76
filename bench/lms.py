"""The platform of the benchmark: it signs launches, and a process of its own serves its key.

`python bench/lms.py PORT JWKS_FILE` is that process.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.jwk import RSAKey

CLIENT = "assay-practice"
DEPLOYMENT = "practice-1"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2"
LEARNER = f"{VOCABULARY}/membership#Learner"
INSTRUCTOR = f"{VOCABULARY}/membership#Instructor"
AGS_SCOPES = [
    f"https://purl.imsglobal.org/spec/lti-ags/scope/{name}"
    for name in ("lineitem", "lineitem.readonly", "result.readonly", "score")
]


class Lms:
    """A platform with one 2048-bit key."""

    def __init__(self, issuer: str) -> None:
        """Make the key."""
        self.issuer = issuer
        self._key = RSAKey.generate_key(2048)
        self._header = {"alg": "RS256", "typ": "JWT", "kid": "bench-key-1"}

    @property
    def jwks(self) -> dict[str, Any]:
        """The public key, as the platform publishes it."""
        extra = {"kid": self._header["kid"], "alg": "RS256", "use": "sig"}
        return {"keys": [{**self._key.as_dict(private=False), **extra}]}

    def sign(self, claims: dict[str, Any]) -> str:
        """Return an id_token."""
        return jws.serialize_compact(self._header, json.dumps(claims), self._key, ["RS256"])

    def claims(
        self,
        *,
        tool: str,
        nonce: str,
        sub: str,
        role: str,
        course: str,
        link: str,
        custom: dict[str, str],
    ) -> dict[str, Any]:
        """Return the claims of a resource link launch, as many as a large LMS sends."""
        now = int(time.time())
        services = f"{self.issuer}/api/lti/courses/{course}"
        return {
            "iss": self.issuer,
            "aud": CLIENT,
            "azp": CLIENT,
            "sub": sub,
            "iat": now,
            "exp": now + 3600,
            "nonce": nonce,
            "name": f"Student {sub}",
            "given_name": "Student",
            "family_name": sub,
            "email": f"{sub}@university.example",
            "picture": f"{self.issuer}/images/avatar-50.png",
            "locale": "en",
            f"{LTI}message_type": "LtiResourceLinkRequest",
            f"{LTI}version": "1.3.0",
            f"{LTI}deployment_id": DEPLOYMENT,
            f"{LTI}target_link_uri": f"{tool}/lti/launch",
            f"{LTI}resource_link": {"id": link, "title": "Literature review", "description": ""},
            f"{LTI}context": {
                "id": course,
                "label": "PSYC-2010",
                "title": "Research methods in psychology",
                "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"],
            },
            f"{LTI}roles": [role, f"{VOCABULARY}/institution/person#Student"],
            f"{LTI}tool_platform": {
                "guid": "bench.example",
                "name": "Benchmark LMS",
                "version": "cloud",
                "product_family_code": "bench",
            },
            f"{LTI}launch_presentation": {
                "document_target": "iframe",
                "locale": "en",
                "return_url": f"{self.issuer}/courses/{course}/external_content/success",
            },
            f"{LTI}lis": {"person_sourcedid": sub, "course_offering_sourcedid": course},
            f"{LTI}custom": custom,
            AGS: {
                "scope": AGS_SCOPES,
                "lineitems": f"{services}/line_items",
                "lineitem": f"{services}/line_items/{link}",
            },
            NRPS: {
                "context_memberships_url": f"{services}/names_and_roles",
                "service_versions": ["2.0"],
            },
        }


def serve_jwks(port: int, document: bytes) -> None:
    """Answer every GET with the platform's keys, until the process is ended."""

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_arguments: Any) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Keys).serve_forever()


if __name__ == "__main__":
    serve_jwks(int(sys.argv[1]), Path(sys.argv[2]).read_bytes())
