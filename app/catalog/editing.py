"""A draft under the hands of its editors: sections, and what the buttons do to criteria. Pure.

A draft is kept as typed: a number that is none stays the text that it is, and
`problems` says so. Nothing typed is lost because something else is wrong.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from app.core.errors import InvalidError
from app.programme.rules import ALL_REQUIRED

ABOUT: Final = "about"
CRITERIA: Final = "criteria"
PARTS: Final = "parts"
PASSING: Final = "passing"
SKILLS: Final = "skills"
VALIDITY: Final = "validity"

# Which fields of an `AchievementSpec` each page of the editor holds, in the editor's order.
SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    ABOUT: ("name", "description", "criteria_narrative", "image_alt", "tags", "issuing_unit"),
    CRITERIA: ("criteria",),
    PASSING: ("pass_rule", "grantors_needed", "is_anonymous"),
    PARTS: ("parts",),
    SKILLS: ("alignments",),
    VALIDITY: ("validity_months", "renewal"),
}

DEFAULT_LEVELS: Final = (("Not yet", 0), ("Progressing", 1), ("Demonstrated", 2))
MAX_CRITERIA: Final = 50
MAX_LEVELS: Final = 20
MAX_ALIGNMENTS: Final = 50
MAX_KEY: Final = 60
MAX_SLUG: Final = 80
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")

Part = dict[str, Any]


def section_of(field: str) -> str:
    """Return the page of the editor that holds a field of an achievement."""
    return next((name for name, fields in SECTIONS.items() if field in fields), ABOUT)


def sections_of(draft: Mapping[str, Any], *, is_set: bool) -> list[str]:
    """Return the pages that a draft has: a set has no criteria, and nothing else has a set.

    What a draft says all the same has its page too, where it can be taken out.
    """
    rule = draft.get("pass_rule")
    kind = rule.get("kind") if isinstance(rule, Mapping) else None
    applies = {
        CRITERIA: not is_set or bool(draft.get("criteria")),
        PASSING: not is_set
        or kind not in {None, ALL_REQUIRED}
        or any(draft.get(name) not in (None, 1, False) for name in SECTIONS[PASSING][1:]),
        PARTS: is_set or bool(draft.get("parts")),
    }
    return [name for name in SECTIONS if applies.get(name, True)]


def digest_section(draft: Mapping[str, Any], section: str) -> str:
    """Return a digest of what one section says, by which a change by somebody else is noticed."""
    said = {name: draft.get(name) for name in SECTIONS[section]}
    text = json.dumps(said, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def put_section(draft: Mapping[str, Any], section: str, values: Mapping[str, Any]) -> Part:
    """Return the draft with one section replaced; what is empty is left out."""
    fields = SECTIONS[section]
    kept = {name: value for name, value in draft.items() if name not in fields}
    said = {name: values[name] for name in fields if values.get(name) not in (None, "", [], {}, ())}
    return kept | said


def number_or_text(text: str | None) -> int | str | None:
    """Return the whole number that was typed; else the text, so that it is not lost."""
    typed = (text or "").strip()
    if not typed:
        return None
    return int(typed) if _WHOLE_NUMBER.fullmatch(typed) else typed


def new_criterion() -> Part:
    """Return an empty criterion with the three usual levels."""
    return {
        "key": "",
        "name": "",
        "description": "",
        "required": True,
        "weight": 1,
        "required_level": DEFAULT_LEVELS[-1][0],
        "levels": [
            {"name": name, "description": "", "points": points} for name, points in DEFAULT_LEVELS
        ],
    }


def act_on_criteria(criteria: Sequence[Part], act: str) -> tuple[list[Part], str]:
    """Do what a button of the criteria page says; return the criteria, and where to go on.

    `act`: `add`, or a verb with the number of a criterion, and of a level where
    the verb is about one: `up:2`, `remove-level:0:1`.

    Raises: `InvalidError` if there is nothing of that number, or too many of them.
    """
    verb, *numbers = act.split(":")
    items = [dict(item) for item in criteria]
    if verb == "add" and not numbers:
        if len(items) >= MAX_CRITERIA:
            raise InvalidError(f"There are {MAX_CRITERIA} criteria already; that is the most.")
        items.append(new_criterion())
        return items, f"criteria-{len(items) - 1}-name"
    place = place_of(numbers, len(items))
    if verb in {"up", "down", "remove"} and len(numbers) == 1:
        where = move_item(items, place, verb)
        return items, f"criteria-{where}" if items else "add-criterion"
    levels = [dict(level) for level in items[place].get("levels") or []]
    items[place]["levels"] = levels
    if verb == "add-level" and len(numbers) == 1:
        if len(levels) >= MAX_LEVELS:
            raise InvalidError(f"There are {MAX_LEVELS} levels already; that is the most.")
        levels.append({"name": "", "description": "", "points": _next_points(levels)})
        return items, f"criteria-{place}-levels-{len(levels) - 1}-name"
    level = place_of(numbers[1:], len(levels))
    if verb in {"up-level", "down-level", "remove-level"}:
        where = move_item(levels, level, verb.removesuffix("-level"))
        return items, f"criteria-{place}-levels-{where}" if levels else f"criteria-{place}"
    raise InvalidError("This button is not known. Load the page again.")


def with_keys(criteria: Sequence[Part]) -> list[Part]:
    """Return the criteria, each named one with a key: made from its name once, and then kept."""
    taken = {item.get("key") for item in criteria if item.get("key")}
    keyed = []
    for number, item in enumerate(criteria, start=1):
        key = item.get("key") or ""
        if not key and item.get("name"):
            key = free_slug(item["name"], taken, f"criterion-{number}", max_length=MAX_KEY)
            taken.add(key)
        keyed.append(item | {"key": key})
    return keyed


def slug_of(name: str, *, max_length: int = MAX_SLUG) -> str:
    """Return a name in small letters, digits and hyphens; empty if no letter is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(slug) <= max_length:
        return slug
    head = slug[:max_length]
    return (head.rpartition("-")[0] if slug[max_length] != "-" else head) or head


def free_slug(
    name: str, taken: Iterable[str | None], otherwise: str, *, max_length: int = MAX_SLUG
) -> str:
    """Return a slug of the name that is not taken; `otherwise` where the name has no letter."""
    known = set(taken)
    stem = slug_of(name, max_length=max_length - 5) or otherwise
    slug, number = stem, 2
    while slug in known:
        slug, number = f"{stem}-{number}", number + 1
    return slug


def place_of(numbers: Sequence[str], count: int) -> int:
    """Return the place that a button names first.

    Raises: `InvalidError` if nothing is there.
    """
    text = numbers[0] if numbers else ""
    if not (text.isascii() and text.isdigit() and len(text) < MAX_KEY) or int(text) >= count:
        raise InvalidError("That part is no longer there. Load the page again.")
    return int(text)


def move_item(items: list[Part], place: int, verb: str) -> int:
    """Take one up, down or away; return where to go on."""
    if verb == "remove":
        del items[place]
        return min(place, len(items) - 1)
    where = max(0, place - 1) if verb == "up" else min(len(items) - 1, place + 1)
    items.insert(where, items.pop(place))
    return where


def _next_points(levels: Sequence[Part]) -> int:
    numbers = [level["points"] for level in levels if isinstance(level.get("points"), int)]
    return max(numbers, default=-1) + 1
