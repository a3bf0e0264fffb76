"""The programme preset: a TOML file with the levels of an institution and their rules.

The file has a `name` and one `[[level]]` table per level, in the order in which
they are shown. A level's `image` is an SVG file beside the preset. An
institution that wants other names, pictures or more levels copies the file and
loads its copy; nothing in the program knows a level by name.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from xml.etree import ElementTree as ET

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.core.errors import InvalidError
from app.credentials.openbadge import ACHIEVEMENT_TYPES
from app.credentials.slots import check_template
from app.programme.files import read_text
from app.programme.places import Lines
from app.programme.references import list_reference_problems
from app.programme.rules import PassRuleKind, ProgrammeRules
from app.programme.wording import Key, Line, Problem, Prose, list_problems, tell

MAX_PRESET_BYTES: Final = 256 * 1024
MAX_IMAGE_BYTES: Final = 128 * 1024
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)")
_EXTENSION = re.compile(r"ext:[A-Za-z0-9._-]+")
_SVG = "{http://www.w3.org/2000/svg}"
_OUTSIDE = re.compile(
    r"@import|<\?xml-stylesheet|url\(\s*['\"]?\s*(?!#|data:image/)", re.IGNORECASE
)
_REFUSED_ELEMENTS = frozenset({"script", "foreignObject", "iframe", "handler", "a"})


def _check_achievement_type(value: str) -> str:
    if value not in ACHIEVEMENT_TYPES and not _EXTENSION.fullmatch(value):
        raise ValueError(
            f"“{value}” is no achievement type of Open Badges 3.0; use one of its list or ext:Name"
        )
    return value


class LevelSpec(BaseModel):
    """One level as the file says it.

    `environment`: where the work is done; left out where no work is assessed.
    `image`: the SVG file, relative to the preset. `pass_rules`: those that an
    achievement may choose from, its default first. `revokes_with_part`: a
    certificate falls when one of its parts is revoked. `part_levels`: keys of
    the levels that may be its parts; left out, any may.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    key: Key
    name: Line = Field(max_length=120)
    short_name: Line = Field(max_length=60)
    description: Prose = Field(max_length=4000)
    environment: Literal["simulated", "professional"] | None = None
    needs_artifact: bool
    shares_evidence: bool
    award_by: Literal["grantor", "request", "rule"]
    approval_route: Key
    achievement_type: Annotated[str, AfterValidator(_check_achievement_type)] = Field(max_length=60)
    family: Literal["white", "silver", "gold"]
    image: Line
    pass_rules: list[PassRuleKind] = Field(default=["all_required"], min_length=1, max_length=3)
    revokes_with_part: bool = False
    part_levels: list[Key] = Field(default_factory=list, max_length=50)

    @model_validator(mode="after")
    def _check_rules(self) -> "LevelSpec":
        if self.needs_artifact != (self.award_by == "grantor"):
            raise ValueError(
                "needs_artifact and award_by disagree: a grantor assesses artifacts, "
                "and only a grantor does"
            )
        if self.shares_evidence and not self.needs_artifact:
            raise ValueError("shares_evidence is true, but there is no artifact to share")
        if self.needs_artifact != (self.environment is not None):
            raise ValueError("environment must be said where work is assessed, and only there")
        if self.revokes_with_part and self.award_by != "rule":
            raise ValueError("revokes_with_part is true, but only what a rule awards has parts")
        if len(set(self.pass_rules)) < len(self.pass_rules):
            raise ValueError("pass_rules names one twice")
        if self.part_levels and self.award_by != "rule":
            raise ValueError("part_levels is said where a rule awards, and only there")
        return self


class _PresetFile(ProgrammeRules):
    name: Line = Field(max_length=200)
    level: list[LevelSpec] = Field(min_length=1, max_length=50)


class Preset(BaseModel):
    """A checked preset; `images` holds each level's SVG text by the level's key."""

    model_config = ConfigDict(frozen=True)

    name: str
    levels: tuple[LevelSpec, ...]
    images: dict[str, str]
    rules: ProgrammeRules


