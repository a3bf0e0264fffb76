"""`docs/lti-conformance.md` names only tests that exist, so that no row can promise too much."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "lti-conformance.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def names_in(path: str) -> set[str]:
    """The names of a file's test functions, those of test classes too."""
    tree = ast.parse((ROOT / path).read_text())
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def rows() -> list[list[str]]:
    """The cells of every row of every table, without the heads."""
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] != "point" and set(row[0]) != {"-"}]


def test_every_row_has_a_point_a_source_and_a_test():
    assert rows()
    for row in rows():
        assert len(row) == 3, row
        assert all(row), row
        assert re.fullmatch(rf"{NAMED.pattern}(, {NAMED.pattern})*", row[2]), row


def test_every_test_that_is_named_exists():
    named = NAMED.findall(TABLE.read_text())

    assert len(named) >= len(rows())
    for path, name in named:
        assert (ROOT / path).is_file(), path
        assert name in names_in(path), f"{path} has no {name}"


def test_each_of_the_guides_payloads_has_its_row():
    named = {name for _path, name in NAMED.findall(TABLE.read_text())}

    assert names_in("tests/launch/test_known_bad_payloads.py") <= named
    assert len(names_in("tests/launch/test_known_bad_payloads.py")) == 12
    assert names_in("tests/launch/test_valid_launches.py") <= named


def test_a_test_that_is_missing_would_be_noticed():
    assert "test_that_nobody_wrote" not in names_in("tests/test_conformance_table.py")
    assert NAMED.findall("`tests/a/test_b.py::test_c`") == [("tests/a/test_b.py", "test_c")]
