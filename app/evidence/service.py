"""Submissions: drafts, handing in, and who may read what was handed in."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.catalog.usability import require_usable
from app.core.audit import record
from app.core.errors import ConflictError, ForbiddenError, NotFoundError
from app.core.principal import Principal
from app.courses.service import find_enrolment
from app.evidence.beginning import begin_submission, lock_submission
from app.evidence.capturing import owe_captures
from app.evidence.completing import require_complete
from app.evidence.drafts import change_draft, keep_earlier_artifacts
from app.evidence.group_lists import Asked
from app.evidence.groups import find_lead, list_group
from app.evidence.intake import Work
from app.evidence.models import OPEN_STATES, Artifact, Attempt, Submission, SubmissionStatus
from app.evidence.preparing import owe_preparation
from app.evidence.quarantine import refuse_infected
from app.evidence.reading import is_own_work, may_read_handed_in
from app.evidence.signing import find_signed_at
from app.mapping.models import Assignment
from app.passback.service import queue_status


def find_submission(session: Session, assignment_id: int, learner_id: int) -> Submission | None:
    """Return one learner's submission for an assignment, with attempts and artifacts."""
    return session.scalar(
        select(Submission)
        .where(Submission.assignment_id == assignment_id, Submission.learner_id == learner_id)
        .options(selectinload(Submission.attempts).selectinload(Attempt.artifacts))
    )


def find_work(session: Session, assignment_id: int, learner_id: int) -> Submission | None:
    """Return the submission that holds a learner's work: in a group, that of whoever began."""
    own = find_submission(session, assignment_id, learner_id)
    return find_lead(session, own) if own else None


def get_submission(session: Session, submission_id: int, *, institution_id: int) -> Submission:
    """Return one submission of this institution, with learner, attempts and artifacts.

    Raises: `NotFoundError`.
    """
    submission = session.scalar(
        select(Submission)
        .where(Submission.id == submission_id, Submission.institution_id == institution_id)
        .options(
            joinedload(Submission.learner),
            selectinload(Submission.attempts).selectinload(Attempt.artifacts),
        )
    )
    if submission is None:
        raise NotFoundError("There is no such submission.")
    return submission


def get_work(session: Session, submission_id: int, *, institution_id: int) -> Submission:
    """Return the submission that holds the work: in a group, that of whoever began.

    By the number of any of the group's: for all who assess it, they are one.
    Raises: `NotFoundError`.
    """
    found = get_submission(session, submission_id, institution_id=institution_id)
    return find_lead(session, found)


def list_submissions(session: Session, assignment_id: int) -> list[Submission]:
    """Return all submissions for one assignment, with learners and attempts."""
    return list(
        session.scalars(
            select(Submission)
            .where(Submission.assignment_id == assignment_id)
            .options(joinedload(Submission.learner), selectinload(Submission.attempts))
            .order_by(Submission.id)
        )
    )


def current_attempt(submission: Submission) -> Attempt:
    """Return the newest attempt that was handed in and not taken back.

    Raises: `ConflictError` if there is only a draft.
    """
    for attempt in reversed(submission.attempts):
        if attempt.counts:
            return attempt
    raise ConflictError("Nothing has been handed in yet.")


def is_open(submission: Submission | None) -> bool:
    """Return whether the learner may change and hand in work now."""
    return submission is None or submission.status in OPEN_STATES


def set_status(
    session: Session, submission: Submission, status: SubmissionStatus, *, now: datetime
) -> None:
    """Move a submission to a status; the gradebook is told by the caller, who knows why."""
    if submission.status is not status:
        submission.status = status
        submission.status_changed_at = now
        session.flush()


def set_group_status(
    session: Session, submission: Submission, status: SubmissionStatus, *, now: datetime
) -> list[Submission]:
    """Move the work of all who handed in together to a status; return their submissions."""
    group = list_group(session, submission)
    for each in group:
        set_status(session, each, status, now=now)
    return group


def is_rehearsal(session: Session, *, course_id: int, learner_id: int) -> bool:
    """Return whether this is the LMS's student preview, which can look but hand nothing in."""
    enrolment = find_enrolment(session, course_id=course_id, person_id=learner_id)
    return enrolment is None or enrolment.is_test_user


def require_turn(
    session: Session,
    assignment: Assignment,
    submission: Submission | None,
    *,
    learner_id: int,
    now: datetime,
) -> None:
    """Refuse work that cannot be taken now.

    Raises: `ConflictError` if it is not the learner's turn, or the achievement may
        not be used; `ForbiddenError` for the LMS's student preview.
    """
    if is_rehearsal(session, course_id=assignment.course_id, learner_id=learner_id):
        raise ForbiddenError(
            "This is the student preview of your LMS: nothing can be handed in. "
            "Open the assignment as an enrolled student to try it."
        )
    if not is_open(submission):
        raise ConflictError(
            "This work has already been handed in; it is not your turn. "
            "What you handed in is safe: open the assignment again to see it."
        )
    require_usable(assignment.version, now=now)


def save_draft(
    session: Session, assignment: Assignment, work: Work, *, learner_id: int, now: datetime
) -> Submission | None:
    """Keep work without handing it in; the first time, tell the gradebook of a draft.

    `None` if there is nothing to keep, and was nothing before.
    Raises: `ConflictError` if it is not the learner's turn, the achievement may
        not be used, or the part is not to be revised; `StaleDraftError` if another
        window changed it; `ForbiddenError` for the LMS's student preview;
        `InvalidError` if it is too many files, or for a part that there is not.
    """
    submission = lock_submission(session, assignment, learner_id)
    is_new = submission is None
    if is_new and work.is_empty:
        return None
    submission = keep_work(session, assignment, submission, work, learner_id=learner_id, now=now)
    if is_new:
        tell_gradebook(session, assignment, submission, comment="", now=now)
    return submission


