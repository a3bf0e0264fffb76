"""Verify one Open Badges 2.0 assertion with 1EdTech's openbadges, offline, in its own environment.

Reads {"input" or "picture" (base64), "suffix", "documents": {address: {"status", "type", "body"
(base64)}}} from standard input and prints {"verified", "errors"}. What stands at no address
that is given is not there; nothing is fetched.
"""

import base64
import io
import json
import logging
import sys
import tempfile
from typing import Any

import requests
from openbadges import verify
from openbadges.verifier.openbadges_context import OPENBADGES_CONTEXT_V2_DICT
from openbadges_bakery import unbake
from requests.adapters import HTTPAdapter

CONTEXT = "https://w3id.org/openbadges/v2"


def main() -> None:
    logging.disable(logging.CRITICAL)
    asked = json.load(sys.stdin)
    documents = asked["documents"]
    context = json.dumps({"@context": OPENBADGES_CONTEXT_V2_DICT["@context"]}).encode()
    documents[CONTEXT] = {
        "status": 200,
        "type": "application/ld+json",
        "body": base64.b64encode(context).decode(),
    }

    def send(_self: Any, request: Any, **_options: Any) -> requests.Response:
        found = documents.get(request.url)
        if found is None:
            raise requests.ConnectionError(f"{request.url} is not at hand.")
        response = requests.Response()
        response.status_code = found["status"]
        response.headers["Content-Type"] = found["type"]
        response.raw = io.BytesIO(base64.b64decode(found["body"]))
        response.encoding = "utf-8"
        response.url = request.url
        response.request = request
        return response

    HTTPAdapter.send = send
    said = _verify(asked)
    errors = [each["result"] for each in said["report"]["messages"] if not each["success"]]
    json.dump({"verified": said["report"]["valid"], "errors": errors}, sys.stdout)


def _verify(asked: dict[str, Any]) -> dict[str, Any]:
    given = asked.get("input")
    if "picture" in asked:
        with tempfile.NamedTemporaryFile(suffix=asked["suffix"]) as file:
            file.write(base64.b64decode(asked["picture"]))
            file.seek(0)
            given = unbake(file)
        # Of an SVG it hands on bytes, which its next step takes for no address.
        given = given.decode() if isinstance(given, bytes) else given
    return verify(given, use_cache=False, cache_backend=None)


main()
