"""What a page needs to show artifacts in place: prepared here, drawn by `_artifact.html`."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from markupsafe import Markup

from app.core.errors import NotFoundError
from app.evidence.converting import OfficeState, find_office_state, is_office
from app.evidence.models import Artifact, ArtifactKind, Attempt, ScanState
from app.evidence.notebooks import Notebook
from app.evidence.pdf_text import find_page_texts, read_page_texts
from app.evidence.picture_sizes import is_drawn
from app.evidence.preview import BusyError, PageSize, PdfState, find_measure, measure_pdf
from app.evidence.showing_texts import TextViewer, describe_text
from app.evidence.starts import Starts
from app.evidence.storage import Storage
from app.evidence.tables import Table
from app.evidence.texts import host_of

PDF_TYPE = "application/pdf"
# Pictures that browsers draw and that cannot hold script.
IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
# What a page full of artifacts waits for itself; the rest is made by the worker, or when one
# artifact is opened by itself.
PANE_STARTS = 2
ALL_STARTS = 9
# Of the text beside the pages of all documents together; a longer one is read by itself.
PANE_TEXT_CHARACTERS = 400_000


class Viewer(StrEnum):
    """How an artifact is shown; `download` is what cannot be shown in place."""

    PDF = "pdf"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"
    CODE = "code"
    MARKDOWN = "markdown"
    TABLE = "table"
    NOTEBOOK = "notebook"
    OFFICE = "office"
    LINK = "link"
    DOWNLOAD = "download"


class Withheld(StrEnum):
    """Why nothing of an artifact is shown, whatever it is."""

    INFECTED = "infected"
    WAITING = "waiting"
    DELETED = "deleted"
    MISSING = "missing"


@dataclass(frozen=True)
class ShownArtifact:
    """One artifact, ready for `evidence/_artifact.html`.

    `title`: the file's name, the link's host, or empty for a typed text.
    `withheld`: why nothing else of it is told; `None` for nearly all.
    `criterion`: the name of the one that it is to show; empty: the whole assignment.
    `text`: not escaped yet; `lines`: of code, escaped; `is_cut`: it goes on.
    `pages` of `page_count`: what is drawn of a PDF. `page_texts`: as far as they
    were read; empty if they were not. `problem`: why a PDF is not
    shown (`encrypted`, `broken`, `too_demanding`, `busy`, `later`), or `None`.
    `office`: how far an office file's conversion to a PDF is; `None` for others.
    `page_title`, `captured_at`: of a link's page; `None` if it was not captured.
    `note`: what the learner calls a link; empty if nothing. `unopened_at`,
    `why_unopened`: when Assay last failed to open it; `None` if it did not.
    `media_type`, `size_bytes`, `url`: `None` where the kind has none.
    """

    id: int
    kind: ArtifactKind
    viewer: Viewer
    title: str
    sha256: str
    withheld: Withheld | None = None
    criterion: str = ""
    media_type: str | None = None
    size_bytes: int | None = None
    url: str | None = None
    page_title: str | None = None
    captured_at: datetime | None = None
    note: str = ""
    unopened_at: datetime | None = None
    why_unopened: str = ""
    text: str = ""
    lines: tuple[Markup, ...] = ()
    table: Table | None = None
    notebook: Notebook | None = None
    is_cut: bool = False
    page_count: int = 0
    pages: tuple[PageSize, ...] = ()
    page_texts: tuple[str, ...] = ()
    problem: PdfState | None = None
    office: OfficeState | None = None


def describe_artifacts(attempt: Attempt, storage: Storage) -> list[ShownArtifact]:
    """Return every artifact of an attempt, ready to be shown in place, criterion by criterion.

    What belongs to the whole assignment comes first. However many there are, no
    query is made for one of them, and at most two processes are started.
    """
    starts = Starts(PANE_STARTS)
    shown = _spare_texts([_describe(each, storage, starts) for each in attempt.artifacts])
    ids = [artifact.criterion_id for artifact in attempt.artifacts]
    if not any(ids):
        return shown
    criteria = attempt.submission.assignment.criteria
    names = {criterion.id: criterion.name for criterion in criteria}
    order = {criterion.id: place for place, criterion in enumerate(criteria, 1)}
    pairs = sorted(zip(ids, shown, strict=True), key=lambda pair: order.get(pair[0] or 0, 0))
    return [replace(item, criterion=names.get(id_ or 0, "")) for id_, item in pairs]


def _spare_texts(shown: list[ShownArtifact]) -> list[ShownArtifact]:
    """Leave out the text of documents for which a page full of them has no room."""
    left, spared = PANE_TEXT_CHARACTERS, []
    for item in shown:
        size = sum(map(len, item.page_texts))
        spared.append(item if size <= left else replace(item, page_texts=()))
        left -= size if size <= left else 0
    return spared


def describe_artifact(artifact: Artifact, storage: Storage) -> ShownArtifact:
    """Return one artifact that is shown by itself: whatever can be made of it, is."""
    return _describe(artifact, storage, Starts(ALL_STARTS))


def find_withheld(artifact: Artifact) -> Withheld | None:
    """Return why nothing of an artifact may be shown, or `None`."""
    if artifact.deleted_at is not None:
        return Withheld.DELETED
    if artifact.scan_state is ScanState.INFECTED:
        return Withheld.INFECTED
    if artifact.kind is ArtifactKind.FILE and artifact.scan_state is ScanState.WAITING:
        return Withheld.WAITING
    return None


def has_pages(media_type: str | None) -> bool:
    """Return whether a file is a PDF, or may have been turned into one."""
    return media_type == PDF_TYPE or is_office(media_type)


def is_shown_inline(media_type: str | None) -> bool:
    """Return whether a file's bytes may be drawn by the browser, rather than downloaded."""
    return media_type in IMAGE_TYPES


