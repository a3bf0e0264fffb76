"""Whether a login may go by way of the platform's own storage. Pure.

Source: LTI Client Side postMessages and LTI postMessage Storage (1EdTech, 2022).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from werkzeug.datastructures import Headers

from app.launch.claims import origin_of
from app.platforms.quirks import answers_storage_messages

STORAGE_TARGET = "lti_storage_target"
OUR_COOKIES = "__Host-assay"
PARENT = "_parent"
# What a frame is called: of the names with a meaning of their own, only the parent's.
FRAME_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")
FRAMES = frozenset({"iframe", "frame", "embed", "object"})


@dataclass(frozen=True, slots=True)
class StorageOffer:
    """What a login without any cookie of ours says about the platform's storage.

    `frame`: the frame that the platform named; `None` if it named none, or
    something that is no name. `sender`: the origin whose page sent the browser
    here, which frames it.
    """

    frame: str | None
    sender: str

    def is_open_to(self, family: str | None) -> bool:
        """Return whether it is worth asking this platform."""
        return self.frame is not None or answers_storage_messages(family)


def find_offer(
    values: Mapping[str, str], headers: Headers, cookies: Iterable[str]
) -> StorageOffer | None:
    """Return the offer, or `None` where the plain way is better.

    A cookie of ours shows that cookies work in this place; a page of its own
    window needs no other than its own; a browser that does not say how it shows
    the page could not use a session without cookies either (decision 0009); and a
    page that does not know who frames it could not be shown.
    """
    if headers.get("Sec-Fetch-Dest") not in FRAMES:
        return None
    if any(name.startswith(OUR_COOKIES) for name in cookies):
        return None
    sender = origin_of(headers.get("Origin")) or origin_of(headers.get("Referer"))
    if not sender:
        return None
    return StorageOffer(frame=frame_name(values.get(STORAGE_TARGET)), sender=sender)


def frame_name(raw: str | None) -> str | None:
    """Return a frame's name, or `None` if it is none."""
    if raw is None or not (raw == PARENT or FRAME_NAME.fullmatch(raw)):
        return None
    return raw


def storage_key(state_hash: str) -> str:
    """Return under which key the secret of one login stands."""
    return f"assay-login-{state_hash[:16]}"
