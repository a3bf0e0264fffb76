"""What launches told of a deployment: single words, each with the last day it was true. Pure.

A day is fine enough for an administrator, and means that a whole day of launches
that tell the same costs one write.
"""

from collections.abc import Iterable, Mapping
from datetime import date

MAX_WORDS = 60

Seen = Mapping[str, str]


def merge(seen: Seen | None, words: Iterable[str], *, today: date) -> dict[str, str]:
    """Return what is known with today's words; of too many, the oldest go."""
    merged = {**(seen or {}), **dict.fromkeys(words, today.isoformat())}
    if len(merged) <= MAX_WORDS:
        return merged
    newest = sorted(merged.items(), key=lambda item: (item[1], item[0]), reverse=True)
    return dict(newest[:MAX_WORDS])


def words_of(seen: Seen | None, *, today: date) -> frozenset[str]:
    """Return the words that are known of today."""
    return frozenset(word for word, day in (seen or {}).items() if day == today.isoformat())


def last_seen(seen: Seen | None, word: str) -> date | None:
    """Return the last day on which a word was true; `None` if it never was."""
    day = (seen or {}).get(word)
    return date.fromisoformat(day) if day else None


def values_of(seen: Seen | None, kind: str) -> list[str]:
    """Return the values of the words `kind:value`, the latest first."""
    found = [
        (day, word.partition(":")[2])
        for word, day in (seen or {}).items()
        if word.startswith(f"{kind}:")
    ]
    return [value for _day, value in sorted(found, reverse=True)]
