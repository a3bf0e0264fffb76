"""Who sees which assessments: blind to each other until all are in, and told is told.

What has been released is seen by everybody who may see the work. Before that,
where several grantors are needed, each sees their own alone, until all are in and
it can no longer be taken back: when the decision is released, or when they do not
agree and a moderator is to settle it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.assessment import workflow
from app.assessment.dialogue_models import Appeal
from app.assessment.models import Assessment, Capacity
from app.assessment.queries import read_said
from app.assessment.verdict import reach_verdict
from app.evidence.models import Submission
from app.evidence.service import current_attempt
from app.programme.models import AssessingRole
from app.programme.service import find_appointment


@dataclass(frozen=True)
class Viewer:
    """Somebody who looks at a work. `role`: as what they may assess it; `None`: not at all."""

    person_id: int
    role: AssessingRole | None


@dataclass(frozen=True)
class Seen:
    """The assessments of a work as one viewer may see them, each newest first.

    `told`: by which a decision was made that has been released. `current`: since
    then, as far as they are shown. `counted`: how many grantors' count so far,
    shown or not. `is_disputed`: those do not agree, and nobody has settled it.
    `is_blind`: what others do since then is not for this viewer to know yet.
    `decided`: when the last decision on an attempt was made that has been told, by
    attempt id. `appeal`: the one about the work, or `None`.
    """

    told: tuple[Assessment, ...]
    current: tuple[Assessment, ...]
    counted: int
    is_disputed: bool
    is_blind: bool
    decided: dict[int, datetime]
    appeal: Appeal | None

    @property
    def everything(self) -> list[Assessment]:
        """All that is shown."""
        return [*self.current, *self.told]


def find_viewer(
    session: Session, submission: Submission, person_id: int, *, now: datetime
) -> Viewer:
    """Return as what somebody looks at a work."""
    appointment = find_appointment(
        session,
        person_id=person_id,
        achievement_id=submission.achievement_id,
        course_id=submission.course_id,
        now=now,
    )
    return Viewer(person_id, appointment.role if appointment else None)


def see_assessments(session: Session, submission: Submission, viewer: Viewer) -> Seen:
    """Return what a viewer may see of the assessments of a work."""
    lead_id = submission.lead_id or submission.id
    needed = submission.assignment.version.grantors_needed
    said = read_said(session, lead_id)
    told = [each for each in said.assessments if _is_told(each, said.decided)]
    current = [each for each in said.assessments if each not in told]
    counted = _count(current, said.appeal)
    grantors = [each for each in counted if each.capacity is Capacity.GRANTOR]
    is_blind = _is_blind(viewer, grantors, needed=needed)
    return Seen(
        told=tuple(told),
        current=tuple(each for each in current if _is_shown(each, viewer, is_blind=is_blind)),
        counted=len(grantors),
        is_disputed=reach_verdict(counted, needed=needed).is_disputed,
        is_blind=is_blind and workflow.is_waiting(submission.status.value),
        decided=said.decided,
        appeal=said.appeal,
    )


def find_blind_since(session: Session, submission: Submission, viewer: Viewer) -> datetime | None:
    """Return since when a viewer may not know what others who assess did; `None`: they may.

    For pages that tell of deeds: who started, who recorded, who has it open.
    """
    seen = see_assessments(session, submission, viewer)
    if not seen.is_blind:
        return None
    return max([*seen.decided.values(), current_attempt(submission).created_at])


def _is_blind(viewer: Viewer, grantors: Sequence[Assessment], *, needed: int) -> bool:
    if viewer.role in {None, AssessingRole.ASSESSOR}:
        return True
    if needed == 1:
        return False
    is_involved = viewer.role is AssessingRole.MODERATOR or any(
        each.grantor_id == viewer.person_id for each in grantors
    )
    return not (is_involved and reach_verdict(grantors, needed=needed).is_disputed)


def _is_shown(assessment: Assessment, viewer: Viewer, *, is_blind: bool) -> bool:
    """Return whether a viewer sees an assessment that led to nothing that has been told yet."""
    if assessment.grantor_id == viewer.person_id:
        return True
    if assessment.capacity is Capacity.ASSESSOR:
        return viewer.role in {AssessingRole.GRANTOR, AssessingRole.MODERATOR}
    return not is_blind


def _is_told(assessment: Assessment, released: dict[int, datetime]) -> bool:
    decided_at = released.get(assessment.attempt_id)
    return decided_at is not None and assessment.assessed_at <= decided_at


def _count(current: Sequence[Assessment], appeal: Appeal | None) -> list[Assessment]:
    """Return those that count towards the next decision, first one first."""
    since = appeal.opened_at if appeal and appeal.closed_at is None else None
    newest = max((each.attempt.number for each in current), default=0)
    return [
        each
        for each in reversed(current)
        if each.capacity is not Capacity.ASSESSOR
        and each.attempt.number == newest
        and (since is None or each.assessed_at > since)
    ]
