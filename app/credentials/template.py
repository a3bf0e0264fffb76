"""Canonical N-Quads with gaps: the expensive part of signing, done once per shape of credential.

The lines of a shape are made once. For an award its own values are put into them, the blank
nodes that those values touch are hashed anew, and all are labelled in the order of their
hashes. That is RDFC-1.0 as long as no two blank nodes have one hash; where they have, and
where two things turn out to be one, the template says that it does not know.
Source: RDFC-1.0, sections 4.4.3 (canonicalisation) and 4.6 (hash first degree quads).
"""

import hashlib
import re
import threading
from bisect import bisect, insort
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Final

from app.credentials.lines import Line, Lines, split_line
from app.credentials.linked_data import Quads, blank_nodes, refuse_unportable_order, write_quad
from app.credentials.text import is_beyond_first_plane

MARK: Final = "urn:x-assay-gap:"
# Control characters stand in no text that can be signed (see `text.is_signable`).
_NODE: Final = "\x01"
GAP: Final = re.compile(rf"{re.escape(MARK)}(\d+);")
_SLOT = re.compile(rf"{re.escape(MARK)}(\d+);|{_NODE}(\d+){_NODE}")
_MOST_LAYOUTS: Final = 64
_ESCAPED = re.compile(r'[\\"\n\r\t]')
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def gap(number: int) -> str:
    """Return what stands in a shape where the varying value of that number will go."""
    return f"{MARK}{number};"


