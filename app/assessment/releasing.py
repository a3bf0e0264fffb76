"""A decision's consequences: the status, the award, and what the gradebook is owed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.assessment import workflow
from app.assessment.conflicts import refuse_conflict
from app.assessment.deciding import settle
from app.assessment.dialogue_models import Appeal, AppealOutcome
from app.assessment.models import Assessment, AttemptDecision, Decision
from app.assessment.queries import find_pending_decision, find_reached_levels, list_met_points
from app.assessment.recording import Judgement
from app.assessment.scoring import score
from app.assessment.service import audit_deed, lock_work, record_assessment
from app.awards.facts import award_address
from app.awards.models import Award
from app.awards.service import find_renewal_start, issue_if_due
from app.catalog.pass_rule import stand
from app.core.crypto import Vault
from app.core.errors import ConflictError, ForbiddenError
from app.courses.models import Person
from app.evidence.carrying import begin_revision
from app.evidence.groups import list_group
from app.evidence.models import Submission, SubmissionStatus
from app.evidence.service import set_status
from app.mapping.models import Assignment
from app.passback.service import queue_status


@dataclass(frozen=True)
class Outcome:
    """What recording an assessment, or releasing a decision, led to.

    `decision`: `None` while others are owed, or it was a recommendation. `award`: of
    the one who began; `None` while none is due, or the decision is not released yet.
    """

    decision: AttemptDecision | None
    award: Award | None


def record_and_settle(
    session: Session,
    submission: Submission,
    judgement: Judgement,
    *,
    grantor: Person,
    undo_for: timedelta,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> Outcome:
    """Record an assessment and what follows; without time to undo it, release it at once.

    Raises: as `service.record_assessment` and `release`.
    """
    assessment = record_assessment(session, submission, judgement, grantor=grantor, now=now)
    decision = settle(session, submission, assessment, undo_for=undo_for, now=now)
    if decision is None or undo_for:
        return Outcome(decision, None)
    return release(session, decision, vault=vault, base_url=base_url, now=now)


def release(
    session: Session,
    decision: AttemptDecision,
    *,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> Outcome:
    """Tell everybody what was decided: status, award if it falls due, gradebook.

    All of it is made durable by the caller's transaction, or none; neither the
    LMS nor anybody else is called here. Each author of a group's work is told by
    themselves, and earns an award of their own. Released twice, it is done once.

    Raises: as `awards.service.issue_if_due`.
    """
    submission = decision.submission
    lock_work(session, submission)
    session.refresh(decision)
    if decision.released_at is not None or decision.undone_at is not None:
        return Outcome(decision, None)
    group = list_group(session, submission)
    for each in group[1:]:
        lock_work(session, each)
    decision.released_at, decision.problem = now, None
    submission.decided_at = None
    _close_appeal(session, decision, now=now)
    session.flush()
    awards = [
        _release_to(session, each, decision, vault=vault, base_url=base_url, now=now)
        for each in group
    ]
    facts = {"decision": decision.id, "outcome": decision.decision.value}
    audit_deed(session, submission, decision.decider, "decision.released", facts, now=now)
    return Outcome(decision, awards[0])


def send_now(
    session: Session,
    submission: Submission,
    *,
    person: Person,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> Outcome:
    """Release a decision at once, for whoever made it; it can no longer be undone.

    Raises: `ConflictError` if no decision waits; `ForbiddenError` for anybody but
        the one who decided, and for them too once they have a conflict of
        interest; as `release`.
    """
    refuse_conflict(session, submission, person)
    lock_work(session, submission)
    decision = find_pending_decision(session, submission.id)
    if decision is None:
        raise ConflictError("No decision waits here: it has been sent, or undone.")
    if decision.decided_by != person.id:
        raise ForbiddenError("Only whoever recorded this decision can send it at once.")
    return release(session, decision, vault=vault, base_url=base_url, now=now)


def list_due(session: Session, *, now: datetime) -> Sequence[int]:
    """Return the ids of the decisions that it is time to release, longest due first."""
    return session.scalars(
        select(AttemptDecision.id)
        .where(
            AttemptDecision.release_at <= now,
            AttemptDecision.released_at.is_(None),
            AttemptDecision.undone_at.is_(None),
        )
        .order_by(AttemptDecision.release_at)
    ).all()


def tell_declined(
    session: Session, submission: Submission, decision: AttemptDecision, *, now: datetime
) -> None:
    """Tell each author again what was decided against them, such as when an appeal ends."""
    for each in list_group(session, submission):
        _decline(session, each, decision.assessment, decision.decider, now=now)


def _close_appeal(session: Session, decision: AttemptDecision, *, now: datetime) -> None:
    appeal = session.scalar(
        select(Appeal).where(
            Appeal.submission_id == decision.submission_id, Appeal.closed_at.is_(None)
        )
    )
    if appeal is not None:
        is_upheld = decision.decision is not Decision.NOT_MET
        appeal.outcome = AppealOutcome.UPHELD if is_upheld else AppealOutcome.DISMISSED
        appeal.closed_at = now


def _release_to(
    session: Session,
    submission: Submission,
    decision: AttemptDecision,
    *,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> Award | None:
    """Tell one author; return their award, if one is due."""
    assessment, grantor = decision.assessment, decision.decider
    if decision.decision is not Decision.MET:
        _decline(session, submission, assessment, grantor, now=now)
        return None
    version = submission.assignment.version
    reached = _find_reached(session, submission, now=now)
    award = issue_if_due(
        session,
        person=submission.learner,
        version=version,
        reached=reached,
        awarded_by=grantor.id,
        vault=vault,
        base_url=base_url,
        now=now,
    )
    if award is None:
        standing = stand(version.rule, version.criteria, reached)
        comment = workflow.comment_on_met(standing, version.name)
        points = _score(submission.assignment, decision.decision, assessment.points)
        _tell(session, submission, points, comment, grantor, now=now)
    else:
        address = award_address(base_url, award.public_id)
        comment = workflow.comment_on_award(version.achievement.level.name, address)
        _mark_awarded(session, submission, comment, grantor, now=now)
    return award


def _decline(
    session: Session,
    submission: Submission,
    assessment: Assessment,
    grantor: Person,
    *,
    now: datetime,
) -> None:
    decision = assessment.decision.value
    status = SubmissionStatus(workflow.STATUS_AFTER[decision])
    set_status(session, submission, status, now=now)
    begin_revision(session, submission, assessment.parts, now=now)
    comment = workflow.comment_on(decision, assessment.reason or "")
    points = _score(submission.assignment, assessment.decision, assessment.points)
    _tell(session, submission, points, comment, grantor, now=now)


def _find_reached(session: Session, submission: Submission, *, now: datetime) -> dict[int, int]:
    """Mark the submission met; return the levels that count towards the award with it."""
    set_status(session, submission, SubmissionStatus.MET, now=now)
    since = find_renewal_start(
        session,
        person_id=submission.learner_id,
        achievement_id=submission.achievement_id,
        now=now,
    )
    return find_reached_levels(
        session,
        learner_id=submission.learner_id,
        version=submission.assignment.version,
        since=since,
    )


def _mark_awarded(
    session: Session, submission: Submission, comment: str, grantor: Person, *, now: datetime
) -> None:
    """Mark all work that the learner met for this achievement; tell each of its columns."""
    met = session.scalars(
        select(Submission)
        .where(
            Submission.institution_id == submission.institution_id,
            Submission.learner_id == submission.learner_id,
            Submission.achievement_id == submission.achievement_id,
            Submission.status == SubmissionStatus.MET,
        )
        .options(selectinload(Submission.assignment))
        .order_by(Submission.id)
    ).all()
    earned = list_met_points(session, [work.id for work in met])
    for work in met:
        set_status(session, work, SubmissionStatus.AWARDED, now=now)
        points = _score(work.assignment, Decision.MET, earned[work.id])
        _tell(session, work, points, comment, grantor, now=now)


def _score(assignment: Assignment, decision: Decision, earned: int) -> int | None:
    return score(
        assignment.grade_rule.value, decision.value, earned=earned, possible=assignment.max_points
    )


def _tell(
    session: Session,
    submission: Submission,
    points: int | None,
    comment: str,
    grantor: Person,
    *,
    now: datetime,
) -> None:
    """Owe the gradebook the submission's status as it is now."""
    queue_status(
        session,
        submission.assignment,
        person_id=submission.learner_id,
        status=submission.status.value,
        points=points,
        comment=comment,
        occurred_at=now,
        submitted_at=submission.submitted_at,
        scored_by=grantor.id,
    )
