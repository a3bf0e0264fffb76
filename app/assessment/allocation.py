"""Who is given work to assess: by load, by hand-over, by taking it over."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.assessment.absences import list_absent
from app.assessment.allocating_ends import end_allocations, list_running
from app.assessment.conflicts import has_conflict
from app.assessment.desk_models import Allocation, AllocationEnd
from app.assessment.models import Assessment, Capacity
from app.assessment.service import audit_deed, check_grantor, lock_work
from app.assessment.verdict import find_verdict
from app.assessment.workflow import WAITING, refuse_unless_waiting
from app.core import audit
from app.core.errors import ConflictError, ForbiddenError, InvalidError
from app.courses.models import Person
from app.courses.reach import find_reaching_staffing, is_same_person
from app.evidence.models import Submission
from app.evidence.service import current_attempt
from app.programme.models import AssessingRole
from app.programme.service import find_appointment

MAX_NOTE = 1000
BY_LOAD = "job:allocate"
MOVED_ON = "{name} already has this work, or no longer has it. Load the page again."


def allocate(session: Session, submission: Submission, *, now: datetime) -> list[Allocation]:
    """Give a submission to as many as are owed, by load; return what was given anew.

    To grantors as many as still have to assess, and, where assessors are appointed, to
    one of them until somebody has recommended; a dispute to a moderator. The one with
    the fewest running allocations gets it; of several, who has waited longest for one.
    With too few who may, fewer get it, and the next turn tries again.
    """
    lock_work(session, submission)
    if not _waits(submission):
        return []
    candidates = list_candidates(session, submission, now=now)
    running = {each.person_id for each in list_running(session, submission)}
    roles = {person.id: role for person, role in candidates}
    given: list[Allocation] = []
    for wanted, owed in _list_owed(session, submission, roles):
        held = sum(roles.get(person_id) in wanted for person_id in running)
        pool = [
            person for person, role in candidates if role in wanted and person.id not in running
        ]
        for person in by_load(session, pool)[: max(owed - held, 0)]:
            given.append(_give(session, submission, person, by=None, note="", now=now))
            running.add(person.id)
    return given


def list_candidates(
    session: Session, submission: Submission, *, now: datetime
) -> list[tuple[Person, AssessingRole]]:
    """Return who may be given a submission now, and as what.

    Appointed for its achievement in its course, with a way to it (`courses/reach.py`),
    without a conflict of interest, not absent, and without an assessment of the newest
    attempt that counts.
    """
    staffing = find_reaching_staffing(
        session, submission.achievement_id, needed=1, course_id=submission.course_id, now=now
    )
    absent = list_absent(session, [person.id for person in staffing.people], now=now)
    done = _list_done(session, submission)
    found = []
    for person in staffing.people:
        if person.id in absent or person.id in done:
            continue
        if _is_in_conflict(session, submission, person):
            continue
        appointment = find_appointment(
            session,
            person_id=person.id,
            achievement_id=submission.achievement_id,
            course_id=submission.course_id,
            now=now,
        )
        if appointment is not None:
            found.append((person, appointment.role))
    return found


def by_load(session: Session, people: Sequence[Person]) -> list[Person]:
    """Return people by how much they have: the fewest first; of several, longest without."""
    ids = [person.id for person in people]
    running = dict(
        session.execute(
            select(Allocation.person_id, func.count())
            .where(Allocation.person_id.in_(ids), Allocation.ended_at.is_(None))
            .group_by(Allocation.person_id)
        ).all()
    )
    last = dict(
        session.execute(
            select(Allocation.person_id, func.max(Allocation.id))
            .where(Allocation.person_id.in_(ids))
            .group_by(Allocation.person_id)
        ).all()
    )
    return sorted(people, key=lambda each: (running.get(each.id, 0), last.get(each.id, 0), each.id))


def hand_over(
    session: Session,
    submission: Submission,
    *,
    giver: Person,
    receiver_id: int,
    note: str,
    now: datetime,
) -> Allocation:
    """Give work that somebody has to another who may assess it; both see the note.

    Raises: as `service.check_grantor`; `ForbiddenError` if it is not theirs to give;
        `InvalidError` for a receiver who may not have it, or too long a note.
    """
    check_grantor(session, submission, giver, now=now)
    lock_work(session, submission)
    refuse_unless_waiting(submission.status.value, is_decided=submission.decided_at is not None)
    running = list_running(session, submission)
    if giver.id not in {each.person_id for each in running} and submission.assessor_id != giver.id:
        raise ForbiddenError("You can hand over only what you have: start on it, or take it over.")
    if receiver_id == giver.id:
        raise InvalidError("You have this work already. Choose somebody else.")
    if len(note) > MAX_NOTE:
        raise InvalidError(f"A note may have {MAX_NOTE} characters at most.")
    receivers = list_receivers(session, submission, giver=giver, now=now)
    receiver = next((each for each in receivers if each.id == receiver_id), None)
    if receiver is None:
        raise InvalidError(
            "This person cannot be given this work: they have it already or have assessed it, are "
            "away, have a conflict of interest, are not appointed for it in this course, or have "
            "no way to it from where they work."
        )
    end_allocations(session, submission, giver, AllocationEnd.HANDED_OVER, now)
    if submission.assessor_id == giver.id:
        submission.assessor_id = submission.assessment_started_at = None
    given = _give(session, submission, receiver, by=giver, note=note.strip(), now=now)
    facts = {"from": giver.id, "to": receiver.id, "allocation": given.id}
    audit_deed(session, submission, giver, "allocation.handed_over", facts, now=now)
    return given


def list_receivers(
    session: Session, submission: Submission, *, giver: Person, now: datetime
) -> list[Person]:
    """Return to whom somebody may hand a work over.

    Whoever may have it, has it not, and is not the giver, nor the giver again under the
    same e-mail in another LMS.
    """
    held = {each.person_id for each in list_running(session, submission)}
    return [
        person
        for person, _role in list_candidates(session, submission, now=now)
        if person.id not in held and not is_same_person(giver, person)
    ]


def replace_holder(
    session: Session, submission: Submission, giver: Person, *, now: datetime
) -> Allocation | None:
    """Give what somebody has to another in the same role, by load; `None` if there is nobody."""
    lock_work(session, submission)
    held = {each.person_id for each in list_running(session, submission)}
    if giver.id not in held or not _waits(submission) or submission.assessor_id == giver.id:
        return None
    is_assessor = _is_assessor(session, submission, giver, now=now)
    pool = [
        person
        for person, role in list_candidates(session, submission, now=now)
        if person.id not in held and (role is AssessingRole.ASSESSOR) == is_assessor
    ]
    if not pool:
        return None
    end_allocations(session, submission, giver, AllocationEnd.HANDED_OVER, now)
    receiver = by_load(session, pool)[0]
    given = _give(session, submission, receiver, by=giver, note="", now=now)
    facts = {"from": giver.id, "to": receiver.id, "allocation": given.id}
    audit_deed(session, submission, giver, "allocation.handed_over", facts, now=now)
    return given


def take_over(
    session: Session, submission: Submission, *, taker: Person, now: datetime
) -> Allocation:
    """Take work that others have been given; one of them has it no longer.

    That is the one who has had it for longest and has not started, if there is such.

    Raises: as `service.check_grantor`; `ConflictError` if nobody else has it.
    """
    check_grantor(session, submission, taker, now=now)
    lock_work(session, submission)
    refuse_unless_waiting(submission.status.value, is_decided=submission.decided_at is not None)
    running = list_running(session, submission)
    if not running or taker.id in {each.person_id for each in running}:
        raise ConflictError("This work is allocated to nobody else now. Load the page again.")
    left = min(running, key=lambda each: (each.person_id == submission.assessor_id, each.id))
    end_allocations(session, submission, left.person, AllocationEnd.HANDED_OVER, now)
    if submission.assessor_id == left.person_id:
        submission.assessor_id = submission.assessment_started_at = None
    taken = _give(session, submission, taker, by=taker, note="", now=now)
    facts = {"from": left.person_id, "to": taker.id, "allocation": taken.id}
    audit_deed(session, submission, taker, "allocation.taken_over", facts, now=now)
    return taken


def _waits(submission: Submission) -> bool:
    return submission.status.value in WAITING and submission.decided_at is None


def _list_owed(
    session: Session, submission: Submission, roles: dict[int, AssessingRole]
) -> list[tuple[Collection[AssessingRole], int]]:
    """Return how many of which roles still have to assess."""
    verdict = find_verdict(session, submission)
    if verdict.is_disputed:
        return [({AssessingRole.MODERATOR}, 1)]
    owed: list[tuple[Collection[AssessingRole], int]] = [
        ({AssessingRole.GRANTOR, AssessingRole.MODERATOR}, verdict.missing)
    ]
    if AssessingRole.ASSESSOR in roles.values() and not _is_recommended(session, submission):
        owed.append(({AssessingRole.ASSESSOR}, 1))
    return owed


def _list_done(session: Session, submission: Submission) -> set[int]:
    return set(
        session.scalars(
            select(Assessment.grantor_id).where(
                Assessment.attempt_id == current_attempt(submission).id,
                Assessment.undone_at.is_(None),
            )
        )
    )


def _is_assessor(
    session: Session, submission: Submission, person: Person, *, now: datetime
) -> bool:
    appointment = find_appointment(
        session,
        person_id=person.id,
        achievement_id=submission.achievement_id,
        course_id=submission.course_id,
        now=now,
    )
    return appointment is not None and appointment.role is AssessingRole.ASSESSOR


def _is_recommended(session: Session, submission: Submission) -> bool:
    return (
        session.scalar(
            select(Assessment.id)
            .where(
                Assessment.attempt_id == current_attempt(submission).id,
                Assessment.capacity == Capacity.ASSESSOR,
                Assessment.undone_at.is_(None),
            )
            .limit(1)
        )
        is not None
    )


def _is_in_conflict(session: Session, submission: Submission, person: Person) -> bool:
    return bool(
        session.scalar(
            select(Submission.id).where(Submission.id == submission.id, has_conflict(person.id))
        )
    )


def _give(
    session: Session,
    submission: Submission,
    person: Person,
    *,
    by: Person | None,
    note: str,
    now: datetime,
) -> Allocation:
    allocation = Allocation(
        institution_id=submission.institution_id,
        submission_id=submission.id,
        person_id=person.id,
        allocated_by=by.id if by else None,
        allocated_at=now,
        note=note,
    )
    session.add(allocation)
    try:
        session.flush()
    except IntegrityError as error:  # the unique key is the net below the lock
        raise ConflictError(MOVED_ON.format(name=person.display_name)) from error
    audit.record(
        session,
        submission.institution_id,
        actor=f"person:{by.id}" if by else BY_LOAD,
        action="allocation.given",
        subject=f"submission:{submission.id}",
        facts={"allocation": allocation.id, "person": person.id},
        now=now,
    )
    return allocation
