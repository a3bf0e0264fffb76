"""What those who assess anonymously are told of whose work it is: nothing, not by a file's name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from sqlalchemy.orm import Session

from app.core.principal import STAFF
from app.courses.service import find_enrolment
from app.evidence.groups import list_author_ids
from app.evidence.models import Artifact, ArtifactKind, Submission, SubmissionStatus
from app.programme.service import find_appointment

_SUFFIX = re.compile(r"\.[a-z0-9]{1,4}")
DECIDED = frozenset(
    {
        SubmissionStatus.MET,
        SubmissionStatus.AWARDED,
        SubmissionStatus.NOT_MET,
        SubmissionStatus.REVOKED,
    }
)


def is_name_hidden(
    session: Session, submission: Submission, person_id: int, *, now: datetime
) -> bool:
    """Return whether somebody is not told whose work it is.

    Only where the achievement is assessed anonymously, and only from those who may
    assess it: for good, or, if they are staff of the course, until it is decided. A
    revision that was asked for decides nothing yet.
    """
    if not submission.assignment.version.is_anonymous:
        return False
    if person_id in list_author_ids(session, submission):
        return False
    appointment = find_appointment(
        session,
        person_id=person_id,
        achievement_id=submission.achievement_id,
        course_id=submission.course_id,
        now=now,
    )
    if appointment is None:
        return False
    enrolment = find_enrolment(session, course_id=submission.course_id, person_id=person_id)
    is_staff = enrolment is not None and enrolment.role in STAFF
    return not (is_staff and submission.status in DECIDED)


def number_files(files: Sequence[tuple[int, str]]) -> dict[int, str]:
    """Return for each file, given as id and name, a name that says only which and of what kind.

    They are counted in the order of their ids, wherever they stand on a page.
    """
    return {
        artifact_id: f"File {number}{_plain_suffix(name)}"
        for number, (artifact_id, name) in enumerate(sorted(files), start=1)
    }


def _plain_suffix(name: str) -> str:
    """Return the ending that says of what kind a file is; not one that might be a name."""
    suffix = PurePath(name).suffix.lower()
    return suffix if _SUFFIX.fullmatch(suffix) else ""


@dataclass(frozen=True)
class FileNames:
    """What the files of a work are called, as one person may know it.

    `are_hidden`: a number stands for each name, which may be the learner's own.
    """

    are_hidden: bool

    def of(self, artifact: Artifact) -> str:
        """Return a file's name, the same on every page; empty for what is no file."""
        if artifact.kind is not ArtifactKind.FILE:
            return ""
        if not self.are_hidden:
            return artifact.file_name or ""
        files = [
            (each.id, each.file_name or "")
            for each in artifact.attempt.artifacts
            if each.kind is ArtifactKind.FILE
        ]
        return number_files(files)[artifact.id]


def read_file_names(
    session: Session, submission: Submission, person_id: int, *, now: datetime
) -> FileNames:
    """Return what a person may know the files of a work by."""
    return FileNames(is_name_hidden(session, submission, person_id, now=now))


def file_names_for_assessing(submission: Submission) -> FileNames:
    """Return what those who assess a work may know its files by, on the pages for assessing."""
    return FileNames(submission.assignment.version.is_anonymous)
