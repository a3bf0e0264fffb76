"""An achievement as Open Badges 3.0 and 2.0 describe it, written and read again. Pure.

Source: Open Badges 3.0, Achievement; Open Badges 2.0, BadgeClass.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.catalog.editing import MAX_KEY, number_or_text, with_keys
from app.catalog.reading import ShownContent, ShownCriterion, ShownSkill
from app.credentials.openbadge import CONTEXTS
from app.programme.wording import KEY, SLUG

OB2_CONTEXT: Final = "https://w3id.org/openbadges/v2"
_RUBRIC: Final = "RubricCriterionLevel"


@dataclass(frozen=True)
class Known:
    """What the institution has, by which a badge from elsewhere is placed.

    `levels`: key → name and achievementType; `issuers`: slug → name and address.
    `slugs`: the last part of a version's public address → its achievement's slug.
    `level`, `issuer`: what was chosen for badges that say neither.
    """

    levels: Mapping[str, tuple[str, str]]
    issuers: Mapping[str, tuple[str, str]]
    level: str = ""
    issuer: str = ""
    slugs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Badge:
    """What stands around a version's content when it is written.

    `address`: its public address; `did`, `issuer_name`, `issuer_url`: who issues it.
    """

    content: ShownContent
    slug: str
    number: int
    address: str
    level_name: str
    achievement_type: str
    did: str
    issuer_name: str
    issuer_url: str


def to_ob3(badge: Badge) -> dict[str, Any]:
    """Return a version as an Achievement of Open Badges 3.0, its rubric included."""
    said = badge.content
    return _present(
        {
            "@context": list(CONTEXTS),
            "id": badge.address,
            "type": ["Achievement"],
            "achievementType": badge.achievement_type,
            "humanCode": badge.slug,
            "name": said.name,
            "description": said.description,
            "criteria": {"narrative": said.criteria_narrative},
            "image": _present(
                {
                    "id": f"{badge.address}/image.svg",
                    "type": "Image",
                    "caption": said.image_alt,
                }
            ),
            "version": str(badge.number),
            "tag": list(dict.fromkeys([badge.level_name, *said.tags])),
            "creator": {
                "id": badge.did,
                "type": ["Profile"],
                "name": badge.issuer_name,
                "url": badge.issuer_url,
            },
            "alignment": [_alignment(skill) for skill in said.alignments],
            "resultDescription": [
                _result(criterion, f"{badge.address}#{criterion.key}")
                for criterion in said.criteria
            ],
        }
    )


def to_badge_class(badge: Badge) -> dict[str, Any]:
    """Return a version as a BadgeClass of Open Badges 2.0."""
    said = badge.content
    skills = (_alignment(skill) for skill in said.alignments)
    return _present(
        {
            "@context": OB2_CONTEXT,
            "type": "BadgeClass",
            "id": badge.address,
            "name": said.name,
            "description": said.description,
            "image": _present({"id": f"{badge.address}/image.svg", "caption": said.image_alt}),
            "criteria": {"narrative": said.criteria_narrative},
            "issuer": {
                "type": "Issuer",
                "id": badge.issuer_url,
                "name": badge.issuer_name,
                "url": badge.issuer_url,
            },
            "tags": list(dict.fromkeys([badge.level_name, *said.tags])),
            "alignment": [
                {name: value for name, value in skill.items() if name not in {"type", "targetType"}}
                for skill in skills
            ],
        }
    )


def unwrap(thing: Any) -> Any:
    """Return the achievement inside a credential or an assertion; anything else as it is."""
    if not isinstance(thing, dict):
        return thing
    subject = thing.get("credentialSubject")
    if isinstance(subject, dict) and isinstance(subject.get("achievement"), dict):
        return subject["achievement"]
    return thing["badge"] if isinstance(thing.get("badge"), dict) else thing


def is_achievement(thing: Any) -> bool:
    """Say whether it is an Achievement of Open Badges 3.0."""
    return isinstance(thing, dict) and "Achievement" in _as_list(thing.get("type"))


def is_badge_class(thing: Any) -> bool:
    """Say whether it is a BadgeClass of Open Badges 2.0."""
    return isinstance(thing, dict) and "BadgeClass" in _as_list(thing.get("type"))


def ob3_content(item: Mapping[str, Any], known: Known) -> tuple[dict[str, Any], list[str]]:
    """Return what an Achievement says as a draft keeps it, and what could not be taken."""
    content, notes = _common(item, known, tags="tag")
    results = [part for part in _as_list(item.get("resultDescription")) if isinstance(part, dict)]
    rubrics = [part for part in results if part.get("resultType") == _RUBRIC]
    if len(rubrics) < len(results):
        notes.append("Result descriptions that are no rubric are left out.")
    content["criteria"] = with_keys([_criterion(part) for part in rubrics])
    code = item.get("humanCode")
    if isinstance(code, str) and re.fullmatch(SLUG, code):
        content["slug"] = code
    return _present(content), notes


def badge_class_content(item: Mapping[str, Any], known: Known) -> tuple[dict[str, Any], list[str]]:
    """Return what a BadgeClass says as a draft keeps it, and what could not be taken."""
    content, notes = _common(item, known, tags="tags")
    return _present(content), notes


def _common(
    item: Mapping[str, Any], known: Known, *, tags: str
) -> tuple[dict[str, Any], list[str]]:
    notes: list[str] = []
    said = [tag for tag in _as_list(item.get(tags)) if isinstance(tag, str) and tag.strip()]
    level = _find_level(item, said, known)
    level_name = known.levels[level][0] if level in known.levels else None
    image = item.get("image")
    content: dict[str, Any] = {
        "slug": known.slugs.get(str(item.get("id") or "").rpartition("/")[2]),
        "level": level,
        "issuer": _find_issuer(item.get("creator") or item.get("issuer"), known),
        "name": item.get("name"),
        "description": item.get("description"),
        "criteria_narrative": _narrative(item.get("criteria"), notes),
        "image_alt": image.get("caption") if isinstance(image, dict) else None,
        "tags": list(dict.fromkeys(tag.strip() for tag in said if tag != level_name)),
        "alignments": [
            _skill(part) for part in _as_list(item.get("alignment")) if isinstance(part, dict)
        ],
    }
    if image:
        notes.append("The picture itself is not taken; it is drawn, or uploaded, here.")
    return content, notes


def _find_level(item: Mapping[str, Any], tags: list[str], known: Known) -> str:
    """Return the level of a badge: by its tag; by its type, if one level alone has it; chosen."""
    for key, (name, _kind) in known.levels.items():
        if name in tags:
            return key
    if known.level:
        return known.level
    kind = item.get("achievementType")
    fitting = [key for key, (_name, its) in known.levels.items() if kind and its == kind]
    return fitting[0] if len(fitting) == 1 else ""


def _find_issuer(issuer: Any, known: Known) -> str:
    """Return the issuer of a badge: one of that name or address; chosen; or the only one."""
    if isinstance(issuer, dict):
        for slug, (name, url) in known.issuers.items():
            if issuer.get("name") == name or (url and issuer.get("url") == url):
                return slug
    if known.issuer:
        return known.issuer
    return next(iter(known.issuers)) if len(known.issuers) == 1 else ""


def _narrative(criteria: Any, notes: list[str]) -> Any:
    address = criteria.get("id") if isinstance(criteria, dict) else criteria
    narrative = criteria.get("narrative") if isinstance(criteria, dict) else None
    if narrative is None and isinstance(address, str):
        notes.append("Its criteria stand elsewhere on the web; only their address is taken.")
        return f"<{address}>"
    return narrative


def _criterion(part: Mapping[str, Any]) -> dict[str, Any]:
    levels = [step for step in _as_list(part.get("rubricCriterionLevel")) if isinstance(step, dict)]
    wanted = part.get("requiredLevel")
    required = next(
        (step.get("name") for step in levels if wanted and step.get("id") == wanted), ""
    )
    fragment = str(part.get("id") or "").partition("#")[2]
    is_key = len(fragment) <= MAX_KEY and re.fullmatch(KEY, fragment)
    return _present(
        {
            "key": fragment if is_key else "",
            "name": part.get("name"),
            "required_level": required,
            "levels": [
                _present(
                    {
                        "name": step.get("name"),
                        "description": step.get("description"),
                        "points": _points(step.get("points")),
                    }
                )
                for step in levels
            ],
        }
    )


def _points(value: Any) -> Any:
    """Return points as a whole number where they are one: the standard writes them as text."""
    if isinstance(value, str):
        whole, dot, rest = value.partition(".")
        return number_or_text(whole if dot and not rest.strip("0") else value)
    return value


def _result(criterion: ShownCriterion, place: str) -> dict[str, Any]:
    levels = list(enumerate(criterion.rubric_levels))
    enough = next((number for number, level in levels if level.is_enough), None)
    return _present(
        {
            "id": place,
            "type": ["ResultDescription"],
            "name": criterion.name,
            "resultType": _RUBRIC,
            "requiredLevel": f"{place}-{enough}" if enough is not None else None,
            "rubricCriterionLevel": [
                {
                    "id": f"{place}-{number}",
                    "type": [_RUBRIC],
                    "name": level.name,
                    "description": level.description,
                    "points": str(level.points),
                }
                for number, level in levels
            ],
        }
    )


def _alignment(skill: ShownSkill) -> dict[str, Any]:
    return _present(
        {
            "type": ["Alignment"],
            "targetName": skill.target_name,
            "targetUrl": skill.target_url,
            "targetFramework": skill.target_framework,
            "targetCode": skill.target_code,
            "targetType": skill.target_type,
            "targetDescription": skill.target_description,
        }
    )


def _skill(part: Mapping[str, Any]) -> dict[str, Any]:
    return _present(
        {
            "target_name": part.get("targetName", part.get("name")),
            "target_url": part.get("targetUrl", part.get("url")),
            "target_framework": part.get("targetFramework", part.get("framework")),
            "target_code": part.get("targetCode"),
            "target_type": part.get("targetType"),
            "target_description": part.get("targetDescription", part.get("description")),
        }
    )


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _present(members: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is missing: the schemas refuse nulls and empty lists."""
    return {name: value for name, value in members.items() if value not in (None, [], "")}
