"""What a learner could show with an award: the work for which it was made."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from app.assessment.models import Assessment, AttemptDecision, Decision
from app.awards.models import Award
from app.awards.shown_work import name_of
from app.core.errors import NotFoundError
from app.evidence.models import (
    Artifact,
    Attempt,
    ScanState,
    Submission,
    SubmissionStatus,
)


@dataclass(frozen=True)
class Candidate:
    """One artifact for which an award was made. `why_not`: why it cannot be shown; else empty."""

    artifact: Artifact
    submission: Submission
    name: str
    why_not: str


def get_own_award(session: Session, public_id: str, *, person_id: int) -> Award:
    """Return one's own award whose level shows evidence.

    Raises: `NotFoundError` if there is none such, or it is somebody else's.
    """
    award = session.scalar(
        select(Award).where(Award.public_id == public_id, Award.person_id == person_id)
    )
    if award is None or not award.achievement.level.shares_evidence:
        raise NotFoundError("There is no credential of yours here with which work could be shown.")
    return award


def list_candidates(session: Session, award: Award) -> list[Candidate]:
    """Return every artifact for which an award was made, with why it cannot be shown."""
    rows = session.execute(
        select(AttemptDecision, Submission)
        .join(
            Submission,
            func.coalesce(Submission.lead_id, Submission.id) == AttemptDecision.submission_id,
        )
        .where(
            Submission.learner_id == award.person_id,
            Submission.achievement_id == award.achievement_id,
            Submission.institution_id == award.institution_id,
            Submission.status == SubmissionStatus.AWARDED,
            AttemptDecision.decision == Decision.MET,
            AttemptDecision.released_at.is_not(None),
            AttemptDecision.undone_at.is_(None),
        )
        .options(
            selectinload(AttemptDecision.assessment).selectinload(Assessment.shown_artifacts),
            selectinload(AttemptDecision.attempt).selectinload(Attempt.artifacts),
        )
        .order_by(AttemptDecision.id)
    )
    found: dict[int, Candidate] = {}
    for decision, submission in rows:
        marked = {artifact.id for artifact in decision.assessment.shown_artifacts}
        for artifact in decision.attempt.artifacts:
            why_not = _why_not(artifact, is_marked=artifact.id in marked)
            found[artifact.id] = Candidate(artifact, submission, name_of(artifact), why_not)
    return list(found.values())


def _why_not(artifact: Artifact, *, is_marked: bool) -> str:
    if artifact.deleted_at is not None:
        return "It is no longer kept here."
    if artifact.scan_state is ScanState.INFECTED:
        return "Malware was found in it."
    if artifact.scan_state is ScanState.WAITING:
        return "It is still being checked for malware."
    if not is_marked:
        return "The grantor did not mark it to be shown."
    return ""
