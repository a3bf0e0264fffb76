"""The certificate of an award as PDF for the archive, the signed credential attached. Pure.

Its page is for people: what proves the award is the attachment, byte for byte as it was signed.
It is not encrypted, or the attachment would be lost to those who may only look.
Source: ISO 19005-3 (PDF/A-3), conformance level a; ISO 14289-1 (PDF/UA-1).
"""

import base64
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import fontpkg_noto_serif
import manimgx_fonts
import manimgx_fonts_cjk
import segno
import typst

from app.core.errors import InvalidError
from app.credentials.fonts import SANS, find_face, list_faces
from app.credentials.lettering import clean, split_clusters
from app.credentials.raster import draw_png

STANDARDS: Final = ("a-3a", "ua-1")
ATTACHMENT: Final = "credential.json"
UNKNOWN: Final = "□"  # of Noto Sans Symbols; stands for a character that no font has
_TEMPLATE: Final = Path(__file__).with_name("certificate.typ")
_FAMILIES: Final = (
    *("Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari"),
    *("Noto Sans Bengali", "Noto Sans Gujarati", "Noto Sans Gurmukhi", "Noto Sans Kannada"),
    *("Noto Sans Malayalam", "Noto Sans Oriya", "Noto Sans Sinhala", "Noto Sans Tamil"),
    *("Noto Sans Telugu", "Noto Sans Thai", "Noto Sans Lao", "Noto Sans Khmer"),
    *("Noto Sans Myanmar", "Noto Sans Armenian", "Noto Sans Georgian", "Noto Sans Ethiopic"),
)
_LAST_FAMILIES: Final = ("Noto Sans Symbols", "Noto Emoji")
_HAN: Final = ("Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans CJK SC")  # by the face's number
_FOLDERS: Final = (
    Path(fontpkg_noto_serif.__file__).parent / "files",
    Path(manimgx_fonts.__file__).parent,
    Path(manimgx_fonts_cjk.__file__).parent,
)
# What fits the page beside the longest name; the rest stands in the credential and at its address.
_LONGEST: Final = 600
# A word that no line may hold can be broken after so many characters.
_LONG_WORD: Final = re.compile(r"\S{24}(?=\S)")


@dataclass(frozen=True, slots=True)
class CertificateWords:
    """What the page says around the facts, in the reader's language; `lang`: which that is."""

    lang: str
    certifies: str
    earned: str
    skills: str
    verify: str
    attachment: str
    attached: str
    code: str


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What the page says. `dates`: what each means, and the day as it is written.

    `family`: of the level's colours. `picture`: SVG that this program drew or sanitised.
    """

    holder: str
    name: str
    description: str
    level: str
    family: str
    issuer: str
    skills: tuple[str, ...]
    dates: tuple[tuple[str, str], ...]
    awarded_at: datetime
    signed_at: datetime
    address: str
    picture: str
    picture_alt: str


def draw_certificate(facts: CertificateFacts, words: CertificateWords, credential: str) -> bytes:
    """Return the certificate; the same facts and credential always give the same bytes.

    Raises: `InvalidError` if its picture cannot be drawn.
    """
    try:
        return _compile(facts, words, credential, _readable)
    except typst.TypstError:
        # A character that a font has, but not beside its neighbours: the page forgoes it.
        try:
            return _compile(facts, words, credential, _plain)
        except typst.TypstError as error:
            raise InvalidError(f"The certificate cannot be drawn ({error.message}).") from error


def draw_code(address: str) -> str:
    """Return the QR code of an address as SVG. Source: ISO/IEC 18004; a quiet zone of 4 modules."""
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn, kind="svg", border=4, scale=4, light="#fff", xmldecl=False
    )
    return drawn.getvalue().decode()


def _compile(
    facts: CertificateFacts,
    words: CertificateWords,
    credential: str,
    spell: Callable[[str], str],
) -> bytes:
    shown = {
        "title": f"{facts.name} – {facts.holder}",
        "holder": facts.holder,
        "name": facts.name,
        "description": _shortened(facts.description),
        "level": facts.level,
        "issuer": facts.issuer,
        "picture_alt": facts.picture_alt or facts.name,
        "words": {name: getattr(words, name) for name in CertificateWords.__slots__},
        "skills": list(facts.skills),
        "dates": [list(date) for date in facts.dates],
    }
    data = {
        **_spelled(shown, spell),
        "family": facts.family,
        "lang": words.lang,
        "year": facts.awarded_at.year,
        "month": facts.awarded_at.month,
        "day": facts.awarded_at.day,
        "address": facts.address,
        "fonts": _families(f"{facts.holder} {facts.name} {facts.description}"),
    }
    made = typst.compile(
        _TEMPLATE.read_bytes(),
        format="pdf",
        font_paths=_fonts(),
        ignore_system_fonts=True,
        pdf_standards=list(STANDARDS),
        timestamp=int(facts.signed_at.timestamp()),
        sys_inputs={
            "facts": json.dumps(data),
            "credential": credential,
            "picture": _drawable(facts.picture),
            "code": draw_code(facts.address),
        },
    )
    return bytes(made)


def _drawable(svg: str) -> str:
    """Return a picture without text of its own, whose letters might be in no font."""
    if "<text" not in svg:
        return svg
    data = base64.b64encode(draw_png(svg, 600)).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 600">'
        f'<image width="600" height="600" href="data:image/png;base64,{data}"/></svg>'
    )


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST].rsplit(maxsplit=1)[0]} …"


def _spelled(value: Any, spell: Callable[[str], str]) -> Any:
    """Return the same with every text in it cleaned and spelled."""
    if isinstance(value, str):
        return _LONG_WORD.sub("\\g<0>\u200b", spell(clean(value)))
    if isinstance(value, list):
        return [_spelled(each, spell) for each in value]
    return {name: _spelled(each, spell) for name, each in value.items()}


def _readable(text: str) -> str:
    """Return the text with what no font has replaced: PDF/A allows no letter without a glyph."""
    faces = list_faces(SANS, text)
    return "".join(
        cluster if find_face(cluster, faces) else UNKNOWN for cluster in split_clusters(text)
    )


def _plain(text: str) -> str:
    """Return the text in Latin letters alone."""
    return "".join(letter if letter < "\u0250" else UNKNOWN for letter in text)


def _families(text: str) -> list[str]:
    han = next(face.index for face in list_faces(SANS, text) if "CJK" in face.path)
    return [*_FAMILIES, _HAN[han], *_LAST_FAMILIES]


@cache
def _fonts() -> Any:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(folder) for folder in _FOLDERS],
    )
