"""A text set into a shape: the largest letters with which it fits, in balanced lines. Pure.

A text is broken at spaces, after hyphens and slashes, and between Han
characters and kana, never before a mark that must not begin a line. Only where
it would not fit in letters that can be read is a word broken too: with a hyphen
and three letters on either side in scripts that know hyphens. Nothing is ever
left out: the letters become smaller, and a title of 200 characters always fits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from app.credentials.fonts import script_of
from app.credentials.lettering import (
    Hand,
    Line,
    is_rtl,
    is_spaced,
    shape_line,
    split_clusters,
)

FLOOR: Final = 4.0
_STEP = 0.95
_READABLE = 0.35
_ANY = 99
_LEAST_LETTERS = 3
_SOFT_HYPHEN = "\u00ad"
_BREAKS_AFTER = frozenset("-‐–—/\u200b" + _SOFT_HYPHEN)
_FIRST_WIDE = "\u3000"
_UNSPACED = frozenset({"CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO"})
_NOT_FIRST = frozenset(
    "、。，．・：；！？）］｝」』】〉》〕ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ…,.!?:;)]}%’”"
)
_NOT_LAST = frozenset("（［｛「『【〈《〔([{‘“")
# How far each line's foot stands above the next line's head, at least. Units: em.
_LEADING = 0.22
_LEAST_PITCH = 1.1


@dataclass(frozen=True)
class Piece:
    """What stays together; `gap`: a space follows; `hyphen`: drawn if a line ends here."""

    text: str
    gap: bool = False
    hyphen: bool = False


@dataclass(frozen=True)
class Box:
    """The shape to fill, upright. Units: those of the picture; `is_round`: an ellipse."""

    x: float
    y: float
    width: float
    height: float
    is_round: bool = False

    def width_at(self, top: float, bottom: float) -> float:
        """Return how wide a line may be whose ink reaches from `top` to `bottom`."""
        if not self.is_round:
            return self.width
        middle = self.y + self.height / 2
        far = max(abs(top - middle), abs(bottom - middle)) / (self.height / 2)
        return self.width * (1 - far**2) ** 0.5 if far < 1 else 0.0


@dataclass(frozen=True)
class Setting:
    """A text as it is set. Units: `size` in the picture's units per em; baselines downwards."""

    lines: tuple[Line, ...]
    baselines: tuple[float, ...]
    size: float
    is_rtl: bool


def set_text(
    text: str, box: Box, hand: Hand, *, largest: float, smallest: float, max_lines: int
) -> Setting | None:
    """Return the text set as large as the shape allows; `None` if it does not fit at all.

    Units: `largest` and `smallest` in the picture's units; smaller than
    `smallest` only what would not fit otherwise, down to `FLOOR`.
    """
    rtl = is_rtl(text)

    @cache
    def shape(words: str) -> Line:
        return shape_line(words, hand, is_rtl=rtl, language_of=text)

    whole = shape(text)
    words = split_pieces(text)
    # A word that would force small letters upon all the others is broken before they are.
    readable = smallest + (largest - smallest) * _READABLE
    cut = [
        part
        for piece in words
        for part in (
            split_further([piece]) if shape(piece.text).width * readable > box.width else [piece]
        )
    ]
    trials = (
        (words, largest, readable, max_lines),
        (cut, largest, smallest, max_lines),
        (cut, smallest, FLOOR, _ANY),
        (split_further(words), smallest, FLOOR, _ANY),
    )
    for pieces, high, low, most in trials:
        widths = [shape(piece.text).width for piece in pieces]
        size = high
        while size >= low:
            lines = _try_size(pieces, widths, box, whole, shape, size=size, max_lines=most)
            if lines is not None:
                return _stack(lines, box, whole, shape, size=size, rtl=rtl)
            size *= _STEP
    return None


def split_pieces(text: str) -> list[Piece]:
    """Cut a text where it may be broken without breaking a word."""
    pieces: list[Piece] = []
    for word in text.split(" "):
        held = ""
        for cluster in split_clusters(word):
            if held and _may_break(held, cluster):
                pieces.append(_piece(held))
                held = ""
            held += cluster
        pieces.append(Piece(held.replace(_SOFT_HYPHEN, ""), gap=True))
    return [piece for piece in pieces if piece.text]


