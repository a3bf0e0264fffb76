"""What counts as an e-mail address, and what as a name, in lists that people hand in. Pure."""

import re
import unicodedata
from typing import Final

MAX_EMAIL: Final = 254
MAX_LOCAL: Final = 64
MAX_NAME: Final = 255

_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_LABEL = re.compile(r"[^\W_]([\w-]{0,61}[^\W_])?")
# They turn the order of the letters around them, so a name could read as another one.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_address(text: str) -> bool:
    """Return whether a text is an e-mail address as people have them: one name, one host.

    Letters of any script are taken (RFC 6531); quoted names and hosts without
    a dot, which are allowed on paper, are typing errors in a list of people.
    """
    local, at, host = text.rpartition("@")
    if not at or len(text) > MAX_EMAIL or not 0 < len(local) <= MAX_LOCAL:
        return False
    labels = host.split(".")
    return (
        len(labels) > 1
        and not labels[-1].isdigit()
        and _LOCAL.fullmatch(local) is not None
        and all(_LABEL.fullmatch(label) for label in labels)
    )


def is_plain_name(text: str) -> bool:
    """Return whether a name has no control character and nothing that turns its direction.

    Joiners and direction marks stay: scripts of Asia and the Near East need them.
    """
    return not any(
        letter in _TURNING or unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}
        for letter in text
    )


def shown(text: str, *, max_length: int) -> str:
    """Return a cell as it may be kept and shown again, whatever it holds."""
    kept = "".join(
        letter if is_plain_name(letter) else "\N{REPLACEMENT CHARACTER}"
        for letter in text[: max_length + 1]
    )
    return f"{kept[: max_length - 1]}…" if len(kept) > max_length else kept
