"""The preset file: what it may say, and how a mistake in it is named."""

import copy
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import InvalidError
from app.programme.preset import check_svg, parse_preset, read_preset

SHIPPED = Path(__file__).parents[2] / "lti_config/programme/kennesaw_state.toml"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="5"/></svg>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.svg").write_text(SVG)
    return tmp_path


@pytest.fixture
def document() -> dict[str, Any]:
    return {
        "name": "Small programme",
        "level": [
            {
                "key": "first",
                "name": "First",
                "short_name": "First",
                "description": "The first level.",
                "environment": "simulated",
                "needs_artifact": True,
                "shares_evidence": False,
                "award_by": "grantor",
                "approval_route": "committee",
                "achievement_type": "Badge",
                "family": "silver",
                "image": "one.svg",
            }
        ],
    }


def test_the_shipped_preset_has_the_five_levels_of_the_taxonomy() -> None:
    preset = read_preset(SHIPPED)

    rules = {
        level.key: (level.environment, level.award_by, level.shares_evidence, level.family)
        for level in preset.levels
    }
    assert rules == {
        "souvenir": (None, "request", False, "white"),
        "badge_1": ("simulated", "grantor", False, "silver"),
        "badge_2": ("professional", "grantor", True, "gold"),
        "certificate_practiced": (None, "rule", False, "silver"),
        "certificate_expert": (None, "rule", False, "gold"),
    }
    assert all(preset.images[key].lstrip().startswith("<") for key in rules)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("key", "First Level", "key: may have small letters"),
        ("key", "x" * 61, "key: "),
        ("name", "", "name: must not be empty"),
        ("name", "two\nlines", "name: must be one line"),
        ("name", "bell\x07", "name: has a control character"),
        ("name", "turned\u202e", "name: has a control character"),
        ("name", 7, "name: must be text"),
        ("name", "x" * 121, "name: has more than 120"),
        ("environment", "virtual", "environment: input should be 'simulated' or 'professional'"),
        ("environment", None, "environment must be said where work is assessed"),
        ("needs_artifact", "yes", "needs_artifact: must be true or false"),
        ("needs_artifact", False, "needs_artifact and award_by disagree"),
        ("award_by", "anybody", "award_by: input should be"),
        ("award_by", "rule", "needs_artifact and award_by disagree"),
        ("achievement_type", "Souvenir", "“Souvenir” is no achievement type"),
        ("family", "bronze", "family: input should be"),
        ("colour", "red", "colour: is not known here"),
        ("image", "two.svg", "image: two.svg cannot be read"),
        ("image", "../one.svg", "image: it must lie in the preset's folder"),
        ("image", ".", "cannot be read"),
    ],
)
def test_a_wrong_value_is_named_with_level_and_field(
    document: dict[str, Any], folder: Path, field: str, value: Any, said: str
) -> None:
    document["level"][0][field] = value

    with pytest.raises(InvalidError) as refusal:
        parse_preset(document, folder=folder)

    assert said in str(refusal.value)
    assert "level" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_level_of_a_mistake_is_named_by_its_key(document: dict[str, Any], folder: Path) -> None:
    del document["level"][0]["family"]

    with pytest.raises(InvalidError, match=r"^level “first” family: is missing\.$"):
        parse_preset(document, folder=folder)


def test_sharing_needs_an_artifact(document: dict[str, Any], folder: Path) -> None:
    document["level"][0] |= {
        "needs_artifact": False,
        "award_by": "rule",
        "environment": None,
        "shares_evidence": True,
    }

    with pytest.raises(InvalidError, match="no artifact to share"):
        parse_preset(document, folder=folder)


def test_two_levels_of_one_key_are_refused(document: dict[str, Any], folder: Path) -> None:
    document["level"].append(copy.deepcopy(document["level"][0]))

    with pytest.raises(InvalidError, match="two levels have the key “first”"):
        parse_preset(document, folder=folder)


def test_many_mistakes_are_told_in_one_line(document: dict[str, Any], folder: Path) -> None:
    document["level"][0] = {"key": "first"}

    with pytest.raises(InvalidError, match=r"is missing; .* is missing; and 7 more\.$"):
        parse_preset(document, folder=folder)


@pytest.mark.parametrize("document", [{}, {"name": "x"}, {"name": "x", "level": []}, {"level": 3}])
def test_a_preset_without_levels_is_refused(document: dict[str, Any], folder: Path) -> None:
    with pytest.raises(InvalidError):
        parse_preset(document, folder=folder)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name = ", "is not valid TOML"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"#" * 300_000, "is larger than 256 kB"),
        (b"name = " + b"[" * 5000, "is not valid TOML"),
    ],
)
def test_a_file_that_is_no_preset_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "preset.toml"
    file.write_bytes(content)

    with pytest.raises(InvalidError, match=said):
        read_preset(file)


def test_a_folder_is_no_preset(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="cannot be read"):
        read_preset(tmp_path)


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("<script>alert(1)</script>", "<script> is refused"),
        ("<foreignObject/>", "<foreignObject> is refused"),
        ('<circle onclick="x()"/>', "onclick is refused"),
        ('<image href="https://tracker.example/pixel.png"/>', "outside itself"),
        ("<style>@import 'https://fonts.example/a.css';</style>", "outside itself"),
        ('<rect fill="url(https://example.org/#a)"/>', "outside itself"),
        ("<circle", "not well-formed"),
    ],
)
def test_a_picture_that_could_act_is_refused(inside: str, said: str) -> None:
    with pytest.raises(InvalidError, match=said):
        check_svg(SVG.replace('<circle r="5"/>', inside))


@pytest.mark.parametrize(
    "picture",
    ["", "no picture", "<html/>", "<!DOCTYPE svg [<!ENTITY a 'b'>]>" + SVG],
)
def test_what_is_no_plain_svg_is_refused(picture: str) -> None:
    with pytest.raises(InvalidError):
        check_svg(picture)


def test_a_gradient_of_its_own_is_allowed() -> None:
    check_svg(SVG.replace("<circle", '<use href="#a"/><circle fill="url(#a)"'))


def test_a_certificate_is_made_of_levels_that_there_are(
    document: dict[str, Any], folder: Path
) -> None:
    by_rule = {"key": "set", "needs_artifact": False, "award_by": "rule"}
    whole = {**document["level"][0], **by_rule, "part_levels": ["first"]}
    del whole["environment"]
    document["level"].append(whole)
    assert parse_preset(document, folder=folder).levels[1].part_levels == ["first"]

    document["level"][1]["part_levels"] = ["nothing"]
    with pytest.raises(InvalidError, match="part_levels: names the level “nothing”"):
        parse_preset(document, folder=folder)
    del document["level"][1]
    document["level"][0]["part_levels"] = ["first"]
    with pytest.raises(InvalidError, match="part_levels is said where a rule awards"):
        parse_preset(document, folder=folder)
