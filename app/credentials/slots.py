"""The slots of an image template: where the program letters which words. Pure.

A slot is a shape that the designer draws and marks with `data-slot`; when the
picture is drawn, letters stand in its place. `lti_config/README.md` has the
format for designers.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from app.core.errors import InvalidError
from app.credentials.contrast import LEAST_CONTRAST, parse_colour, worst_contrast
from app.credentials.fonts import SANS, SERIF
from app.credentials.lettering import Hand
from app.credentials.raster import draw_pixels
from app.credentials.svg import local_name, parse_svg, write_svg
from app.credentials.wrapping import FLOOR, Box

TITLE: Final = "title"
ISSUER: Final = "issuer"
LEVEL: Final = "level"
NAMES: Final = (TITLE, ISSUER, LEVEL)
ALIGNS: Final = ("start", "middle", "end")
_MEASURED_AT = 512
_MAX_LINES = 8
# How high letters stand. Units: em.
_HEIGHT = 0.75
_NUMBER = re.compile(r"-?(\d{1,5}(\.\d{1,6})?|\.\d{1,6})")


@dataclass(frozen=True)
class Arc:
    """Letters along a circle. Units: the picture's; `span` in degrees; `is_below`: below."""

    x: float
    y: float
    radius: float
    span: float
    is_below: bool


@dataclass(frozen=True)
class Slot:
    """One place for words. Units: sizes in the picture's units; `relief`: `None` for none."""

    name: str
    place: Box | Arc
    hand: Hand
    colour: str
    relief: str | None
    align: str
    largest: float
    smallest: float
    max_lines: int


def find_slots(root: Any) -> list[tuple[Any, Slot]]:
    """Return the slots of a template with their elements, in the order in which they are drawn.

    Raises: `InvalidError` naming the slot and what is wrong with it.
    """
    found = []
    for element in root.iter():
        name = element.get("data-slot") if isinstance(element.tag, str) else None
        if name is None:
            continue
        try:
            found.append((element, _read_slot(element, name)))
        except ValueError as error:
            raise InvalidError(f"slot “{name[:40]}”: {error}.") from error
    names = [slot.name for _, slot in found]
    for name in names:
        if names.count(name) > 1:
            raise InvalidError(f"two slots are called “{name}”.")
    if found and TITLE not in names:
        raise InvalidError("it has slots, but none for the title.")
    return found


