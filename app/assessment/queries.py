"""What grantors, staff and learners look at. Reads only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.assessment.dialogue_models import Appeal
from app.assessment.models import Assessment, AttemptDecision, Capacity, Decision, Rating
from app.catalog.models import AchievementVersion, Criterion, RubricLevel
from app.evidence.models import Attempt, Submission, SubmissionStatus
from app.evidence.service import current_attempt

# Work that was met and not revoked since: only this counts towards an award.
STANDING = (SubmissionStatus.MET, SubmissionStatus.AWARDED)


@dataclass(frozen=True)
class Said:
    """What was recorded about a submission and not undone, newest first.

    `decided`: when the last decision on an attempt was made that has been
    released, by attempt id. `appeal`: the one about it, open or closed; or `None`.
    """

    assessments: list[Assessment]
    decided: dict[int, datetime]
    appeal: Appeal | None


def read_said(session: Session, submission_id: int) -> Said:
    """Return everything that was recorded about a submission, in two statements."""
    ratings = selectinload(Assessment.ratings)
    decided_at = (
        select(func.max(AttemptDecision.decided_at))
        .where(
            AttemptDecision.attempt_id == Assessment.attempt_id,
            AttemptDecision.released_at.is_not(None),
            AttemptDecision.undone_at.is_(None),
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(Assessment, decided_at, Appeal)
        .join(Assessment.attempt)
        .outerjoin(Appeal, Appeal.submission_id == Attempt.submission_id)
        .where(Attempt.submission_id == submission_id, Assessment.undone_at.is_(None))
        .options(
            joinedload(Assessment.grantor),
            joinedload(Assessment.attempt),
            # Parts are named for a revision, artifacts marked for an award: never both.
            joinedload(Assessment.parts),
            joinedload(Assessment.shown_artifacts),
            ratings.joinedload(Rating.criterion),
            ratings.joinedload(Rating.rubric_level),
        )
        .order_by(Assessment.assessed_at.desc(), Assessment.id.desc())
    ).unique()
    assessments, decided, appeal = [], {}, None
    for assessment, at, appeal in rows:  # noqa: B007 (the appeal is the same in every row)
        assessments.append(assessment)
        if at is not None:
            decided[assessment.attempt_id] = at
    return Said(assessments, decided, appeal)


def list_assessments(session: Session, submission_id: int) -> list[Assessment]:
    """Return every assessment of a submission with ratings and grantor, newest first.

    Not those that were undone.
    """
    return read_said(session, submission_id).assessments


def list_released(session: Session, submission_id: int) -> list[Assessment]:
    """Return the assessments that a learner may read, newest first.

    Those by which a decision was made that has been released; a recommendation
    is for those who decide.
    """
    return [
        assessment
        for assessment in list_all_told(session, submission_id)
        if assessment.capacity is not Capacity.ASSESSOR
    ]


def list_all_told(session: Session, submission_id: int) -> list[Assessment]:
    """Return what a decision that has been released rests on, newest first.

    With the recommendations, which learners read only where somebody has decided
    that they must (`retention.about`).
    """
    released = {
        decision.attempt_id: decision.released_at
        for decision in session.scalars(
            select(AttemptDecision)
            .where(
                AttemptDecision.submission_id == submission_id,
                AttemptDecision.released_at.is_not(None),
                AttemptDecision.undone_at.is_(None),
            )
            .order_by(AttemptDecision.id)
        )
        if decision.released_at is not None
    }
    return [
        assessment
        for assessment in list_assessments(session, submission_id)
        if assessment.attempt_id in released
        and assessment.assessed_at <= released[assessment.attempt_id]
    ]


def list_assessed_together(
    session: Session, achievement_id: int, *, since: datetime
) -> list[list[Assessment]]:
    """Return the grantors' assessments of each attempt that several of them assessed.

    Only of attempts on which a decision has been released since then, and only as they
    were assessed side by side: whoever hears an appeal knows what was decided before.
    """
    heard = (
        select(Appeal.id)
        .join(AttemptDecision, AttemptDecision.id == Appeal.decision_id)
        .where(
            AttemptDecision.attempt_id == Assessment.attempt_id,
            Assessment.assessed_at > Appeal.opened_at,
        )
        .correlate(Assessment)
    )
    attempts = (
        select(AttemptDecision.attempt_id)
        .join(Submission, Submission.id == AttemptDecision.submission_id)
        .where(
            Submission.achievement_id == achievement_id,
            AttemptDecision.released_at >= since,
            AttemptDecision.undone_at.is_(None),
        )
    )
    ratings = selectinload(Assessment.ratings)
    found = session.scalars(
        select(Assessment)
        .where(
            Assessment.attempt_id.in_(attempts),
            Assessment.capacity == Capacity.GRANTOR,
            Assessment.undone_at.is_(None),
            ~heard.exists(),
        )
        .options(ratings.joinedload(Rating.criterion), ratings.joinedload(Rating.rubric_level))
        .order_by(Assessment.attempt_id, Assessment.id)
    )
    grouped = [list(each) for _attempt, each in groupby(found, lambda each: each.attempt_id)]
    return [each for each in grouped if len(each) > 1]


def list_counted(session: Session, submission: Submission) -> list[Assessment]:
    """Return the grantors' assessments that count towards the decision now, first one first.

    Of the current attempt; since an appeal was opened, only what came after.
    """
    attempt = current_attempt(submission)
    appealed_at = session.scalar(
        select(Appeal.opened_at).where(
            Appeal.submission_id == submission.id, Appeal.closed_at.is_(None)
        )
    )
    statement = select(Assessment).where(
        Assessment.attempt_id == attempt.id,
        Assessment.capacity != Capacity.ASSESSOR,
        Assessment.undone_at.is_(None),
    )
    if appealed_at is not None:
        statement = statement.where(Assessment.assessed_at > appealed_at)
    return list(session.scalars(statement.order_by(Assessment.id)))


def find_pending_decision(session: Session, submission_id: int) -> AttemptDecision | None:
    """Return the decision that waits for its release, if there is one."""
    return session.scalar(
        select(AttemptDecision).where(
            AttemptDecision.submission_id == submission_id,
            AttemptDecision.released_at.is_(None),
            AttemptDecision.undone_at.is_(None),
        )
    )


def find_reached_levels(
    session: Session, *, learner_id: int, version: AchievementVersion, since: datetime | None
) -> dict[int, int]:
    """Return the best rubric level that a learner reached, in any course, by criterion id.

    The best one counts, whatever another assignment says; only of work that was
    met, and of the assessment by which that was decided. `since`: what was
    assessed later than that; `None`: at any time.

    Units: a level's position; 0 is the lowest.
    """
    statement = (
        select(Rating.criterion_id, func.max(RubricLevel.position))
        .join(Rating.rubric_level)
        .join(Criterion, Criterion.id == RubricLevel.criterion_id)
        .join(Assessment, Assessment.id == Rating.assessment_id)
        .join(AttemptDecision, AttemptDecision.assessment_id == Assessment.id)
        .join(
            Submission,
            func.coalesce(Submission.lead_id, Submission.id) == AttemptDecision.submission_id,
        )
        .where(
            Criterion.version_id == version.id,
            _was_met(),
            Submission.learner_id == learner_id,
            Submission.institution_id == version.institution_id,
            Submission.status.in_(STANDING),
        )
        .group_by(Rating.criterion_id)
    )
    if since is not None:
        statement = statement.where(Assessment.assessed_at > since)
    return dict(session.execute(statement).all())


def list_met_points(session: Session, submission_ids: Collection[int]) -> dict[int, int]:
    """Return the points with which submissions were met, by submission id."""
    rows = session.execute(
        select(Submission.id, Assessment.points)
        .join(
            AttemptDecision,
            AttemptDecision.submission_id == func.coalesce(Submission.lead_id, Submission.id),
        )
        .join(AttemptDecision.assessment)
        .where(Submission.id.in_(submission_ids), _was_met())
        .order_by(AttemptDecision.id)
    )
    return dict(rows.all())


def _was_met() -> ColumnElement[bool]:
    return and_(
        AttemptDecision.decision == Decision.MET,
        AttemptDecision.released_at.is_not(None),
        AttemptDecision.undone_at.is_(None),
    )
