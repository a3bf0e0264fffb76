"""What the buttons of the page “The set” do to the groups of a certificate's draft. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.catalog.editing import Part, move_item, place_of
from app.core.errors import InvalidError

MAX_GROUPS: Final = 20
MAX_PARTS: Final = 100
ADD_GROUP: Final = "add-group"


def act_on_set(groups: Sequence[Part], act: str) -> tuple[list[Part], str]:
    """Do what a button of the page says; return the groups, and where to go on.

    `act`: `add-group`, or a verb with the number of a group, and of a part where
    the verb is about one: `up-group:2`, `add:0`, `remove:0:1`.

    Raises: `InvalidError` if there is nothing of that number, or too many of them.
    """
    verb, *numbers = act.split(":")
    items = [dict(item) for item in groups]
    if verb == ADD_GROUP and not numbers:
        if len(items) >= MAX_GROUPS:
            raise InvalidError(f"There are {MAX_GROUPS} groups already; that is the most.")
        items.append({"of": [{"achievement": ""}]})
        return items, f"parts-{len(items) - 1}-of-0-achievement"
    place = place_of(numbers, len(items))
    if verb in {"up-group", "down-group", "remove-group"} and len(numbers) == 1:
        where = move_item(items, place, verb.removesuffix("-group"))
        return items, f"parts-{where}" if items else ADD_GROUP
    parts = list(items[place].get("of") or [])
    items[place]["of"] = parts
    if verb == "add" and len(numbers) == 1:
        if len(parts) >= MAX_PARTS:
            raise InvalidError(f"There are {MAX_PARTS} in this group already; that is the most.")
        parts.append({"achievement": ""})
        return items, f"parts-{place}-of-{len(parts) - 1}-achievement"
    part = place_of(numbers[1:], len(parts))
    if verb in {"up", "down", "remove"}:
        where = move_item(parts, part, verb)
        return items, f"parts-{place}-of-{where}" if parts else f"parts-{place}"
    raise InvalidError("This button is not known. Load the page again.")


def groups_of(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a draft's groups, each with its parts; whatever has the wrong type is left out."""
    groups = content.get("parts")
    return [
        {
            "need": group.get("need"),
            "of": [part for part in _list(group.get("of")) if isinstance(part, Mapping)],
        }
        for group in _list(groups)
        if isinstance(group, Mapping)
    ]


def slugs_of(content: Mapping[str, Any]) -> list[str]:
    """Return the slugs of a draft's parts, in order."""
    slugs = (part.get("achievement") for group in groups_of(content) for part in group["of"])
    return [slug for slug in slugs if isinstance(slug, str) and slug]


def needed_of(group: Mapping[str, Any]) -> int:
    """Return how many parts of a draft's group are needed; all, where it says no number."""
    need = group.get("need")
    is_number = isinstance(need, int) and not isinstance(need, bool)
    return need if is_number and need else len(group["of"])


def set_in_words(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the set as one line for each group, by which two versions are compared."""
    lines = []
    for group in groups_of(content):
        needed, count = needed_of(group), len(group["of"])
        how = "all of" if needed == count else f"any {needed} of"
        lines.append(f"{how} {' + '.join(_part_words(part) for part in group['of'])}")
    return tuple(lines)


def _part_words(part: Mapping[str, Any]) -> str:
    slug = str(part.get("achievement") or "…")
    if versions := _list(part.get("versions")):
        return f"{slug} (versions {' and '.join(str(number) for number in versions)})"
    if part.get("from_version"):
        return f"{slug} (from version {part['from_version']})"
    return slug


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
