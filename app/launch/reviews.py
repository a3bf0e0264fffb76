"""Which page opens one learner's submission, for whom: from a gradebook, or its grading view.

The platform says whose work it is; it does not say that the person who came
may see it. Real Moodle lets a student launch the review of somebody else's
work, so everything is decided here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.prepared import wire_of
from app.core.principal import STAFF, Role
from app.courses.arrivals import Arrival
from app.courses.models import LtiUser
from app.courses.service import find_enrolment
from app.evidence.service import find_submission
from app.launch import claims as rules
from app.launch.lookups import find_mapped_link
from app.launch.pylti import Launch
from app.launch.refusal import LaunchRefusedError, Mender
from app.mapping.history import UUID_KEY
from app.mapping.models import Assignment
from app.mapping.service import find_assignment_by_uuid
from app.passback.models import StatusColumn
from app.passback.references import PARAMETER, read_reference
from app.passback.service import reopen_parked
from app.programme.service import find_appointment, list_granted_achievement_ids


@dataclass(frozen=True)
class Opening:
    """An endpoint and the values of its address."""

    endpoint: str
    values: dict[str, Any]


def open_review(session: Session, launch: Launch, arrival: Arrival, *, now: datetime) -> Opening:
    """Return where a submission review launch leads.

    Raises: `LaunchRefusedError` if there is nothing for this person here.
    Source: LTI Submission Review 1.0, `for_user`.
    """
    user_id = rules.identifier(rules.part(launch.body, f"{rules.CLAIM}for_user").get("user_id"))
    learner_id = user_id and session.scalar(
        select(LtiUser.person_id).where(
            LtiUser.platform_id == launch.platform.id, LtiUser.sub == user_id
        )
    )
    assignment = _find_reviewed(session, launch, arrival)
    if assignment is None and _is_status_column(session, launch, arrival):
        raise LaunchRefusedError(
            "This column only repeats the credential's status. Open the work from the column of "
            "its assignment.",
            cause="review_of_status_column",
            mender=Mender.NOBODY,
            title="Nothing is assessed here",
        )
    if assignment is not None and arrival.role in STAFF:
        reopen_parked(session, assignment, now)
    return _open(session, arrival, assignment, learner_id or None, now=now)


def find_signed_reference(launch: Launch) -> str | None:
    """Return the reference to a submission in the launch's address, if there is one."""
    target = launch.body.get(f"{rules.CLAIM}target_link_uri")
    if not isinstance(target, str):
        return None
    named = parse_qs(urlsplit(target).query, keep_blank_values=True).get(PARAMETER)
    return named[0] if named else None


def open_signed(session: Session, reference: str, arrival: Arrival, *, now: datetime) -> Opening:
    """Return where a launch leads whose address names a submission, such as Canvas's SpeedGrader's.

    Raises: `LaunchRefusedError` if we did not sign it, or it is not for this course or person.
    """
    found = read_reference(current_app.extensions["assay.vault"], reference)
    if found is None:
        raise LaunchRefusedError(
            "The address of this submission is not complete. Open it from the gradebook again.",
            cause="submission_reference_forged",
            mender=Mender.YOU,
        )
    assignment_id, learner_id = found
    assignment = session.scalar(
        select(Assignment).where(
            Assignment.id == assignment_id, Assignment.course_id == arrival.course_id
        )
    )
    if assignment is None:
        raise LaunchRefusedError(
            "This submission belongs to another course. Open it from that course's gradebook.",
            cause="submission_of_another_course",
            mender=Mender.YOU,
        )
    return _open(session, arrival, assignment, learner_id, now=now)


def require_appointment(session: Session, arrival: Arrival, *, now: datetime) -> None:
    """Refuse somebody who is a grantor of nothing today.

    Raises: `LaunchRefusedError`.
    """
    if not list_granted_achievement_ids(session, arrival.person_id, now=now):
        raise LaunchRefusedError(
            "You are not appointed as a grantor. The right to assess comes from an appointment "
            "for a credential, not from a role in the course.",
            cause="grader_without_appointment",
            mender=Mender.PROGRAMME_ADMINISTRATOR,
            title="You may not assess here",
        )


