"""What is held about one person besides name, courses and awards: as plain data, and with files.

What was written about somebody for the staff alone is not handed out on a page: notes
between those who assess, and recommendations. An administrator does that by command, once
it is decided that it must be: they are education records as soon as they are shared, and
these are (34 CFR 99.3). What is not told yet is handed out by nobody: a decision that can
still be undone is none.
"""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.assessment.desk_models import ConflictOfInterest, SavedComment
from app.assessment.dialogue_models import Appeal, SubmissionMessage
from app.assessment.models import Assessment
from app.assessment.queries import list_all_told, list_released
from app.awards.models import Award
from app.awards.status_models import CredentialEdition
from app.evidence.consent_models import Consent, Disclosure, RedactedCopy
from app.evidence.group_models import AttemptSignature, GroupInvitation
from app.evidence.models import Artifact, ArtifactKind, Attempt, ScanState, Submission
from app.evidence.storage import Storage

INDEX = "index.json"
CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class HeldFile:
    """One file of an archive: its name there, and where its bytes are."""

    name: str
    storage_key: str


def describe_records(
    session: Session, person_id: int, *, with_staff_notes: bool = False
) -> dict[str, Any]:
    """Return what is held about somebody's work, as plain data without the files themselves.

    `with_staff_notes`: with what was written for the staff alone; see the module.
    """
    submissions = list(_submissions(session, person_id))
    return {
        "work": [
            _describe_work(session, each, with_staff_notes=with_staff_notes) for each in submissions
        ],
        "appeals": [
            {"opened_at": each.opened_at, "reason": each.reason, "outcome": each.outcome}
            for each in session.scalars(select(Appeal).where(Appeal.person_id == person_id))
        ],
        "consents": [
            {
                "signed_at": each.signed_at,
                "text": each.text,
                "signed_name": each.signed_name,
                "digest": each.digest,
                "withdrawn_at": each.withdrawn_at,
            }
            for each in session.scalars(select(Consent).where(Consent.person_id == person_id))
        ],
        "redacted_copies": [_describe_copy(each) for each in _copies(session, person_id)],
        "disclosures": [
            {"at": each.at, "to_whom": each.to_whom, "what": each.what}
            for each in session.scalars(
                select(Disclosure).where(Disclosure.person_id == person_id).order_by(Disclosure.id)
            )
        ],
        "replaced_credentials": [
            {"replaced_at": each.replaced_at, "why": each.reason, "credential": each.credential}
            for each in session.scalars(
                select(CredentialEdition)
                .join(Award, Award.id == CredentialEdition.award_id)
                .where(Award.person_id == person_id)
                .order_by(CredentialEdition.id)
            )
        ],
        # That somebody declared one is about this person too; who and why is about the other.
        "conflicts_declared_about_them": session.query(ConflictOfInterest)
        .filter_by(learner_id=person_id)
        .count(),
        "group_invitations": session.query(GroupInvitation).filter_by(person_id=person_id).count(),
        "signed_with_a_group": [
            {"at": each.signed_at, "statement": each.statement}
            for each in session.query(AttemptSignature).filter_by(person_id=person_id)
        ],
        "saved_comments": list(
            session.scalars(select(SavedComment.text).where(SavedComment.person_id == person_id))
        ),
    }


def list_files(session: Session, person_id: int) -> Iterator[HeldFile]:
    """Return the files of somebody's work and their redacted copies; never one with malware."""
    for submission in _submissions(session, person_id):
        for attempt in submission.attempts:
            for artifact in attempt.artifacts:
                if _is_handed_out(artifact):
                    yield HeldFile(
                        _name_in_archive(submission, attempt, artifact), artifact.storage_key or ""
                    )
    for copy in _copies(session, person_id):
        if _is_copy_handed_out(copy):
            yield HeldFile(_name_of_copy(copy), copy.storage_key or "")


