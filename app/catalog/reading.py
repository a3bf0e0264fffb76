"""What one version says, for pages to show: from its rows, or from an incomplete draft. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.catalog.content import content_of
from app.catalog.models import AchievementVersion
from app.catalog.set_editing import set_in_words
from app.programme.rules import ALL_REQUIRED


@dataclass(frozen=True)
class ShownLevel:
    """One rubric level as it is shown; `points`: 0 while they are not a number."""

    name: str
    description: str
    points: int
    is_enough: bool


@dataclass(frozen=True)
class ShownCriterion:
    """One criterion as it is shown."""

    key: str
    name: str
    description: str
    is_required: bool
    weight: int | None
    required_level: str
    rubric_levels: tuple[ShownLevel, ...]


@dataclass(frozen=True)
class ShownSkill:
    """One skill as it is shown; `target_url` is empty unless it may be followed."""

    target_name: str
    target_url: str
    target_framework: str
    target_code: str
    target_type: str
    target_description: str


@dataclass(frozen=True)
class ShownRule:
    """The pass rule as it is shown."""

    kind: str
    k: int | None
    threshold: int | None


@dataclass(frozen=True)
class ShownContent:
    """Everything that a version says; what a draft does not say yet is empty."""

    name: str
    description: str
    criteria_narrative: str
    image_alt: str
    tags: tuple[str, ...]
    issuing_unit: str
    validity_months: int | None
    renewal: str
    pass_rule: ShownRule
    grantors_needed: int
    is_anonymous: bool
    criteria: tuple[ShownCriterion, ...]
    alignments: tuple[ShownSkill, ...]
    parts: tuple[str, ...]
    rule: None = None  # a draft's may be incomplete, so its words are other ones


def read_content(version: AchievementVersion) -> ShownContent:
    """Return what a version says, whether it is a draft or rows."""
    if version.draft is not None:
        return shown(version.draft)
    return shown(content_of(version).model_dump(mode="json"))


def shown(content: Mapping[str, Any]) -> ShownContent:
    """Return what a document says; whatever has the wrong type counts as not said."""
    rule = content.get("pass_rule")
    rule = rule if isinstance(rule, Mapping) else {}
    return ShownContent(
        name=_text(content, "name"),
        description=_text(content, "description"),
        criteria_narrative=_text(content, "criteria_narrative"),
        image_alt=_text(content, "image_alt"),
        tags=tuple(tag for tag in _list(content, "tags") if isinstance(tag, str)),
        issuing_unit=_text(content, "issuing_unit"),
        validity_months=_number(content, "validity_months"),
        renewal=_text(content, "renewal"),
        pass_rule=ShownRule(
            _text(rule, "kind") or ALL_REQUIRED, _number(rule, "k"), _number(rule, "threshold")
        ),
        grantors_needed=_number(content, "grantors_needed") or 1,
        is_anonymous=content.get("is_anonymous") is True,
        criteria=tuple(_criterion(item) for item in _groups(content, "criteria")),
        alignments=tuple(_skill(item) for item in _groups(content, "alignments")),
        parts=set_in_words(content),
    )


def _criterion(item: Mapping[str, Any]) -> ShownCriterion:
    levels = _groups(item, "levels")
    enough = _text(item, "required_level")
    names = [_text(level, "name") for level in levels]
    lowest = names.index(enough) if enough in names else len(names)
    return ShownCriterion(
        key=_text(item, "key"),
        name=_text(item, "name"),
        description=_text(item, "description"),
        is_required=item.get("required", True) is True,
        weight=_number(item, "weight", 1),
        required_level=enough,
        rubric_levels=tuple(
            ShownLevel(
                names[position],
                _text(level, "description"),
                _number(level, "points") or 0,
                is_enough=position >= lowest,
            )
            for position, level in enumerate(levels)
        ),
    )


def _skill(item: Mapping[str, Any]) -> ShownSkill:
    address = _text(item, "target_url")
    return ShownSkill(
        target_name=_text(item, "target_name"),
        target_url=address if address.startswith(("https://", "http://")) else "",
        target_framework=_text(item, "target_framework"),
        target_code=_text(item, "target_code"),
        target_type=_text(item, "target_type"),
        target_description=_text(item, "target_description"),
    )


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _number(item: Mapping[str, Any], name: str, default: int | None = None) -> int | None:
    value = item.get(name, default)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _list(item: Mapping[str, Any], name: str) -> list[Any]:
    value = item.get(name)
    return value if isinstance(value, list) else []


def _groups(item: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [part for part in _list(item, name) if isinstance(part, Mapping)]
