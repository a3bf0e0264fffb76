"""Lines of text with slots, written in sorted order; sorted beforehand where that is settled."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

# Constant texts, with the numbers of the slots between them; a text stands at either end.
Line = tuple[str | int, ...]


class Lines:
    """Some lines with slots.

    `parts`: the lines one by one, or as one where their order is settled.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        """Sort the lines, and see whether what is put into them can change their order."""
        ordered = sorted(lines, key=_look)
        self.has_slots = any(len(line) > 1 for line in ordered)
        self.parts = ordered
        if all(map(_come_in_order, ordered, ordered[1:])):
            self.parts = [_joined(ordered)]
        self._fills = [_filling(line) for line in self.parts]

    def fill(self, slots: Sequence[str]) -> str:
        """Return the lines with the values in their slots, sorted."""
        if not self.has_slots:
            return str(self.parts[0][0])
        if len(self._fills) == 1:
            pattern, choose = self._fills[0]
            return str(pattern % choose(slots))
        return "".join(sorted([pattern % choose(slots) for pattern, choose in self._fills]))

    @classmethod
    def chain(cls, groups: Sequence["Lines"]) -> list["Lines"]:
        """Return the same lines in as few groups as can be; the groups keep their order."""
        chained: list[Lines] = []
        settled: list[Line] = []
        for group in groups:
            if len(group.parts) == 1:
                settled += group.parts
            else:
                chained += [*cls._in_one(settled), group]
                settled = []
        return [*chained, *cls._in_one(settled)]

    @classmethod
    def _in_one(cls, settled: list[Line]) -> list["Lines"]:
        return [cls([_joined(settled)])] if settled else []


def split_line(line: Line) -> tuple[Line, Line]:
    """Part a line after its subject, which ends with the first space."""
    head, space, rest = str(line[0]).partition(" ")
    if space:
        return (head,), (space + rest, *line[1:])
    tail, space, rest = str(line[2]).partition(" ")
    return (head, line[1], tail), (space + rest, *line[3:])


def _come_in_order(one: Line, other: Line) -> bool:
    """Say whether `one` comes first whatever is in the slots: they differ before any differs."""
    for mine, others in zip(one, other, strict=False):
        if mine == others:
            continue
        if isinstance(mine, int) or isinstance(others, int):
            return False
        shorter = min(len(mine), len(others))
        return mine[:shorter] < others[:shorter]
    return False


def _look(line: Line) -> str:
    return "".join(piece if isinstance(piece, str) else f"\x01{piece}\x01" for piece in line)


def _joined(lines: Sequence[Line]) -> Line:
    joined: list[str | int] = [""]
    for line in lines:
        joined[-1] = f"{joined[-1]}{line[0]}"
        joined += line[1:]
    return tuple(joined)


def _filling(line: Line) -> tuple[str, Any]:
    """Return a line as a `%` pattern, and what chooses its values from the slots."""
    texts = [str(text).replace("%", "%%") for text in line[::2]]
    numbers = [int(slot) for slot in line[1::2]]
    if not numbers:
        return texts[0], lambda _slots: ()
    return "%s".join(texts), itemgetter(*numbers)
