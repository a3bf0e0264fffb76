"""Pictures as pixels: PNG by resvg, which reads nothing from outside. Pure."""

import io
from functools import lru_cache
from typing import Final

import resvg_py
from PIL import Image

from app.core.errors import InvalidError
from app.credentials.fonts import text_files

SIZES: Final = (64, 128, 300, 600, 1200)
DEFAULT_SIZE: Final = 600


def draw_png(svg: str, size: int) -> bytes:
    """Return a picture as PNG, `size` pixels wide.

    Only for pictures that this program made or sanitised: what it is given it draws.
    Raises: `InvalidError` if it cannot be drawn.
    """
    # Our own letters are outlines; only a plain picture of a preset may bring text.
    files = list(text_files()) if "<text" in svg else None
    try:
        return resvg_py.svg_to_bytes(
            svg_string=svg,
            width=size,
            skip_system_fonts=True,
            font_files=files,
            font_family="Noto Sans",
            sans_serif_family="Noto Sans",
            serif_family="Noto Serif",
        )
    except ValueError as error:
        raise InvalidError(f"the picture cannot be drawn ({str(error)[:200]}).") from error


@lru_cache(maxsize=16)
def draw_pixels(svg: str, size: int) -> Image.Image:
    """Return a picture as RGBA pixels, to be measured."""
    with Image.open(io.BytesIO(draw_png(svg, size))) as image:
        return image.convert("RGBA")
