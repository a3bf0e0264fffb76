"""What changed from one attempt to the next: artifact by artifact, and line by line. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from app.evidence.models import Artifact, ArtifactKind, Attempt, Submission

# What is compared line by line; a longer text is only said to differ.
MAX_LINES = 3_000
MAX_LINE_CHARACTERS = 2_000
MAX_SHOWN_LINES = 400
CONTEXT_LINES = 3
MAX_STEPS = 20_000_000
# A word and the space before it.
WORDS = re.compile(r"\s*(?:\w+|[^\w\s])|\s+")


class ChangeKind(StrEnum):
    """What became of an artifact."""

    REPLACED = "replaced"
    NEW = "new"
    REMOVED = "removed"
    SAME = "same"


@dataclass(frozen=True)
class Change:
    """One artifact, before and after; `None` where there was none."""

    kind: ChangeKind
    before: Artifact | None
    after: Artifact | None

    @property
    def newest(self) -> Artifact:
        """The artifact as it is now, or as it was last."""
        found = self.after or self.before
        if found is None:
            raise ValueError("A change has one side at least.")
        return found


@dataclass(frozen=True)
class Changes:
    """What changed from one attempt to a later one; what matters most comes first."""

    before: Attempt
    after: Attempt
    items: tuple[Change, ...]

    def count(self, kind: str) -> int:
        """Return how many artifacts became that."""
        return sum(change.kind == kind for change in self.items)


@dataclass(frozen=True)
class Part:
    """A piece of a line; `is_marked`: this is what differs."""

    text: str
    is_marked: bool = False


@dataclass(frozen=True)
class Line:
    """One line of a comparison. `sign`: `old`, `new`, `same`, or `gap` for lines left out.

    Units: the numbers begin at 1; `None` where the line is not on that side.
    """

    sign: str
    parts: tuple[Part, ...] = ()
    old_number: int | None = None
    new_number: int | None = None


@dataclass(frozen=True)
class TextChange:
    """Two texts compared; `is_cut`: there is more. No lines: they are the same.

    `is_too_long`: it was not compared at all.
    """

    lines: tuple[Line, ...] = ()
    is_cut: bool = False
    is_too_long: bool = False


def describe_changes(submission: Submission, attempt: Attempt) -> Changes | None:
    """Return what changed since the attempt that was handed in before; `None` for the first."""
    earlier = [each for each in submission.attempts if each.counts and each.number < attempt.number]
    return compare_attempts(earlier[-1], attempt) if earlier else None


def compare_attempts(before: Attempt, after: Attempt) -> Changes:
    """Return what became of every artifact of two attempts.

    The same bytes are the same artifact, whatever it is called; else the same
    name for the same criterion, then any other of its kind for that criterion.
    """
    old, new = list(before.artifacts), list(after.artifacts)
    changes = []
    for kind, key in (
        (ChangeKind.SAME, _by_content_and_place),
        (ChangeKind.SAME, _by_content),
        (ChangeKind.REPLACED, _by_name),
        (ChangeKind.REPLACED, _by_place),
    ):
        for artifact in list(new):
            twin = next((each for each in old if key(each) == key(artifact)), None)
            if twin is not None:
                old.remove(twin)
                new.remove(artifact)
                changes.append(Change(kind, twin, artifact))
    changes += [Change(ChangeKind.NEW, None, artifact) for artifact in new]
    changes += [Change(ChangeKind.REMOVED, artifact, None) for artifact in old]
    order = list(ChangeKind)
    changes.sort(key=lambda change: (order.index(change.kind), change.newest.id))
    return Changes(before, after, tuple(changes))


class Patience:
    """How much comparing one page may cost: what is written to cost too much is not compared.

    Units: steps that a comparison takes at worst; a second has some ten million.
    """

    def __init__(self, steps: int = MAX_STEPS) -> None:
        """Allow so many."""
        self._left = steps

    def allows(self, old: Sequence[str], new: Sequence[str]) -> bool:
        """Take what comparing these costs at worst, or nothing; say which."""
        before, after = Counter(old), Counter(new)
        pairs = sum(count * before[item] for item, count in after.items())
        steps = pairs * min(len(old), len(new))
        if steps > self._left:
            return False
        self._left -= steps
        return True


def compare_texts(before: str, after: str, patience: Patience) -> TextChange:
    """Return two texts line by line, with the words that differ marked; unchanged parts left out.

    Equal beginnings and ends are set aside first, so that a long text with a
    small change is compared fast.
    """
    old, new = before.split("\n"), after.split("\n")
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    middle_old, middle_new = len(old) - start - end, len(new) - start - end
    if not middle_old and not middle_new:
        return TextChange()
    first = max(0, start - CONTEXT_LINES)
    shown_old = old[first : len(old) - max(0, end - CONTEXT_LINES)]
    shown_new = new[first : len(new) - max(0, end - CONTEXT_LINES)]
    if max(middle_old, middle_new) > MAX_LINES or not patience.allows(shown_old, shown_new):
        return TextChange(is_too_long=True)
    lines = _lines(shown_old, shown_new, first, patience)
    return TextChange(tuple(lines[:MAX_SHOWN_LINES]), is_cut=len(lines) > MAX_SHOWN_LINES)


def _by_content_and_place(artifact: Artifact) -> tuple[object, ...]:
    return (artifact.kind, artifact.sha256, artifact.criterion_id)


def _by_content(artifact: Artifact) -> tuple[object, ...]:
    return (artifact.kind, artifact.sha256)


def _by_name(artifact: Artifact) -> tuple[object, ...]:
    # Links and texts have no name: what stands in their place is known by it.
    name = artifact.file_name if artifact.kind is ArtifactKind.FILE else ""
    return (artifact.kind, name, artifact.criterion_id)


def _by_place(artifact: Artifact) -> tuple[object, ...]:
    return (artifact.kind, artifact.media_type, artifact.criterion_id)


def _lines(old: Sequence[str], new: Sequence[str], offset: int, patience: Patience) -> list[Line]:
    """Return the lines of a comparison, each group of changes with its surroundings."""
    found: list[Line] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(CONTEXT_LINES):
        if found or group[0][1] + offset > 0:
            found.append(Line("gap"))
        for tag, old_from, old_to, new_from, new_to in group:
            before, after = old[old_from:old_to], new[new_from:new_to]
            old_first, new_first = old_from + offset + 1, new_from + offset + 1
            if tag == "equal":
                found += [
                    Line("same", _cut(text), old_first + place, new_first + place)
                    for place, text in enumerate(before)
                ]
                continue
            marked = [_mark_words(*pair, patience) for pair in zip(before, after, strict=False)]
            found += [
                Line("old", marked[n][0] if n < len(marked) else _cut(text), old_first + n)
                for n, text in enumerate(before)
            ]
            found += [
                Line(
                    "new",
                    marked[n][1] if n < len(marked) else _cut(text),
                    new_number=new_first + n,
                )
                for n, text in enumerate(after)
            ]
    return found


def _mark_words(
    before: str, after: str, patience: Patience
) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Return both lines with the words that differ marked; as they are if that costs too much."""
    if max(len(before), len(after)) > MAX_LINE_CHARACTERS:
        return _cut(before), _cut(after)
    old, new = WORDS.findall(before), WORDS.findall(after)
    if not patience.allows(old, new):
        return (Part(before),), (Part(after),)
    old_parts, new_parts = [], []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if old_to > old_from:
            old_parts.append(Part("".join(old[old_from:old_to]), tag != "equal"))
        if new_to > new_from:
            new_parts.append(Part("".join(new[new_from:new_to]), tag != "equal"))
    return tuple(old_parts), tuple(new_parts)


def _cut(line: str) -> tuple[Part, ...]:
    is_long = len(line) > MAX_LINE_CHARACTERS
    return (Part(line[:MAX_LINE_CHARACTERS] + " …" if is_long else line),)
