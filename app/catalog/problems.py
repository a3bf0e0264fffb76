"""What a draft still lacks, or says wrongly: in words, and where in the editor to mend it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.catalog.checking import choose_issuer, choose_level, known_issuers, known_levels
from app.catalog.document import AchievementSpec
from app.catalog.editing import ABOUT, CRITERIA, PARTS, PASSING, section_of
from app.catalog.models import AchievementVersion
from app.catalog.set_editing import ADD_GROUP
from app.catalog.set_problems import find_set_problems
from app.catalog.stacks import BY_RULE
from app.core.errors import InvalidError
from app.programme.wording import list_problems

MISSING = "is missing"
_EMPTY = frozenset({MISSING, "must not be empty"})
_LABELS = {
    "name": "name",
    "description": "description",
    "criteria_narrative": "what it takes to earn it",
    "image_alt": "the picture in words",
    "tags": "tags",
    "issuing_unit": "issuing unit",
    "validity_months": "validity",
    "renewal": "renewal",
    "pass_rule": "when it is passed",
    "k": "how many criteria",
    "grantors_needed": "how many grantors",
    "is_anonymous": "anonymous",
    "threshold": "threshold",
    "weight": "weight",
    "required_level": "the lowest level that is enough",
    "levels": "levels",
    "points": "points",
    "key": "key",
    "need": "how many of these",
    "of": "an achievement",
    "achievement": "the achievement",
    "from_version": "from version",
    "versions": "these versions alone",
    "target_name": "name",
    "target_url": "address",
    "target_framework": "framework",
    "target_code": "code",
    "target_type": "type",
    "target_description": "description",
}
_GROUPS = {
    "criteria": "Criterion",
    "levels": "level",
    "parts": "Group",
    "of": "achievement",
    "versions": "version",
    "alignments": "Skill",
    "tags": "Tag",
}


@dataclass(frozen=True)
class Problem:
    """One thing to mend: `section` and `anchor` say where in the editor."""

    section: str
    anchor: str
    words: str
    is_missing: bool


def find_problems(session: Session, version: AchievementVersion, *, now: datetime) -> list[Problem]:
    """Return everything for which a draft could not go into review, in the editor's order."""
    achievement = version.achievement
    content = (version.draft or {}) | {
        "slug": achievement.slug,
        "issuer": achievement.issuer.slug,
        "level": achievement.level.key,
    }
    found: list[Problem] = []
    if achievement.level.is_mappable and not content.get("criteria"):
        words = "There is no criterion yet: add at least one."
        found.append(Problem(CRITERIA, "add-criterion", words, is_missing=True))
    if achievement.level.award_by == BY_RULE and not content.get("parts"):
        words = "The set is empty: say what it is made of."
        found.append(Problem(PARTS, ADD_GROUP, words, is_missing=True))
    found += [
        Problem(PARTS, control, words, is_missing=False)
        for control, words in find_set_problems(session, version, now=now)
    ]
    try:
        spec = AchievementSpec.model_validate(content)
    except ValidationError as error:
        return _in_order([*found, *_problems(error, content)])
    return found or _rule_problems(session, version, spec)


def _problems(error: ValidationError, content: Mapping[str, Any]) -> list[Problem]:
    found = []
    for problem in list_problems(error):
        path, words = problem.place, problem.words
        if path[-1:] == ("key",) and not _at(content, path[:-1]).get("name"):
            continue  # the key is made from the name, which is missing too
        if not path and words.startswith("two parts are called"):
            continue  # said at the second of them
        is_missing = words in _EMPTY or _is_unchosen(path, content)
        section = section_of(str(path[0])) if path else ABOUT
        text = _sentence(path, MISSING if is_missing else words, content)
        anchor = _anchor_of_part(path) if section == PARTS else _anchor(path)
        found.append(Problem(section, anchor, text, is_missing=is_missing))
    return found


def _rule_problems(
    session: Session, version: AchievementVersion, spec: AchievementSpec
) -> list[Problem]:
    try:
        choose_level(spec, known_levels(session, version.institution_id))
        choose_issuer(spec, known_issuers(session, version.institution_id))
    except InvalidError as error:
        text = str(error).removeprefix(f"“{spec.slug}”: ")
        section, anchor = CRITERIA, "add-criterion"
        if "passed" in text or "assessed" in text:
            section, anchor = PASSING, "kind"
        elif "takes no parts" in text:
            section, anchor = PARTS, ADD_GROUP
        return [Problem(section, anchor, text[:1].upper() + text[1:], is_missing=False)]
    return []


def _in_order(problems: Sequence[Problem]) -> list[Problem]:
    order = [section_of(name) for name in AchievementSpec.model_fields]
    return sorted(problems, key=lambda problem: order.index(problem.section))


def _sentence(path: Sequence[int | str], words: str, content: Mapping[str, Any]) -> str:
    """Say a problem as a sentence, beginning with its place: the criterion, the level."""
    where: list[str] = []
    label = ""
    for depth, step in enumerate(path):
        if isinstance(step, int):
            where.append(_numbered(str(path[depth - 1]), step, _at(content, path[: depth + 1])))
            label = ""
        else:
            label = _LABELS.get(step, "")
    said = f"{label} {words}" if label else words
    text = f"{', '.join(where)}: {said}." if where else f"{said}."
    return text[:1].upper() + text[1:]


def _numbered(group: str, number: int, item: Mapping[str, Any]) -> str:
    name = item.get("name") or item.get("target_name") or item.get("achievement")
    told = f" “{name[:60]}”" if isinstance(name, str) and name else ""
    return f"{_GROUPS.get(group, group)} {number + 1}{told}"


def _anchor(path: Sequence[int | str]) -> str:
    """Return the id of the control that holds a place of the document."""
    if not path:
        return ABOUT
    match path[0]:
        case "alignments":
            return f"skill-{path[1]}" if len(path) > 1 else "skills"
        case "tags":
            return "tags"
        case "pass_rule":
            return str(path[1]) if len(path) > 1 else "kind"
        case "criteria" if len(path) == 1:
            return "add-criterion"
        case _:
            steps = list(path)
            if steps[-1] in {"levels", "key", "required"}:
                steps.pop()
            return "-".join(str(step) for step in steps)


def _is_unchosen(path: Sequence[int | str], content: Mapping[str, Any]) -> bool:
    return path[-1:] == ("achievement",) and not _at(content, path[:-1]).get("achievement")


def _anchor_of_part(path: Sequence[int | str]) -> str:
    match list(path):
        case [_]:
            return ADD_GROUP
        case [_, group]:  # more are needed than there are
            return f"parts-{group}-need"
        case [_, group, "of"]:
            return f"parts-{group}"
        case [_, group, "of", place]:
            return f"parts-{group}-of-{place}-from_version"
        case [_, group, "of", place, field, *_]:
            return f"parts-{group}-of-{place}-{field}"
        case steps:
            return "-".join(str(step) for step in steps)


def _at(content: Any, path: Sequence[int | str]) -> Mapping[str, Any]:
    here: Any = content
    for step in path:
        if isinstance(here, Mapping):
            here = here.get(str(step))
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        else:
            return {}
    return here if isinstance(here, Mapping) else {}
