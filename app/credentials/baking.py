"""Credentials inside pictures: put in and taken out, without drawing the picture anew. Pure.

Source: Open Badges 3.0, section 5.3 (baked badges); Open Badges 2.0, Badge Baking.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from app.core.errors import InvalidError
from app.credentials.png_chunks import SIGNATURE, read_chunks, read_text, write_text
from app.credentials.svg import NAMESPACE, parse_svg

OB3_KEYWORD: Final = "openbadgecredential"
OB2_KEYWORD: Final = "openbadges"
OB3_NAMESPACE: Final = "https://purl.imsglobal.org/ob/v3p0"
OB2_NAMESPACE: Final = "http://openbadges.org"
_PREFIX: Final = "openbadges"  # of both generations, so each stands on its own element
_OB3_TAG: Final = f"{{{OB3_NAMESPACE}}}credential"
_OB2_TAG: Final = f"{{{OB2_NAMESPACE}}}assertion"
_MAX_TEXT: Final = 512 * 1024


@dataclass(frozen=True, slots=True)
class Unbaked:
    """What a picture held: a credential (JSON or JWT), an assertion (JSON, or its address)."""

    ob3: str | None
    ob2: str | None


def bake_png(png: bytes, *, ob3: str | None, ob2: str | None) -> bytes:
    """Return a PNG that carries the credentials; every other byte of it stays.

    What it carried before is taken out: only one of each generation may stand in it.
    Raises: `InvalidError` if it is no sound PNG.
    """
    header, *others = read_chunks(png)
    texts = [(OB3_KEYWORD, ob3), (OB2_KEYWORD, ob2)]
    pieces = [png[: header.end]]
    pieces += [write_text(keyword, text) for keyword, text in texts if text is not None]
    pieces += [
        png[chunk.start : chunk.end]
        for chunk in others
        if (read_text(chunk) or ("", ""))[0] not in {OB3_KEYWORD, OB2_KEYWORD}
    ]
    return b"".join(pieces)


def bake_svg(svg: str, *, ob3: str | None, ob2: str | None) -> str:
    """Return an SVG that carries the credentials as the first of its elements.

    Raises: `InvalidError` if it is no plain SVG.
    """
    old = parse_svg(svg)
    spaces = {name: uri for name, uri in old.nsmap.items() if name != _PREFIX}
    if ob3 is not None:
        spaces[_PREFIX] = OB3_NAMESPACE  # declared on the picture itself, as the standard shows it
    root = etree.Element(old.tag, attrib=dict(old.attrib), nsmap=spaces)
    root.text = old.text
    if ob3 is not None:
        root.append(_element(_OB3_TAG, OB3_NAMESPACE, ob3))
    if ob2 is not None:
        root.append(_element(_OB2_TAG, OB2_NAMESPACE, ob2))
    root.extend(child for child in list(old) if child.tag not in {_OB3_TAG, _OB2_TAG})
    text: str = etree.tostring(root, encoding="unicode")
    return text


def unbake(data: bytes) -> Unbaked:
    """Return what a PNG or SVG carries.

    Raises: `InvalidError` if it is neither, is broken, carries nothing, or carries two of
        one generation.
    """
    found = list(_read_png(data) if data.startswith(SIGNATURE) else _read_svg(data))
    texts: dict[str, str] = {}
    for keyword, text in found:
        if keyword in texts:
            raise InvalidError("The picture carries two credentials of one kind.")
        if not text or len(text) > _MAX_TEXT:
            raise InvalidError("The credential in the picture is compressed, empty or too large.")
        texts[keyword] = text
    if not texts:
        raise InvalidError(
            "The picture carries no credential. Programs that shrink or convert pictures, and "
            "some telephones, take it out: use the file as it was downloaded."
        )
    return Unbaked(texts.get(OB3_KEYWORD), texts.get(OB2_KEYWORD))


def _read_png(png: bytes) -> Iterator[tuple[str, str]]:
    for chunk in read_chunks(png):
        read = read_text(chunk)
        if read is not None and read[0] in {OB3_KEYWORD, OB2_KEYWORD}:
            yield read


def _read_svg(svg: bytes) -> Iterator[tuple[str, str]]:
    for element in parse_svg(svg).iter(_OB3_TAG, _OB2_TAG):
        keyword = OB3_KEYWORD if element.tag == _OB3_TAG else OB2_KEYWORD
        yield keyword, (element.text or "").strip() or element.get("verify", "")


def _element(tag: str, namespace: str, text: str) -> Any:
    """Return the element of one credential: JSON as one CDATA, anything else as its attribute.

    One reader takes no more than a single run of characters, so there is nothing
    around the JSON, and the end of a CDATA section is escaped as JSON allows.
    """
    nsmap = {_PREFIX: namespace, None: NAMESPACE}
    if not text.startswith("{"):
        return etree.Element(tag, attrib={"verify": text}, nsmap=nsmap)
    # An assertion names the address at which it is verified; a credential has none.
    where = {"verify": str(json.loads(text)["id"])} if tag == _OB2_TAG else {}
    element = etree.Element(tag, attrib=where, nsmap=nsmap)
    element.text = etree.CDATA(text.replace("]]>", "]]\\u003e"))
    return element
