"""Skill frameworks as files: a table (CSV), or CASE as JSON. Pure.

Source: 1EdTech CASE 1.0 and 1.1, CFPackage; the column names of the lists that
ESCO, O*NET and the Open Skills Management Tool give out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from app.catalog.document import check_target_type
from app.catalog.json_files import read_json
from app.catalog.tables import Row, Table, read_table
from app.core.errors import InvalidError
from app.programme.wording import Line, Prose, WebAddress, list_problems

MAX_DESCRIPTION: Final = 2000
MAX_NAME: Final = 300
MAX_SKILLS: Final = 20_000
# Our field → the columns that say it, the first that is there.
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "framework": ("framework",),
    "framework_url": ("framework_url",),
    "identifier": ("identifier", "id"),
    "name": ("name", "preferredlabel", "element name", "rsd name", "title"),
    "url": ("url", "address", "concepturi", "canonical url", "uri"),
    "code": ("code", "element id", "humancodingscheme"),
    "description": ("description", "skill statement", "definition"),
    "type": ("type", "target_type"),
}
_ONET_ADDRESS: Final = "https://www.onetonline.org/find/descriptor/result/"
# A column that only one kind of list has → the framework's name and type of target.
_KINDS: Final = {
    "concepturi": ("ESCO", "ext:ESCOSkill"),
    "element id": ("O*NET", "ext:ONETElement"),
    "canonical url": (None, "ext:RSD"),
}


class FrameworkSpec(BaseModel):
    """A framework as a file names it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    identifier: Line = Field(max_length=1000)
    name: Line = Field(max_length=200)
    url: WebAddress | None = Field(default=None, max_length=1000)


