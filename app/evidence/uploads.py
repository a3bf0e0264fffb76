"""Files that come in pieces: what was announced, what has arrived, who is adding to it.

A piece is claimed, written to storage outside any transaction, then counted by
whoever still holds the claim. A request that died loses its claim by time.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    TooLargeError,
)
from app.core.principal import Role
from app.courses.service import find_enrolment
from app.evidence.allowance import require_allowance
from app.evidence.drafts import find_draft, find_file, has_room
from app.evidence.intake import ReceivedFile, SentPart, Work, describe_size, largest_file_bytes
from app.evidence.models import ArtifactKind, Submission
from app.evidence.parts import require_part
from app.evidence.service import find_work, require_turn, save_draft
from app.evidence.texts import clean_file_name, extension_of
from app.evidence.upload_models import Upload
from app.mapping.artifact_kinds import extensions_of
from app.mapping.models import Assignment

# Counted from the last piece.
LIFE = timedelta(hours=24)
# A claim is renewed while bytes come; joining and hashing gigabytes gives no sign of life.
CLAIM = timedelta(seconds=60)
CLAIM_TO_FINISH = timedelta(minutes=10)
# Of one learner at one assignment, not finished yet.
MAX_UNFINISHED = 5
# One that has stood still so long makes room for a new one.
FORSAKEN = timedelta(minutes=15)


class UploadBusyError(ConflictError):
    """Another request is adding to this upload."""


class OffsetError(ConflictError):
    """The piece does not begin where the upload ends. `offset`: where that is, in bytes."""

    def __init__(self, offset: int) -> None:
        """Say it in words, and as a number."""
        super().__init__("This piece does not follow what has arrived; the sending goes on there.")
        self.offset = offset


@dataclass(frozen=True)
class Announced:
    """What a script says of a file before it sends it. `criterion_id`: `None`: for all of it.

    Units: `size_bytes`.
    """

    file_name: str
    size_bytes: int
    criterion_id: int | None = None


def begin_upload(
    session: Session,
    assignment: Assignment,
    announced: Announced,
    *,
    learner_id: int,
    max_bytes: int,
    quota_bytes: int,
    now: datetime,
) -> Upload:
    """Make room for a file that a learner is going to send; refuse what could not be kept.

    Units: `max_bytes`, what the installation takes; `quota_bytes`, what of one learner.
    Raises: as `require_turn`; `InvalidError` if it is empty, of a type or for a
        criterion that the assignment does not take, one too many, or more than is kept
        of one learner;
        `TooLargeError`; `ConflictError` if too many have begun.
    """
    name = clean_file_name(announced.file_name)
    _require_wanted(assignment, name, announced.size_bytes, max_bytes)
    submission = find_work(session, assignment.id, learner_id)
    _require_turn(session, assignment, submission, learner_id=learner_id, now=now)
    draft = find_draft(submission)
    require_part(assignment, draft, announced.criterion_id)
    if not has_room(assignment, draft, ArtifactKind.FILE, announced.criterion_id):
        raise InvalidError(_too_many(assignment, name))
    _require_room(session, assignment, learner_id, now=now)
    require_allowance(
        session,
        submission.learner_id if submission else learner_id,
        file_name=name,
        size_bytes=announced.size_bytes,
        quota_bytes=quota_bytes,
    )
    upload = Upload(
        institution_id=assignment.institution_id,
        token=secrets.token_urlsafe(32),
        assignment_id=assignment.id,
        person_id=learner_id,
        criterion_id=announced.criterion_id,
        file_name=name,
        size_bytes=announced.size_bytes,
        received_bytes=0,
        storage_key=secrets.token_hex(16),
        parts=0,
        created_at=now,
        expires_at=now + LIFE,
    )
    session.add(upload)
    session.flush()
    return upload


def get_upload(
    session: Session, token: str, *, assignment_id: int, learner_id: int, now: datetime
) -> Upload:
    """Return a learner's own upload; finished ones too, until they are tidied away.

    Raises: `NotFoundError`, also for other people's and those that have run out.
    """
    upload = session.scalar(
        select(Upload).where(
            Upload.token == token,
            Upload.assignment_id == assignment_id,
            Upload.person_id == learner_id,
        )
    )
    if upload is None or (upload.finished_at is None and upload.expires_at <= now):
        raise NotFoundError(
            "This upload has run out or was ended. Choose the file again; nothing else is lost."
        )
    return upload


def claim_upload(
    session: Session, upload: Upload, *, offset: int, size_bytes: int, now: datetime
) -> str:
    """Let one request add a piece; return its claim.

    Raises: `UploadBusyError`; `OffsetError`; `TooLargeError` if it is more than was
        announced.
    """
    session.refresh(upload, with_for_update=True)
    if upload.claimed_until is not None and upload.claimed_until > now:
        raise UploadBusyError("Another window or connection is sending this file just now.")
    if offset != upload.received_bytes:
        raise OffsetError(upload.received_bytes)
    if offset + size_bytes > upload.size_bytes:
        raise TooLargeError("This is more than was announced; choose the file again.")
    upload.claim = secrets.token_hex(16)
    upload.claimed_until = now + CLAIM
    session.flush()
    return upload.claim


def renew_claim(session: Session, upload_id: int, claim: str, *, now: datetime) -> None:
    """Say that the request is still at work.

    Raises: `ConflictError` if the claim is another's by now.
    """
    upload = _hold(session, upload_id, claim, now=now)
    upload.claimed_until = now + CLAIM


def give_claim_back(session: Session, upload_id: int, claim: str) -> None:
    """Let go of an upload whose piece was not kept; one lost already is no error."""
    upload = session.get(Upload, upload_id, with_for_update=True)
    if upload is not None and upload.claim == claim:
        upload.claim = upload.claimed_until = None


def count_piece(
    session: Session, upload_id: int, claim: str, *, kept_bytes: int, now: datetime
) -> Upload:
    """Count a piece that storage has kept; keep the claim if that was the last one.

    Raises: `ConflictError` if the claim is another's by now.
    """
    upload = _hold(session, upload_id, claim, now=now)
    if kept_bytes:
        upload.received_bytes += kept_bytes
        upload.parts += 1
        upload.expires_at = now + LIFE
    if upload.received_bytes == upload.size_bytes and upload.finished_at is None:
        upload.claimed_until = now + CLAIM_TO_FINISH
    else:
        upload.claim = upload.claimed_until = None
    session.flush()
    return upload


def accept_upload(
    session: Session,
    assignment: Assignment,
    upload_id: int,
    claim: str,
    file: ReceivedFile,
    *,
    now: datetime,
) -> Upload:
    """Put a file that is there in whole into the learner's draft.

    Raises: as `begin_upload`: what was true at its beginning may not be true any more.
    """
    upload = _hold(session, upload_id, claim, now=now)
    submission = find_work(session, assignment.id, upload.person_id)
    _require_turn(session, assignment, submission, learner_id=upload.person_id, now=now)
    require_part(assignment, find_draft(submission), upload.criterion_id)
    kept = save_draft(
        session,
        assignment,
        Work(parts=[SentPart(upload.criterion_id, files=(file,))]),
        learner_id=upload.person_id,
        now=now,
    )
    draft = find_draft(kept)
    artifact = find_file(draft, file) if draft else None
    upload.artifact_id = artifact.id if artifact else None
    upload.finished_at = now
    upload.claim = upload.claimed_until = None
    session.flush()
    return upload


def end_upload(session: Session, upload: Upload, *, now: datetime) -> None:
    """End an upload that the learner does not want any more; it is tidied away later.

    Raises: `ConflictError` if it is in the draft already.
    """
    session.refresh(upload, with_for_update=True)
    if upload.finished_at is not None:
        raise ConflictError("This file is in your draft already; remove it there.")
    upload.expires_at = now
    session.flush()


def is_claimed(upload: Upload, *, now: datetime) -> bool:
    """Return whether some request may be writing to it."""
    return upload.claimed_until is not None and upload.claimed_until > now


def list_spent(session: Session, *, now: datetime) -> Sequence[Upload]:
    """Return the uploads that nobody can go on with, or that have been artifacts for a while."""
    return session.scalars(
        select(Upload).where(
            Upload.expires_at <= now,
            (Upload.claimed_until.is_(None)) | (Upload.claimed_until <= now),
        )
    ).all()


def _hold(session: Session, upload_id: int, claim: str, *, now: datetime) -> Upload:
    upload = session.get(Upload, upload_id, with_for_update=True, populate_existing=True)
    if upload is None or upload.claim != claim or upload.expires_at <= now:
        raise ConflictError("This upload was ended, or goes on in another window.")
    return upload


def _require_wanted(assignment: Assignment, name: str, size_bytes: int, max_bytes: int) -> None:
    limit = largest_file_bytes(assignment, max_bytes)
    if assignment.max_files == 0:
        raise InvalidError(f"“{name}” was not taken: this assignment takes no files.")
    if extension_of(name) not in extensions_of(assignment.file_kinds):
        raise InvalidError(f"“{name}”: files of this type are not accepted here.")
    if size_bytes == 0:
        raise InvalidError(f"“{name}” is empty.")
    if size_bytes > limit:
        raise TooLargeError(
            f"“{name}” is too large: a file may have {describe_size(limit)} at most."
        )


def _require_turn(
    session: Session,
    assignment: Assignment,
    submission: Submission | None,
    *,
    learner_id: int,
    now: datetime,
) -> None:
    enrolment = find_enrolment(session, course_id=assignment.course_id, person_id=learner_id)
    if enrolment is None or enrolment.role is not Role.LEARNER:
        raise ForbiddenError(
            "You are no longer a student of this course, so the file could not be added. "
            "Ask your instructor."
        )
    require_turn(session, assignment, submission, learner_id=learner_id, now=now)


def _require_room(
    session: Session, assignment: Assignment, learner_id: int, *, now: datetime
) -> None:
    """Refuse one upload too many; the one that has stood still longest gives way first."""
    unfinished = session.scalars(
        select(Upload)
        .where(
            Upload.assignment_id == assignment.id,
            Upload.person_id == learner_id,
            Upload.finished_at.is_(None),
            Upload.expires_at > now,
        )
        .order_by(Upload.expires_at, Upload.id)
    ).all()
    if len(unfinished) < MAX_UNFINISHED:
        return
    oldest = unfinished[0]
    if is_claimed(oldest, now=now) or oldest.expires_at > now + LIFE - FORSAKEN:
        raise ConflictError(
            f"{MAX_UNFINISHED} uploads have begun and are not finished. Let them finish, cancel "
            "one, or try again in a quarter of an hour."
        )
    oldest.expires_at = now


def _too_many(assignment: Assignment, name: str) -> str:
    return (
        f"“{name}” was not taken: {assignment.max_files} files at most can be handed in. "
        "Remove one first."
    )
