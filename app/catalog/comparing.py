"""What changed between two versions: field by field, criterion by criterion, word by word. Pure."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Any, Final, TypeVar

from app.catalog.reading import ShownContent, ShownCriterion, ShownLevel, ShownSkill

SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"
# Scripts without spaces between words are compared letter by letter.
_UNSPACED: Final = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_MARKS: Final = r"!-/:-@\[-`{-~"
_WORDS: Final = re.compile(rf"\s+|[{_UNSPACED}]|[{_MARKS}]|[^\s{_UNSPACED}{_MARKS}]+")
_LINES: Final = re.compile(r"[^\n]*\n|[^\n]+")
# So many comparisons of words are quick; longer texts are compared by lines, or as wholes.
MAX_COMPARED: Final = 2_000_000
Item = TypeVar("Item")


@dataclass(frozen=True)
class Piece:
    """A stretch of text that is the same, added or removed."""

    kind: str
    text: str


@dataclass(frozen=True)
class Change:
    """One field that says something else; `field` is its name in the document."""

    field: str
    kind: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class PartChange:
    """A criterion, a level or a skill: added, removed or changed; `parts` are levels."""

    kind: str
    name: str
    changes: tuple[Change, ...] = ()
    parts: tuple["PartChange", ...] = ()


@dataclass(frozen=True)
class Difference:
    """Everything that changed; `is_reordered`: the criteria stand in another order."""

    fields: tuple[Change, ...]
    criteria: tuple[PartChange, ...]
    skills: tuple[PartChange, ...]
    is_reordered: bool

    @property
    def is_empty(self) -> bool:
        """Whether the two say the same."""
        return not (self.fields or self.criteria or self.skills or self.is_reordered)


def compare(before: ShownContent, after: ShownContent) -> Difference:
    """Return what changed from one version's content to another's."""
    keys = [_keys(before), _keys(after)]
    common = [[key for key in mine if key in theirs] for mine, theirs in (keys, keys[::-1])]
    return Difference(
        fields=_field_changes(before, after),
        criteria=_part_changes(before.criteria, after.criteria, _criterion_key, _criterion_change),
        skills=_part_changes(
            before.alignments,
            after.alignments,
            lambda skill: skill.target_url or skill.target_name,
            _skill_change,
        ),
        is_reordered=common[0] != common[1],
    )


def compare_words(before: str, after: str) -> tuple[Piece, ...]:
    """Return two texts as one, with what was removed and added marked."""
    for pattern in (_WORDS, _LINES):
        old, new = pattern.findall(before), pattern.findall(after)
        head = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new)))  # noqa: B905
        rest = zip(reversed(old[head:]), reversed(new[head:]))  # noqa: B905
        tail = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], rest))
        middle = old[head : len(old) - tail], new[head : len(new) - tail]
        if len(middle[0]) * len(middle[1]) <= MAX_COMPARED:
            pieces = [
                (SAME, "".join(old[:head])),
                *_matched(*middle),
                (SAME, "".join(old[len(old) - tail :])),
            ]
            return _joined(pieces)
    return _joined([(REMOVED, before), (ADDED, after)])


def _matched(old: Sequence[str], new: Sequence[str]) -> Iterable[tuple[str, str]]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            yield SAME, "".join(old[old_from:old_to])
        else:
            yield REMOVED, "".join(old[old_from:old_to])
            yield ADDED, "".join(new[new_from:new_to])


def _joined(pieces: Iterable[tuple[str, str]]) -> tuple[Piece, ...]:
    joined: list[Piece] = []
    for kind, text in pieces:
        if not text:
            continue
        if joined and joined[-1].kind == kind:
            joined[-1] = Piece(kind, joined[-1].text + text)
        else:
            joined.append(Piece(kind, text))
    return tuple(joined)


def _change(field: str, before: Any, after: Any) -> Change | None:
    old, new = _as_text(before), _as_text(after)
    if old == new:
        return None
    kind = ADDED if not old else REMOVED if not new else CHANGED
    is_prose = isinstance(before, str) and isinstance(after, str)
    pieces = compare_words(old, new) if is_prose else _joined([(REMOVED, old), (ADDED, new)])
    return Change(field, kind, pieces)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value)


def _changes(before: Any, after: Any, fields: Sequence[str]) -> tuple[Change, ...]:
    found = (_change(name, getattr(before, name), getattr(after, name)) for name in fields)
    return tuple(change for change in found if change)


def _field_changes(before: ShownContent, after: ShownContent) -> tuple[Change, ...]:
    plain = ("name", "description", "criteria_narrative", "image_alt", "tags", "issuing_unit")
    rule = _changes(before.pass_rule, after.pass_rule, ("kind", "k", "threshold"))
    rest = _changes(
        before,
        after,
        ("grantors_needed", "is_anonymous", "parts", "validity_months", "renewal"),
    )
    return _changes(before, after, plain) + rule + rest


def _keys(content: ShownContent) -> list[str]:
    return [_criterion_key(criterion) for criterion in content.criteria]


def _criterion_key(criterion: ShownCriterion) -> str:
    return criterion.key or criterion.name


def _part_changes(
    before: Sequence[Item],
    after: Sequence[Item],
    key: Callable[[Item], str],
    change: Callable[[Item | None, Item | None], PartChange | None],
) -> tuple[PartChange, ...]:
    old = {key(item): item for item in before}
    new = {key(item): item for item in after}
    found = [change(old.get(name), item) for name, item in new.items()]
    found += [change(item, None) for name, item in old.items() if name not in new]
    return tuple(item for item in found if item)


def _criterion_change(
    before: ShownCriterion | None, after: ShownCriterion | None
) -> PartChange | None:
    fields = ("name", "description", "is_required", "weight", "required_level")
    if before is None or after is None:
        return _whole(before, after, fields, _level_parts(before, after))
    changes = _changes(before, after, fields)
    parts = _level_parts(before, after)
    return PartChange(CHANGED, after.name, changes, parts) if changes or parts else None


def _level_parts(
    before: ShownCriterion | None, after: ShownCriterion | None
) -> tuple[PartChange, ...]:
    old = list(before.rubric_levels) if before else []
    new = list(after.rubric_levels) if after else []
    pairs = _paired(old, new)
    found = []
    for one, other in pairs:
        if one is None or other is None:
            found.append(_whole(one, other, ("description", "points")))
            continue
        changes = _changes(one, other, ("name", "description", "points"))
        if changes:
            found.append(PartChange(CHANGED, other.name, changes))
    return tuple(found)


def _paired(
    old: list[ShownLevel], new: list[ShownLevel]
) -> list[tuple[ShownLevel | None, ShownLevel | None]]:
    """Pair levels of the same name; then, of those left over, what stands at the same place."""
    names = {level.name: level for level in old if level.name}
    taken = {level.name for level in new if level.name in names}
    pairs: list[tuple[ShownLevel | None, ShownLevel | None]] = []
    for place, level in enumerate(new):
        if level.name in taken:
            pairs.append((names[level.name], level))
        elif place < len(old) and old[place].name not in taken:
            taken.add(old[place].name)
            pairs.append((old[place], level))
        else:
            pairs.append((None, level))
    paired = [id(one) for one, _ in pairs if one]
    return pairs + [(level, None) for level in old if id(level) not in paired]


def _skill_change(before: ShownSkill | None, after: ShownSkill | None) -> PartChange | None:
    fields = ("target_name", "target_framework", "target_code", "target_type", "target_description")
    if before is None or after is None:
        return _whole(before, after, ("target_url", *fields[1:]))
    changes = _changes(before, after, fields)
    return PartChange(CHANGED, after.target_name, changes) if changes else None


def _whole(
    before: Any, after: Any, fields: Sequence[str], parts: tuple[PartChange, ...] = ()
) -> PartChange:
    """Return a part that is there in one of the two only, with everything it says."""
    item, kind = (after, ADDED) if after is not None else (before, REMOVED)
    name: str = getattr(item, "name", "") or getattr(item, "target_name", "")
    said = [(field, _as_text(getattr(item, field))) for field in fields if field != "name"]
    changes = tuple(
        Change(field, kind, (Piece(kind, text),))
        for field, text in said
        if text and (field, text) != ("weight", "1")
    )
    return PartChange(kind, name, changes, parts)
