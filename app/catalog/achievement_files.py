"""Achievements as files: which format a file has, and what each thing in it says. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.catalog.achievement_tables import read_achievement_rows
from app.catalog.editing import slug_of
from app.catalog.json_files import read_json
from app.catalog.openbadges import (
    Known,
    badge_class_content,
    is_achievement,
    is_badge_class,
    ob3_content,
    unwrap,
)
from app.catalog.tables import read_table
from app.core.errors import InvalidError

MAX_ACHIEVEMENTS: Final = 500
# How much of an achievement a format says; what it does not say is kept where it stands already.
WHOLE, OPEN_BADGES_3, OPEN_BADGES_2 = "whole", "ob3", "ob2"
LOST: Final = {
    OPEN_BADGES_3: (
        "Open Badges 3.0 does not say: what a criterion is about, whether it is required and its "
        "weight, the pass rule, validity and renewal, the issuing unit."
    ),
    OPEN_BADGES_2: (
        "Open Badges 2.0 does not say: criteria and rubric, the pass rule, validity and renewal, "
        "the issuing unit, types of skills."
    ),
}


@dataclass(frozen=True)
class ReadAchievement:
    """One achievement of a file: the fields of an `AchievementSpec`, perhaps incomplete.

    `carried`: how much the format says. `problems`: why it cannot be imported.
    """

    where: str
    content: dict[str, Any]
    carried: str = WHOLE
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass
class ReadAchievements:
    """Everything that a file says."""

    items: list[ReadAchievement] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_achievements(raw: bytes, known: Known) -> ReadAchievements:
    """Read the achievements of a file: our document, Open Badges 2.0 or 3.0, or a table.

    Raises: `InvalidError` if the file as a whole cannot be read.
    """
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in {b"{", b"["}:
        read = ReadAchievements()
        for row in read_achievement_rows(read_table(raw)):
            read.items.append(ReadAchievement(row.where, row.content, problems=row.problems))
        return _bounded(read)
    document = read_json(raw)
    if isinstance(document, dict) and "achievements" in document:
        return _read_own(document)
    read = ReadAchievements()
    things = document if isinstance(document, list) else [document]
    for number, thing in enumerate(things, start=1):
        read.items.append(_read_badge(f"Item {number}", thing, known))
    carried = {item.carried for item in read.items if not item.problems}
    read.notes = [LOST[kind] for kind in (OPEN_BADGES_3, OPEN_BADGES_2) if kind in carried]
    return _bounded(read)


def _read_own(document: Mapping[str, Any]) -> ReadAchievements:
    strange = [name for name in document if name != "achievements"]
    if strange or not isinstance(document["achievements"], list):
        raise InvalidError("The document is one object with a list “achievements”, nothing else.")
    read = ReadAchievements()
    for number, item in enumerate(document["achievements"], start=1):
        where = f"Item {number}"
        if isinstance(item, dict):
            read.items.append(ReadAchievement(where, item))
        else:
            read.items.append(ReadAchievement(where, {}, problems=("It is no object.",)))
    return _bounded(read)


def _read_badge(where: str, thing: Any, known: Known) -> ReadAchievement:
    inner = unwrap(thing)
    if is_achievement(inner):
        content, notes = ob3_content(inner, known)
        return ReadAchievement(where, _with_slug(content), OPEN_BADGES_3, tuple(notes))
    if is_badge_class(inner):
        content, notes = badge_class_content(inner, known)
        return ReadAchievement(where, _with_slug(content), OPEN_BADGES_2, tuple(notes))
    words = "It is neither an Achievement of Open Badges 3.0 nor a BadgeClass of 2.0."
    return ReadAchievement(where, {}, problems=(words,))


def _with_slug(content: dict[str, Any]) -> dict[str, Any]:
    """Give a badge from elsewhere a slug: the same one whenever it is imported."""
    if not content.get("slug"):
        name = str(content.get("name") or "")
        digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
        content["slug"] = slug_of(name) or f"achievement-{digest}"
    return content


def _bounded(read: ReadAchievements) -> ReadAchievements:
    if not read.items:
        raise InvalidError("There is no achievement in the file.")
    if len(read.items) > MAX_ACHIEVEMENTS:
        raise InvalidError(
            f"The file has more than {MAX_ACHIEVEMENTS} achievements. Split it into several files."
        )
    return read
