"""The texts of two versions of an artifact, read so that they can be compared."""

from dataclasses import dataclass

from app.core.errors import NotFoundError
from app.evidence.changes import Change, ChangeKind, Changes, Patience, TextChange, compare_texts
from app.evidence.converting import is_office
from app.evidence.models import Artifact, ArtifactKind
from app.evidence.pdf_text import find_page_texts, read_page_texts
from app.evidence.preview import BusyError, read_beginning
from app.evidence.showing import PDF_TYPE, find_withheld
from app.evidence.starts import Starts
from app.evidence.storage import Storage

# A page of a comparison waits for the text of so many documents at most, and compares no more
# texts than these: the others are still there to be opened.
MAX_STARTS = 4
MAX_COMPARED = 10


@dataclass(frozen=True)
class ComparedArtifact:
    """A change, and what changed in its text; `None` where there is none to compare."""

    change: Change
    text: TextChange | None


def compare_contents(changes: Changes, storage: Storage) -> list[ComparedArtifact]:
    """Return every change, with the texts of what was replaced compared line by line."""
    starts = Starts(MAX_STARTS)
    turns = Starts(MAX_COMPARED)
    patience = Patience()
    return [
        ComparedArtifact(
            change,
            _compare(change, storage, starts, patience)
            if change.kind is ChangeKind.REPLACED and turns.take()
            else None,
        )
        for change in changes.items
    ]


def _compare(
    change: Change, storage: Storage, starts: Starts, patience: Patience
) -> TextChange | None:
    if change.before is None or change.after is None:
        return None
    before = _find_text(change.before, storage, starts)
    after = _find_text(change.after, storage, starts)
    if before is None or after is None:
        return None
    return compare_texts(before, after, patience)


def _find_text(artifact: Artifact, storage: Storage, starts: Starts) -> str | None:
    """Return the text of an artifact; `None` if it has none, or none that can be read now."""
    if find_withheld(artifact):
        return None
    if artifact.kind is not ArtifactKind.FILE:
        return artifact.text or artifact.url or ""
    try:
        return _read_file(artifact, storage, starts)
    except (BusyError, NotFoundError):
        return None


def _read_file(artifact: Artifact, storage: Storage, starts: Starts) -> str | None:
    key, media_type = artifact.storage_key or "", artifact.media_type or ""
    if media_type == PDF_TYPE or is_office(media_type):
        return _pages(storage, key, starts, may_read=media_type == PDF_TYPE)
    if not media_type.startswith("text/"):
        return None
    with storage.open(key) as source:
        return read_beginning(source).text


def _pages(storage: Storage, key: str, starts: Starts, *, may_read: bool) -> str | None:
    texts = find_page_texts(storage, key)
    if texts is None and may_read and starts.take():
        texts = read_page_texts(storage, key)
    return "\n".join(texts) if texts and any(texts) else None
