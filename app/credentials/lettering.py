"""A line of text as outlines: any script, either direction. Pure.

Source: Unicode Standard Annex 9 (bidirectional text), by python-bidi; shapes by HarfBuzz.
"""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bidi import algorithm as bidi

from app.credentials.fonts import (
    Face,
    Point,
    ShapedRun,
    find_face,
    list_faces,
    outline,
    script_of,
    shape_run,
)

# Their letters may stand apart and have capitals; in the others that would be a mistake.
SPACED_SCRIPTS: Final = frozenset({"LATIN", "GREEK", "CYRILLIC"})
_ZERO_WIDTH_JOINER = "\u200d"


@dataclass(frozen=True)
class Hand:
    """How letters are set. Units: `weight` 100 to 900; `tracking` in em between letters."""

    style: str
    weight: int
    tracking: float = 0.0
    is_upper: bool = False


@dataclass(frozen=True)
class Line:
    """One shaped line. Units: em; `top` and `bottom` are its ink, y upwards from the baseline."""

    runs: tuple[ShapedRun, ...]
    width: float
    top: float
    bottom: float


def clean(text: str) -> str:
    """Return the text as it is drawn: one line, composed, nothing in it that only controls."""
    kept = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", text)
        if not (unicodedata.category(character) in {"Cc", "Cs"} and not character.isspace())
        and not _is_noncharacter(character)
        and not "\u202a" <= character <= "\u202e"
        and not "\u2066" <= character <= "\u2069"
    )
    return " ".join(kept.split())


def _is_noncharacter(character: str) -> bool:
    """Source: Unicode Standard, 23.7; XML cannot hold some of them."""
    point = ord(character)
    return point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF  # noqa: PLR2004


def is_spaced(text: str) -> bool:
    """Return whether all its letters are of scripts whose letters may stand apart."""
    return {script_of(character) for character in text} - {""} <= SPACED_SCRIPTS


def is_rtl(text: str) -> bool:
    """Return whether the text as a whole runs from right to left."""
    return bool(bidi.get_base_level(text))


def split_clusters(text: str) -> list[str]:
    """Return what the reader sees as single characters: each with its marks and joiners."""
    clusters: list[str] = []
    for character in text:
        joins = unicodedata.category(character)[0] == "M" or character in "\u200c\u200d\ufe0e\ufe0f"
        if clusters and (joins or clusters[-1].endswith(_ZERO_WIDTH_JOINER)):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def can_letter(text: str, style: str) -> bool:
    """Return whether the fonts have every character of a text."""
    faces = list_faces(style, text)
    return all(find_face(cluster, faces) is not None for cluster in split_clusters(text))


@lru_cache(maxsize=2048)
def shape_line(text: str, hand: Hand, *, is_rtl: bool, language_of: str) -> Line:
    """Shape one line; `language_of`: the whole text, which tells the language of Han characters.

    A character that no font has is left out: ask `can_letter` first.
    """
    spaced = is_spaced(text)
    if hand.is_upper and spaced:
        text = text.upper()
    tracking = hand.tracking if spaced else 0.0
    faces = list_faces(hand.style, language_of)
    runs = tuple(
        shape_run(part, face, weight=hand.weight, is_rtl=rtl, tracking=tracking)
        for part, face, rtl in _visual_runs(text, faces, is_rtl=is_rtl)
    )
    width = sum(run.advance for run in runs) - tracking
    heights = [y for _, y in _points_of(runs)]
    return Line(runs, max(width, 0.0), max(heights, default=0.0), min(heights, default=0.0))


def path_data(line: Line, place: Callable[[float, float], Point]) -> str:
    """Return a line's outlines as SVG path data; `place` takes each point to where it is drawn."""
    steps: list[str] = []
    start = 0.0
    for run in line.runs:
        for glyph in run.glyphs:
            for letter, points in outline(run.face, run.weight, glyph.number):
                told = " ".join(_tell(place(start + glyph.x + x, glyph.y + y)) for x, y in points)
                steps.append(f"{letter}{told}")
        start += run.advance
    return "".join(steps)


def _tell(point: Point) -> str:
    return " ".join(_number(value) for value in point)


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _points_of(runs: tuple[ShapedRun, ...]) -> Iterator[Point]:
    for run in runs:
        for glyph in run.glyphs:
            for _, points in outline(run.face, run.weight, glyph.number):
                for x, y in points:
                    yield x, y + glyph.y


def _visual_runs(
    text: str, faces: tuple[Face, ...], *, is_rtl: bool
) -> list[tuple[str, Face, bool]]:
    """Cut a line into runs of one face, script and level, in the order in which they stand.

    Source: Unicode Standard Annex 9, rule L2.
    """
    levels = _levels(text, is_rtl=is_rtl)
    runs: list[tuple[str, Face, int, str]] = []
    place = 0
    for cluster in split_clusters(text):
        level, script = levels[place], script_of(cluster[0])
        place += len(cluster)
        before = runs[-1] if runs else None
        face = None
        if before and not script:  # what all scripts share stays with its neighbour
            face = find_face(cluster, (before[1],))
        face = face or find_face(cluster, faces)
        if face is None:
            continue
        joins = before and (before[1], before[2]) == (face, level)
        if before and joins and (not script or not before[3] or script == before[3]):
            runs[-1] = (before[0] + cluster, face, level, before[3] or script)
        else:
            runs.append((cluster, face, level, script))
    for level in range(max((run[2] for run in runs), default=0), 0, -1):
        runs = _turn(runs, level)
    return [(part, face, level % 2 == 1) for part, face, level, _ in runs]


def _turn(runs: list[tuple[str, Face, int, str]], level: int) -> list[tuple[str, Face, int, str]]:
    turned: list[tuple[str, Face, int, str]] = []
    held: list[tuple[str, Face, int, str]] = []
    for run in runs:
        if run[2] >= level:
            held.append(run)
        else:
            turned += [*reversed(held), run]
            held = []
    return turned + held[::-1]


def _levels(text: str, *, is_rtl: bool) -> list[int]:
    """Return the embedding level of each character. The text has no embedding of its own."""
    storage = bidi.get_empty_storage()
    storage["base_level"] = int(is_rtl)
    storage["base_dir"] = "R" if is_rtl else "L"
    bidi.get_embedding_levels(text, storage)
    bidi.explicit_embed_and_overrides(storage)
    bidi.resolve_weak_types(storage, debug=False)
    bidi.resolve_neutral_types(storage, debug=False)
    bidi.resolve_implicit_levels(storage, debug=False)
    levels = [int(character["level"]) for character in storage["chars"]]
    # Characters that the algorithm leaves out (soft hyphens, joiners) take the base level.
    return levels if len(levels) == len(text) else _spread(text, levels, base=int(is_rtl))


def _spread(text: str, levels: list[int], *, base: int) -> list[int]:
    left = iter(levels)
    last = base
    spread = []
    for character in text:
        if bidi.bidirectional(character) not in bidi.X9_REMOVED:
            last = next(left, base)
        spread.append(last)
    return spread
