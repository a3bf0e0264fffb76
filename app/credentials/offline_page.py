"""One HTML file that verifies a token without the internet, its issuer's keys inside. Pure.

It loads nothing and sends nothing, and its own policy holds it to that.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from app.credentials.text import timestamp

_PAGE: Final = Path(__file__).with_name("offline_page.html")
_POLICY: Final = (
    "default-src 'none'; script-src {script}; style-src {style}; base-uri 'none'; "
    "form-action 'none'"
)


def offline_page(
    token: str, *, did: str, keys: Sequence[Mapping[str, Any]], address: str, now: datetime
) -> str:
    """Return the page for one token.

    `keys`: the public keys of the issuer's tokens, each under its id in the DID document.
    `address`: where the credential's page says whether it was revoked since.
    """
    saved = {
        "token": token,
        "did": did,
        "keys": [{name: key[name] for name in ("kid", "n", "e")} for key in keys],
        "address": address,
        "savedOn": timestamp(now),
    }
    text = json.dumps(saved, indent=1).replace("<", "\\u003c")  # no element ends inside of it
    return _page().replace("[[SAVED]]", text)


@cache
def _page() -> str:
    text = _PAGE.read_text(encoding="utf-8")
    policy = _POLICY.format(script=_hash(text, "script"), style=_hash(text, "style"))
    return text.replace("[[POLICY]]", policy)


def _hash(page: str, tag: str) -> str:
    """Return the hash by which a policy knows an element. Source: Content Security Policy 3."""
    (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"
