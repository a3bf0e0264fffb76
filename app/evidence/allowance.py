"""How many bytes one learner may keep here: of all their work, and of what is on its way."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.errors import InvalidError
from app.evidence.consent_models import RedactedCopy
from app.evidence.models import Artifact, Attempt, Submission
from app.evidence.upload_models import Upload

GIGABYTE = 1024**3


def count_bytes(session: Session, person_id: int) -> int:
    """Return how many bytes are kept for a learner; a file that two attempts share counts once.

    Group work counts to its lead. Files on their way count as large as they were announced.
    """
    files = (
        select(func.max(Artifact.size_bytes).label("size"))
        .join(Attempt, Attempt.id == Artifact.attempt_id)
        .join(Submission, Submission.id == Attempt.submission_id)
        .where(
            Submission.learner_id == person_id,
            Artifact.storage_key.is_not(None),
            Artifact.deleted_at.is_(None),
        )
        .group_by(Artifact.storage_key)
        .subquery()
    )
    counts = (
        select(func.sum(files.c.size)),
        select(func.sum(Upload.size_bytes)).where(
            Upload.person_id == person_id, Upload.finished_at.is_(None)
        ),
        select(func.sum(RedactedCopy.size_bytes)).where(
            RedactedCopy.person_id == person_id, RedactedCopy.storage_key.is_not(None)
        ),
    )
    return sum(int(session.scalar(each) or 0) for each in counts)


def require_allowance(
    session: Session, person_id: int, *, file_name: str, size_bytes: int, quota_bytes: int
) -> None:
    """Refuse a file for which a learner has no room left.

    Raises: `InvalidError`, naming the file.
    """
    kept_bytes = count_bytes(session, person_id)
    require_left(file_name, size_bytes, kept_bytes=kept_bytes, quota_bytes=quota_bytes)


def require_left(file_name: str, size_bytes: int, *, kept_bytes: int, quota_bytes: int) -> None:
    """Refuse a file for which there is no room beside what is kept.

    Raises: `InvalidError`, naming the file.
    """
    if kept_bytes + size_bytes > quota_bytes:
        raise InvalidError(
            f"“{file_name}” was not taken: with it your files would be larger than the "
            f"{quota_bytes / GIGABYTE:g} GB that this installation keeps for one person. Nothing "
            "else is lost. Remove files that you do not need from your drafts, or send a smaller "
            "one."
        )
