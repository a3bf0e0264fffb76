"""What an instructor types, cleaned; and points explained in numbers. Pure."""

import unicodedata
from collections.abc import Sequence

# Characters that show nothing, or turn the reading direction of what follows.
HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Joiners that some scripts and emoji need to be written rightly.
NEEDED_JOINERS = frozenset({"\u200c", "\u200d"})


def clean_line(value: object) -> object:
    """Return typed text as one line, without characters that hide: a line break becomes a space."""
    if not isinstance(value, str):
        return value
    return " ".join("".join(c for c in value if c.isspace() or not _is_hidden(c)).split())


def clean_lines(value: object) -> object:
    """Return typed text with plain line ends, without characters that hide."""
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in text if char in "\n\t" or not _is_hidden(char)).strip()


def sum_in_words(points: Sequence[int]) -> str:
    """Return how the points add up: `2 × 3` if each is the same, else `3 + 2`."""
    if len(set(points)) == 1:
        return f"{len(points)} × {points[0]}"
    return " + ".join(str(part) for part in points)


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in HIDDEN_CATEGORIES and char not in NEEDED_JOINERS
