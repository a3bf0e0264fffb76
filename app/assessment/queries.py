"""What grantors, staff and learners look at. Reads only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload, selectinload

from app.assessment.conflicts import has_conflict
from app.assessment.dialogue_models import Appeal
from app.assessment.models import Assessment, AttemptDecision, Capacity, Decision, Rating
from app.catalog.models import Achievement, AchievementVersion, Criterion, RubricLevel
from app.catalog.usability import is_usable_now
from app.core.principal import Principal
from app.evidence.models import Attempt, Submission, SubmissionStatus
from app.evidence.service import current_attempt
from app.mapping.models import Assignment
from app.programme.service import is_granted

PAGE_SIZE = 25
MAX_ROW_ID = 2**31 - 1  # PostgreSQL's `integer`
WAITING = (SubmissionStatus.SUBMITTED, SubmissionStatus.IN_ASSESSMENT)
# Work that was met and not revoked since: only this counts towards an award.
STANDING = (SubmissionStatus.MET, SubmissionStatus.AWARDED)


@dataclass(frozen=True)
class Place:
    """Where a page of the queue ended: the next one starts after it."""

    submitted_at: datetime
    submission_id: int

    def __str__(self) -> str:
        """Write it for an address."""
        return f"{self.submitted_at.isoformat()}~{self.submission_id}"

    @classmethod
    def find(cls, text: str) -> "Place | None":
        """Read it from an address; `None` if it is not one, or none that a row can have."""
        written, _, number = text.partition("~")
        try:
            moment, submission_id = datetime.fromisoformat(written), int(number)
            if moment.tzinfo is None or not 0 <= submission_id <= MAX_ROW_ID:
                return None
            # A moment at the edge of the calendar has no place in it in UTC.
            return cls(moment.astimezone(UTC), submission_id)
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True)
class QueuePage:
    """One page of a grantor's queue; `next_place` is `None` on the last one."""

    submissions: list[Submission]
    next_place: Place | None
    total: int


def list_queue(
    session: Session, grantor: Principal, *, after: Place | None, now: datetime
) -> QueuePage:
    """Return what waits for a grantor, oldest first, from every course of theirs; not own work."""
    waiting = _waiting_for(grantor, now)
    total = session.scalar(select(func.count()).select_from(Submission).where(waiting)) or 0
    statement = select(Submission).where(waiting)
    if after is not None:
        statement = statement.where(
            or_(
                Submission.submitted_at > after.submitted_at,
                and_(
                    Submission.submitted_at == after.submitted_at,
                    Submission.id > after.submission_id,
                ),
            )
        )
    assignment = joinedload(Submission.assignment)
    achievement = assignment.joinedload(Assignment.version).joinedload(
        AchievementVersion.achievement
    )
    found = list(
        session.scalars(
            statement.order_by(Submission.submitted_at, Submission.id)
            .limit(PAGE_SIZE + 1)
            .options(
                joinedload(Submission.learner),
                joinedload(Submission.assessor),
                assignment.joinedload(Assignment.course),
                achievement.joinedload(Achievement.level),
            )
        )
    )
    shown = found[:PAGE_SIZE]
    last = shown[-1] if len(found) > PAGE_SIZE else None
    next_place = Place(last.submitted_at, last.id) if last and last.submitted_at else None
    return QueuePage(shown, next_place, total)


def find_next(session: Session, grantor: Principal, *, now: datetime) -> Submission | None:
    """Return the oldest submission that can be assessed and nobody else has started on."""
    return session.scalar(
        select(Submission)
        .join(Submission.assignment)
        .join(Assignment.version)
        .join(AchievementVersion.achievement)
        .where(
            _waiting_for(grantor, now),
            is_usable_now(now),
            or_(Submission.assessor_id.is_(None), Submission.assessor_id == grantor.person_id),
        )
        .order_by(Submission.submitted_at, Submission.id)
        .limit(1)
    )


def find_beside(
    session: Session, grantor: Principal, submission: Submission, *, is_forward: bool, now: datetime
) -> Submission | None:
    """Return what stands next to a submission in the queue, as `find_next` would offer it."""
    own = (submission.submitted_at, submission.id)
    place = tuple_(Submission.submitted_at, Submission.id)
    found = (
        select(Submission)
        .join(Submission.assignment)
        .join(Assignment.version)
        .join(AchievementVersion.achievement)
        .where(
            _waiting_for(grantor, now),
            is_usable_now(now),
            Submission.id != submission.id,
            or_(Submission.assessor_id.is_(None), Submission.assessor_id == grantor.person_id),
            place > own if is_forward else place < own,
        )
        .limit(1)
    )
    order = (Submission.submitted_at, Submission.id)
    return session.scalar(found.order_by(*(o.asc() if is_forward else o.desc() for o in order)))


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
        if assessment.capacity is not Capacity.ASSESSOR
        and assessment.attempt_id in released
        and assessment.assessed_at <= released[assessment.attempt_id]
    ]


def list_assessed_together(
    session: Session, achievement_id: int, *, since: datetime
) -> list[list[Assessment]]:
    """Return the grantors' assessments of each attempt that several of them assessed.

    Only of attempts on which a decision has been released since then.
    """
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


def _waiting_for(grantor: Principal, now: datetime) -> ColumnElement[bool]:
    return and_(
        Submission.institution_id == grantor.institution_id,
        Submission.achievement_id.in_(sorted(grantor.grants)),
        Submission.status.in_(WAITING),
        Submission.lead_id.is_(None),
        Submission.decided_at.is_(None),
        not_(has_conflict(grantor.person_id)),
        is_granted(
            grantor.person_id,
            achievement_id=Submission.achievement_id,
            course_id=Submission.course_id,
            now=now,
        ),
    )
