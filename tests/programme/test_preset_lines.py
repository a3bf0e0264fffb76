# ruff: noqa: E501 (a mistake and what is said of it stand on one line)
"""A mistake in a preset is named with the file, the line and the field."""

import re
import tomllib
from pathlib import Path

import pytest

from app.core.errors import InvalidError
from app.programme.places import Lines
from app.programme.preset import read_preset

PRESETS = sorted((Path(__file__).parents[2] / "lti_config/programme").glob("*.toml"))
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="5"/></svg>'
WHOLE = '''\
name = "Small programme"  # line 1

[[level]]
key = "first"
name = "First"
short_name = "First"
description = """
Two lines, with a bracket [ and
a quote " in them."""
environment = "simulated"
needs_artifact = true
shares_evidence = false
award_by = "grantor"
approval_route = "committee"
achievement_type = "Badge"
family = "silver"
image = "one.svg"
pass_rules = [
  "all_required",  # the default ]
  "weighted",
]

[[audience]]
key = "students"
name = "Students"

[[group]]
key = "committee"
name = "Committee"

[[route]]
key = "committee"
name = "Approval"

[[route.step]]
key = "vote"
name = "Vote"
group = "committee"
scores = true

[[question]]
key = "why"
section = "Purpose"
label = "Why?"
kind = "choice"
choices = ["One", "Two"]
levels = ["first"]

[[review_criterion]]
key = "fit"
name = "Fit"
description = "It fits."

[[review_criterion.level]]
name = "No"
description = "It does not."
points = 0

[[review_criterion.level]]
name = "Yes"
description = "It does."
points = 1
'''


@pytest.fixture
def refuse(tmp_path):
    """Read a preset in which a text is replaced; return what is said, from the line on."""
    (tmp_path / "one.svg").write_text(SVG)
    file = tmp_path / "preset.toml"

    def read(old: str, new: str) -> str:
        assert old in WHOLE
        file.write_text(WHOLE.replace(old, new, 1))
        with pytest.raises(InvalidError) as refusal:
            read_preset(file)
        said = str(refusal.value)
        assert said.startswith("preset.toml")
        assert "\n" not in said
        return said

    return read


def test_what_the_mistakes_are_made_in_is_whole(tmp_path):
    (tmp_path / "one.svg").write_text(SVG)
    (tmp_path / "preset.toml").write_bytes(WHOLE.replace("\n", "\r\n").encode("utf-8-sig"))

    preset = read_preset(tmp_path / "preset.toml")

    assert preset.rules.route[0].step[0].scores


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('family = "silver"', 'family = "bronze"', "line 16, level “first” family: input should"),
        ('family = "silver"\n', "", "line 3, level “first” family: is missing"),
        ('key = "first"', "key = 7", "line 4, level “First” key: must be text"),
        ('name = "First"', 'name = "a\\u202eb"', "line 5, level “first” name: has a control"),
        ('"weighted",\n]', '"mostly",\n]', "line 18, level “first” pass_rules number 2: input"),
        ("needs_artifact = true", "needs_artifact = 1", "line 11, level “first” needs_artifact"),
        ("needs_artifact = true", "needs_artifact = false", "line 3, level “first”: needs_artifact"),
        ('image = "one.svg"', 'image = "two.svg"', "line 17, level “first” image: two.svg cannot"),
        ('image = "one.svg"', 'image = "../x.svg"', "line 17, level “first” image: it must lie"),
        ('image = "one.svg"', f'image = "{"x" * 300}"', "line 17, level “first” image: "),
        ('short_name = "First"', 'colour = "red"', "line 6, level “first” colour: is not known"),
        ('approval_route = "committee"', 'approval_route = "x"', "line 14, level “first” approval_"),
        ("[[audience]]", "[[listener]]", "listener: is not known here"),
        ('group = "committee"', 'group = "x"', "line 38, route “committee” step “vote” group: names"),
        ("scores = true", 'audiences = ["x"]', "line 39, route “committee” step “vote” audiences:"),
        ("scores = true", 'quorum = "many"', "line 39, route “committee” step “vote” quorum: must"),
        ("scores = true", "quorum = 0", "line 39, route “committee” step “vote” quorum: input"),
        ("points = 1", "points = 0", "line 62, review_criterion “fit” level “Yes” points: must be"),
        ('name = "Yes"', 'name = "No"', "review_criterion “fit” level: says the level “No” twice"),
        ('levels = ["first"]', 'levels = ["x"]', "line 47, question “why” levels: names the level"),
        ('levels = ["first"]', 'levels = ["first", "first"]', "says the level “first” twice"),
        ('choices = ["One", "Two"]', 'choices = ["One", "One"]', "says the choice “One” twice"),
        ('choices = ["One", "Two"]', 'choices = ["One"]', "question “why”: a choice needs at least"),
        ('kind = "choice"', 'kind = "line"', "question “why”: choices are given, but the kind"),
        ('kind = "choice"', 'kind = "essay"', "line 45, question “why” kind: input should be"),
        ('name = "Small programme"', "name = 1979-05-27", "line 1, name: must be text"),
        ('name = "Small programme"  # line 1\n', "", "preset.toml: name: is missing"),
        ("shares_evidence = false", "shares_evidence = false\nrevokes_with_part = true", "parts"),
        ('"weighted",\n]', '"all_required",\n]', "pass_rules names one twice"),
    ],
)  # fmt: skip
def test_a_wrong_value_has_its_line(refuse, old, new, said):
    assert said in refuse(old, new)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('family = "silver"', "family = silver", 16, "Invalid value"),
        ('family = "silver"', 'family = "silver', 16, ""),
        ('family = "silver"', "family", 16, ""),
        ('family = "silver"', 'family = "silver"\nfamily = "gold"', 17, "Cannot overwrite"),
        ('key = "first"', 'key = "fi\x07rst"', 4, ""),
        ("[[group]]", "[group]\n[[group]]", 28, ""),
        ("[[route.step]]", "[[route.step", 35, ""),
    ],
)
def test_what_is_no_toml_has_its_line(refuse, old, new, line, said):
    words = refuse(old, new)

    assert f"preset.toml is not valid TOML: line {line}: " in words
    assert said in words