def _open(
    session: Session,
    arrival: Arrival,
    assignment: Assignment | None,
    learner_id: int | None,
    *,
    now: datetime,
) -> Opening:
    role = arrival.role
    if role is Role.LEARNER and learner_id != arrival.person_id:
        raise LaunchRefusedError(
            "This is somebody else's work. You can only open your own.",
            cause="review_of_another_learner",
            mender=Mender.YOU,
        )
    if assignment is None or learner_id is None:
        raise _nothing_yet("review_of_nothing")
    submission = find_submission(session, assignment.id, learner_id)
    if submission is None and not _is_enrolled(session, arrival.course_id, learner_id):
        raise _nothing_yet("review_of_somebody_elsewhere")
    place = {"course_id": arrival.course_id, "assignment_id": assignment.id}
    if role is Role.LEARNER:
        return Opening("evidence.work", place)
    if (
        submission is not None
        and submission.submitted_at is not None
        and learner_id != arrival.person_id
        and find_appointment(
            session,
            person_id=arrival.person_id,
            achievement_id=submission.achievement_id,
            course_id=submission.course_id,
            now=now,
        )
    ):
        return Opening("assessment.assess", {"submission_id": submission.id, "from_review": 1})
    if role in STAFF:
        return Opening("assessment.read", {**place, "person_id": learner_id, "from_review": 1})
    require_appointment(session, arrival, now=now)
    if submission is None or submission.submitted_at is None:
        raise _nothing_yet("review_of_nothing")
    raise LaunchRefusedError(
        "You are not a grantor of the credential that this work is for.",
        cause="review_without_appointment",
        mender=Mender.PROGRAMME_ADMINISTRATOR,
        title="You may not assess here",
    )


def _find_reviewed(session: Session, launch: Launch, arrival: Arrival) -> Assignment | None:
    """Find what is reviewed: by the link, else by the gradebook column, else by our own name of it.

    A review launch moves no address and binds no link: its column may be
    another one than the activity's own.
    """
    mapped = find_mapped_link(wire_of(session), arrival.link_pk) if arrival.link_pk else None
    if mapped is not None:
        return session.get(Assignment, mapped.assignment_id)
    lineitem_url = rules.web_address(rules.part(launch.body, rules.AGS).get("lineitem"))
    if lineitem_url is not None:
        by_column = session.scalars(
            select(Assignment).where(
                Assignment.course_id == arrival.course_id,
                Assignment.lineitem_url == lineitem_url,
            )
        ).all()
        if len(by_column) == 1:
            return by_column[0]
    custom = rules.part(launch.body, f"{rules.CLAIM}custom")
    uuid = rules.value(custom.get(UUID_KEY), max_length=36)
    return find_assignment_by_uuid(session, uuid, course_id=arrival.course_id) if uuid else None


def _is_status_column(session: Session, launch: Launch, arrival: Arrival) -> bool:
    lineitem_url = rules.web_address(rules.part(launch.body, rules.AGS).get("lineitem"))
    found = select(StatusColumn.id).where(
        StatusColumn.course_id == arrival.course_id, StatusColumn.lineitem_url == lineitem_url
    )
    return lineitem_url is not None and session.scalar(found) is not None


def _is_enrolled(session: Session, course_id: int, person_id: int) -> bool:
    found = find_enrolment(session, course_id=course_id, person_id=person_id)
    return found is not None and found.role is Role.LEARNER


def _nothing_yet(cause: str) -> LaunchRefusedError:
    return LaunchRefusedError(
        "Nothing has been handed in here yet. Come back when it has.",
        cause=cause,
        mender=Mender.NOBODY,
        title="Nothing to see yet",
    )
