"""An uploaded SVG, built anew from what is allowed. Pure.

What could act or reach out is refused by name, so that the person knows what
to change; what only an editor needs is left behind. Nothing is copied that is
not in the lists below.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from app.core.errors import InvalidError
from app.credentials.svg import NAMESPACE, local_name, parse_svg, tag

MAX_SVG_BYTES: Final = 512 * 1024
MAX_ELEMENTS: Final = 5000
MAX_DEPTH: Final = 40
# What `use` elements repeat, all together.
MAX_REPEATED: Final = 20_000
MAX_SIDE: Final = 20_000
MOST_OBLONG: Final = 4 / 3
_MAX_VALUE = 2000
_MAX_PATH = 300_000

_CONTAINERS = frozenset({"g", "defs", "clipPath", "linearGradient", "radialGradient"})
_SHAPES = frozenset({"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"})
_ALLOWED = _CONTAINERS | _SHAPES | {"stop", "use"}
# They say something to editors and readers only; the picture gets its own.
_LEFT_BEHIND = frozenset({"title", "desc", "metadata", "view"})
_HINTS = {
    "text": "turn texts into paths",
    "image": "draw with shapes, or upload a PNG",
    "style": "save with presentation attributes in place of a style sheet",
}
_REFERRING = frozenset({"use", "linearGradient", "radialGradient"})
_ATTRIBUTES = frozenset({
    "d", "points", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy",
    "fr", "width", "height", "pathLength", "transform", "offset", "gradientUnits",
    "gradientTransform", "spreadMethod", "clipPathUnits", "fill", "fill-opacity", "fill-rule",
    "stroke", "stroke-width", "stroke-opacity", "stroke-linecap", "stroke-linejoin",
    "stroke-miterlimit", "stroke-dasharray", "stroke-dashoffset", "opacity", "color",
    "stop-color", "stop-opacity", "clip-path", "clip-rule", "display", "visibility",
    "paint-order", "vector-effect",
})  # fmt: skip
_REFERENCE = re.compile(r"url\(\s*['\"]?#([\w:.-]+)['\"]?\s*\)(.*)", re.DOTALL)


@dataclass(frozen=True)
class CleanSvg:
    """A picture built anew: a group with all that it shows, and its own coordinates."""

    group: Any
    view_box: tuple[float, float, float, float]


def sanitise_svg(data: bytes) -> CleanSvg:
    """Return the picture of an uploaded file, with nothing in it that could act.

    Raises: `InvalidError` naming what is refused.
    Source: SVG 2, 2.2.2 secure animated and static modes, narrowed.
    """
    if len(data) > MAX_SVG_BYTES:
        raise InvalidError(f"the SVG is larger than {MAX_SVG_BYTES // 1024} kB.")
    root = parse_svg(data)
    _check_extent(root)
    view_box = _read_view_box(root)
    names = {
        identity: f"u{number}"
        for number, identity in enumerate(
            dict.fromkeys(element.get("id") for element in root.iter() if element.get("id"))
        )
    }
    group = etree.Element(tag("g"), nsmap={None: NAMESPACE})
    _copy_attributes(root, group, names)
    for name in ("x", "y", "width", "height", "transform", "id"):
        group.attrib.pop(name, None)
    _copy_children(root, group, names)
    if not any(local_name(element) in _SHAPES for element in group.iter()):
        raise InvalidError("the SVG shows nothing: it has no shape.")
    _check_repetition(group)
    return CleanSvg(group, view_box)


def check_oblong(width: float, height: float) -> None:
    """Refuse a picture that is far from square: it stands in square places.

    Raises: `InvalidError`.
    """
    if max(width, height) / min(width, height) > MOST_OBLONG + 0.01:
        raise InvalidError("the picture must be about square: at most 4 : 3, upright or across.")


def _check_extent(root: Any) -> None:
    for count, (element, depth) in enumerate(_walk(root), 1):
        if count > MAX_ELEMENTS:
            raise InvalidError(f"the SVG has more than {MAX_ELEMENTS} elements; simplify it.")
        if depth > MAX_DEPTH:
            raise InvalidError(f"the SVG is nested more than {MAX_DEPTH} deep; ungroup it.")
        _refuse_acting(element)


def _walk(root: Any) -> Iterator[tuple[Any, int]]:
    waiting = [(root, 0)]
    while waiting:
        element, depth = waiting.pop()
        yield element, depth
        waiting += [(child, depth + 1) for child in element]


def _refuse_acting(element: Any) -> None:
    if not isinstance(element.tag, str):
        raise InvalidError("an entity in the SVG is refused; save it as plain SVG.")
    for attribute in element.attrib:
        if etree.QName(attribute).localname.lower().startswith("on"):
            raise InvalidError(
                f"the attribute {etree.QName(attribute).localname[:40]} is refused: "
                "it would run a script."
            )


def _read_view_box(root: Any) -> tuple[float, float, float, float]:
    words = re.split(r"[\s,]+", (root.get("viewBox") or "").strip())
    if words == [""]:
        words = ["0", "0", *(str(root.get(name) or "") for name in ("width", "height"))]
        words = [word.removesuffix("px") for word in words]
    try:
        left, top, width, height = (float(word) for word in words)
    except ValueError as error:
        raise InvalidError("the SVG does not say how large it is: it needs a viewBox.") from error
    numbers = (left, top, width, height)
    is_sane = all(math.isfinite(value) and abs(value) <= MAX_SIDE for value in numbers)
    if not is_sane or width < 1 or height < 1:
        raise InvalidError(f"the viewBox of the SVG must be between 1 and {MAX_SIDE} on each side.")
    check_oblong(width, height)
    return numbers


def _copy_children(source: Any, target: Any, names: dict[str, str]) -> None:
    for child in source:
        name = local_name(child)
        if not name or name in _LEFT_BEHIND:  # another namespace: an editor's
            continue
        if name not in _ALLOWED:
            hint = _HINTS.get(name, "take it out")
            raise InvalidError(f"the element <{name[:40]}> is refused: {hint}.")
        copy = etree.SubElement(target, tag(name))
        _copy_attributes(child, copy, names)
        if name in _CONTAINERS:
            _copy_children(child, copy, names)


def _copy_attributes(source: Any, target: Any, names: dict[str, str]) -> None:
    for attribute, value in source.attrib.items():
        name = etree.QName(attribute).localname
        if name == "href":
            _copy_href(source, target, value, names)
        elif attribute == "id":
            target.set("id", names[value])
        elif attribute == "style":
            for rule in value.split(";"):
                property_name, colon, told = rule.partition(":")
                if colon:
                    _copy_value(target, property_name.strip(), told.strip(), names)
                elif rule.strip():
                    raise InvalidError("a style attribute in the SVG cannot be read.")
        else:
            _copy_value(target, attribute, value, names)


def _copy_href(source: Any, target: Any, value: str, names: dict[str, str]) -> None:
    if local_name(source) not in _REFERRING or not value.strip().startswith("#"):
        raise InvalidError("a picture must not refer to anything outside itself.")
    identity = value.strip()[1:]
    if identity in names:
        target.set("href", f"#{names[identity]}")


def _copy_value(target: Any, name: str, value: str, names: dict[str, str]) -> None:
    lowered = value.lower()
    if "url" in lowered or "\\" in value or "image" in lowered or "@import" in lowered:
        reference = _REFERENCE.fullmatch(value.strip())
        if reference is None or "(" in reference[2] or "\\" in value:
            raise InvalidError("a picture must not refer to anything outside itself.")
        if reference[1] not in names:
            return
        value = f"url(#{names[reference[1]]})"
    if name not in _ATTRIBUTES:
        return
    if len(value) > (_MAX_PATH if name in {"d", "points"} else _MAX_VALUE):
        raise InvalidError("a shape in the SVG has too many points; simplify it.")
    target.set(name, value)


def _check_repetition(group: Any) -> None:
    """Refuse copies of copies: a few lines could ask for a billion shapes."""
    named = [element for element in group.iter() if element.get("id")]
    by_id = {element.get("id"): element for element in named}
    if len(by_id) < len(named):  # which one is meant, no two programs agree on
        raise InvalidError("two parts of the SVG have the same id; save it as plain SVG.")
    repeated = 0
    for element in group.iter(tag("use")):
        target = by_id.get((element.get("href") or "")[1:])
        if target is None:
            continue
        inside = list(target.iter())
        repeated += len(inside)
        if any(local_name(each) == "use" for each in inside):
            raise InvalidError("a <use> in the SVG repeats another <use>; unlink the copies.")
        if element in inside or target in element.iterancestors() or repeated > MAX_REPEATED:
            raise InvalidError("the SVG repeats too many shapes; simplify it.")