def write_archive(
    target: IO[bytes], storage: Storage, held: dict[str, Any], files: Iterator[HeldFile]
) -> None:
    """Write a ZIP with the data and every file; only one piece of a file is in memory at a time."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        archive.writestr(INDEX, json.dumps(held, indent=2, ensure_ascii=False, default=_written))
        for file in files:
            with storage.open(file.storage_key) as source, archive.open(file.name, "w") as member:
                while chunk := source.read(CHUNK_BYTES):
                    member.write(chunk)


def _submissions(session: Session, person_id: int) -> list[Submission]:
    """Return what somebody handed in, or began: their own, and the groups' they belong to."""
    own = select(Submission.lead_id).where(
        Submission.learner_id == person_id, Submission.lead_id.is_not(None)
    )
    return list(
        session.scalars(
            select(Submission)
            .where(
                or_(
                    Submission.id.in_(own),
                    (Submission.learner_id == person_id) & Submission.lead_id.is_(None),
                )
            )
            .options(
                joinedload(Submission.assignment),
                selectinload(Submission.attempts).selectinload(Attempt.artifacts),
            )
            .order_by(Submission.id)
        )
    )


def _describe_work(
    session: Session, submission: Submission, *, with_staff_notes: bool
) -> dict[str, Any]:
    list_told = list_all_told if with_staff_notes else list_released
    assessments = reversed(list_told(session, submission.id))
    messages = session.scalars(
        select(SubmissionMessage)
        .where(SubmissionMessage.submission_id == submission.id)
        .order_by(SubmissionMessage.id)
    )
    return {
        "assignment": submission.assignment.title,
        "submission": submission.id,
        "attempts": [_describe_attempt(submission, each) for each in submission.attempts],
        "assessments": [
            _describe_assessment(each, with_staff_notes=with_staff_notes) for each in assessments
        ],
        "messages": [
            {"at": each.created_at, "from_learner": each.is_from_learner, "text": each.body}
            for each in messages
        ],
    }


def _describe_attempt(submission: Submission, attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "submitted_at": attempt.submitted_at,
        "withdrawn_at": attempt.withdrawn_at,
        "statement": attempt.statement,
        "signed_at": attempt.signed_at,
        "artifacts": [
            {
                "number": artifact.id,
                "kind": artifact.kind.value,
                "sha256": artifact.sha256,
                "text": artifact.text,
                "url": artifact.url,
                "file": _name_in_archive(submission, attempt, artifact)
                if _is_handed_out(artifact)
                else None,
                "file_name": artifact.file_name,
                "has_malware": artifact.scan_state is ScanState.INFECTED,
                "deleted_at": artifact.deleted_at,
            }
            for artifact in attempt.artifacts
        ],
    }


def _copies(session: Session, person_id: int) -> list[RedactedCopy]:
    return list(
        session.scalars(
            select(RedactedCopy)
            .where(RedactedCopy.person_id == person_id)
            .order_by(RedactedCopy.id)
        )
    )


def _describe_copy(copy: RedactedCopy) -> dict[str, Any]:
    return {
        "of_artifact": copy.artifact_id,
        "sha256": copy.sha256,
        "sent_at": copy.created_at,
        "file": _name_of_copy(copy) if _is_copy_handed_out(copy) else None,
        "file_name": copy.file_name,
        "has_malware": copy.scan_state is ScanState.INFECTED,
        "deleted_at": copy.deleted_at,
    }


def _is_copy_handed_out(copy: RedactedCopy) -> bool:
    is_there = copy.storage_key is not None and copy.deleted_at is None
    return is_there and copy.scan_state is not ScanState.INFECTED


def _name_of_copy(copy: RedactedCopy) -> str:
    return f"redacted-copies/{copy.id}-{copy.file_name}"


def _describe_assessment(assessment: Assessment, *, with_staff_notes: bool) -> dict[str, Any]:
    staff_note = {"staff_note": assessment.staff_note} if with_staff_notes else {}
    return staff_note | {
        "at": assessment.assessed_at,
        "capacity": assessment.capacity.value,
        "decision": assessment.decision.value,
        "points": assessment.points,
        "of_points": assessment.max_points,
        "note": assessment.reason,
        "ratings": [
            {
                "criterion": rating.criterion.name,
                "level": rating.rubric_level.name,
                "comment": rating.comment,
            }
            for rating in assessment.ratings
        ],
    }


def _is_handed_out(artifact: Artifact) -> bool:
    return (
        artifact.kind is ArtifactKind.FILE
        and artifact.storage_key is not None
        and artifact.deleted_at is None
        and artifact.scan_state is not ScanState.INFECTED
    )


def _name_in_archive(submission: Submission, attempt: Attempt, artifact: Artifact) -> str:
    """Return a name that is one of its kind; `texts.clean_file_name` left no path in it."""
    return f"work-{submission.id}/attempt-{attempt.number}/{artifact.id}-{artifact.file_name}"


def _written(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
