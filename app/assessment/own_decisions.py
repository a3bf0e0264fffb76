"""What a grantor has decided or recommended. Reads only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from app.assessment.models import Assessment, AttemptDecision
from app.catalog.models import Achievement, AchievementVersion
from app.core.principal import Principal
from app.evidence.models import Attempt, Submission
from app.mapping.models import Assignment

PAGE_SIZE = 25


@dataclass(frozen=True)
class Decided:
    """One assessment of a grantor's.

    `pending`: what was decided by it and can still be undone; `None` else.
    """

    assessment: Assessment
    submission: Submission
    pending: AttemptDecision | None


@dataclass(frozen=True)
class DecidedPage:
    """A page of them, newest first; `newer`, `older`: ids from which the others begin."""

    rows: list[Decided]
    newer: int | None
    older: int | None


def list_pending_of(session: Session, grantor: Principal, *, now: datetime) -> list[Decided]:
    """Return what somebody decided that is not told yet, first to be told first."""
    found = session.scalars(
        select(AttemptDecision)
        .where(
            AttemptDecision.institution_id == grantor.institution_id,
            AttemptDecision.decided_by == grantor.person_id,
            AttemptDecision.released_at.is_(None),
            AttemptDecision.undone_at.is_(None),
            AttemptDecision.release_at > now,
        )
        .options(joinedload(AttemptDecision.assessment).options(*_all_shown()))
        .order_by(AttemptDecision.release_at, AttemptDecision.id)
    )
    return [_describe(each.assessment, each) for each in found]


def list_decided_by(
    session: Session, grantor: Principal, *, after_id: int | None, before_id: int | None
) -> DecidedPage:
    """Return a page of somebody's assessments, newest first; not those that were undone.

    `after_id`: those older than that one; `before_id`: those newer.
    """
    is_backwards = before_id is not None and after_id is None
    statement: Select[Any] = select(Assessment).where(
        Assessment.institution_id == grantor.institution_id,
        Assessment.grantor_id == grantor.person_id,
        Assessment.undone_at.is_(None),
    )
    if is_backwards:
        statement = statement.where(Assessment.id > before_id).order_by(Assessment.id)
    else:
        statement = statement.order_by(Assessment.id.desc())
        if after_id is not None:
            statement = statement.where(Assessment.id < after_id)
    found = session.scalars(statement.limit(PAGE_SIZE + 1).options(*_all_shown())).all()
    shown = list(found[:PAGE_SIZE])
    if is_backwards:
        shown.reverse()
    has_more = len(found) > PAGE_SIZE
    has_newer = has_more if is_backwards else after_id is not None
    return DecidedPage(
        [_describe(each, None) for each in shown],
        newer=shown[0].id if shown and has_newer else None,
        older=shown[-1].id if shown and (is_backwards or has_more) else None,
    )


def _describe(assessment: Assessment, pending: AttemptDecision | None) -> Decided:
    submission = assessment.attempt.submission
    return Decided(assessment, submission, pending)


def _all_shown() -> tuple[Any, ...]:
    submission = joinedload(Assessment.attempt).joinedload(Attempt.submission)
    assignment = submission.joinedload(Submission.assignment)
    achievement = assignment.joinedload(Assignment.version).joinedload(
        AchievementVersion.achievement
    )
    return (
        submission.joinedload(Submission.learner),
        assignment.joinedload(Assignment.course),
        achievement.joinedload(Achievement.level),
    )
