"""The attempt that a learner is still working on."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import ConflictError, InvalidError
from app.evidence.hold_models import HeldArtifact
from app.evidence.holding import keep_aside
from app.evidence.intake import ReceivedFile, SentLink, SentPart, Work
from app.evidence.models import Artifact, ArtifactKind, Attempt, Submission
from app.evidence.parts import find_text, list_of_part, require_open, require_part
from app.mapping.models import Assignment

# In one part of a work.
MAX_LINKS = 10
TOO_MANY_LINKS = (
    f"{MAX_LINKS} links at most can be handed in here. Put the others into a text or a file."
)
# What an artifact keeps when another attempt takes it over; the rest is its own.
CARRIED = (
    *("institution_id", "kind", "file_name", "media_type", "size_bytes", "storage_key", "url"),
    *("text", "sha256", "criterion_id", "title", "captured_at", "note", "final_host"),
    *("content_sha256", "capture_problem", "capture_failed_at", "scan_state", "scanned_at"),
    "finding",
)


class StaleDraftError(ConflictError):
    """Another window has changed the draft."""


def find_draft(submission: Submission | None) -> Attempt | None:
    """Return the attempt that has not been handed in, if there is one."""
    if submission is None or not submission.attempts:
        return None
    newest = submission.attempts[-1]
    return newest if newest.submitted_at is None else None


def find_previous(submission: Submission | None) -> Attempt | None:
    """Return the newest attempt that was handed in and not taken back, if there is one."""
    attempts = reversed(submission.attempts) if submission else ()
    return next((attempt for attempt in attempts if attempt.counts), None)


def list_files(attempt: Attempt | None) -> list[Artifact]:
    """Return the files of an attempt, in the order in which they came."""
    artifacts = attempt.artifacts if attempt else []
    return [artifact for artifact in artifacts if artifact.kind is ArtifactKind.FILE]


def find_file(attempt: Attempt, file: ReceivedFile) -> Artifact | None:
    """Return the file of an attempt that is this one: same name, same bytes, same criterion."""
    wanted = (file.file_name, file.stored.sha256, file.criterion_id)
    return next(
        (
            known
            for known in list_files(attempt)
            if (known.file_name, known.sha256, known.criterion_id) == wanted
        ),
        None,
    )


def mark_of(draft: Attempt | None) -> str:
    """Return how a draft stands, in a word that a page can carry: attempt and revision."""
    return f"{draft.number}.{draft.revision}" if draft else "0.0"


def change_draft(
    session: Session, assignment: Assignment, submission: Submission, work: Work, *, now: datetime
) -> Attempt:
    """Add to, replace in and take out of the draft; begin one where there is none.

    Raises: `StaleDraftError` if something else was typed elsewhere meanwhile;
        `InvalidError` if it has more files than the assignment takes, or is for
        a part that there is not; `ConflictError` for a part that is not to be revised.
    """
    draft = find_draft(submission)
    for part in work.parts:
        require_part(assignment, draft, part.criterion_id)
    # A file that was sent meanwhile may have begun the draft; without words none are overwritten.
    is_begun_by_file = work.seen == mark_of(None) and not _typed(draft)
    is_stale = work.seen not in {None, mark_of(draft)} and not is_begun_by_file
    if is_stale and _says_something_else(draft, work):
        raise StaleDraftError(
            "Another window has changed this draft since you opened this page, so nothing was "
            "overwritten. What you typed is still here."
        )
    draft = draft or begin_attempt(session, submission, now=now)
    if work.removed_id is not None:
        _remove(session, draft, work.removed_id, now=now)
    before = _typed(draft)
    for part in work.parts:
        _change_part(session, assignment, draft, part, now=now)
    if _typed(draft) != before:
        draft.revision += 1
    session.flush()
    return draft


def keep_earlier_artifacts(
    session: Session, assignment: Assignment, submission: Submission, *, now: datetime
) -> None:
    """Put what was handed in last into the draft of the next attempt, by reference.

    Bytes are never written again: two artifacts may share one stored file.
    """
    previous = find_previous(submission)
    draft = find_draft(submission) or begin_attempt(session, submission, now=now)
    present = {(each.kind, each.sha256, each.criterion_id) for each in draft.artifacts}
    for artifact in previous.artifacts if previous else ():
        part = artifact.criterion_id
        is_there = (artifact.kind, artifact.sha256, part) in present
        if not is_there and has_room(assignment, draft, artifact.kind, part):
            draft.artifacts.append(copy_artifact(artifact, now=now))
    draft.revision += 1
    session.flush()


def has_room(
    assignment: Assignment, draft: Attempt | None, kind: ArtifactKind, criterion_id: int | None
) -> bool:
    """Return whether a part of the draft can take one more artifact of this kind."""
    limits = {
        ArtifactKind.FILE: assignment.max_files,
        ArtifactKind.LINK: MAX_LINKS if assignment.accepts_link else 0,
        ArtifactKind.TEXT: 1 if assignment.accepts_text else 0,
    }
    return len(list_of_part(draft, kind, criterion_id)) < limits[kind]


def list_unused_keys(session: Session, keys: frozenset[str]) -> list[str]:
    """Return those storage keys that no artifact names, nor a hold: a refused or removed file's."""
    if not keys:
        return []
    used = session.scalars(
        select(Artifact.storage_key).where(
            Artifact.storage_key.in_(keys), Artifact.deleted_at.is_(None)
        )
    )
    held = session.scalars(
        select(HeldArtifact.storage_key).where(HeldArtifact.storage_key.in_(keys))
    )
    return sorted(keys.difference(used, held))


