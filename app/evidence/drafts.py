"""The attempt that a learner is still working on."""

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import InvalidError
from app.evidence.intake import ReceivedFile, Work
from app.evidence.models import Artifact, ArtifactKind, Attempt, Submission
from app.mapping.models import Assignment


def find_draft(submission: Submission | None) -> Attempt | None:
    """Return the attempt that has not been handed in, if there is one."""
    if submission is None or not submission.attempts:
        return None
    newest = submission.attempts[-1]
    return newest if newest.submitted_at is None else None


def find_previous(submission: Submission | None) -> Attempt | None:
    """Return the newest attempt that was handed in, if there is one."""
    attempts = reversed(submission.attempts) if submission else ()
    return next((attempt for attempt in attempts if attempt.submitted_at), None)


def list_files(attempt: Attempt | None) -> list[Artifact]:
    """Return the files of an attempt, in the order in which they came."""
    artifacts = attempt.artifacts if attempt else []
    return [artifact for artifact in artifacts if artifact.kind is ArtifactKind.FILE]


def find_one(attempt: Attempt | None, kind: ArtifactKind) -> Artifact | None:
    """Return the link, or the text, of an attempt."""
    artifacts = attempt.artifacts if attempt else []
    return next((artifact for artifact in artifacts if artifact.kind is kind), None)


def change_draft(
    session: Session, assignment: Assignment, submission: Submission, work: Work, *, now: datetime
) -> Attempt:
    """Add to, replace in and take out of the draft; begin one where there is none.

    Raises: `InvalidError` if it has more files than the assignment takes.
    """
    draft = find_draft(submission) or _begin_attempt(session, submission, now=now)
    if work.removed_id is not None:
        _remove(draft, work.removed_id)
    for file in work.files:
        _add_file(submission, draft, file, now=now)
    if len(list_files(draft)) > assignment.max_files:
        raise InvalidError(
            f"{assignment.max_files} files at most can be handed in. Remove one first."
        )
    if work.link is not None:
        _replace(submission, draft, ArtifactKind.LINK, work.link, now=now)
    if work.text is not None:
        _replace(submission, draft, ArtifactKind.TEXT, work.text, now=now)
    session.flush()
    return draft


def keep_earlier_artifacts(
    session: Session, assignment: Assignment, submission: Submission, *, now: datetime
) -> None:
    """Put what was handed in last into the draft of the next attempt, by reference.

    Bytes are never written again: two artifacts may share one stored file.
    """
    previous = find_previous(submission)
    draft = find_draft(submission) or _begin_attempt(session, submission, now=now)
    present = {(artifact.kind, artifact.sha256) for artifact in draft.artifacts}
    room = assignment.max_files - len(list_files(draft))
    for artifact in previous.artifacts if previous else ():
        if (artifact.kind, artifact.sha256) in present:
            continue
        if artifact.kind is ArtifactKind.FILE:
            room -= 1
            if room < 0:
                continue
        elif find_one(draft, artifact.kind):
            continue
        draft.artifacts.append(_copy(artifact, now=now))
    session.flush()


def list_unused_keys(session: Session, keys: frozenset[str]) -> list[str]:
    """Return those storage keys that no artifact names: a refused or removed file's."""
    if not keys:
        return []
    used = set(session.scalars(select(Artifact.storage_key).where(Artifact.storage_key.in_(keys))))
    return sorted(keys.difference(used))


def _begin_attempt(session: Session, submission: Submission, *, now: datetime) -> Attempt:
    attempt = Attempt(number=len(submission.attempts) + 1, created_at=now)
    submission.attempts.append(attempt)
    session.flush()
    return attempt


def _add_file(submission: Submission, draft: Attempt, file: ReceivedFile, *, now: datetime) -> None:
    """Add a file; the same one sent twice (a double click) is there once."""
    for known in list_files(draft):
        if (known.file_name, known.sha256) == (file.file_name, file.stored.sha256):
            return
    draft.artifacts.append(
        Artifact(
            institution_id=submission.institution_id,
            kind=ArtifactKind.FILE,
            file_name=file.file_name,
            media_type=file.media_type,
            size_bytes=file.stored.size_bytes,
            storage_key=file.stored.key,
            sha256=file.stored.sha256,
            scan_state=file.scan_state,
            created_at=now,
        )
    )


def _replace(
    submission: Submission, draft: Attempt, kind: ArtifactKind, value: str, *, now: datetime
) -> None:
    known = find_one(draft, kind)
    sha256 = hashlib.sha256(value.encode()).hexdigest()
    if known is not None and known.sha256 == sha256:
        return
    if known is not None:
        draft.artifacts.remove(known)
    if value:
        content = {"url": value} if kind is ArtifactKind.LINK else {"text": value}
        draft.artifacts.append(
            Artifact(
                institution_id=submission.institution_id,
                kind=kind,
                sha256=sha256,
                created_at=now,
                **content,
            )
        )


def _remove(draft: Attempt, artifact_id: int) -> None:
    """Take one artifact out; one already gone (a double click) is no error."""
    for artifact in draft.artifacts:
        if artifact.id == artifact_id:
            draft.artifacts.remove(artifact)
            return


def _copy(artifact: Artifact, *, now: datetime) -> Artifact:
    return Artifact(
        institution_id=artifact.institution_id,
        kind=artifact.kind,
        file_name=artifact.file_name,
        media_type=artifact.media_type,
        size_bytes=artifact.size_bytes,
        storage_key=artifact.storage_key,
        url=artifact.url,
        text=artifact.text,
        sha256=artifact.sha256,
        scan_state=artifact.scan_state,
        scanned_at=artifact.scanned_at,
        finding=artifact.finding,
        created_at=now,
    )
