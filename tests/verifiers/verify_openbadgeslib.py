"""Verify one credential with openbadgeslib, offline; runs in that library's own environment.

Reads {"credential", "didDocument"} from standard input and prints {"verified", "error"}.
"""

import json
import sys
from urllib.parse import unquote

from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3.ldp import OB3LdpVerifier


def main() -> None:
    asked = json.load(sys.stdin)
    did = asked["didDocument"]["id"]
    host, *path = [unquote(part) for part in did.removeprefix("did:web:").split(":")]
    address = f"https://{host}/{'/'.join(path or ['.well-known'])}/did.json"

    def download(url: str) -> bytes:
        if url != address:
            raise ValueError(f"{url} is not at hand, and nothing is fetched.")
        return json.dumps(asked["didDocument"]).encode()

    try:
        OB3LdpVerifier.for_issuer_did(did).verify(asked["credential"], download=download)
    except LibOpenBadgesException as error:
        answer = {"verified": False, "error": str(error)}
    else:
        answer = {"verified": True, "error": None}
    json.dump(answer, sys.stdout)


main()