def begin_attempt(session: Session, submission: Submission, *, now: datetime) -> Attempt:
    """Begin the next draft, empty."""
    attempt = Attempt(number=len(submission.attempts) + 1, revision=0, created_at=now)
    submission.attempts.append(attempt)
    session.flush()
    return attempt


def copy_artifact(artifact: Artifact, *, now: datetime) -> Artifact:
    """Return the same artifact for another attempt: bytes are never written again."""
    taken = {name: getattr(artifact, name) for name in CARRIED}
    return Artifact(**taken, origin_id=artifact.id, created_at=now)


def _typed(draft: Attempt | None) -> list[tuple[int | None, str, str]]:
    """Return what was typed into a draft, to be compared."""
    return [
        (each.criterion_id, each.url or each.text or "", each.note or "")
        for each in (draft.artifacts if draft else ())
        if each.kind is not ArtifactKind.FILE
    ]


def _says_something_else(draft: Attempt | None, work: Work) -> bool:
    for part in work.parts:
        known = find_text(draft, part.criterion_id)
        if part.text is not None and part.text != (known.text if known else ""):
            return True
        links = list_of_part(draft, ArtifactKind.LINK, part.criterion_id)
        if part.links is not None and {(each.url, each.note) for each in part.links} != {
            (each.url, each.note or "") for each in links
        }:
            return True
    return False


def _change_part(
    session: Session, assignment: Assignment, draft: Attempt, part: SentPart, *, now: datetime
) -> None:
    for file in part.files:
        _add_file(draft, part.criterion_id, file, now=now)
    if len(list_of_part(draft, ArtifactKind.FILE, part.criterion_id)) > assignment.max_files:
        raise InvalidError(
            f"{assignment.max_files} files at most can be handed in. Remove one first."
        )
    if part.links is not None:
        _set_links(session, draft, part.criterion_id, part.links, now=now)
    if part.text is not None:
        _set_text(session, draft, part.criterion_id, part.text, now=now)


def _add_file(
    draft: Attempt, criterion_id: int | None, file: ReceivedFile, *, now: datetime
) -> None:
    """Add a file; the same one sent twice (a double click) is there once."""
    if find_file(draft, replace(file, criterion_id=criterion_id)) is not None:
        return
    draft.artifacts.append(
        Artifact(
            institution_id=draft.submission.institution_id,
            kind=ArtifactKind.FILE,
            criterion_id=criterion_id,
            file_name=file.file_name,
            media_type=file.media_type,
            size_bytes=file.stored.size_bytes,
            storage_key=file.stored.key,
            sha256=file.stored.sha256,
            scan_state=file.scan_state,
            created_at=now,
        )
    )


def _set_links(
    session: Session,
    draft: Attempt,
    criterion_id: int | None,
    links: Sequence[SentLink],
    *,
    now: datetime,
) -> None:
    """Have these links and no others; one that stays keeps what is known of its page."""
    if len(links) > MAX_LINKS:
        raise InvalidError(TOO_MANY_LINKS)
    known = {each.url: each for each in list_of_part(draft, ArtifactKind.LINK, criterion_id)}
    for link in links:
        stays = known.pop(link.url, None)
        if stays is not None:
            if stays.note != (link.note or None):
                keep_aside(session, stays, now=now)
                stays.note = link.note or None
            continue
        draft.artifacts.append(
            Artifact(
                institution_id=draft.submission.institution_id,
                kind=ArtifactKind.LINK,
                criterion_id=criterion_id,
                url=link.url,
                note=link.note or None,
                sha256=_digest(link.url),
                created_at=now,
            )
        )
    for gone in known.values():
        keep_aside(session, gone, now=now)
        draft.artifacts.remove(gone)


def _set_text(
    session: Session, draft: Attempt, criterion_id: int | None, text: str, *, now: datetime
) -> None:
    known = find_text(draft, criterion_id)
    if known is not None and known.text == text:
        return
    if known is not None:
        keep_aside(session, known, now=now)
        draft.artifacts.remove(known)
    if text:
        draft.artifacts.append(
            Artifact(
                institution_id=draft.submission.institution_id,
                kind=ArtifactKind.TEXT,
                criterion_id=criterion_id,
                text=text,
                sha256=_digest(text),
                created_at=now,
            )
        )


def _remove(session: Session, draft: Attempt, artifact_id: int, *, now: datetime) -> None:
    """Take one artifact out; one already gone (a double click) is no error."""
    for artifact in draft.artifacts:
        if artifact.id == artifact_id:
            require_open(draft, artifact.criterion_id)
            keep_aside(session, artifact, now=now)
            _give_up_withdrawn(draft, artifact, now=now)
            draft.artifacts.remove(artifact)
            return


def _give_up_withdrawn(draft: Attempt, artifact: Artifact, *, now: datetime) -> None:
    """Take the file from attempts that were taken back as well: nobody has assessed it there.

    Their record keeps its name, size and digest.
    """
    for attempt in draft.submission.attempts:
        for each in attempt.artifacts if attempt.withdrawn_at is not None else ():
            if artifact.storage_key is not None and each.storage_key == artifact.storage_key:
                each.deleted_at = now


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
