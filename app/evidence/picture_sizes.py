"""How many pixels a picture has, read from its beginning: nothing of it is decoded.

A small file can promise gigabytes, which the browser of whoever assesses would unpack.
"""

import json
import struct
from collections.abc import Callable
from typing import IO

from app.evidence.storage import Storage

# Beyond this a picture is only downloaded; larger cameras than that are rare.
MAX_PIXELS = 50_000_000
SIZE_NAME = "picture.json"
HEAD_BYTES = 32
# Markers of JPEG that say the size (start of frame), and those that stand by themselves.
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
JPEG_SCAN = frozenset({0xD9, 0xDA})
MAX_SEGMENTS = 2000


def is_drawn(storage: Storage, key: str) -> bool:
    """Return whether a stored picture may be drawn by a browser: its size is known and bearable.

    The answer is kept beside the file. Raises: `NotFoundError` if that is not there.
    """
    kept = storage.find_derived(key, SIZE_NAME)
    if kept is not None:
        with kept:
            pixels = json.load(kept)["pixels"]
    else:
        with storage.open(key) as stream:
            pixels = find_pixels(stream)
        storage.put_derived(key, SIZE_NAME, json.dumps({"pixels": pixels}).encode())
    return pixels is not None and pixels <= MAX_PIXELS


def find_pixels(stream: IO[bytes]) -> int | None:
    """Return how many pixels a PNG, JPEG, GIF or WebP says it has; `None` if it does not say."""
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    for mark, measure in _MEASURES.items():
        if head.startswith(mark):
            try:
                return measure(stream, head)
            except (struct.error, IndexError):
                return None
    return None


def _measure_png(_stream: IO[bytes], head: bytes) -> int | None:
    """Source: PNG, third edition, 11.2.1 (IHDR comes first)."""
    width, height = struct.unpack(">II", head[16:24])
    return int(width * height) if head[12:16] == b"IHDR" else None


def _measure_gif(stream: IO[bytes], head: bytes) -> int | None:
    """Return the larger of the screen and the first frame, to which browsers widen it.

    Source: GIF89a, sections 18 and 20.
    """
    width, height = struct.unpack("<HH", head[6:10])
    packed = head[10]
    stream.seek(13 + (3 * 2 ** ((packed & 7) + 1) if packed & 0x80 else 0))
    for _ in range(MAX_SEGMENTS):
        kind = stream.read(1)
        if kind == b",":
            left, top, wide, high = struct.unpack("<HHHH", stream.read(8))
            return int(max(width, left + wide) * max(height, top + high))
        if kind != b"!":
            return None
        stream.read(1)
        while size := stream.read(1)[0]:
            stream.seek(size, 1)
    return None


def _measure_webp(_stream: IO[bytes], head: bytes) -> int | None:
    """Source: RFC 9649, sections 2.5 to 2.7."""
    kind, data = head[12:16], head[20:]
    if head[8:12] != b"WEBP":
        return None
    if kind == b"VP8X":
        width = 1 + int.from_bytes(data[4:7], "little")
        return width * (1 + int.from_bytes(data[7:10], "little"))
    if kind == b"VP8L":
        (bits,) = struct.unpack("<I", data[1:5])
        return int((1 + (bits & 0x3FFF)) * (1 + (bits >> 14 & 0x3FFF)))
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[6:10])
        return int((width & 0x3FFF) * (height & 0x3FFF))
    return None


def _measure_jpeg(stream: IO[bytes], _head: bytes) -> int | None:
    """Return the largest frame that comes before the picture itself. Source: ITU T.81, annex B."""
    stream.seek(2)
    largest = None
    for _ in range(MAX_SEGMENTS):
        if stream.read(1) != b"\xff":
            return None
        marker = b"\xff"
        while marker == b"\xff":  # any number of them may fill up
            marker = stream.read(1)
        code = marker[0]
        if code in JPEG_SCAN:
            return largest
        if code in JPEG_ALONE:
            continue
        (length,) = struct.unpack(">H", stream.read(2))
        if code in JPEG_FRAMES:
            height, width = struct.unpack(">xHH", stream.read(5))
            # A height of zero is said after the picture: it is not known here.
            if not height:
                return None
            largest = max(largest or 0, width * height)
            stream.seek(-5, 1)
        stream.seek(length - 2, 1)
    return None


_MEASURES: dict[bytes, Callable[[IO[bytes], bytes], int | None]] = {
    b"\x89PNG\r\n\x1a\n": _measure_png,
    b"GIF8": _measure_gif,
    b"RIFF": _measure_webp,
    b"\xff\xd8": _measure_jpeg,
}
