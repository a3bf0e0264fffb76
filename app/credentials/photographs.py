"""An uploaded PNG, decoded and written anew: pixels and nothing else. Pure."""

import io
import warnings
from typing import Final

from PIL import Image, UnidentifiedImageError

from app.core.errors import InvalidError
from app.credentials.sanitising import check_oblong

MAX_PNG_BYTES: Final = 4 * 1024 * 1024
LEAST_SIDE: Final = 200
MOST_SIDE: Final = 4096
# Kept no larger than it is shown; a picture that does not pack well is kept smaller.
_SIDES: Final = (800, 600, 400)
_KEPT_BYTES: Final = 1024 * 1024
SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


def rewrite_png(data: bytes) -> bytes:
    """Return the pixels of an uploaded PNG as a new file, without metadata.

    The size is read and judged before the pixels are.
    Raises: `InvalidError` saying what is wrong with it.
    """
    if len(data) > MAX_PNG_BYTES:
        raise InvalidError(f"the PNG is larger than {MAX_PNG_BYTES // 1024 // 1024} MB.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
                _check(image)
                image.load()
                pixels = image.convert("RGBA")
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise InvalidError("the PNG is broken, or is none; save it again.") from error
    return _write(pixels)


def shrink_png(data: bytes, width: int) -> bytes:
    """Return a PNG of our own at another width. Units: pixels."""
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        height = max(1, round(image.height * width / image.width))
        small = image.resize((width, height), Image.Resampling.LANCZOS)
    return _encode(small)


def _check(image: Image.Image) -> None:
    if getattr(image, "is_animated", False):
        raise InvalidError("the PNG is animated; upload one still picture.")
    if min(image.size) < LEAST_SIDE:
        raise InvalidError(f"the PNG must have at least {LEAST_SIDE} pixels on each side.")
    if max(image.size) > MOST_SIDE:
        raise InvalidError(f"the PNG must have at most {MOST_SIDE} pixels on each side.")
    check_oblong(*image.size)


def _write(pixels: Image.Image) -> bytes:
    written = b""
    for side in _SIDES:
        copy = pixels.copy()
        copy.thumbnail((side, side), Image.Resampling.LANCZOS)
        written = _encode(copy)
        if len(written) <= _KEPT_BYTES:
            break
    return written


def _encode(image: Image.Image) -> bytes:
    bare = Image.new("RGBA", image.size)
    bare.paste(image)  # leaves profile, texts and times of the source behind
    target = io.BytesIO()
    bare.save(target, "PNG", compress_level=6)
    return target.getvalue()