def test_several_mistakes_each_have_their_line(refuse):
    words = refuse('family = "silver"\nimage = "one.svg"', "family = 1\nimage = 2\ncolour = 3")

    assert re.findall(r"line (\d+)", words) == ["16", "17", "18"]


def test_several_wrong_references_are_told_at_once(refuse):
    words = refuse('group = "committee"\nscores = true', 'group = "x"\naudiences = ["y", "z"]')

    assert "names the group “x”" in words
    assert "names the audience “y”" in words
    assert (words.count("line 38"), words.count("line 39")) == (1, 2)


def test_two_of_one_key_are_named_where_the_second_is(refuse):
    second = '[[group]]\nkey = "committee"\nname = "Again"\n\n[[route]]'

    assert "line 32, group “committee” key: two groups have the key “committee”" in refuse(
        "[[route]]", second
    )


def test_an_audience_for_which_nobody_decides_is_refused(refuse):
    words = refuse("scores = true", 'audiences = ["students"]\n[[audience]]\nkey = "staff"\n'
                   'name = "Staff"')  # fmt: skip

    assert "line 31, route “committee”: has no step for the audience “staff”" in words


def test_a_vote_that_scores_needs_a_rubric(refuse):
    start = WHOLE.index("[[review_criterion]]")

    assert "no review_criterion to score by" in refuse(WHOLE[start:], "")


@pytest.mark.parametrize("depth", [500, 5000])
def test_deep_nesting_is_refused_in_words(refuse, depth):
    words = refuse('family = "silver"', f"family = {'[' * depth}{']' * depth}")

    assert "Recursion" not in words


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_every_key_of_the_shipped_presets_is_found_on_its_line(preset):
    text = preset.read_text()
    written = text.splitlines()
    lines = Lines(text)

    for path in walk(tomllib.loads(text)):
        line = written[lines.find(path) - 1]
        assert line.startswith(path[-1] if isinstance(path[-1], str) else f"[[{path[0]}"), path


def walk(value, path=()):
    """Yield the path of every table in an array, and of every value."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from walk(part, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, part in enumerate(value):
            yield (*path, number)
            yield from walk(part, (*path, number))
    else:
        yield path


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ('a = 1\n"b c" = 2', ("b c",), 2),
        ("a.b = 1\na.'c' = 2", ("a", "c"), 2),
        ('[a."b.c"]\nd = 1', ("a", "b.c", "d"), 2),
        ("[[a]]\n[a.b]\nc = 1\n[[a]]\n[a.b]\nc = 2", ("a", 1, "b", "c"), 6),
        ("a = {b = 1, c = [\n2]}\nd = 3", ("d",), 3),
        ("a = '''\nb = 1\n'''\nb = 2", ("b",), 4),
        ('a = """x\\"""\nb = 1\n"""\nb = 2', ("b",), 4),
        ('a = """x""""\nb = 2', ("b",), 2),
        ("a = [ # ]\n 1 ]\nb = 2", ("b",), 3),
        ("a = {b = {c = 1}}", ("a", "b", "c"), 1),
        ("# only a comment", ("a",), None),
        ("", ("a",), None),
    ],
)
def test_odd_but_valid_toml_is_followed(text, path, line):
    tomllib.loads(text)

    assert Lines(text).find(path) == line
