"""A name's address. Pure."""

import re
import unicodedata
from typing import Final

MAX_SLUG: Final = 80
STAND_IN: Final = "credential"


def slug_of(name: str) -> str:
    """Return the name in small plain letters and hyphens; a stand-in where it has none of them.

    A name in a script that has no plain letters gets the stand-in: to guess how
    it is written in another script is not ours.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:MAX_SLUG].strip("-")
    return slug or STAND_IN


def numbered(slug: str, number: int) -> str:
    """Return the slug with a number behind it, short enough."""
    tail = f"-{number}"
    return slug[: MAX_SLUG - len(tail)].rstrip("-") + tail