def read_preset(path: Path) -> Preset:
    """Read and check a preset and the images that it names.

    Raises: `InvalidError` naming the file, the line, the level and the field.
    """
    text = read_text(path, max_bytes=MAX_PRESET_BYTES)
    try:
        document = tomllib.loads(text)
    except RecursionError as error:
        raise InvalidError(
            f"{path.name} is not valid TOML: brackets are nested too deeply."
        ) from error
    except ValueError as error:
        found = _AT_LINE.search(str(error))
        where = f"line {found[1]}: " if found else ""
        words = _AT_LINE.sub("", str(error)).strip()
        raise InvalidError(f"{path.name} is not valid TOML: {where}{words}.") from error
    try:
        return parse_preset(document, folder=path.parent, find_line=Lines(text).find)
    except InvalidError as error:
        raise InvalidError(f"{path.name}: {error}") from error


def parse_preset(
    document: Mapping[str, Any],
    *,
    folder: Path,
    find_line: Callable[[Sequence[int | str]], int | None] = lambda _: None,
) -> Preset:
    """Check a preset's data; `folder` is where its images are.

    `find_line`: on which line of the file a place is; `None` if that is not known.

    Raises: `InvalidError` naming the level and the field.
    """
    try:
        preset = _PresetFile.model_validate(document)
    except ValidationError as error:
        raise tell(list_problems(error), document, find_line=find_line) from error
    routes = [(level.key, level.approval_route) for level in preset.level]
    problems = [*list_reference_problems(preset, routes), *_list_part_problems(preset)]
    images: dict[str, str] = {}
    for number, level in enumerate(preset.level):
        try:
            images[level.key] = _read_image(level, folder)
        except InvalidError as error:
            problems.append(Problem(("level", number, "image"), str(error).removesuffix(".")))
    if problems:
        raise tell(problems, document, find_line=find_line)
    rules = ProgrammeRules.model_validate(
        {name: getattr(preset, name) for name in ProgrammeRules.model_fields}
    )
    return Preset(name=preset.name, levels=tuple(preset.level), images=images, rules=rules)


def _list_part_problems(preset: _PresetFile) -> Iterator[Problem]:
    keys = {level.key for level in preset.level}
    for number, level in enumerate(preset.level):
        for key in level.part_levels:
            if key not in keys:
                words = f"names the level “{key}”, which there is not"
                yield Problem(("level", number, "part_levels"), words)


def _read_image(level: LevelSpec, folder: Path) -> str:
    path = folder / level.image
    try:
        is_inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError) as error:  # too long, or a loop of links
        raise InvalidError("it cannot be read.") from error
    if not is_inside:
        raise InvalidError("it must lie in the preset's folder.")
    svg = read_text(path, max_bytes=MAX_IMAGE_BYTES)
    check_svg(svg)
    check_template(svg)
    return svg


def check_svg(svg: str) -> None:
    """Refuse a picture that is not plain SVG: it is served from our own address.

    Raises: `InvalidError`.
    """
    if "<!DOCTYPE" in svg or "<!ENTITY" in svg:
        raise InvalidError("an SVG with a document type is refused; save it as plain SVG.")
    if _OUTSIDE.search(svg):
        raise InvalidError("a picture must not refer to anything outside itself.")
    try:
        root = ET.fromstring(svg)  # noqa: S314 (entities are refused above)
    except (ET.ParseError, ValueError) as error:
        raise InvalidError(f"it is not well-formed SVG ({error}).") from error
    if root.tag != f"{_SVG}svg":
        raise InvalidError("it is not an SVG picture.")
    for element in root.iter():
        if element.tag.rpartition("}")[2] in _REFUSED_ELEMENTS:
            raise InvalidError(f"the element <{element.tag.rpartition('}')[2]}> is refused.")
        for attribute, value in element.attrib.items():
            name = attribute.rpartition("}")[2].lower()
            if name.startswith("on"):
                raise InvalidError(f"the attribute {name} is refused: it would run a script.")
            if name == "href" and not value.strip().startswith(("#", "data:image/")):
                raise InvalidError("a picture must not refer to anything outside itself.")
