"""The kinds of file that an assignment can ask for. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class FileKind:
    """One kind of file, in plain words.

    `extensions`: without the dot, in small letters. `media_types`: what the bytes
    of such a file are found to be.
    """

    name: str
    label: str
    extensions: tuple[str, ...]
    media_types: tuple[str, ...]


_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"

KINDS: dict[str, FileKind] = {
    kind.name: kind
    for kind in (
        FileKind("pdf", "PDF", ("pdf",), ("application/pdf",)),
        FileKind(
            "image",
            "Images",
            ("png", "jpg", "jpeg", "gif", "webp"),
            ("image/png", "image/jpeg", "image/gif", "image/webp"),
        ),
        FileKind(
            "text",
            "Plain text and tables",
            ("txt", "md", "csv"),
            ("text/plain", "text/markdown", "text/csv"),
        ),
        FileKind(
            "office",
            "Office documents",
            ("docx", "pptx", "xlsx", "odt", "odp", "ods"),
            (
                f"{_OFFICE}.wordprocessingml.document",
                f"{_OFFICE}.presentationml.presentation",
                f"{_OFFICE}.spreadsheetml.sheet",
                f"{_OPEN}.text",
                f"{_OPEN}.presentation",
                f"{_OPEN}.spreadsheet",
            ),
        ),
        FileKind("video", "Video", ("mp4", "webm"), ("video/mp4", "video/webm")),
        FileKind(
            "audio",
            "Audio",
            ("mp3", "m4a", "ogg", "wav"),
            ("audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav"),
        ),
        FileKind(
            "code",
            "Code and data",
            ("py", "js", "java", "c", "cpp", "css", "json", "xml", "ipynb", "r", "sql"),
            ("text/plain", "application/json"),
        ),
    )
}


def describe_kinds(names: Iterable[str]) -> list[str]:
    """Return each of these kinds as people choose it, with the ends of its files' names."""
    kinds = [KINDS[name] for name in names if name in KINDS]
    return [
        kind.label
        if kind.extensions == (kind.name,)
        else f"{kind.label} ({', '.join(kind.extensions)})"
        for kind in kinds
    ]


def extensions_of(names: Iterable[str]) -> frozenset[str]:
    """Return the extensions of these kinds; an unknown name adds none."""
    return frozenset(
        extension for name in names if name in KINDS for extension in KINDS[name].extensions
    )
