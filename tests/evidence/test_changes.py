"""What changed from one attempt to the next: by digest, name and place, and line by line."""

from time import process_time

import pytest

from app.evidence.changes import (
    MAX_LINES,
    MAX_SHOWN_LINES,
    Change,
    ChangeKind,
    Patience,
    compare_attempts,
    compare_texts,
    describe_changes,
)
from app.evidence.models import Artifact, ArtifactKind, Attempt, Submission
from tests.factories import NOON, import_models

import_models()


def file(name: str, content: str, *, part: int | None = None, kind: str = "text/plain"):
    return Artifact(
        id=len(name),
        kind=ArtifactKind.FILE,
        file_name=name,
        media_type=kind,
        sha256=content,
        criterion_id=part,
    )


def text(content: str, *, criterion_id: int | None = None):
    return Artifact(
        id=1, kind=ArtifactKind.TEXT, text=content, sha256=content, criterion_id=criterion_id
    )


def attempt(number: int, *artifacts: Artifact, **facts) -> Attempt:
    return Attempt(number=number, submitted_at=NOON, artifacts=list(artifacts), **facts)


def compare(before: list[Artifact], after: list[Artifact]) -> list[str]:
    found = compare_attempts(attempt(1, *before), attempt(2, *after))
    return [f"{change.kind} {name(change.before)}-{name(change.after)}" for change in found.items]


def name(artifact: Artifact | None) -> str:
    return "" if artifact is None else artifact.file_name or artifact.kind.value


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([file("a", "1")], [file("a", "1")], ["same a-a"]),
        ([file("a", "1")], [file("b", "1")], ["same a-b"]),
        ([file("a", "1")], [file("a", "2")], ["replaced a-a"]),
        ([file("a", "1")], [file("bb", "2")], ["replaced a-bb"]),
        ([file("a", "1")], [file("a", "1"), file("bb", "2")], ["new -bb", "same a-a"]),
        ([file("a", "1"), file("bb", "2")], [file("bb", "2")], ["removed a-", "same bb-bb"]),
        ([file("a", "1")], [file("b", "2", kind="image/png")], ["new -b", "removed a-"]),
        ([file("a", "1", part=1)], [file("a", "2", part=2)], ["new -a", "removed a-"]),
        ([file("a", "1", part=1)], [file("a", "1", part=2)], ["same a-a"]),
        ([text("x")], [text("y")], ["replaced text-text"]),
        ([text("x")], [], ["removed text-"]),
        ([], [], []),
        (
            [file("a", "1"), file("bb", "2")],
            [file("bb", "3"), file("ccc", "4")],
            ["replaced bb-bb", "replaced a-ccc"],
        ),
    ],
)  # fmt: skip
def test_each_artifact_finds_what_it_was_before(before, after, said):
    assert compare(before, after) == said


def test_of_the_same_bytes_twice_each_is_counted_once():
    found = compare_attempts(attempt(1, file("a", "1"), file("b", "1")), attempt(2, file("a", "1")))

    assert (found.count("same"), found.count("removed"), found.count("new")) == (1, 1, 0)


def test_an_attempt_is_compared_with_the_one_that_counted_before():
    first, taken_back = attempt(1, text("x")), attempt(2, text("y"), withdrawn_at=NOON)
    third = attempt(3, text("z"))
    submission = Submission(attempts=[first, taken_back, third])

    assert describe_changes(submission, third).before is first
    assert describe_changes(submission, first) is None


def test_a_change_has_a_side():
    with pytest.raises(ValueError, match="one side"):
        _ = Change(ChangeKind.NEW, None, None).newest


def lines_of(before: str, after: str) -> list[str]:
    signs = {"old": "-", "new": "+", "same": " ", "gap": "…"}
    return [
        signs[line.sign]
        + "".join(f"[{part.text}]" if part.is_marked else part.text for part in line.parts)
        for line in compare_texts(before, after, Patience()).lines
    ]


def test_the_words_that_differ_are_marked():
    assert lines_of("one two three\nend", "one 2 three four\nend") == [
        "-one[ two] three",
        "+one[ 2] three[ four]",
        " end",
    ]


def test_lines_that_are_the_same_are_left_out_and_numbers_stay_right():
    before = "\n".join(map(str, range(1, 101)))
    after = before.replace("\n50\n", "\nfifty\n").replace("\n90\n", "\n")

    found = compare_texts(before, after, Patience())

    assert [line.sign for line in found.lines].count("gap") == 2
    shown = {
        (line.old_number, line.new_number): line.parts[0].text for line in found.lines if line.parts
    }
    assert shown[47, 47] == "47"
    assert shown[50, None] == "50"
    assert shown[None, 50] == "fifty"
    assert shown[90, None] == "90"
    assert shown[91, 90] == "91"


@pytest.mark.parametrize(("before", "after"), [("", ""), ("a\nb", "a\nb")])
def test_texts_that_are_the_same_have_no_lines(before, after):
    found = compare_texts(before, after, Patience())

    assert (found.lines, found.is_cut, found.is_too_long) == ((), False, False)


@pytest.mark.parametrize(
    ("before", "after"),
    [("", "a"), ("a", ""), ("a\n", "a"), ("\n\n", "\n"), ("x\na", "x\nb\na"), ("a", "a\n\n\n")],
)
def test_what_is_told_of_two_texts_makes_the_one_from_the_other(before, after):
    found = compare_texts(before, after, Patience())
    old = ["".join(p.text for p in line.parts) for line in found.lines if line.sign != "new"]
    new = ["".join(p.text for p in line.parts) for line in found.lines if line.sign != "old"]

    assert "\n".join(old) == before
    assert "\n".join(new) == after


def test_texts_that_have_nothing_in_common_and_are_long_are_not_compared():
    long = "\n".join(f"a{n}" for n in range(MAX_LINES + 1))

    assert compare_texts(long, long.replace("a", "b"), Patience()).is_too_long
    found = compare_texts(long, long.replace("a7\n", "b7\n"), Patience())
    assert [line.sign for line in found.lines].count("new") == 1


def test_no_more_lines_are_shown_than_anybody_reads():
    before, after = ("\n".join(f"{letter}{n}" for n in range(1000)) for letter in "ab")

    found = compare_texts(before, after, Patience())

    assert found.is_cut
    assert len(found.lines) == MAX_SHOWN_LINES


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x\ny\n" * 1400, "y\nx\ny\n" * 900),
        ("\n".join(f"{n % 50}" for n in range(3000)), "\n".join(f"{n % 49}" for n in range(3000))),
        ("a b " * 500, "b a " * 500),
        ("\n".join(["a b " * 400] * 300), "\n".join(["b a a " * 300] * 300)),
        ("x" * 200_000, "y" * 200_000),
    ],
)
def test_comparing_costs_no_more_than_it_may(before, after):
    began = process_time()

    compare_texts(before, after, Patience())

    assert process_time() - began < 20  # of the processor, however busy; unbounded it is hours


def test_what_one_comparison_costs_is_missing_for_the_next():
    patience = Patience(steps=2)

    assert patience.allows(["a"], ["a"])
    assert not patience.allows(["a", "a"], ["a", "a"])
    assert patience.allows(["a"], ["a"])


def test_a_line_of_megabytes_is_cut():
    found = compare_texts("x" * 200_000, "y" * 200_000, Patience())

    assert all(len(line.parts[0].text) < 3000 for line in found.lines)