def begin_from_earlier(
    session: Session, assignment: Assignment, work: Work, *, learner_id: int, now: datetime
) -> None:
    """Begin the next attempt with what was handed in last.

    Raises: as `save_draft`.
    """
    submission = lock_submission(session, assignment, learner_id)
    submission = keep_work(session, assignment, submission, work, learner_id=learner_id, now=now)
    keep_earlier_artifacts(session, assignment, submission, now=now)


def submit_attempt(
    session: Session,
    assignment: Assignment,
    work: Work,
    *,
    learner_id: int,
    signed_statement: str = "",
    without: Collection[int] = (),
    now: datetime,
) -> Attempt:
    """Hand in the draft together with what was sent last; frozen from here on.

    `signed_statement`: the words that the learner signed, as they stood on the page.
    `without`: ids of the invitations that may end here without an answer.
    Raises: as `save_draft` and `completing.require_complete`.
    """
    submission = lock_submission(session, assignment, learner_id)
    submission = keep_work(session, assignment, submission, work, learner_id=learner_id, now=now)
    attempt, left_out = require_complete(
        session,
        assignment,
        submission,
        learner_id=learner_id,
        signed_statement=signed_statement,
        without=without,
        now=now,
    )
    refuse_infected(attempt.artifacts)
    attempt.submitted_at = now
    if signed_statement:
        signed_before = find_signed_at(session, assignment, attempt, learner_id)
        attempt.statement, attempt.signed_by = signed_statement, learner_id
        attempt.signed_at = signed_before or now
    submission.submitted_at = now
    submission.assessor_id = None
    submission.assessment_started_at = None
    promise_days = assignment.version.achievement.promise_days
    submission.promised_at = now + timedelta(days=promise_days) if promise_days else None
    owe_preparation(session, attempt, now=now)
    _audit(session, submission, attempt, learner_id, left_out, now=now)
    owe_captures(session, submission, attempt, now=now)
    comment = f"Submitted for {assignment.version.name}; awaiting assessment"
    for each in set_group_status(session, submission, SubmissionStatus.SUBMITTED, now=now):
        each.submitted_at = now
        tell_gradebook(session, assignment, each, comment=comment, now=now)
    return attempt


def get_readable_artifact(
    session: Session,
    artifact_id: int,
    *,
    principal: Principal,
    rights_last: timedelta,
    now: datetime,
) -> Artifact:
    """Return an artifact to its learner, the course's staff, or a grantor; to nobody else.

    Staff means: launched from this course with such a role within
    `rights_last`. A draft is the learner's alone.
    Raises: `NotFoundError`, whether it does not exist or is not theirs to see;
        `ForbiddenError` to whoever has declared a conflict of interest.
    """
    artifact = session.scalar(
        select(Artifact)
        .where(Artifact.id == artifact_id, Artifact.institution_id == principal.institution_id)
        .options(joinedload(Artifact.attempt).joinedload(Attempt.submission))
    )
    if artifact is None or not _may_read(session, artifact, principal, rights_last, now):
        raise NotFoundError("There is no such artifact, or it is not yours to see.")
    return artifact


def _may_read(
    session: Session,
    artifact: Artifact,
    principal: Principal,
    rights_last: timedelta,
    now: datetime,
) -> bool:
    submission = artifact.attempt.submission
    if is_own_work(session, submission, principal.person_id):
        return True
    if not artifact.attempt.counts:
        return False
    return may_read_handed_in(session, submission, principal, rights_last=rights_last, now=now)


def keep_work(
    session: Session,
    assignment: Assignment,
    submission: Submission | None,
    work: Work,
    *,
    learner_id: int,
    now: datetime,
) -> Submission:
    """Change the draft of a locked submission, or begin both. Raises: as `save_draft`."""
    require_turn(session, assignment, submission, learner_id=learner_id, now=now)
    if submission is None:
        submission = begin_submission(session, assignment, learner_id, now=now)
    change_draft(session, assignment, submission, work, now=now)
    return submission


def _audit(
    session: Session,
    submission: Submission,
    attempt: Attempt,
    learner_id: int,
    left_out: Sequence[Asked],
    *,
    now: datetime,
) -> None:
    record(
        session,
        submission.institution_id,
        actor=f"person:{learner_id}",
        action="submission.handed_in",
        subject=f"submission:{submission.id}",
        facts={
            "assignment_id": submission.assignment_id,
            "attempt": attempt.number,
            "artifacts": [
                {"id": artifact.id, "sha256": artifact.sha256} for artifact in attempt.artifacts
            ],
            "signed_statement_sha256": hashlib.sha256(attempt.statement.encode()).hexdigest()
            if attempt.statement
            else None,
            **({"without": [each.person.id for each in left_out]} if left_out else {}),
        },
        now=now,
    )


def tell_gradebook(
    session: Session,
    assignment: Assignment,
    submission: Submission,
    *,
    comment: str,
    now: datetime,
) -> None:
    """Owe the gradebook a learner's status as it is now."""
    queue_status(
        session,
        assignment,
        person_id=submission.learner_id,
        status=submission.status.value,
        points=None,
        comment=comment,
        occurred_at=now,
        submitted_at=submission.submitted_at,
        scored_by=None,
    )