class SkillSpec(BaseModel):
    """One skill as a file says it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    identifier: Line = Field(max_length=1000)
    name: Line = Field(max_length=MAX_NAME)
    url: WebAddress = Field(max_length=1000)
    code: Line | None = Field(default=None, max_length=200)
    description: Prose | None = Field(default=None, max_length=MAX_DESCRIPTION)
    type: Annotated[str, AfterValidator(check_target_type)] | None = Field(
        default=None, max_length=60
    )


@dataclass(frozen=True)
class ReadSkill:
    """One row of a file: a skill of a framework, or what is wrong with it."""

    where: str
    name: str
    framework: FrameworkSpec | None
    spec: SkillSpec | None
    problems: tuple[str, ...] = ()


@dataclass
class ReadSkills:
    """All rows of a file, and what is to be said about it as a whole."""

    rows: list[ReadSkill] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_skills(raw: bytes, *, framework: str = "") -> ReadSkills:
    """Read a framework's skills from a file, whichever of the formats it has.

    Units: `framework` is its name where the file does not say it.
    Raises: `InvalidError` if the file as a whole cannot be read.
    """
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}:
        return _read_case(read_json(raw))
    return _read_rows(read_table(raw, max_rows=MAX_SKILLS), framework)


def _read_rows(table: Table, framework: str) -> ReadSkills:
    known = {column.lower(): column for column in table.columns}
    source = {
        name: next((known[alias] for alias in aliases if alias in known), None)
        for name, aliases in _COLUMNS.items()
    }
    if source["name"] is None:
        raise InvalidError("The table has no column “name”. Its first row names the columns.")
    kind = next((told for column, told in _KINDS.items() if column in known), (None, None))
    read = ReadSkills()
    unused = [column for column in table.columns if column not in source.values()]
    if unused:
        read.notes.append(f"Not used: the columns {', '.join(f'“{c[:60]}”' for c in unused)}.")
    for row in table.rows:
        said = {name: row.cells[column] for name, column in source.items() if column}
        name = said.get("framework") or framework or kind[0] or ""
        read.rows.append(_read_row(row, said, name, kind[1]))
    return read


def _read_row(row: Row, said: dict[str, str], framework: str, kind: str | None) -> ReadSkill:
    code = said.get("code") or None
    address = said.get("url") or ""
    if not address and code and kind == _KINDS["element id"][1]:
        address = _ONET_ADDRESS + code
    owner: dict[str, Any] = {"name": framework, "url": said.get("framework_url") or None}
    owner["identifier"] = owner["url"] or framework
    skill = {
        "identifier": said.get("identifier") or address or code or said.get("name", ""),
        "name": said.get("name", ""),
        "url": address,
        "code": code,
        "description": _cut(said.get("description") or "", MAX_DESCRIPTION) or None,
        "type": said.get("type") or kind,
    }
    return _checked(f"Row {row.number}", owner, skill)


def _read_case(document: Any) -> ReadSkills:
    package = document.get("CFPackage", document) if isinstance(document, dict) else document
    head = package.get("CFDocument") if isinstance(package, dict) else None
    if not isinstance(head, dict):
        raise InvalidError("The file is no CASE package: it has no “CFDocument”.")
    owner = {
        "identifier": _said(head, "identifier") or _said(head, "uri") or _said(head, "title"),
        "name": _cut(_said(head, "title"), 200),
        "url": _said(head, "uri") or None,
    }
    read = ReadSkills()
    for where, item, kind in _case_items(package):
        read.rows.append(_checked(where, owner, _case_skill(item, kind)))
    if len(read.rows) > MAX_SKILLS:
        raise InvalidError(f"The CASE package has more than {MAX_SKILLS} items. Split it.")
    if not read.rows:
        raise InvalidError("The CASE package has neither “CFItems” nor “CFRubrics”.")
    return read


def _case_items(package: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any], str]]:
    for number, item in enumerate(_groups(package, "CFItems"), start=1):
        yield f"CFItem {number}", item, "CFItem"
    for number, rubric in enumerate(_groups(package, "CFRubrics"), start=1):
        yield f"CFRubric {number}", rubric, "CFRubric"
        for inner, criterion in enumerate(_groups(rubric, "CFRubricCriteria"), start=1):
            yield f"CFRubric {number}, criterion {inner}", criterion, "CFRubricCriterion"
            for step, level in enumerate(_groups(criterion, "CFRubricCriterionLevels"), start=1):
                where = f"CFRubric {number}, criterion {inner}, level {step}"
                yield where, level, "CFRubricCriterionLevel"


def _case_skill(item: Mapping[str, Any], kind: str) -> dict[str, Any]:
    statement = _said(item, "fullStatement") or _said(item, "description")
    short = _said(item, "abbreviatedStatement") or _said(item, "title") or _said(item, "quality")
    human = _said(item, "humanCodingScheme")
    name = " ".join(f"{human} {short or statement}".split())
    return {
        "identifier": _said(item, "identifier") or _said(item, "uri"),
        "name": _cut(name, MAX_NAME),
        "url": _said(item, "uri"),
        "code": _said(item, "identifier") or None,
        "description": _cut(statement, MAX_DESCRIPTION) if statement not in {"", name} else None,
        "type": kind,
    }


def _checked(where: str, owner: Mapping[str, Any], skill: Mapping[str, Any]) -> ReadSkill:
    framework, told = _framework(owner["identifier"], owner["name"], owner["url"])
    problems = list(told)
    spec = None
    try:
        spec = SkillSpec.model_validate(skill)
    except ValidationError as error:
        problems += [
            f"{path[0] if path else 'row'}: {words}."
            for path, words in list_problems(error)
            if path[:1] != ("identifier",) or not problems
        ]
    name = str(skill.get("name") or "")[:200]
    return ReadSkill(where, name, framework, spec, tuple(problems))


@lru_cache(maxsize=64)
def _framework(
    identifier: str, name: str, url: str | None
) -> tuple[FrameworkSpec | None, tuple[str, ...]]:
    """Return a framework, and what is wrong with it; each is checked once, not in every row."""
    try:
        return FrameworkSpec(identifier=identifier, name=name, url=url), ()
    except ValidationError as error:
        found = [
            f"framework {path[0] if path[0] != 'name' else ''}".strip() + f": {words}."
            for path, words in list_problems(error)
            if path[:1] != ("identifier",)
        ]
        return None, tuple(found)


def _said(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return value.strip() if isinstance(value, str) else ""


def _groups(item: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = item.get(name)
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
