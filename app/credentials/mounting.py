"""An uploaded picture on its square, with or without a frame of the level's family. Pure."""

import base64
import io
from typing import Any, Final

from lxml import etree
from PIL import Image

from app.credentials.lettering import clean
from app.credentials.sanitising import CleanSvg
from app.credentials.svg import NAMESPACE, tag, write_svg

SIDE: Final = 512
_OUTER, _RING, _INNER = 252, 236, 218
# From the lit edge to the shaded one: where, and in which colour.
_METALS: Final = {
    "white": (("0", "#ffffff"), ("0.5", "#dde5e9"), ("1", "#9fb0ba")),
    "silver": (("0", "#ffffff"), ("0.45", "#b4bfc7"), ("0.6", "#eef2f5"), ("1", "#66747f")),
    "gold": (("0", "#fff6cf"), ("0.45", "#d9ab35"), ("0.6", "#f7df91"), ("1", "#7a5409")),
}


def mount_svg(picture: CleanSvg, *, alt: str, family: str | None) -> str:
    """Return a sanitised SVG on its square; `family`: of the frame, `None` for none."""
    root, place = _begin(alt, family)
    left, top, width, height = picture.view_box
    side, corner = _extent(family)
    inner = etree.SubElement(
        place,
        tag("svg"),
        {
            "x": f"{corner:g}",
            "y": f"{corner:g}",
            "width": f"{side:g}",
            "height": f"{side:g}",
            "viewBox": f"{left:g} {top:g} {width:g} {height:g}",
            "preserveAspectRatio": _fit(family),
        },
    )
    inner.append(picture.group)
    return write_svg(root)


def mount_png(png: bytes, *, alt: str, family: str | None) -> str:
    """Return a rewritten PNG on its square, as an SVG that holds it."""
    root, place = _begin(alt, family)
    side, corner = _extent(family)
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        width, height = image.size
    attributes = {
        "x": f"{corner:g}",
        "y": f"{corner:g}",
        "width": f"{side:g}",
        "height": f"{side:g}",
        "preserveAspectRatio": _fit(family),
    }
    inner = etree.SubElement(place, tag("svg"), attributes | {"viewBox": f"0 0 {width} {height}"})
    data = base64.b64encode(png).decode()
    etree.SubElement(
        inner,
        tag("image"),
        {"width": str(width), "height": str(height), "href": f"data:image/png;base64,{data}"},
    )
    return write_svg(root)


def _begin(alt: str, family: str | None) -> tuple[Any, Any]:
    root = etree.Element(
        tag("svg"),
        {
            "viewBox": f"0 0 {SIDE} {SIDE}",
            "width": str(SIDE),
            "height": str(SIDE),
            "role": "img",
            "aria-labelledby": "picture-title",
        },
        nsmap={None: NAMESPACE},
    )
    title = etree.SubElement(root, tag("title"), {"id": "picture-title"})
    title.text = clean(alt)
    if family is None:
        return root, etree.SubElement(root, tag("g"))
    _draw_frame(root, family)
    return root, etree.SubElement(root, tag("g"), {"clip-path": "url(#frame-inside)"})


def _draw_frame(root: Any, family: str) -> None:
    stops = _METALS[family]
    defs = etree.SubElement(root, tag("defs"))
    for name, direction in (
        ("frame-rim", ("0", "0", "1", "1")),
        ("frame-bevel", ("1", "1", "0", "0")),
    ):
        x1, y1, x2, y2 = direction
        gradient = etree.SubElement(
            defs, tag("linearGradient"), {"id": name, "x1": x1, "y1": y1, "x2": x2, "y2": y2}
        )
        for offset, colour in stops:
            etree.SubElement(gradient, tag("stop"), {"offset": offset, "stop-color": colour})
    clip = etree.SubElement(defs, tag("clipPath"), {"id": "frame-inside"})
    _circle(clip, _INNER, {})
    shade = {"stroke": stops[-1][1], "stroke-width": "1.5"}
    _circle(root, _OUTER, {"fill": "url(#frame-rim)", **shade})
    _circle(root, _RING, {"fill": "url(#frame-bevel)"})
    _circle(root, _INNER + 4, {"fill": "url(#frame-rim)"})
    _circle(root, _INNER, {"fill": "#ffffff"})


def _circle(parent: Any, radius: int, attributes: dict[str, str]) -> None:
    middle = str(SIDE // 2)
    etree.SubElement(
        parent, tag("circle"), {"cx": middle, "cy": middle, "r": str(radius), **attributes}
    )


def _extent(family: str | None) -> tuple[float, float]:
    side = SIDE if family is None else 2 * _INNER
    return side, (SIDE - side) / 2


def _fit(family: str | None) -> str:
    """Say how it fits: a framed picture fills its frame, any other is shown whole."""
    return "xMidYMid meet" if family is None else "xMidYMid slice"
