"""Work that a learner handed in elsewhere, used once more: offered, and taken over."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.core.errors import InvalidError, NotFoundError
from app.evidence.beginning import lock_submission
from app.evidence.carrying import take_over
from app.evidence.groups import is_author
from app.evidence.intake import Work
from app.evidence.models import Artifact, ArtifactKind, Attempt, ScanState, Submission
from app.evidence.service import keep_work, tell_gradebook
from app.evidence.texts import extension_of
from app.mapping.artifact_kinds import extensions_of
from app.mapping.models import Assignment

MEGABYTE = 1024 * 1024
MAX_LISTED = 200


def list_reusable(
    session: Session, assignment: Assignment, *, learner_id: int, max_file_bytes: int
) -> list[Artifact]:
    """Return what a learner handed in elsewhere that this assignment takes, newest first.

    Never what is infected, still being checked, deleted, or was taken back.
    Units: `max_file_bytes` of this installation.
    """
    found = session.scalars(
        select(Artifact)
        .join(Artifact.attempt)
        .join(Attempt.submission)
        .where(
            is_author(learner_id),
            Submission.institution_id == assignment.institution_id,
            Submission.assignment_id != assignment.id,
            Attempt.submitted_at.is_not(None),
            Attempt.withdrawn_at.is_(None),
            Artifact.deleted_at.is_(None),
            Artifact.scan_state.in_([ScanState.CLEAN, ScanState.NOT_SCANNED]),
        )
        .options(
            joinedload(Artifact.attempt)
            .joinedload(Attempt.submission)
            .joinedload(Submission.assignment)
            .joinedload(Assignment.course)
        )
        .order_by(Artifact.id.desc())
        .limit(MAX_LISTED)
    )
    return _without_repetition(
        each for each in found if _is_taken(assignment, each, max_file_bytes)
    )


def reuse_artifacts(
    session: Session,
    assignment: Assignment,
    artifact_ids: Collection[int],
    *,
    criterion_id: int | None,
    learner_id: int,
    max_file_bytes: int,
    now: datetime,
) -> None:
    """Take what the learner handed in elsewhere over into a part of the draft, by reference.

    Raises: as `service.save_draft`; `NotFoundError` if one is somebody else's, or is
        not offered (any more); `InvalidError` if none is named, or one has no room.
    """
    submission = lock_submission(session, assignment, learner_id)
    offered = {
        each.id: each
        for each in list_reusable(
            session, assignment, learner_id=learner_id, max_file_bytes=max_file_bytes
        )
    }
    if not artifact_ids:
        raise InvalidError("Choose at least one piece of work.")
    if not set(artifact_ids) <= offered.keys():
        raise NotFoundError("One of these is not yours to use here. Load the page again.")
    is_new = submission is None
    submission = keep_work(session, assignment, submission, Work(), learner_id=learner_id, now=now)
    chosen = [offered[each] for each in dict.fromkeys(artifact_ids)]
    take_over(session, assignment, submission, chosen, criterion_id=criterion_id, now=now)
    if is_new:
        tell_gradebook(session, assignment, submission, comment="", now=now)


def _is_taken(assignment: Assignment, artifact: Artifact, max_file_bytes: int) -> bool:
    if artifact.kind is ArtifactKind.LINK:
        return assignment.accepts_link
    if artifact.kind is ArtifactKind.TEXT:
        return assignment.accepts_text
    most = min(max_file_bytes, (assignment.max_file_mb or max_file_bytes) * MEGABYTE)
    extensions = extensions_of(assignment.file_kinds) if assignment.max_files else frozenset()
    is_small = (artifact.size_bytes or 0) <= most
    return is_small and extension_of(artifact.file_name or "") in extensions


def _without_repetition(artifacts: Iterable[Artifact]) -> list[Artifact]:
    """Return each content once: a revision takes over what stays as it was."""
    once: dict[tuple[ArtifactKind, str], Artifact] = {}
    for artifact in artifacts:
        once.setdefault((artifact.kind, artifact.sha256), artifact)
    return list(once.values())
