"""Work that a learner handed in elsewhere, used once more: offered, and taken over."""

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum

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


class NotTaken(StrEnum):
    """Why earlier work cannot be used for an assignment."""

    KIND = "kind"
    SIZE = "size"


def list_reusable(
    session: Session, assignment: Assignment, *, learner_id: int, max_file_bytes: int
) -> list[Artifact]:
    """Return what a learner handed in elsewhere that this assignment takes, newest first.

    Never what is infected, still being checked, deleted, or was taken back.
    Units: `max_file_bytes` of this installation.
    """
    found = _list_earlier(session, assignment, learner_id)
    return [each for each in found if _why_not(assignment, each, max_file_bytes) is None]


def list_left_out(
    session: Session, assignment: Assignment, *, learner_id: int, max_file_bytes: int
) -> list[tuple[Artifact, NotTaken]]:
    """Return what a learner handed in elsewhere and this assignment does not take, and why."""
    found = _list_earlier(session, assignment, learner_id)
    reasons = [(each, _why_not(assignment, each, max_file_bytes)) for each in found]
    return [(each, reason) for each, reason in reasons if reason is not None]


def has_earlier_work(session: Session, assignment: Assignment, learner_id: int) -> bool:
    """Return whether a learner has handed in anything elsewhere."""
    found = session.scalar(
        select(Submission.id)
        .where(
            Submission.learner_id == learner_id,
            Submission.assignment_id != assignment.id,
            Submission.submitted_at.is_not(None),
        )
        .limit(1)
    )
    return found is not None


def _list_earlier(session: Session, assignment: Assignment, learner_id: int) -> list[Artifact]:
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
    return _without_repetition(found)


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


def _why_not(assignment: Assignment, artifact: Artifact, max_file_bytes: int) -> NotTaken | None:
    if artifact.kind is ArtifactKind.LINK:
        return None if assignment.accepts_link else NotTaken.KIND
    if artifact.kind is ArtifactKind.TEXT:
        return None if assignment.accepts_text else NotTaken.KIND
    most = min(max_file_bytes, (assignment.max_file_mb or max_file_bytes) * MEGABYTE)
    extensions = extensions_of(assignment.file_kinds) if assignment.max_files else frozenset()
    if extension_of(artifact.file_name or "") not in extensions:
        return NotTaken.KIND
    return None if (artifact.size_bytes or 0) <= most else NotTaken.SIZE


def _without_repetition(artifacts: Iterable[Artifact]) -> list[Artifact]:
    """Return each content once: a revision takes over what stays as it was."""
    once: dict[tuple[ArtifactKind, str], Artifact] = {}
    for artifact in artifacts:
        once.setdefault((artifact.kind, artifact.sha256), artifact)
    return list(once.values())
