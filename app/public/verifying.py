"""Verifying once for many visitors."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from app.credentials.verify import Verification, verify_credential

MAX_KEPT = 500

_kept: OrderedDict[tuple[str, str, datetime], Verification] = OrderedDict()
_verifying = Lock()


def verify_once(
    text: str, credential: Mapping[str, Any], *, did_document: Mapping[str, Any], now: datetime
) -> Verification:
    """Verify a credential, given as its text and read; or say what this minute's check found.

    A link that is shared is opened by many at once, and canonicalising takes a
    processor's whole attention. Everything that the outcome depends on is in
    the key, so a changed credential or key is seen at once; the minute, because
    a credential expires.
    """
    key = (
        hashlib.sha256(text.encode()).hexdigest(),
        hashlib.sha256(json.dumps(did_document, sort_keys=True).encode()).hexdigest(),
        now.replace(second=0, microsecond=0),
    )
    with _verifying:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
        outcome = verify_credential(credential, did_document=did_document, now=now)
        if len(_kept) >= MAX_KEPT:
            _kept.popitem(last=False)
        _kept[key] = outcome
        return outcome
