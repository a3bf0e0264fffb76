"""Checked text of the files that administrators hand in, and what is wrong with them. Pure."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from app.core.errors import InvalidError
from app.credentials.text import encode_iri

MAX_TOLD = 3
SLUG: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
KEY: Final = r"^[a-z0-9]+([_-][a-z0-9]+)*$"
# They turn the order of the letters around them, so a name could read as another one.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NAMES_OF_ITEMS = ("slug", "key", "name", "target_name")
_PLAIN_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "string_type": "must be text",
    "string_unicode": "has a broken character; type the text again",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "model_type": "must be a group of named values",
    "string_pattern_mismatch": "may have small letters, digits and single hyphens only",
}


def is_clean(text: str) -> bool:
    """Say whether the text has no control character and nothing that turns its direction."""
    if text.isprintable():  # the quick answer for most: what controls or turns is not printable
        return True
    return not any(
        (unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t")
        or character in _TURNING
        for character in text
    )


def _check_prose(value: str) -> str:
    text = value.replace("\r\n", "\n").strip()
    if not text:
        raise ValueError("must not be empty")
    if not is_clean(text):
        raise ValueError("has a control character; type the text again without it")
    return text


def _check_line(value: str) -> str:
    text = _check_prose(value)
    if "\n" in text or "\t" in text:
        raise ValueError("must be one line, without tabs")
    return text


def _check_web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
        is_whole = is_whole and parts.username is None
        _ = parts.port
        encode_iri(value)
    except (ValueError, InvalidError) as error:
        raise ValueError("must be a whole web address, as https://example.edu/page") from error
    if not is_whole or any(character.isspace() for character in value):
        raise ValueError("must be a whole web address, as https://example.edu/page")
    return value


Prose = Annotated[str, AfterValidator(_check_prose)]
Line = Annotated[str, AfterValidator(_check_line)]
WebAddress = Annotated[str, AfterValidator(_check_line), AfterValidator(_check_web_address)]
Slug = Annotated[str, StringConstraints(pattern=SLUG)]
Key = Annotated[str, StringConstraints(pattern=KEY, max_length=60)]


def explain(error: ValidationError, document: object) -> InvalidError:
    """Turn a validation error into one line that names each place by slug, key or name."""
    problems = error.errors(include_url=False)
    told = [f"{_place(document, item['loc'])} {_say(item)}" for item in problems[:MAX_TOLD]]
    more = len(problems) - len(told)
    tail = f"; and {more} more" if more > 0 else ""
    return InvalidError("; ".join(told) + tail + ".")


def _say(problem: ErrorDetails) -> str:
    words = _PLAIN_WORDS.get(problem["type"])
    if words:
        return words
    if problem["type"] in {"string_too_long", "too_long"} and isinstance(problem["input"], str):
        return f"has more than {problem['ctx']['max_length']} characters"
    message = problem["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return message[:1].lower() + message[1:]


def _place(document: object, path: Sequence[int | str]) -> str:
    words: list[str] = []
    here: Any = document
    for step in path:
        here = _step_into(here, step)
        if isinstance(step, int):
            words.append(_name_of(here) or f"number {step + 1}")
        else:
            words.append(step)
    return " ".join(words) + ":" if words else "The file:"


def _step_into(here: Any, step: int | str) -> Any:
    if isinstance(here, Mapping):
        return here.get(step)
    if isinstance(here, list) and isinstance(step, int) and step < len(here):
        return here[step]
    return None


def _name_of(item: Any) -> str | None:
    if not isinstance(item, Mapping):
        return None
    for name in _NAMES_OF_ITEMS:
        value = item.get(name)
        if isinstance(value, str) and value and is_clean(value):
            return f"“{value[:60]}”"
    return None


def list_problems(error: ValidationError) -> list[tuple[tuple[int | str, ...], str]]:
    """Return every problem as the path of its place and what is wrong there, in words."""
    return [(item["loc"], _say(item)) for item in error.errors(include_url=False)]