def _describe(artifact: Artifact, storage: Storage, starts: Starts) -> ShownArtifact:
    withheld = find_withheld(artifact)
    shown = ShownArtifact(
        id=artifact.id,
        kind=artifact.kind,
        viewer=_viewer_of(artifact),
        title=artifact.file_name or "",
        sha256=artifact.sha256,
        withheld=withheld,
        media_type=artifact.media_type,
        size_bytes=artifact.size_bytes,
    )
    if artifact.kind is ArtifactKind.LINK:
        url = artifact.url or ""
        shown = replace(shown, title=host_of(url) if url else "")
        if withheld:
            return shown
        return replace(
            shown,
            url=url,
            note=artifact.note or "",
            page_title=artifact.title,
            captured_at=artifact.captured_at,
            unopened_at=artifact.capture_failed_at,
            why_unopened=artifact.capture_problem or "",
        )
    if withheld:
        return shown
    if artifact.kind is ArtifactKind.TEXT:
        return replace(shown, text=artifact.text or "")
    try:
        return _describe_file(shown, artifact.storage_key or "", storage, starts)
    except NotFoundError:  # one file that is gone hides no other
        return replace(shown, withheld=Withheld.MISSING)


def _viewer_of(artifact: Artifact) -> Viewer:
    if artifact.kind is not ArtifactKind.FILE:
        return Viewer.LINK if artifact.kind is ArtifactKind.LINK else Viewer.MARKDOWN
    media_type = artifact.media_type or ""
    if media_type == PDF_TYPE:
        return Viewer.PDF
    if is_shown_inline(media_type):
        return Viewer.IMAGE
    if is_office(media_type):
        return Viewer.OFFICE
    family = media_type.partition("/")[0]
    return {"text": Viewer.TEXT, "video": Viewer.VIDEO, "audio": Viewer.AUDIO}.get(
        family, Viewer.DOWNLOAD
    )


def _describe_file(
    shown: ShownArtifact, key: str, storage: Storage, starts: Starts
) -> ShownArtifact:
    if shown.viewer is Viewer.PDF:
        return _describe_pdf(shown, key, storage, starts)
    if shown.viewer is Viewer.OFFICE:
        state = find_office_state(storage, key)
        shown = replace(shown, office=state)
        return _describe_pdf(shown, key, storage, starts) if state is OfficeState.READY else shown
    if shown.viewer is Viewer.IMAGE and not is_drawn(storage, key):
        return replace(shown, viewer=Viewer.DOWNLOAD)
    if shown.viewer is Viewer.TEXT:
        read = describe_text(
            storage, key, file_name=shown.title, media_type=shown.media_type, starts=starts
        )
        return replace(
            shown,
            viewer=_TEXT_VIEWERS[read.viewer],
            text=read.text,
            lines=read.lines,
            table=read.table,
            notebook=read.notebook,
            is_cut=read.is_cut,
        )
    return shown


_TEXT_VIEWERS = {viewer: Viewer(viewer.value) for viewer in TextViewer}


def _describe_pdf(
    shown: ShownArtifact, key: str, storage: Storage, starts: Starts
) -> ShownArtifact:
    facts = find_measure(storage, key)
    if facts.state is PdfState.LATER and starts.take():
        facts = measure_pdf(storage, key)
    problem = None if facts.state is PdfState.READY else facts.state
    texts = find_page_texts(storage, key) if problem is None else ()
    if texts is None:
        try:
            texts = read_page_texts(storage, key) if starts.take() else ()
        except BusyError:
            texts = ()
    return replace(
        shown,
        viewer=Viewer.PDF,
        page_count=facts.page_count,
        pages=facts.pages,
        page_texts=texts,
        problem=problem,
    )
