"""All that the workbench shows of one submission, read with few queries. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from app.assessment import workflow
from app.assessment.conflicts import has_conflict
from app.assessment.desk_models import AssessmentDraft
from app.assessment.drafts import list_drafts_of
from app.assessment.others import Others, describe_others
from app.assessment.presence import Other, list_others
from app.assessment.service import check_grantor
from app.catalog.models import Achievement, AchievementVersion, Criterion
from app.core.errors import ConflictError, NotFoundError
from app.core.principal import Principal
from app.courses.service import get_person
from app.evidence.models import Attempt, Submission
from app.evidence.service import current_attempt
from app.mapping.models import Assignment
from app.programme.models import GrantorAppointment
from app.programme.service import find_appointment


@dataclass(frozen=True)
class Bench:
    """A submission on somebody's desk.

    `attempt`: what counts now; `None` if nothing was handed in, or it was taken back.
    """

    submission: Submission
    appointment: GrantorAppointment
    attempt: Attempt | None

    @property
    def assignment(self) -> Assignment:
        """The assignment that it was handed in for, with its rubric."""
        return self.submission.assignment

    @property
    def newest_attempt(self) -> Attempt:
        """What counts now, or the last one that did.

        Raises: `ConflictError` if there is none.
        """
        if not self.submission.attempts:
            raise ConflictError("Nothing has been handed in here.")
        return self.attempt or self.submission.attempts[-1]

    @property
    def is_blind(self) -> bool:
        """Whether those who assess must not know of each other until all have recorded."""
        return self.assignment.version.grantors_needed > 1

    @property
    def is_waiting(self) -> bool:
        """Whether it can be assessed now."""
        return (
            workflow.is_waiting(self.submission.status.value)
            and self.submission.decided_at is None
            and self.attempt is not None
        )


@dataclass(frozen=True)
class Desk:
    """What lies beside the rubric.

    `draft`: of the attempt that counts. `older_draft`: of one before it, that was
    never recorded; `None` if there is none. `others`: what this person may know of
    what others said, and whose turn it is. `present`: who else has it open.
    """

    draft: AssessmentDraft | None
    older_draft: AssessmentDraft | None
    others: Others
    present: Sequence[Other]


def open_bench(session: Session, submission_id: int, grantor: Principal, *, now: datetime) -> Bench:
    """Return a submission that somebody may assess, with all of its work and its rubric.

    By the number of any of a group's: it is that of whoever began, with what bars from it.
    Raises: as `service.check_grantor`.
    """
    criteria = AchievementVersion.criteria
    assignment = joinedload(Submission.assignment)
    version = assignment.joinedload(Assignment.version)
    asked = aliased(Submission)
    lead_id = (
        select(func.coalesce(asked.lead_id, asked.id))
        .where(asked.id == submission_id)
        .scalar_subquery()
    )
    found = (
        session.execute(
            select(Submission, has_conflict(grantor.person_id))
            .where(Submission.id == lead_id, Submission.institution_id == grantor.institution_id)
            .options(
                joinedload(Submission.learner),
                joinedload(Submission.assessor),
                assignment.joinedload(Assignment.course),
                version.joinedload(AchievementVersion.achievement).joinedload(Achievement.level),
                version.selectinload(criteria).joinedload(Criterion.rubric_levels),
                # The levels with both: whichever is read last must not leave the criteria without.
                assignment.joinedload(Assignment.criteria).joinedload(Criterion.rubric_levels),
                selectinload(Submission.attempts).joinedload(Attempt.artifacts),
            )
            .execution_options(populate_existing=True)
        )
        .unique()
        .one_or_none()
    )
    if found is None:
        raise NotFoundError("There is no such submission.")
    submission, is_barred = found
    appointment = find_appointment(
        session,
        person_id=grantor.person_id,
        achievement_id=submission.achievement_id,
        course_id=submission.course_id,
        now=now,
    )
    if appointment is None or is_barred:
        # The whole question, which also has the words for a refusal.
        person = get_person(session, grantor.person_id, institution_id=grantor.institution_id)
        appointment = check_grantor(session, submission, person, now=now)
    return Bench(submission, appointment, _find_attempt(submission))


def read_desk(session: Session, bench: Bench, grantor: Principal, *, now: datetime) -> Desk:
    """Return what lies beside the rubric of a submission that waits."""
    attempt_id = bench.attempt.id if bench.attempt else None
    drafts = list_drafts_of(session, bench.submission.id, grantor.person_id)
    return Desk(
        draft=next((each for each in drafts if each.attempt_id == attempt_id), None),
        older_draft=next((each for each in drafts if each.attempt_id != attempt_id), None),
        others=describe_others(session, bench.submission, bench.appointment, now=now),
        present=list_others(
            session,
            bench.submission,
            person_id=grantor.person_id,
            is_blind=bench.is_blind,
            now=now,
        ),
    )


def refuse_if_moved_on(bench: Bench, attempt_id: int | None) -> None:
    """Refuse to go on with what was filled in about work that has changed since.

    `attempt_id`: the attempt that was on the page; `None` if it did not say.
    Raises: `ConflictError`, saying what has happened.
    """
    submission = bench.submission
    is_withdrawn = any(each.withdrawn_at for each in submission.attempts)
    if is_withdrawn and bench.attempt is None:
        raise ConflictError(
            "The learner has taken this work back before it was assessed. Nothing was recorded."
        )
    workflow.refuse_unless_waiting(
        submission.status.value, is_decided=submission.decided_at is not None
    )
    if current_attempt(submission).id != attempt_id and attempt_id is not None:
        raise ConflictError(workflow.NEWER_WORK)


def _find_attempt(submission: Submission) -> Attempt | None:
    return next((each for each in reversed(submission.attempts) if each.counts), None)
