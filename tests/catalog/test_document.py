"""The achievements document: what it may say, and how a mistake in it is named."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.catalog.document import parse_document, read_document
from app.core.errors import InvalidError

EXAMPLE = Path(__file__).parents[2] / "lti_config/example/achievements.json"
Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def document() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    return data


def put(field: str, value: Any) -> Change:
    """Change one field of the first achievement; dots lead inside."""

    def change(achievement: dict[str, Any]) -> None:
        here: Any = achievement
        *way, last = field.split(".")
        for step in way:
            here = here[int(step) if step.isdigit() else step]
        here[int(last) if last.isdigit() else last] = value

    return change


def repeat(field: str) -> Change:
    def change(achievement: dict[str, Any]) -> None:
        achievement[field].append(copy.deepcopy(achievement[field][0]))

    return change


def test_the_example_is_one_of_level_1_and_one_of_level_2(document: dict[str, Any]) -> None:
    silver, gold = read_document(EXAMPLE).achievements

    assert [len(criterion.levels) for criterion in silver.criteria] == [3, 3]
    assert [len(criterion.levels) for criterion in gold.criteria] == [3, 3, 3]
    assert {alignment.target_framework for alignment in gold.alignments} == {"ESCO", "O*NET"}
    assert [criterion.required_position for criterion in gold.criteria] == [1, 1, 1]


def none_required(achievement: dict[str, Any]) -> None:
    for criterion in achievement["criteria"]:
        criterion["required"] = False


def trivial(achievement: dict[str, Any]) -> None:
    """Give half of the points for nothing, and ask for no more."""
    none_required(achievement)
    for criterion in achievement["criteria"]:
        count = len(criterion["levels"])
        for step, level in enumerate(criterion["levels"]):
            level["points"] = count - 1 + step
    achievement["pass_rule"] = {"kind": "weighted", "threshold": 50}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put("slug", "Search"), "slug: may have small letters"),
        (put("slug", "a--b"), "slug: may have small letters"),
        (put("slug", "x" * 81), "slug: has more than 80"),
        (put("issuer", ""), "issuer: may have small letters"),
        (put("level", 1), "level: must be text"),
        (put("name", "  "), "name: must not be empty"),
        (put("name", "a\nb"), "name: must be one line"),
        (put("name", "a\x00b"), "name: has a control character"),
        (put("name", "a\ud800b"), "name: has a broken character"),
        (put("name", "x" * 201), "name: has more than 200"),
        (put("description", None), "description: must be text"),
        (put("criteria_narrative", "a\x1bb"), "criteria_narrative: has a control character"),
        (put("image_alt", ""), "image_alt: must not be empty"),
        (put("tags", "one"), "tags: must be a list"),
        (put("tags", ["one", "one"]), "two tags are called “one”"),
        (put("tags.0", "x" * 61), "tags number 1: has more than 60 characters"),
        (put("colour", "silver"), "colour: is not known here"),
        (put("criteria.0.key", "A b"), "criteria “A b” key: may have small letters"),
        (put("criteria.0.required", "yes"), "criteria “search” required: must be true or false"),
        (put("criteria.0.required_level", "Expert"), "required_level “Expert” is none of its"),
        (put("criteria.0.required_level", "Beginning"), "nobody could fail"),
        (put("criteria.0.levels", []), "levels: list should have at least 2 items"),
        (put("criteria.0.levels.1.points", 0), "points of the rubric levels must rise"),
        (put("criteria.0.levels.1.points", 9), "points of the rubric levels must rise"),
        (put("criteria.0.levels.0.points", -1), "levels “Beginning” points: input should be"),
        (put("criteria.0.levels.2.points", 1001), "points: input should be less than"),
        (put("criteria.0.levels.2.points", 2.5), "points: must be a whole number"),
        (put("criteria.0.levels.2.points", "3"), "points: must be a whole number"),
        (put("criteria.0.levels.2.name", "Beginning"), "two rubric levels are called “Beginning”"),
        (put("criteria.0.levels.2.description", ""), "description: must not be empty"),
        (put("alignments.0.target_url", "ftp://x.org/a"), "target_url: must be a whole web"),
        (put("alignments.0.target_url", "javascript:alert(1)"), "target_url: must be a whole web"),
        (put("alignments.0.target_url", "https:///a"), "target_url: must be a whole web address"),
        (put("alignments.0.target_url", "https://x.org/a b"), "target_url: must be a whole web"),
        (put("alignments.0.target_type", "Skill"), "“Skill” is no target type"),
        (put("alignments.0.target_name", ""), "target_name: must not be empty"),
        (put("pass_rule", {"kind": "k_of_n", "k": 9}), "asks for 9 criteria; there are 2"),
        (put("pass_rule", {"kind": "k_of_n", "k": 1}), "2 are required anyway"),
        (put("pass_rule", {"kind": "k_of_n"}), "k is said for the rule k_of_n"),
        (put("pass_rule", {"kind": "weighted"}), "threshold is said for the rule weighted"),
        (put("pass_rule", {"kind": "weighted", "threshold": 101}), "threshold: input should be"),
        (put("pass_rule", {"kind": "most"}), "pass_rule kind: input should be"),
        (put("pass_rule", "all"), "pass_rule: "),
        (none_required, "at least one required criterion"),
        (trivial, "reach 50 % of the points already, so that nobody could fail"),
        (put("criteria.0.weight", 0), "weight: input should be greater"),
        (put("validity_months", 0), "validity_months: input should be greater"),
        (put("validity_months", 1.5), "validity_months: must be a whole number"),
        (put("renewal", "a\x00"), "renewal: has a control character"),
        (put("issuing_unit", "a\u202eb"), "issuing_unit: has a control character"),
        (repeat("criteria"), "two criteria are called “search”"),
        (repeat("alignments"), "two alignments are called “http://data.europa.eu"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(
    document: dict[str, Any], change: Change, said: str
) -> None:
    change(document["achievements"][0])

    with pytest.raises(InvalidError) as refusal:
        parse_document(document)

    assert said in str(refusal.value)
    assert str(refusal.value).startswith("achievements “")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "missing",
    [
        "slug",
        "issuer",
        "level",
        "name",
        "description",
        "criteria_narrative",
        "image_alt",
    ],
)
def test_what_is_missing_is_named(document: dict[str, Any], missing: str) -> None:
    del document["achievements"][1][missing]

    with pytest.raises(InvalidError, match=f"{missing}: is missing"):
        parse_document(document)


def test_a_slug_stands_once_in_a_document(document: dict[str, Any]) -> None:
    document["achievements"].append(document["achievements"][0])

    with pytest.raises(InvalidError, match="two achievements are called"):
        parse_document(document)


@pytest.mark.parametrize("document", [None, [], "x", 3, {}, {"achievements": []}, {"a": 1}])
def test_what_is_no_document_is_refused(document: object) -> None:
    with pytest.raises(InvalidError):
        parse_document(document)


def test_line_ends_of_another_system_are_the_same_text(document: dict[str, Any]) -> None:
    unix = parse_document(document)
    first = document["achievements"][0]
    first["criteria_narrative"] = first["criteria_narrative"].replace("\n", "\r\n") + "\r\n"

    assert parse_document(document) == unix


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not valid JSON"),
        (b'{"achievements": [}', "is not valid JSON: .*, line 1"),
        (b'{"achievements": [], "achievements": []}', "“achievements” is said twice"),
        (b'{"achievements": [' + b"9" * 5000 + b"]}", "cannot be read"),
        (b"[" * 100_000, "cannot be read|is nested"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b" " * 9_000_000, "is larger than 8192 kB"),
    ],
)
def test_a_file_that_is_no_document_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "achievements.json"
    file.write_bytes(content)

    with pytest.raises(InvalidError, match=said):
        read_document(file)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "achievements.json"
    file.write_bytes(b"\xef\xbb\xbf" + EXAMPLE.read_bytes())

    assert read_document(file) == read_document(EXAMPLE)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match=r"none\.json cannot be read: No such file"):
        read_document(tmp_path / "none.json")
