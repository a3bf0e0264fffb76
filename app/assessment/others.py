"""What others said of a work, as far as whoever assesses it now may know: for the workbench."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.assessment.agreement import Agreement, compare_assessments
from app.assessment.dialogue_models import Appeal
from app.assessment.models import Assessment, Capacity
from app.assessment.seeing import Seen, Viewer, see_assessments
from app.courses.models import Person
from app.courses.reach import find_reaching_staffing
from app.evidence.models import Submission
from app.programme.models import AssessingRole, GrantorAppointment


@dataclass(frozen=True)
class Others:
    """The place of one person among those who assess a work.

    `needed`, `counted`: how many grantors must agree, and how many have assessed.
    `own`: what this person recorded since the last decision that was told.
    `recommendations`: of assessors. `records`: of grantors, once all are in.
    `earlier`: by which was decided before. `agreement`: of the records.
    `moderators`: whom to ask where they do not agree; not those who disagree.
    `appeal`: the learner's, open or closed; or `None`.
    """

    role: AssessingRole
    needed: int
    counted: int
    own: Assessment | None
    recommendations: tuple[Assessment, ...]
    records: tuple[Assessment, ...]
    earlier: tuple[Assessment, ...]
    is_disputed: bool
    agreement: Agreement | None
    moderators: tuple[Person, ...]
    appeal: Appeal | None

    @property
    def only_recommends(self) -> bool:
        """Whether this person recommends, rather than decides."""
        return self.role is AssessingRole.ASSESSOR

    @property
    def is_blind(self) -> bool:
        """Whether several are needed, and this person is not to know what the others say."""
        return self.needed > 1 and not self.records

    @property
    def may_settle(self) -> bool:
        """Whether this person is the moderator whom the dispute waits for."""
        is_moderator = self.role is AssessingRole.MODERATOR
        return self.is_disputed and is_moderator and self.own is None

    @property
    def may_assess(self) -> bool:
        """Whether it is this person's turn: they have not assessed, or may settle."""
        return self.may_settle if self.is_disputed else self.own is None


def describe_others(
    session: Session, submission: Submission, appointment: GrantorAppointment, *, now: datetime
) -> Others:
    """Return what somebody who is appointed may know of the others."""
    viewer = Viewer(appointment.person_id, appointment.role)
    seen = see_assessments(session, submission, viewer)
    own = next((each for each in seen.current if each.grantor_id == viewer.person_id), None)
    records = [each for each in reversed(seen.current) if each.capacity is not Capacity.ASSESSOR]
    is_open = not seen.is_blind and len(records) > 1
    return Others(
        role=appointment.role,
        needed=submission.assignment.version.grantors_needed,
        counted=seen.counted,
        own=own,
        recommendations=tuple(
            each for each in seen.current if each.capacity is Capacity.ASSESSOR and each is not own
        ),
        records=tuple(records) if is_open else (),
        earlier=seen.told,
        is_disputed=seen.is_disputed,
        agreement=compare_assessments(records) if is_open else None,
        moderators=_list_moderators(session, submission, seen, now=now),
        appeal=seen.appeal,
    )


def _list_moderators(
    session: Session, submission: Submission, seen: Seen, *, now: datetime
) -> tuple[Person, ...]:
    """Return who may settle a dispute; nobody while there is none."""
    if not seen.is_disputed:
        return ()
    staffing = find_reaching_staffing(
        session,
        submission.achievement_id,
        needed=submission.assignment.version.grantors_needed,
        course_id=submission.course_id,
        now=now,
    )
    disputants = {each.grantor_id for each in seen.current}
    return tuple(person for person in staffing.moderators if person.id not in disputants)
