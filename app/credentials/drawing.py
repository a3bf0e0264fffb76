"""The picture of one version of an achievement, drawn from its level's template. Pure.

The same template and words give the same bytes. Where the fonts have not every
character of a title, the picture takes its neutral form: the level's name
stands in the title's place, and the whole title in the picture's `<title>`.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from app.credentials.fonts import Point
from app.credentials.lettering import Line, can_letter, clean, is_rtl, path_data, shape_line
from app.credentials.slots import ISSUER, LEVEL, TITLE, Arc, Slot, find_slots
from app.credentials.svg import parse_svg, tag, write_svg
from app.credentials.wrapping import Box, set_text

# The shadow of raised letters is so far below them. Units: em.
_RELIEF = 0.028
_SLOT_TEXTS: Final = (TITLE, ISSUER, LEVEL)


@dataclass(frozen=True)
class PictureWords:
    """What is lettered; `alt`: what the picture shows, for those who do not see it."""

    title: str
    issuer: str
    level: str
    alt: str


def has_slots(template: str) -> bool:
    """Return whether the program letters this picture, or uses it as it is."""
    return "data-slot" in template and bool(find_slots(parse_svg(template)))


def draw_picture(template: str, words: PictureWords) -> str:
    """Return the picture as SVG; a template without slots as it is.

    Raises: `InvalidError` if the template cannot be read.
    """
    if "data-slot" not in template:
        return template
    root = parse_svg(template)
    slots = find_slots(root)
    if not slots:
        return template
    for element, slot in slots:
        _replace(element, slot, _text_for(slot, words))
    _describe(root, words)
    return write_svg(root)


def _text_for(slot: Slot, words: PictureWords) -> str:
    """Return what stands in a slot; if no font has a character of it, what is known to do."""
    wanted = clean({TITLE: words.title, ISSUER: words.issuer, LEVEL: words.level}[slot.name])
    if can_letter(wanted, slot.hand.style):
        return wanted
    neutral = clean(words.level) if slot.name == TITLE else ""
    return neutral if can_letter(neutral, slot.hand.style) else ""


def _replace(element: Any, slot: Slot, text: str) -> None:
    data, size = ("", 0.0)
    if text:
        place = slot.place
        data, size = (
            _along(place, slot, text) if isinstance(place, Arc) else _within(place, slot, text)
        )
    group = etree.Element(tag("g"), {"data-words": slot.name})
    group.tail = element.tail
    if data and slot.relief:
        shadow = {"d": data, "fill": slot.relief, "transform": f"translate(0 {size * _RELIEF:.2f})"}
        etree.SubElement(group, tag("path"), shadow)
    if data:
        etree.SubElement(group, tag("path"), {"d": data, "fill": slot.colour})
    element.getparent().replace(element, group)


def _within(box: Box, slot: Slot, text: str) -> tuple[str, float]:
    setting = set_text(
        text,
        box,
        slot.hand,
        largest=slot.largest,
        smallest=slot.smallest,
        max_lines=slot.max_lines,
    )
    if setting is None:
        return "", 0.0
    size = setting.size
    parts = []
    for line, baseline in zip(setting.lines, setting.baselines, strict=True):
        left = _left_edge(box, slot.align, line.width * size, is_rtl=setting.is_rtl)

        def place(x: float, y: float, left: float = left, baseline: float = baseline) -> Point:
            return left + x * size, baseline - y * size

        parts.append(path_data(line, place))
    return "".join(parts), size


def _left_edge(box: Box, align: str, width: float, *, is_rtl: bool) -> float:
    if align == "middle":
        return box.x + (box.width - width) / 2
    is_left = (align == "start") != is_rtl
    return box.x if is_left else box.x + box.width - width


def _along(arc: Arc, slot: Slot, text: str) -> tuple[str, float]:
    """Bend a line along a circle: each point is turned, so that joined letters stay joined."""
    line = shape_line(text, slot.hand, is_rtl=is_rtl(text), language_of=text)
    room = math.radians(arc.span) * arc.radius
    size = min(slot.largest, room / line.width) if line.width else slot.largest
    # Letters that had to become smaller keep to the middle of the band.
    lift = (slot.largest - size) * _middle(line)
    radius = arc.radius + (-lift if arc.is_below else lift)
    turn = -1 if arc.is_below else 1

    def place(x: float, y: float) -> Point:
        angle = turn * ((x - line.width / 2) * size / radius - math.pi / 2)
        out = radius + turn * y * size
        return arc.x + out * math.cos(angle), arc.y + out * math.sin(angle)

    return path_data(line, place), size


def _middle(line: Line) -> float:
    return (line.top + max(line.bottom, -0.1)) / 2


def _describe(root: Any, words: PictureWords) -> None:
    for name in ("title", "desc"):
        for element in root.findall(tag(name)):
            root.remove(element)
    title = etree.Element(tag("title"), {"id": "picture-title"})
    title.text = clean(words.title)
    description = etree.Element(tag("desc"), {"id": "picture-description"})
    description.text = clean(words.alt)
    root.insert(0, title)
    root.insert(1, description)
    root.set("role", "img")
    root.set("aria-labelledby", "picture-title")
    root.set("aria-describedby", "picture-description")
