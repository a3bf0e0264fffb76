"""Plain makers: handed-in work, and what a grantor's browser sends."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.catalog.models import AchievementVersion
from app.courses.models import Person
from app.evidence.models import Artifact, ArtifactKind, Attempt, Submission, SubmissionStatus
from app.mapping.models import Assignment

TEXT = "Boolean operators narrow a search; truncation widens it."
STEPS = {"below": 0, "enough": 1, "best": 2}


def hand_in(
    session: Session,
    assignment: Assignment,
    learner: Person,
    *,
    at: datetime | None = None,
    number: int = 1,
) -> Submission:
    """Make a submission with one text handed in; a second time, another attempt of it."""
    at = at or datetime.now(UTC) - timedelta(hours=2)
    submission = (
        session.query(Submission)
        .filter_by(assignment_id=assignment.id, learner_id=learner.id)
        .one_or_none()
    )
    if submission is None:
        submission = Submission(
            institution_id=assignment.institution_id,
            course_id=assignment.course_id,
            assignment_id=assignment.id,
            achievement_id=assignment.version.achievement_id,
            learner_id=learner.id,
            created_at=at,
        )
        session.add(submission)
    submission.status = SubmissionStatus.SUBMITTED
    submission.status_changed_at = submission.submitted_at = at
    submission.assessor_id = submission.assessment_started_at = None
    session.flush()
    attempt = Attempt(submission_id=submission.id, number=number, created_at=at, submitted_at=at)
    session.add(attempt)
    session.flush()
    session.add(
        Artifact(
            institution_id=assignment.institution_id,
            attempt_id=attempt.id,
            kind=ArtifactKind.TEXT,
            text=TEXT,
            sha256=hashlib.sha256(TEXT.encode()).hexdigest(),
            created_at=at,
        )
    )
    session.commit()
    session.expire_all()
    return submission


def form_data(
    submission: Submission, *steps: str, decision: str = "met", reason: str = ""
) -> dict[str, Any]:
    """Fill in the workbench: one step (`below`, `enough`, `best`) per criterion."""
    criteria = submission.assignment.criteria
    newest = submission.attempts[-1]
    data: dict[str, Any] = {
        "attempt_id": newest.id,
        "decision": decision,
        "reason": reason,
        "states_no_conflict": "y",
    }
    for criterion, step in zip(criteria, steps, strict=True):
        data[f"criterion_{criterion.id}"] = criterion.rubric_levels[STEPS[step]].id
        data[f"comment_{criterion.id}"] = f"About {criterion.name}"
    return data


def ratings(submission: Submission, *steps: str) -> dict[int, int]:
    """Return rubric level ids by criterion id."""
    return {
        criterion.id: criterion.rubric_levels[STEPS[step]].id
        for criterion, step in zip(submission.assignment.criteria, steps, strict=True)
    }


def reached(version: AchievementVersion) -> dict[int, int]:
    """Return what somebody has reached who has just met every criterion."""
    return {criterion.id: criterion.required_position for criterion in version.criteria}
