"""Drafts of an assessment: what somebody has filled in and not recorded yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.assessment import workflow
from app.assessment.desk_models import AssessmentDraft
from app.assessment.models import Assessment
from app.assessment.service import check_grantor
from app.core.errors import ConflictError
from app.courses.models import Person
from app.evidence.models import Attempt, Submission
from app.evidence.service import current_attempt

# Fields of the form whose names go on with a criterion's id.
RATING, COMMENT = "criterion_", "comment_"
OTHER_WINDOW = (
    "This was saved from another window meanwhile. Nothing you typed here is lost: compare it with "
    "what was saved there, and save again to keep what stands here."
)


@dataclass(frozen=True)
class Saved:
    """A draft as it was found when it was to be saved.

    `is_stale`: another window has saved something else; nothing was written.
    """

    draft: AssessmentDraft
    is_stale: bool


def find_draft_of(
    session: Session, attempt_id: int, person_id: int, *, for_update: bool = False
) -> AssessmentDraft | None:
    """Return what somebody has filled in about an attempt, if anything."""
    statement = select(AssessmentDraft).where(
        AssessmentDraft.attempt_id == attempt_id, AssessmentDraft.person_id == person_id
    )
    if for_update:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalar(statement)


def list_drafts_of(session: Session, submission_id: int, person_id: int) -> list[AssessmentDraft]:
    """Return what somebody has filled in about each attempt of a submission, newest first."""
    return list(
        session.scalars(
            select(AssessmentDraft)
            .join(Attempt, Attempt.id == AssessmentDraft.attempt_id)
            .where(Attempt.submission_id == submission_id, AssessmentDraft.person_id == person_id)
            .order_by(Attempt.number.desc())
        )
    )


def save_assessment_draft(
    session: Session,
    submission: Submission,
    content: Mapping[str, Any],
    *,
    attempt_id: int | None,
    seen_revision: int,
    person: Person,
    now: datetime,
) -> Saved:
    """Keep what somebody has filled in; nobody else sees it, and nothing is decided.

    `seen_revision`: of the draft that the window shows; 0 if there was none.
    Raises: as `check_grantor`; `ConflictError` if the work waits no longer, or
        newer work has been handed in.
    """
    check_grantor(session, submission, person, now=now)
    workflow.refuse_unless_waiting(
        submission.status.value, is_decided=submission.decided_at is not None
    )
    attempt = current_attempt(submission)
    if attempt.id != attempt_id:
        raise ConflictError(workflow.NEWER_WORK)
    draft = find_draft_of(session, attempt.id, person.id, for_update=True)
    if draft is None:
        return Saved(_begin(session, submission, attempt, content, person, now=now), is_stale=False)
    if draft.content == dict(content):
        return Saved(draft, is_stale=False)
    if draft.revision != seen_revision:
        return Saved(draft, is_stale=True)
    _change(draft, content, now=now)
    session.flush()
    return Saved(draft, is_stale=False)


def discard_draft(session: Session, attempt_id: int, person_id: int) -> None:
    """Throw away what somebody had filled in: it has been recorded."""
    session.execute(
        delete(AssessmentDraft).where(
            AssessmentDraft.attempt_id == attempt_id, AssessmentDraft.person_id == person_id
        )
    )


def restore_draft(session: Session, assessment: Assessment, *, now: datetime) -> AssessmentDraft:
    """Lay an undone assessment on its author's desk again, just as it was recorded."""
    content = describe_content(assessment)
    draft = find_draft_of(session, assessment.attempt_id, assessment.grantor_id, for_update=True)
    if draft is None:
        draft = AssessmentDraft(
            institution_id=assessment.institution_id,
            attempt_id=assessment.attempt_id,
            person_id=assessment.grantor_id,
            revision=0,
        )
        session.add(draft)
    _change(draft, content, now=now)
    session.flush()
    return draft


def describe_content(assessment: Assessment) -> dict[str, Any]:
    """Return the fields of the form that an assessment was recorded from."""
    content: dict[str, Any] = {
        "decision": assessment.decision.value,
        "reason": assessment.reason or "",
        "staff_note": assessment.staff_note or "",
        "parts": [str(criterion.id) for criterion in assessment.parts],
        "shown_artifacts": [str(artifact.id) for artifact in assessment.shown_artifacts],
        "states_no_conflict": "y" if assessment.states_no_conflict else "",
    }
    for rating in assessment.ratings:
        content[f"{RATING}{rating.criterion_id}"] = str(rating.rubric_level_id)
        content[f"{COMMENT}{rating.criterion_id}"] = rating.comment
    return content


def _begin(
    session: Session,
    submission: Submission,
    attempt: Attempt,
    content: Mapping[str, Any],
    person: Person,
    *,
    now: datetime,
) -> AssessmentDraft:
    draft = AssessmentDraft(
        institution_id=submission.institution_id,
        attempt_id=attempt.id,
        person_id=person.id,
        content=dict(content),
        revision=1,
        updated_at=now,
    )
    session.add(draft)
    try:
        session.flush()
    except IntegrityError as error:  # two windows began at the same moment
        raise ConflictError(OTHER_WINDOW) from error
    return draft


def _change(draft: AssessmentDraft, content: Mapping[str, Any], *, now: datetime) -> None:
    draft.content = dict(content)
    draft.revision += 1
    draft.updated_at = now