class Template:
    """The canonical N-Quads of one shape, with gaps."""

    def __init__(self, quads: Quads, gaps: int) -> None:
        """Part the quads of the shape into what is settled and what its values touch.

        Raises: `ValueError` if a gap is missing, so that its value would not be signed.
        """
        nodes = {label: gaps + place for place, label in enumerate(blank_nodes(quads))}
        marks = {label: f"{_NODE}{slot}{_NODE}" for label, slot in nodes.items()}
        lines = [_line(write_quad(quad, marks)) for quad in quads]
        held = {slot for line in lines for slot in line[1::2] if isinstance(slot, int)}
        if not held.issuperset(range(gaps)):
            raise ValueError("The N-Quads of the shape do not hold every gap.")
        self._gaps = gaps
        self._labels = [f"_:c14n{number}" for number in range(len(nodes))]
        self._is_beyond = any(
            is_beyond_first_plane(str(text)) for line in lines for text in line[::2]
        )
        self._hash_nodes(quads, nodes)
        self._part_lines(lines)

    def digest(self, values: Sequence[str]) -> bytes | None:
        """Hash the canonical N-Quads with the values in the gaps; `None` as `fill`.

        Raises: `InvalidError` as `refuse_unportable_order`.
        """
        text = self.fill(values)
        return None if text is None else hashlib.sha256(text.encode()).digest()

    def fill(self, values: Sequence[str]) -> str | None:
        """Return the canonical N-Quads with the values in the gaps.

        The values must be signable text; in the place of an IRI, a well-formed one. `None` if
        two blank nodes look alike, or a value names what something else is named already.

        Raises: `InvalidError` as `refuse_unportable_order`.
        """
        together = "".join(values)
        is_beyond = self._is_beyond or is_beyond_first_plane(together)
        slots = list(values)
        if _ESCAPED.search(together):
            slots = [value.translate(_ESCAPES) for value in values]
        order = self._order_nodes(slots)
        if order is None:
            return None
        slots += self._labels
        for label, slot in zip(self._labels, order, strict=True):
            slots[slot] = label
        text = self._write(slots, order)
        if text is not None and is_beyond:
            refuse_unportable_order(text.encode().split(b"\n")[:-1])
        return text

    def _hash_nodes(self, quads: Quads, nodes: Mapping[str, int]) -> None:
        """Hash the blank nodes that no value touches; keep the lines of the others."""
        self._settled: list[tuple[str, int]] = []
        self._touched: list[tuple[Lines, int]] = []
        for label, slot in nodes.items():
            seen = {other: "_:a" if other == label else "_:z" for other in nodes}
            lines = Lines(
                [_line(write_quad(quad, seen)) for quad in quads if label in blank_nodes([quad])]
            )
            if lines.has_slots:
                self._touched.append((lines, slot))
            else:
                self._settled.append((_hash(lines.fill(())), slot))
        self._settled.sort()

    def _part_lines(self, lines: Sequence[Line]) -> None:
        """Part the lines by their subjects: those with an address of their own stand first."""
        blocks: dict[Line, list[Line]] = {}
        for line in lines:
            subject, rest = split_line(line)
            blocks.setdefault(subject, []).append(rest)
        self._named: list[tuple[str, Lines]] = []
        self._to_name: list[tuple[int, Lines]] = []
        self._of_node: dict[int, Lines] = {}
        for subject, rests in blocks.items():
            block = Lines([(*subject[:-1], f"{subject[-1]}{rest[0]}", *rest[1:]) for rest in rests])
            if len(subject) == 1:
                self._named.append((str(subject[0]), block))
            elif int(subject[1]) < self._gaps:
                self._to_name.append((int(subject[1]), block))
            else:
                self._of_node[int(subject[1])] = block
        self._named.sort(key=itemgetter(0))
        self._names_sorted = [name for name, _block in self._named]
        self._names = frozenset(self._names_sorted)
        self._layouts: dict[tuple[tuple[int, int], ...], list[Lines]] = {}

    def _order_nodes(self, values: Sequence[str]) -> list[int] | None:
        """Return the blank nodes in the order of their hashes; `None` if two have the same."""
        if not self._touched:
            hashes = self._settled
        else:
            hashes = self._settled.copy()
            for lines, slot in self._touched:
                insort(hashes, (_hash(lines.fill(values)), slot))
        if len({each[0] for each in hashes}) != len(hashes):
            return None
        return [slot for _hash, slot in hashes]

    def _write(self, slots: Sequence[str], order: Sequence[int]) -> str | None:
        """Write the lines, sorted; `None` if a value names what is named already."""
        added = [f"<{slots[slot]}>" for slot, _block in self._to_name]
        if len(set(added)) != len(added) or not self._names.isdisjoint(added):
            return None
        parts = [group.fill(slots) for group in self._lay_out(added)]
        # The label of a blank node is its subject: they sort as their labels do.
        by_label = sorted((slots[slot], slot) for slot in order if slot in self._of_node)
        parts += [self._of_node[slot].fill(slots) for _label, slot in by_label]
        return "".join(parts)

    def _lay_out(self, added: Sequence[str]) -> list[Lines]:
        """Return the lines of all that has an address; ours mostly sort in the same places."""
        places = sorted(
            (bisect(self._names_sorted, name), name, at) for at, name in enumerate(added)
        )
        key = tuple((place, at) for place, _name, at in places)
        layout = self._layouts.get(key)
        if layout is None:
            blocks = [block for _name, block in self._named]
            for place, _name, at in reversed(places):
                blocks.insert(place, self._to_name[at][1])
            if len(self._layouts) >= _MOST_LAYOUTS:
                self._layouts.clear()
            layout = self._layouts[key] = Lines.chain(blocks)
        return layout


class TemplateCache:
    """The templates of the shapes used last; safe to share between threads."""

    def __init__(self, size: int) -> None:
        """Keep at most `size` templates."""
        self._size = size
        self._lock = threading.Lock()
        self._templates: OrderedDict[str, Template] = OrderedDict()

    def __len__(self) -> int:
        """Count the templates that are kept."""
        return len(self._templates)

    def get(self, shape: str, make: Callable[[], Template]) -> Template:
        """Return the template of a shape, made if it is not kept.

        It is made outside the lock: two threads may make the same one, which does no harm.
        """
        with self._lock:
            template = self._templates.get(shape)
            if template is not None:
                self._templates.move_to_end(shape)
                return template
        template = make()
        with self._lock:
            self._templates[shape] = template
            while len(self._templates) > self._size:
                self._templates.popitem(last=False)
        return template


def _line(text: str) -> Line:
    """Part a line at its slots: constant texts, with the slots' numbers between them."""
    pieces: list[str | int] = []
    end = 0
    for found in _SLOT.finditer(text):
        pieces += (text[end : found.start()], int(found[1] or found[2]))
        end = found.end()
    return (*pieces, text[end:])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
