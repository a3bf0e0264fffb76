"""Members of a JSON document: what is there is clean, what is not is left out."""

from collections.abc import Iterable
from typing import Any

from app.core.errors import InvalidError
from app.credentials.text import clean_text


def required(text: str, message: str) -> str:
    """Return the text, cleaned.

    Raises: `InvalidError` with the message, if nothing is left of it.
    """
    cleaned = clean_text(text)
    if not cleaned:
        raise InvalidError(message)
    return cleaned


def optional(text: str | None) -> str | None:
    """Return the text, cleaned; `None` if nothing is left of it."""
    return clean_text(text or "") or None


def present(members: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is missing: the schemas refuse nulls, and empty arrays cannot be signed."""
    return {name: value for name, value in members.items() if value not in (None, [])}


def distinct(values: Iterable[Any]) -> list[Any]:
    """Drop empty and repeated values: in a signed set a repetition would be unsigned."""
    found: list[Any] = []
    for value in values:
        if value and value not in found:
            found.append(value)
    return found
