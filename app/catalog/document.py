"""The achievements document: a JSON file by which approved achievements come in. Pure.

    {"achievements": [{
        "slug": "literature-search",          its identity, for ever: small letters, digits, hyphens
        "issuer": "psychology",               slug of an issuer of the institution
        "level": "…",                         key of a level of the loaded programme
        "name": "…", "description": "…",
        "criteria_narrative": "…",            Markdown, shown in public and signed into every award
        "image_alt": "…",                     what the badge's picture shows, in words
        "tags": ["…"],                        optional
        "pass_rule": {"kind": "k_of_n", "k": 3},  optional; or all_required (without it), or
                                              {"kind": "weighted", "threshold": 70}
        "issuing_unit": "…",                  optional: the unit that owns it
        "validity_months": 24,                optional: how long an award holds
        "renewal": "…",                       optional: how it is renewed; Markdown
        "grantors_needed": 2,                 optional: so many grantors must agree; else one
        "is_anonymous": true,                 optional: who assesses is not told whose work it is
        "criteria": [{
            "key": "search",                  its identity within the achievement
            "name": "…", "description": "…",
            "required": true,                 optional: whether no award does without it
            "weight": 1,                      optional: its share where the pass rule is weighted
            "required_level": "Proficient",   the lowest rubric level that is enough
            "levels": [                       at least two, from the lowest to the highest
                {"name": "Beginning", "description": "…", "points": 0},
                {"name": "Proficient", "description": "…", "points": 2}]}],
        "alignments": [{                      optional: skills in outside frameworks
            "target_name": "…", "target_url": "https://…",
            "target_framework": "…", "target_code": "…", "target_type": "…",
            "target_description": "…"}],      the last four are optional
        "parts": [{"need": 2, "of": [{"achievement": "…"}]}]   of a certificate: see `parts`
    }]}

A level whose work no grantor assesses takes no criteria. Importing the same
content again changes nothing; changed content becomes the next version.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from app.catalog.importing import plain
from app.catalog.parts import PartGroupSpec, part_slugs
from app.catalog.pass_rule import PassRuleSpec, RatedCriterion, find_flaw
from app.core.errors import InvalidError
from app.credentials.openbadge import TARGET_TYPES
from app.programme.files import read_text
from app.programme.wording import Key, Line, Prose, Slug, WebAddress, explain

MAX_DOCUMENT_BYTES: Final = 8 * 1024 * 1024
MAX_POINTS: Final = 1000
MAX_GRANTORS: Final = 5
_EXTENSION = re.compile(r"ext:[A-Za-z0-9._-]+")


def check_target_type(value: str) -> str:
    """Return a target type that Open Badges 3.0 knows, or one of somebody's own.

    Raises: `ValueError` saying what is allowed.
    """
    if value not in TARGET_TYPES and not _EXTENSION.fullmatch(value):
        raise ValueError(
            f"“{value}” is no target type of Open Badges 3.0; use one of its list or ext:Name"
        )
    return value


def _refuse_repeated(what: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"two {what} are called “{value}”")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RubricLevelSpec(_Part):
    """One step of a criterion; `points` are whole."""

    name: Line = Field(max_length=120)
    description: Prose = Field(max_length=2000)
    points: int = Field(ge=0, le=MAX_POINTS)


class CriterionSpec(_Part):
    """One thing to be shown; `required_level` names the lowest level that is enough."""

    key: Key
    name: Line = Field(max_length=200)
    description: Prose = Field(max_length=4000)
    required: bool = True
    weight: int = Field(default=1, ge=1, le=100)
    required_level: Line
    levels: list[RubricLevelSpec] = Field(min_length=2, max_length=20)

    @property
    def required_position(self) -> int:
        """The position of the lowest level that is enough; 0 is the lowest of all."""
        return [level.name for level in self.levels].index(self.required_level)

    @model_validator(mode="after")
    def _check_levels(self) -> "CriterionSpec":
        names = [level.name for level in self.levels]
        points = [level.points for level in self.levels]
        _refuse_repeated("rubric levels", names)
        if points != sorted(set(points)):
            raise ValueError("the points of the rubric levels must rise from each to the next")
        if self.required_level not in names:
            raise ValueError(
                f"required_level “{self.required_level}” is none of its levels: {', '.join(names)}"
            )
        if self.required_level == names[0]:
            raise ValueError(
                "required_level is the lowest level, so that nobody could fail; "
                "require a higher one"
            )
        return self


def _rated(criteria: list[CriterionSpec]) -> list[RatedCriterion]:
    return [
        RatedCriterion(
            id=number,
            is_required=criterion.required,
            required_position=criterion.required_position,
            weight=criterion.weight,
            rubric_levels=criterion.levels,
        )
        for number, criterion in enumerate(criteria)
    ]


class AlignmentSpec(_Part):
    """A skill in an outside framework. Source: Open Badges 3.0 `Alignment`."""

    target_name: Line = Field(max_length=300)
    target_url: WebAddress = Field(max_length=1000)
    target_framework: Line | None = Field(default=None, max_length=200)
    target_code: Line | None = Field(default=None, max_length=200)
    target_type: Annotated[str, AfterValidator(check_target_type)] | None = Field(
        default=None, max_length=60
    )
    target_description: Prose | None = Field(default=None, max_length=2000)


class AchievementSpec(_Part):
    """One achievement with everything that a version of it says."""

    slug: Slug = Field(max_length=80)
    issuer: Slug
    level: Key
    name: Line = Field(max_length=200)
    description: Prose = Field(max_length=4000)
    criteria_narrative: Prose = Field(max_length=20000)
    image_alt: Line = Field(max_length=300)
    tags: list[Annotated[Line, Field(max_length=60)]] = Field(default_factory=list, max_length=30)
    criteria: list[CriterionSpec] = Field(default_factory=list, max_length=50)
    alignments: list[AlignmentSpec] = Field(default_factory=list, max_length=50)
    pass_rule: PassRuleSpec = PassRuleSpec()
    issuing_unit: Line | None = Field(default=None, max_length=200)
    validity_months: Annotated[int, Field(ge=1, le=600)] | None = None
    renewal: Prose | None = Field(default=None, max_length=4000)
    grantors_needed: Annotated[int, Field(ge=1, le=MAX_GRANTORS)] = 1
    is_anonymous: bool = False
    parts: list[PartGroupSpec] = Field(default_factory=list, max_length=20)

    @model_validator(mode="after")
    def _check_parts(self) -> "AchievementSpec":
        flaw = find_flaw(self.pass_rule, _rated(self.criteria))
        if flaw is not None:
            raise ValueError(flaw)
        _refuse_repeated("criteria", [criterion.key for criterion in self.criteria])
        _refuse_repeated("tags", self.tags)
        _refuse_repeated("alignments", [alignment.target_url for alignment in self.alignments])
        _refuse_repeated("parts", part_slugs(self.parts))
        return self


class AchievementsDocument(_Part):
    """The whole file."""

    achievements: list[AchievementSpec] = Field(min_length=1, max_length=500)

    @model_validator(mode="after")
    def _check_slugs(self) -> "AchievementsDocument":
        _refuse_repeated("achievements", [achievement.slug for achievement in self.achievements])
        return self


def parse_document(document: object) -> AchievementsDocument:
    """Check the data of an achievements document.

    Raises: `InvalidError` naming the achievement, the criterion and the field.
    """
    try:
        return AchievementsDocument.model_validate(document)
    except ValidationError as error:
        raise explain(error, document) from error


def parse_spec(content: object) -> AchievementSpec:
    """Check the data of one achievement.

    Raises: `InvalidError` naming the criterion and the field.
    """
    try:
        return AchievementSpec.model_validate(content)
    except ValidationError as error:
        raise explain(error, content) from error


def read_document(path: Path) -> AchievementsDocument:
    """Read and check an achievements document.

    Raises: `InvalidError` if the file cannot be read, is no JSON, or says something wrong.
    """
    text = read_text(path, max_bytes=MAX_DOCUMENT_BYTES)
    try:
        document = json.loads(text, object_pairs_hook=unique_names)
    except json.JSONDecodeError as error:
        raise InvalidError(
            f"{path.name} is not valid JSON: {error.msg}, line {error.lineno}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidError(f"{path.name} cannot be read: {error}.") from error
    return parse_document(document)


def unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of a JSON file.

    Raises: `InvalidError` if a name is said twice in it.
    """
    said = dict(pairs)
    if len(said) < len(pairs):
        names = Counter(name for name, _ in pairs)
        twice = next(name for name, count in names.items() if count > 1)
        raise InvalidError(f"“{plain(twice[:60])}” is said twice in one place of the file.")
    return said
