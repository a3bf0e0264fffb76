"""Marking afterwards what may be shown with an award: added to what was recorded, never changed."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assessment.models import Assessment, AttemptDecision, Capacity, Decision, EvidenceMark
from app.assessment.recording import is_showable
from app.assessment.service import audit_deed, check_grantor, lock_work
from app.core.errors import ForbiddenError, InvalidError
from app.courses.models import Person
from app.evidence.models import Artifact, Submission


def find_met(session: Session, submission_id: int) -> AttemptDecision | None:
    """Return the decision, told, by which a work was met last; `None` if there is none."""
    newest = session.scalar(
        select(AttemptDecision)
        .where(
            AttemptDecision.submission_id == submission_id,
            AttemptDecision.released_at.is_not(None),
            AttemptDecision.undone_at.is_(None),
        )
        .order_by(AttemptDecision.id.desc())
        .limit(1)
    )
    return newest if newest is not None and newest.decision is Decision.MET else None


def list_markable(session: Session, submission: Submission, *, person_id: int) -> list[Artifact]:
    """Return what somebody who decided on a work may still mark to be shown with the award."""
    met = find_met(session, submission.id)
    if met is None or not submission.assignment.version.achievement.level.shares_evidence:
        return []
    if not _has_decided(session, met, person_id):
        return []
    marked = {artifact.id for artifact in met.assessment.shown_artifacts}
    return [
        artifact
        for artifact in met.attempt.artifacts
        if artifact.id not in marked and is_showable(artifact)
    ]


def mark_afterwards(
    session: Session,
    submission: Submission,
    artifact_ids: Collection[int],
    *,
    person: Person,
    now: datetime,
) -> None:
    """Add marks to the assessment that counts; its learner still has to consent.

    Raises: as `check_grantor`; `ForbiddenError` for who did not decide on it;
        `InvalidError` if nothing is chosen, or something that cannot be marked.
    """
    check_grantor(session, submission, person, now=now)
    lock_work(session, submission)
    met = find_met(session, submission.id)
    if met is None or not _has_decided(session, met, person.id):
        raise ForbiddenError("Only those who decided that this work is met mark what is shown.")
    if not artifact_ids:
        raise InvalidError("Choose at least one piece of work.")
    markable = {each.id for each in list_markable(session, submission, person_id=person.id)}
    if not set(artifact_ids) <= markable:
        raise InvalidError("One of these cannot be marked, or is marked already. Load it again.")
    for artifact_id in sorted(set(artifact_ids)):
        session.add(EvidenceMark(assessment_id=met.assessment_id, artifact_id=artifact_id))
    session.flush()
    session.expire(met.assessment, ["shown_artifacts"])
    facts = {"assessment": met.assessment_id, "marked": sorted(set(artifact_ids))}
    audit_deed(session, submission, person, "evidence.marked", facts, now=now)


def _has_decided(session: Session, met: AttemptDecision, person_id: int) -> bool:
    return (
        session.scalar(
            select(Assessment.id).where(
                Assessment.attempt_id == met.attempt_id,
                Assessment.grantor_id == person_id,
                Assessment.capacity != Capacity.ASSESSOR,
                Assessment.undone_at.is_(None),
            )
        )
        is not None
    )
