"""The chunks of a PNG: walked, checked and put together again. No pixel is ever decoded. Pure.

Source: PNG Specification (Third Edition), sections 5.2 to 5.6 and 11.3.3.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from app.core.errors import InvalidError

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS: Final = 20_000
_FRAME_BYTES: Final = 12  # length, type and check sum of a chunk
_HEADER_BYTES: Final = 13
# International text: keyword, a null, two bytes on compression, language and its word, two nulls.
_INTERNATIONAL: Final = b"iTXt"
_LATIN: Final = b"tEXt"
_COMPRESSED: Final = b"zTXt"


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: its type, what it holds, and where it begins and ends in the file."""

    kind: bytes
    data: bytes
    start: int
    end: int


def read_chunks(png: bytes) -> list[Chunk]:
    """Return the chunks of a PNG, from its header to its end.

    Raises: `InvalidError` if a chunk is cut off, its check sum is wrong, or the order of
        the first and the last is not that of a PNG.
    """
    if not png.startswith(SIGNATURE):
        raise InvalidError("It is not a PNG.")
    chunks = list(_walk(png))
    if chunks[0].kind != b"IHDR" or len(chunks[0].data) != _HEADER_BYTES:
        raise InvalidError("The PNG does not begin with its header.")
    if sum(chunk.kind in {b"IHDR", b"IEND"} for chunk in chunks) != 2:  # noqa: PLR2004
        raise InvalidError("The PNG has two headers.")
    return chunks


def read_text(chunk: Chunk) -> tuple[str, str] | None:
    """Return the keyword and the text of a chunk of text; `None` for any other chunk.

    Raises: `InvalidError` if it is compressed, which a badge must not be, or broken.
    """
    if chunk.kind not in {_INTERNATIONAL, _LATIN, _COMPRESSED}:
        return None
    name, null, rest = chunk.data.partition(b"\0")
    keyword = name.decode("latin-1")
    if not null:
        raise InvalidError("A text of the PNG has no keyword.")
    if chunk.kind == _LATIN:
        return keyword, rest.decode("latin-1")
    if chunk.kind == _COMPRESSED or rest[:1] != b"\0":
        return keyword, ""
    _language, _, rest = rest[2:].partition(b"\0")
    _word, null, text = rest.partition(b"\0")
    if not null:
        raise InvalidError("A text of the PNG is cut off.")
    try:
        return keyword, text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidError("A text of the PNG is not UTF-8.") from error


def write_text(keyword: str, text: str) -> bytes:
    """Return an uncompressed chunk of international text."""
    data = keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode()
    body = _INTERNATIONAL + data
    return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


def _walk(png: bytes) -> Iterator[Chunk]:
    start = len(SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        length = int.from_bytes(png[start : start + 4], "big")
        end = start + _FRAME_BYTES + length
        if end > len(png):
            raise InvalidError("The PNG is cut off.")
        body = png[start + 4 : end - 4]
        kind = body[:4]
        if not (kind.isascii() and kind.isalpha()):
            raise InvalidError("The PNG has a chunk of no known form.")
        if zlib.crc32(body).to_bytes(4, "big") != png[end - 4 : end]:
            raise InvalidError("The PNG is damaged: a check sum in it is wrong.")
        yield Chunk(kind, body[4:], start, end)
        if kind == b"IEND":
            if end != len(png):
                raise InvalidError("Something follows after the end of the PNG.")
            return
        start = end
    raise InvalidError("The PNG has too many chunks.")
