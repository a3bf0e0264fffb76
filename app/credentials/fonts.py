"""The fonts that letters are drawn from: which has a character, and what it looks like.

The files are those of the Noto packages of the installation, never the
system's, so that a picture looks the same wherever it is drawn. Pure, but for
reading those files.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import fontpkg_noto_serif
import manimgx_fonts
import manimgx_fonts_cjk
import uharfbuzz as hb

SANS: Final = "sans"
SERIF: Final = "serif"

_SANS_FOLDER = Path(manimgx_fonts.__file__).parent
_CJK_FILE = Path(manimgx_fonts_cjk.__file__).parent / "NotoSansCJK-VF.otf.ttc"
_SERIF_FILE = Path(fontpkg_noto_serif.__file__).parent / "files" / "NotoSerif[wdth,wght].ttf"
_SANS_NAMES = (
    "Sans", "SansArabic", "SansHebrew", "SansDevanagari", "SansBengali", "SansGujarati",
    "SansGurmukhi", "SansKannada", "SansMalayalam", "SansOriya", "SansSinhala", "SansTamil",
    "SansTelugu", "SansThai", "SansLao", "SansKhmer", "SansMyanmar", "SansArmenian",
    "SansGeorgian", "SansEthiopic", "SansSymbols", "Emoji",
)  # fmt: skip
# Han characters look different in each language, and the collection has a face for each.
_JAPANESE, _KOREAN, _CHINESE = 0, 1, 2
_SELECTORS = frozenset("\ufe0e\ufe0f")

Point = tuple[float, float]
# One step of an outline: its SVG letter (M, L, Q, C, Z) and its points, in em, y upwards.
Step = tuple[str, tuple[Point, ...]]


@dataclass(frozen=True)
class Face:
    """One face of a font file."""

    path: str
    index: int = 0


@dataclass(frozen=True)
class Glyph:
    """One shaped glyph. Units: em; `x`, `y`: where it is drawn from the run's beginning."""

    number: int
    x: float
    y: float


@dataclass(frozen=True)
class ShapedRun:
    """Letters of one face, script and direction, from left to right. Units: em."""

    face: Face
    weight: int
    glyphs: tuple[Glyph, ...]
    advance: float


def list_faces(style: str, text: str) -> tuple[Face, ...]:
    """Return the faces to look in, the wanted style first; `text` tells the language of Han."""
    return _faces(style, _han_face(text))


def text_files() -> tuple[str, ...]:
    """Return the files of the two plain families, for pictures that bring text of their own."""
    return str(_SANS_FOLDER / "NotoSans[wght].ttf"), str(_SERIF_FILE)


def is_invisible(character: str) -> bool:
    """Return whether a character only says how its neighbours are shaped, joined or ordered."""
    return character in _SELECTORS or unicodedata.category(character) == "Cf"


def find_face(cluster: str, faces: tuple[Face, ...]) -> Face | None:
    """Return the first face that has every character of a cluster, if one has."""
    wanted = [ord(character) for character in cluster if not is_invisible(character)]
    for face in faces:
        known = _characters(face)
        if all(point in known for point in wanted):
            return face
    return None


def script_of(character: str) -> str:
    """Return the script of a letter or mark as Unicode names it; empty for what all share."""
    if unicodedata.category(character)[0] not in "LM":
        return ""
    word = unicodedata.name(character, "").partition(" ")[0]
    return "" if word in {"COMBINING", "MODIFIER", "VARIATION", "ZERO"} else word


@lru_cache(maxsize=4096)
def shape_run(text: str, face: Face, *, weight: int, is_rtl: bool, tracking: float) -> ShapedRun:
    """Shape letters of one script and direction. Units: `tracking` in em, after each glyph."""
    font = _font(face, weight)
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if is_rtl else "ltr"
    hb.shape(font, buffer, {"liga": tracking == 0})
    em = font.face.upem
    glyphs: list[Glyph] = []
    x = 0.0
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        glyphs.append(Glyph(info.codepoint, x + position.x_offset / em, position.y_offset / em))
        x += position.x_advance / em + (tracking if position.x_advance else 0)
    return ShapedRun(face, weight, tuple(glyphs), x)


@lru_cache(maxsize=8192)
def outline(face: Face, weight: int, number: int) -> tuple[Step, ...]:
    """Return the outline of a glyph."""
    font = _font(face, weight)
    em = font.face.upem
    steps: list[Step] = []

    def add(letter: str, *points: float) -> None:
        pairs = zip(points[::2], points[1::2], strict=True)
        steps.append((letter, tuple((x / em, y / em) for x, y in pairs)))

    draw = hb.DrawFuncs()
    draw.set_move_to_func(lambda x, y, _: add("M", x, y))
    draw.set_line_to_func(lambda x, y, _: add("L", x, y))
    draw.set_quadratic_to_func(lambda a, b, x, y, _: add("Q", a, b, x, y))
    draw.set_cubic_to_func(lambda a, b, c, d, x, y, _: add("C", a, b, c, d, x, y))
    draw.set_close_path_func(lambda _: add("Z"))
    font.draw_glyph(number, draw, None)
    return tuple(steps)


@cache
def _faces(style: str, han: int) -> tuple[Face, ...]:
    sans = [Face(str(_SANS_FOLDER / f"Noto{name}[wght].ttf")) for name in _SANS_NAMES]
    first = [Face(str(_SERIF_FILE))] if style == SERIF else []
    # Symbols and emoji come last: the others have better forms of what they share.
    return (*first, *sans[:-2], Face(str(_CJK_FILE), han), *sans[-2:])


def _han_face(text: str) -> int:
    scripts = {script_of(character) for character in text}
    if scripts & {"HIRAGANA", "KATAKANA"}:
        return _JAPANESE
    return _KOREAN if "HANGUL" in scripts else _CHINESE


@cache
def _face(face: Face) -> Any:
    return hb.Face(hb.Blob.from_file_path(face.path), face.index)


@cache
def _characters(face: Face) -> Any:
    return _face(face).unicodes


@cache
def _font(face: Face, weight: int) -> Any:
    font = hb.Font(_face(face))
    font.set_variations({"wght": float(weight)})
    return font
