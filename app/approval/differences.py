"""What differs between two contents of an achievement. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

IGNORED = ("slug", "issuer", "level", "criteria")
# What a content means that was written down before these could be said.
UNSAID = {"grantors_needed": 1, "is_anonymous": False}
ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True)
class Difference:
    """One thing that differs. `name`: of the criterion; empty for a field of the whole."""

    field: str
    kind: str
    name: str = ""


def list_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return what was added, removed or changed, in the order of the document."""
    fields = [
        Difference(field, _kind(before.get(field), value))
        for field, value in after.items()
        if field not in IGNORED and before.get(field, UNSAID.get(field)) != value
    ]
    return [*fields, *_criteria(before.get("criteria") or [], after.get("criteria") or [])]


def _criteria(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[Difference]:
    old = {criterion["key"]: criterion for criterion in before}
    new = {criterion["key"]: criterion for criterion in after}
    found = [
        Difference("criterion", CHANGED if key in old else ADDED, criterion["name"])
        for key, criterion in new.items()
        if old.get(key) != criterion
    ]
    found += [
        Difference("criterion", REMOVED, criterion["name"])
        for key, criterion in old.items()
        if key not in new
    ]
    if not found and list(old) != list(new):
        found.append(Difference("order", CHANGED))
    return found


def _kind(before: Any, after: Any) -> str:
    if not before:
        return ADDED
    return CHANGED if after else REMOVED