def split_further(pieces: Sequence[Piece]) -> list[Piece]:
    """Cut long words too, where no other way is left."""
    cut: list[Piece] = []
    for piece in pieces:
        clusters = split_clusters(piece.text)
        hyphens = is_spaced(piece.text)
        if hyphens and len(clusters) < 2 * _LEAST_LETTERS:
            cut.append(piece)
            continue
        ends = range(1, len(clusters) + 1)
        if hyphens:
            ends = range(_LEAST_LETTERS, len(clusters) - _LEAST_LETTERS + 1)
        start = 0
        for end in (*ends, len(clusters)):
            if end > start:
                part = "".join(clusters[start:end])
                last = end == len(clusters)
                cut.append(
                    Piece(part, piece.gap, piece.hyphen) if last else Piece(part, hyphen=hyphens)
                )
                start = end
    return cut


def _piece(held: str) -> Piece:
    is_soft = held.endswith(_SOFT_HYPHEN)
    return Piece(held.replace(_SOFT_HYPHEN, "").replace("\u200b", ""), hyphen=is_soft)


def _may_break(held: str, cluster: str) -> bool:
    before, after = held[-1], cluster[0]
    if after in _NOT_FIRST or before in _NOT_LAST:
        return False
    if before in _BREAKS_AFTER and len(held) > 1:
        return True
    is_wide_mark = before in _NOT_FIRST and before > _FIRST_WIDE
    return is_wide_mark or bool({script_of(before), script_of(after)} & _UNSPACED)


def _pitch(whole: Line) -> float:
    return max(_LEAST_PITCH, whole.top - whole.bottom + _LEADING)


def _try_size(
    pieces: Sequence[Piece],
    widths: Sequence[float],
    box: Box,
    whole: Line,
    shape: Callable[[str], Line],
    *,
    size: float,
    max_lines: int,
) -> list[str] | None:
    """Return the lines at this size, balanced, with as few of them as will do; or `None`."""
    pitch = _pitch(whole) * size
    ink = (whole.top - whole.bottom) * size
    gap = shape("n n").width - 2 * shape("n").width if len(pieces) > 1 else 0.25
    hyphen = shape("‐").width
    for count in range(1, max_lines + 1):
        height = ink + (count - 1) * pitch
        if height > box.height:
            return None
        top = box.y + (box.height - height) / 2
        room = [
            box.width_at(top + row * pitch, top + row * pitch + ink) / size for row in range(count)
        ]
        if _fill(pieces, widths, room, gap, hyphen) is None:
            continue
        low, high = 0.3, 1.0
        for _ in range(7):
            middle = (low + high) / 2
            narrower = [width * middle for width in room]
            if _fill(pieces, widths, narrower, gap, hyphen) is None:
                low = middle
            else:
                high = middle
        return _fill(pieces, widths, [width * high for width in room], gap, hyphen)
    return None


def _fill(
    pieces: Sequence[Piece],
    widths: Sequence[float],
    room: Sequence[float],
    gap: float,
    hyphen: float,
) -> list[str] | None:
    """Fill the lines one after another; `None` if the text does not fit."""
    lines: list[str] = []
    words, used = "", 0.0
    before: Piece | None = None
    for piece, width in zip(pieces, widths, strict=True):
        if len(lines) == len(room):
            return None
        space = gap if before and before.gap else 0.0
        tail = hyphen if piece.hyphen else 0.0
        if words and used + space + width + tail > room[len(lines)]:
            lines.append(words + ("‐" if before and before.hyphen else ""))
            words, used, space = "", 0.0, 0.0
            if len(lines) == len(room):
                return None
        if used + space + width + tail > room[len(lines)]:
            return None
        words += (" " if words and space else "") + piece.text
        used += space + width
        before = piece
    return [*lines, words]


def _stack(
    lines: Sequence[str],
    box: Box,
    whole: Line,
    shape: Callable[[str], Line],
    *,
    size: float,
    rtl: bool,
) -> Setting:
    pitch = _pitch(whole) * size
    shaped = tuple(shape(line) for line in lines)
    height = (whole.top - whole.bottom) * size + (len(lines) - 1) * pitch
    first = box.y + (box.height - height) / 2 + whole.top * size
    return Setting(
        shaped, tuple(first + row * pitch for row in range(len(lines))), size, is_rtl=rtl
    )
