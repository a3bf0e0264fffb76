"""The names in a ZIP archive, read from its directory; nothing is ever unpacked. Pure."""

import io
import struct
from typing import IO

END = struct.Struct("<4s4H2LH")
ENTRY = struct.Struct("<4s6H3L5H2L")
END_MARK = b"PK\x05\x06"
ENTRY_MARK = b"PK\x01\x02"
MAX_COMMENT_BYTES = 0xFFFF
MAX_ENTRIES = 10_000
MAX_DIRECTORY_BYTES = 4 * 1024 * 1024


def looks_like_zip(stream: IO[bytes]) -> bool:
    """Return whether the bytes end as an archive does, whatever they begin with."""
    return _find_end(stream) is not None


def read_zip_names(stream: IO[bytes]) -> frozenset[str]:
    """Return the names of an archive's members; empty if it is none, or beyond the limits.

    Units: at most 10,000 members and a directory of 4 MB; ZIP64 is beyond both.
    Source: PKWARE APPNOTE 6.3.10, 4.3.12 and 4.3.16.
    """
    end = _find_end(stream)
    if end is None:
        return frozenset()
    count, size, offset = end
    if count > MAX_ENTRIES or size > MAX_DIRECTORY_BYTES:
        return frozenset()
    stream.seek(offset)
    return _names(stream.read(size), count)


def _find_end(stream: IO[bytes]) -> tuple[int, int, int] | None:
    """Return members, size and place of the directory, if its end record closes the file."""
    total = stream.seek(0, io.SEEK_END)
    length = min(total, END.size + MAX_COMMENT_BYTES)
    stream.seek(total - length)
    tail = stream.read(length)
    place = tail.rfind(END_MARK)
    if place < 0 or length - place < END.size:
        return None
    record = END.unpack_from(tail, place)
    count, size, offset, comment = record[4], record[5], record[6], record[7]
    ends_here = place + END.size + comment == length
    return (count, size, offset) if ends_here and offset + size <= total else None


def _names(directory: bytes, count: int) -> frozenset[str]:
    names: set[str] = set()
    place = 0
    for _ in range(count):
        if len(directory) - place < ENTRY.size:
            return frozenset()
        entry = ENTRY.unpack_from(directory, place)
        name_size, extra_size, comment_size = entry[10], entry[11], entry[12]
        if entry[0] != ENTRY_MARK:
            return frozenset()
        start = place + ENTRY.size
        names.add(directory[start : start + name_size].decode("utf-8", "replace"))
        place = start + name_size + extra_size + comment_size
    return frozenset(names)