def check_template(svg: str) -> None:
    """Refuse a template whose slots cannot be read, or whose letters could not be.

    The ground is measured in the drawn picture, without the letters, over the
    whole place where they may stand.
    Raises: `InvalidError` naming the slot.
    Source: WCAG 2.2, 1.4.3 Contrast (Minimum).
    """
    root = parse_svg(svg)
    slots = find_slots(root)
    if not slots:
        return
    left, top, width, height = view_box(root)
    for element, _ in slots:
        element.getparent().remove(element)
    image = draw_pixels(write_svg(root), _MEASURED_AT)
    across, down = image.width / width, image.height / height
    pixels: Any = image.load()
    for _, slot in slots:
        places = [
            (int((x - left) * across // 1), int((y - top) * down // 1)) for x, y in _points_in(slot)
        ]
        if not all(0 <= x < image.width and 0 <= y < image.height for x, y in places):
            raise InvalidError(f"slot “{slot.name}”: it reaches out of the picture.")
        ground = [pixels[place] for place in places]
        contrast = worst_contrast(slot.colour, ground)
        if contrast < LEAST_CONTRAST:
            raise InvalidError(
                f"slot “{slot.name}”: letters in {slot.colour} have a contrast of "
                f"{contrast:.1f} : 1 to what is behind them; {LEAST_CONTRAST} : 1 is needed "
                "(choose another colour, or put a plain ground there)."
            )


def view_box(root: Any) -> tuple[float, float, float, float]:
    """Return the picture's own coordinates: left, top, width, height.

    Raises: `InvalidError` if it does not say them.
    """
    numbers = re.split(r"[\s,]+", (root.get("viewBox") or "").strip())
    try:
        left, top, width, height = (float(number) for number in numbers)
    except ValueError as error:
        raise InvalidError("a template with slots needs a viewBox of four numbers.") from error
    if not (width > 0 and height > 0 and math.isfinite(left + top + width + height)):
        raise InvalidError("its viewBox is empty.")
    return left, top, width, height


def _read_slot(element: Any, name: str) -> Slot:
    if name not in NAMES:
        raise ValueError(f"there is no such slot; there are {', '.join(NAMES)}")
    if any(parent.get("transform") for parent in (element, *element.iterancestors())):
        raise ValueError("neither it nor a group around it may have a transform")
    largest, smallest = _sizes(element)
    font = element.get("data-font") or SANS
    if font not in {SANS, SERIF}:
        raise ValueError(f"data-font must be {SANS} or {SERIF}")
    align = element.get("data-align") or "middle"
    if align not in ALIGNS:
        raise ValueError(f"data-align must be one of {', '.join(ALIGNS)}")
    relief = element.get("data-relief")
    colour = element.get("fill") or ""
    parse_colour(colour)
    if relief is not None:
        parse_colour(relief)
    return Slot(
        name=name,
        place=_read_place(element),
        hand=Hand(
            style=font,
            weight=int(_number(element, "data-weight", default=600, least=100, most=900)),
            tracking=_number(element, "data-tracking", default=0, least=0, most=1),
            is_upper=element.get("data-case") == "upper",
        ),
        colour=colour,
        relief=relief,
        align=align,
        largest=largest,
        smallest=smallest,
        max_lines=int(_number(element, "data-lines", default=4, least=1, most=_MAX_LINES)),
    )


def _read_place(element: Any) -> Box | Arc:
    kind = local_name(element)
    if kind == "rect":
        return Box(
            _number(element, "x", default=0),
            _number(element, "y", default=0),
            _number(element, "width", least=1),
            _number(element, "height", least=1),
        )
    if kind not in {"circle", "ellipse"}:
        raise ValueError("it must be a rect, an ellipse or a circle")
    x, y = _number(element, "cx", default=0), _number(element, "cy", default=0)
    if kind == "circle" and (side := element.get("data-arc")) is not None:
        if side not in {"top", "bottom"}:
            raise ValueError("data-arc must be top or bottom")
        span = _number(element, "data-span", default=150, least=10, most=340)
        return Arc(x, y, _number(element, "r", least=1), span, is_below=side == "bottom")
    names = ("r", "r") if kind == "circle" else ("rx", "ry")
    across, down = (_number(element, name, least=1) for name in names)
    return Box(x - across, y - down, 2 * across, 2 * down, is_round=True)


def _sizes(element: Any) -> tuple[float, float]:
    words = (element.get("data-size") or "").split()
    if len(words) not in {1, 2} or not all(_NUMBER.fullmatch(word) for word in words):
        raise ValueError("data-size must be the largest and the smallest size, such as “40 16”")
    largest, smallest = float(words[0]), float(words[-1])
    if not FLOOR <= smallest <= largest:
        raise ValueError(f"data-size must not rise, and not be under {FLOOR:g}")
    return largest, smallest


def _number(
    element: Any,
    name: str,
    *,
    default: float | None = None,
    least: float = -100_000,
    most: float = 100_000,
) -> float:
    text = element.get(name)
    if text is None and default is not None:
        return default
    if text is None or not _NUMBER.fullmatch(text):
        raise ValueError(f"{name} must be a number without unit")
    value = float(text)
    if not least <= value <= most:
        raise ValueError(f"{name} must be between {least:g} and {most:g}")
    return value


def _points_in(slot: Slot) -> Iterator[tuple[float, float]]:
    """Give points all over the place where letters may stand."""
    place = slot.place
    steps = [(step + 0.5) / 24 for step in range(24)]
    if isinstance(place, Arc):
        middle = math.pi / 2 if place.is_below else -math.pi / 2
        inner = place.radius - (_HEIGHT * slot.largest if place.is_below else 0)
        for along in steps:
            angle = middle + math.radians(place.span) * (along - 0.5)
            for share in (0.0, 0.5, 1.0):
                radius = inner + share * _HEIGHT * slot.largest
                yield place.x + radius * math.cos(angle), place.y + radius * math.sin(angle)
        return
    for down in steps:
        y = place.y + down * place.height
        width = place.width_at(y, y)
        for along in steps:
            yield place.x + place.width / 2 + (along - 0.5) * width, y
