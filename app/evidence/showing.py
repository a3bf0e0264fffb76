"""What a page needs to show artifacts in place: prepared here, drawn by `_artifact.html`."""

from dataclasses import dataclass, replace
from enum import StrEnum

from app.evidence.models import Artifact, ArtifactKind, Attempt, ScanState
from app.evidence.preview import PageSize, PdfState, measure_pdf, read_beginning
from app.evidence.storage import Storage
from app.evidence.texts import host_of

# Pictures that browsers draw and that cannot hold script.
IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


class Viewer(StrEnum):
    """How an artifact is shown; `download` is what cannot be shown in place."""

    PDF = "pdf"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"
    LINK = "link"
    DOWNLOAD = "download"


@dataclass(frozen=True)
class ShownArtifact:
    """One artifact, ready for `evidence/_artifact.html`.

    `title`: the file's name, the link's host, or empty for a typed text.
    `text`: for `Viewer.TEXT`, not escaped yet; `is_cut`: the file goes on.
    `pages` of `page_count`: what is drawn of a PDF. `problem`: why a PDF is not
    shown (`encrypted`, `broken`, `too_demanding`, `busy`), or `None`.
    `media_type`, `size_bytes`, `url`: `None` where the kind has none.
    """

    id: int
    kind: ArtifactKind
    viewer: Viewer
    title: str
    sha256: str
    media_type: str | None = None
    size_bytes: int | None = None
    url: str | None = None
    text: str = ""
    is_cut: bool = False
    page_count: int = 0
    pages: tuple[PageSize, ...] = ()
    problem: PdfState | None = None


def describe_artifacts(attempt: Attempt, storage: Storage) -> list[ShownArtifact]:
    """Return every artifact of an attempt, ready to be shown in place."""
    return [describe_artifact(artifact, storage) for artifact in attempt.artifacts]


def describe_artifact(artifact: Artifact, storage: Storage) -> ShownArtifact:
    """Return one artifact, ready to be shown in place.

    A PDF is measured and a text file is read; nothing else is opened.
    """
    if artifact.kind is ArtifactKind.LINK:
        url = artifact.url or ""
        return ShownArtifact(
            artifact.id, artifact.kind, Viewer.LINK, host_of(url), artifact.sha256, url=url
        )
    if artifact.kind is ArtifactKind.TEXT:
        text = artifact.text or ""
        return ShownArtifact(
            artifact.id, artifact.kind, Viewer.TEXT, "", artifact.sha256, text=text
        )
    return _describe_file(artifact, storage)


def is_shown_inline(media_type: str | None) -> bool:
    """Return whether a file's bytes may be drawn by the browser, rather than downloaded."""
    return media_type in IMAGE_TYPES


def _viewer_of(media_type: str | None) -> Viewer:
    if media_type == "application/pdf":
        return Viewer.PDF
    if is_shown_inline(media_type):
        return Viewer.IMAGE
    family = (media_type or "").partition("/")[0]
    return {"text": Viewer.TEXT, "video": Viewer.VIDEO, "audio": Viewer.AUDIO}.get(
        family, Viewer.DOWNLOAD
    )


def _describe_file(artifact: Artifact, storage: Storage) -> ShownArtifact:
    key = artifact.storage_key or ""
    viewer = _viewer_of(artifact.media_type)
    shown = ShownArtifact(
        id=artifact.id,
        kind=artifact.kind,
        viewer=viewer,
        title=artifact.file_name or "",
        sha256=artifact.sha256,
        media_type=artifact.media_type,
        size_bytes=artifact.size_bytes,
    )
    if artifact.scan_state in {ScanState.INFECTED, ScanState.WAITING} or artifact.deleted_at:
        return replace(shown, viewer=Viewer.DOWNLOAD)
    if viewer is Viewer.PDF:
        facts = measure_pdf(storage, key)
        problem = None if facts.state is PdfState.READY else facts.state
        return replace(shown, page_count=facts.page_count, pages=facts.pages, problem=problem)
    if viewer is Viewer.TEXT:
        with storage.open(key) as source:
            beginning = read_beginning(source)
        return replace(shown, text=beginning.text, is_cut=beginning.is_cut)
    return shown
