"""Achievements as one table: a row for each, for each rubric level and for each skill. Pure.

The first column says which: `achievement`, `level` or `skill`; `slug` ties the
rows together. A criterion's own columns may stand on each of its level rows, or
only on the first.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.catalog.editing import number_or_text
from app.catalog.tables import Row, Table
from app.core.errors import InvalidError

ACHIEVEMENT, LEVEL, SKILL = "achievement", "level", "skill"
_OWN: Final = (
    *("issuer", "level", "name", "description", "criteria_narrative", "image_alt", "tags"),
    *("issuing_unit", "validity_months", "renewal", "pass_rule", "pass_k", "pass_threshold"),
    *("grantors_needed", "is_anonymous"),
)
_CRITERION: Final = {
    "criterion_name": "name",
    "criterion_description": "description",
    "criterion_required": "required",
    "criterion_weight": "weight",
    "criterion_required_level": "required_level",
}
_LEVEL: Final = {"level_name": "name", "level_description": "description", "level_points": "points"}
_SKILL: Final = {
    "skill_name": "target_name",
    "skill_url": "target_url",
    "skill_framework": "target_framework",
    "skill_code": "target_code",
    "skill_type": "target_type",
    "skill_description": "target_description",
}
COLUMNS: Final = ("row", "slug", *_OWN, "criterion", *_CRITERION, *_LEVEL, *_SKILL)
_YES_NO: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


@dataclass
class ReadRows:
    """The rows of one achievement, put together; `problems` name row and column.

    `criteria`: those of the content, by their keys.
    """

    where: str
    content: dict[str, Any]
    found: list[str] = field(default_factory=list)
    criteria: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with its rows."""
        return tuple(self.found)


def write_achievement_rows(contents: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Return the rows of achievements, given as the documents say them."""
    for content in contents:
        slug = content.get("slug")
        rule = content.get("pass_rule") or {}
        yield {
            **{name: content.get(name) for name in _OWN},
            "row": ACHIEVEMENT,
            "slug": slug,
            "tags": "\n".join(content.get("tags") or []),
            "pass_rule": rule.get("kind"),
            "pass_k": rule.get("k"),
            "pass_threshold": rule.get("threshold"),
        }
        for number, criterion in enumerate(content.get("criteria") or [], start=1):
            own = {column: criterion.get(name) for column, name in _CRITERION.items()}
            key = criterion.get("key") or f"criterion-{number}"
            own |= {"row": LEVEL, "slug": slug, "criterion": key}
            for level in criterion.get("levels") or [{}]:
                yield own | {column: level.get(name) for column, name in _LEVEL.items()}
        for skill in content.get("alignments") or []:
            said = {column: skill.get(name) for column, name in _SKILL.items()}
            yield {"row": SKILL, "slug": slug, **said}


def read_achievement_rows(table: Table) -> list[ReadRows]:
    """Put the rows of a table together to achievements, as the documents say them.

    Raises: `InvalidError` if a column is missing or unknown.
    """
    for needed in ("row", "slug"):
        if needed not in table.columns:
            raise InvalidError(f"The table has no column “{needed}”.")
    strange = [column for column in table.columns if column not in COLUMNS]
    if strange:
        raise InvalidError(f"The column “{strange[0][:60]}” is not known here.")
    found: dict[str, ReadRows] = {}
    lost: list[ReadRows] = []
    for row in table.rows:
        slug, kind = row.cells["slug"], row.cells["row"].lower()
        item = found.get(slug)
        if kind == ACHIEVEMENT and item is None:
            found[slug] = ReadRows(f"Row {row.number}", _own(row))
        elif kind == ACHIEVEMENT and item is not None:
            item.found.append(f"Row {row.number}, slug: “{slug}” has a row before.")
        elif kind not in {LEVEL, SKILL}:
            words = "row: must be achievement, level or skill."
            lost.append(ReadRows(f"Row {row.number}", {"slug": slug}, [words]))
        elif item is None:
            words = f"slug: no row before says what “{slug}” is."
            lost.append(ReadRows(f"Row {row.number}", {"slug": slug}, [words]))
        elif kind == LEVEL:
            _add_level(item, row)
        else:
            skill = {name: row.cells.get(column) or None for column, name in _SKILL.items()}
            item.content.setdefault("alignments", []).append(_said(skill))
    return [*found.values(), *lost]


def _own(row: Row) -> dict[str, Any]:
    said: dict[str, Any] = {name: row.cells.get(name) or None for name in ("slug", *_OWN)}
    rule = {
        "kind": said.pop("pass_rule"),
        "k": number_or_text(said.pop("pass_k")),
        "threshold": number_or_text(said.pop("pass_threshold")),
    }
    said["tags"] = [tag.strip() for tag in (said["tags"] or "").splitlines() if tag.strip()]
    for name in ("validity_months", "grantors_needed"):
        said[name] = number_or_text(said[name])
    anonymous = (said["is_anonymous"] or "").lower()
    said["is_anonymous"] = _YES_NO.get(anonymous, said["is_anonymous"])
    return _said(said | {"pass_rule": _said(rule)})


def _add_level(item: ReadRows, row: Row) -> None:
    key = row.cells.get("criterion") or ""
    if not key:
        item.found.append(f"Row {row.number}, criterion: must not be empty.")
        return
    criterion = item.criteria.get(key)
    if criterion is None:
        criterion = item.criteria[key] = {"key": key, "levels": []}
        item.content.setdefault("criteria", []).append(criterion)
    for column, name in _CRITERION.items():
        value = _value(item, row, column)
        if value is None:
            continue
        if criterion.setdefault(name, value) != value:
            item.found.append(f"Row {row.number}, {column}: a row before says something else.")
    level = {
        "name": row.cells.get("level_name") or None,
        "description": row.cells.get("level_description") or None,
        "points": number_or_text(row.cells.get("level_points")),
    }
    if any(value is not None for value in level.values()):
        criterion["levels"].append(_said(level))


def _value(item: ReadRows, row: Row, column: str) -> Any:
    text = row.cells.get(column) or ""
    if not text:
        return None
    if column == "criterion_weight":
        return number_or_text(text)
    if column != "criterion_required":
        return text
    if text.lower() not in _YES_NO:
        item.found.append(f"Row {row.number}, {column}: must be yes or no.")
        return None
    return _YES_NO[text.lower()]


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}
