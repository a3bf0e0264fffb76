"""What a file really is: found in its bytes, and compared with its name."""

import io
from collections.abc import Collection
from dataclasses import dataclass
from typing import IO

import pylibmagic  # noqa: F401 (brings libmagic; first, or `magic` takes the system's)

# isort: split
import magic

from app.core.errors import InvalidError
from app.evidence.texts import extension_of
from app.evidence.zip_names import looks_like_zip, read_zip_names

HEAD_BYTES = 64 * 1024
# Where PDF readers and browsers still accept a beginning.
POLYGLOT_BYTES = 1024
ACTIVE_MARKUP = (
    *(b"<html", b"<script", b"<!doctype html", b"<svg", b"<body"),
    *(b"<iframe", b"<object", b"<embed"),
)
PLAIN_TEXT = "text/plain"
UNKNOWN = "application/octet-stream"

_magic = magic.Magic(mime=True)


@dataclass(frozen=True)
class Format:
    """One type of file that can be handed in.

    `found`: what libmagic may call it; a trailing `/` stands for the family.
    `members`: names of which a ZIP container must hold each; empty: no container.
    """

    media_type: str
    found: tuple[str, ...]
    members: tuple[str, ...] = ()


def _office(main_part: str, name: str) -> Format:
    return Format(
        media_type=f"application/vnd.openxmlformats-officedocument.{name}",
        found=(f"application/vnd.openxmlformats-officedocument.{name}", "application/zip"),
        members=("[Content_Types].xml", main_part),
    )


def _open_document(name: str) -> Format:
    media_type = f"application/vnd.oasis.opendocument.{name}"
    return Format(media_type, (media_type, "application/zip"), ("mimetype", "content.xml"))


def _text(media_type: str, *more: str) -> Format:
    return Format(media_type, (PLAIN_TEXT, "application/json", "text/", *more))


CODE = ("py", "js", "java", "c", "cpp", "css", "json", "xml", "ipynb", "r", "sql")
CODE_TYPES = ("application/javascript", "application/xml", "application/x-ndjson")

FORMATS: dict[str, Format] = {
    "pdf": Format("application/pdf", ("application/pdf",)),
    "png": Format("image/png", ("image/png",)),
    "jpg": Format("image/jpeg", ("image/jpeg",)),
    "jpeg": Format("image/jpeg", ("image/jpeg",)),
    "gif": Format("image/gif", ("image/gif",)),
    "webp": Format("image/webp", ("image/webp",)),
    "docx": _office("word/document.xml", "wordprocessingml.document"),
    "xlsx": _office("xl/workbook.xml", "spreadsheetml.sheet"),
    "pptx": _office("ppt/presentation.xml", "presentationml.presentation"),
    "odt": _open_document("text"),
    "ods": _open_document("spreadsheet"),
    "odp": _open_document("presentation"),
    "txt": _text(PLAIN_TEXT),
    "md": _text("text/markdown", "text/html"),
    "csv": _text("text/csv"),
    "mp4": Format("video/mp4", ("video/mp4", "video/x-m4v", "video/quicktime")),
    "webm": Format("video/webm", ("video/webm",)),
    "mp3": Format("audio/mpeg", ("audio/mpeg",)),
    "m4a": Format("audio/mp4", ("audio/x-m4a", "audio/mp4", "video/mp4")),
    "wav": Format("audio/wav", ("audio/x-wav", "audio/wav")),
    "ogg": Format("audio/ogg", ("audio/ogg", "application/ogg", "video/ogg")),
    **dict.fromkeys(CODE, _text(PLAIN_TEXT, "text/html", *CODE_TYPES)),
}


def find_media_type(stream: IO[bytes], name: str, *, extensions: Collection[str]) -> str:
    """Return the media type of a file whose bytes, name and assignment agree.

    The stream is read at its head and its tail only, and left at its start;
    nothing that is packed is unpacked.
    Raises: `InvalidError`, naming the file, if it is empty, of a type that is
        not wanted, or not what its name says.
    """
    extension = extension_of(name)
    expected = FORMATS.get(extension)
    if expected is None or extension not in extensions:
        raise InvalidError(f"“{name}”: files of this type are not accepted here.")
    head = _read_head(stream)
    if not head:
        raise InvalidError(f"“{name}” is empty.")
    found = _magic.from_buffer(head)
    if found == UNKNOWN and _is_plain(head):
        found = PLAIN_TEXT
    if not _agrees(found, expected) or not _is_sound(stream, head, expected):
        raise InvalidError(
            f"“{name}” is not what its name says: its content is no {extension.upper()} file. "
            "Save or export it again from the program that made it."
        )
    stream.seek(0)
    return expected.media_type


def _read_head(stream: IO[bytes]) -> bytes:
    stream.seek(0)
    return stream.read(HEAD_BYTES)


def _is_plain(head: bytes) -> bool:
    """Whether it is text all the same: libmagic cannot tell what a very short file is."""
    text = head.decode("utf-8", "replace")
    return all(char.isprintable() or char.isspace() for char in text.replace("\ufffd", "\0"))


def _agrees(found: str, expected: Format) -> bool:
    if found == "text/html":
        return "text/html" in expected.found
    return any(
        found == wanted or (wanted.endswith("/") and found.startswith(wanted))
        for wanted in expected.found
    )


def _is_sound(stream: IO[bytes], head: bytes, expected: Format) -> bool:
    """Whether the file is this format and no other at the same time."""
    if PLAIN_TEXT in expected.found:
        return b"\0" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if expected.members:
        return _is_container(stream, head, expected)
    return not _is_polyglot(stream, head, expected)


def _is_container(stream: IO[bytes], head: bytes, expected: Format) -> bool:
    names = read_zip_names(stream)
    if not names.issuperset(expected.members):
        return False
    if "mimetype" in expected.members:
        # OpenDocument: the first member is this name and the type, neither packed.
        return head[30:].startswith(b"mimetype" + expected.media_type.encode() + b"PK")
    return not any(name.lower().endswith("vbaproject.bin") for name in names)


def _is_polyglot(stream: IO[bytes], head: bytes, expected: Format) -> bool:
    start = head[:POLYGLOT_BYTES].lower()
    readings = (start, start.replace(b"\0", b""))  # UTF-16 puts a zero byte beside each letter
    if any(markup in reading for markup in ACTIVE_MARKUP for reading in readings):
        return True
    if expected.media_type == "application/pdf":
        if not head.startswith(b"%PDF-"):
            return True
    elif b"%pdf-" in start:
        return True
    stream.seek(0, io.SEEK_END)
    return looks_like_zip(stream)
