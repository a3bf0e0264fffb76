"""Reading what a page would take back to the LMS."""

import re
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from app.launch.claims import CLAIM, DEEP_LINKING
from tests.launch.signing_lms import INSTRUCTOR

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
RETURN_URL = "https://lms.test/return?x=1"
PLACEMENT = "https://www.instructure.com/placement"


def deep_link(
    lms, client, *, role=INSTRUCTOR, sub="teacher-1", placement=None, custom=None, **asked
):
    """Launch a deep-linking request; return the tool's answer."""
    settings = {
        "deep_link_return_url": RETURN_URL,
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        **asked,
    }
    claims = {
        f"{CLAIM}message_type": "LtiDeepLinkingRequest",
        f"{CLAIM}resource_link": None,
        f"{CLAIM}custom": custom,
        PLACEMENT: placement,
        DEEP_LINKING: {name: value for name, value in settings.items() if value is not None},
    }
    return lms.launch(client, role=role, sub=sub, **claims)


def read_answer(page: str, key: dict[str, Any]) -> dict[str, Any]:
    """Return the verified claims of the answer that a page carries."""
    assert 'action="https://lms.test/return?x=1"' in page
    token = re.search(r'name="JWT"[^>]*value="([^"]+)"', page)
    assert token, page
    return dict(jwt.decode(token[1], RSAKey.import_key(key), algorithms=["RS256"]).claims)


def empty_parts(value: Any, path: str = "") -> list[str]:
    """Return where something is null or empty, below the list of items itself."""
    if value in (None, "", [], {}):
        return [path]
    if isinstance(value, dict):
        return [
            each for name, part in value.items() for each in empty_parts(part, f"{path}/{name}")
        ]
    if isinstance(value, list):
        return [each for n, part in enumerate(value) for each in empty_parts(part, f"{path}/{n}")]
    return []
