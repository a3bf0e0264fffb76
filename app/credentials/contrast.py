"""How well letters stand out from what is behind them. Pure.

Source: WCAG 2.2, relative luminance and contrast ratio.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

LEAST_CONTRAST: Final = 4.5
# Fine lines of an ornament may run behind letters: so much of the ground does not count.
_ORNAMENT: Final = 0.02
_DARKEST: Final = 0.04045
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

Colour = tuple[int, int, int]


def parse_colour(text: str) -> Colour:
    """Return the three parts of a colour like `#1f2e38`.

    Raises: `ValueError`.
    """
    if not _COLOUR.fullmatch(text):
        raise ValueError(f"“{text[:20]}” is no colour like #1f2e38")
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two colours: 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def worst_contrast(colour: str, ground: Iterable[Sequence[int]]) -> float:
    """Return the contrast of letters to the worst part of the ground that counts.

    `ground`: RGBA pixels; where they let light through, both a white and a
    black page are behind them.
    """
    letters = parse_colour(colour)
    ratios = sorted(min(contrast(letters, seen) for seen in _seen(pixel)) for pixel in ground)
    return ratios[int(len(ratios) * _ORNAMENT)] if ratios else 1.0


def _seen(pixel: Sequence[int]) -> tuple[Colour, Colour]:
    red, green, blue, alpha = pixel
    on_black = tuple(round(part * alpha / 255) for part in (red, green, blue))
    on_white = tuple(part + 255 - alpha for part in on_black)
    return on_black, on_white  # type: ignore[return-value]  # three parts each


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= _DARKEST else ((part + 0.055) / 1.055) ** 2.4
