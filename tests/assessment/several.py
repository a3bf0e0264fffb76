"""Plain makers: several who assess, groups, and what each of them records."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assessment.appeals import open_appeal
from app.assessment.models import Decision
from app.assessment.recording import Judgement
from app.assessment.releasing import Outcome, record_and_settle
from app.catalog.models import AchievementVersion
from app.core.principal import Role
from app.courses.models import Person
from app.evidence.models import Submission
from app.mapping.models import Assignment
from app.programme.models import AssessingRole, GrantorAppointment
from tests import factories
from tests.assessment.work import hand_in, ratings

ASSESSOR, GRANTOR, MODERATOR = AssessingRole
TEN_MINUTES = timedelta(minutes=10)


def url(submission: Submission, part: str = "") -> str:
    return f"/assessment/submissions/{submission.id}{part}"


def needs(
    session: Session, version: AchievementVersion, grantors: int, *, anonymous: bool = False
) -> None:
    """Say how many grantors must agree, and whether they know whose work it is."""
    version.grantors_needed, version.is_anonymous = grantors, anonymous
    session.commit()


def appoint(
    session: Session, person: Person, version: AchievementVersion, role: AssessingRole
) -> GrantorAppointment:
    """Appoint somebody, or change as what they are appointed."""
    standing = session.scalar(
        select(GrantorAppointment).where(
            GrantorAppointment.person_id == person.id,
            GrantorAppointment.achievement_id == version.achievement_id,
        )
    )
    appointment = standing or factories.appoint(session, person, version)
    appointment.role = role
    session.commit()
    return appointment


def record(
    session: Session,
    app: Flask,
    submission: Submission,
    person: Person,
    *steps: str,
    undo_for: timedelta = timedelta(0),
    now: datetime | None = None,
    **changes: Any,
) -> Outcome:
    """Record what somebody says: one step per criterion (`best` of all, if none is named)."""
    steps = steps or ("best",) * len(submission.assignment.criteria)
    facts: dict[str, Any] = {
        "attempt_id": submission.attempts[-1].id,
        "ratings": ratings(submission, *steps),
        "decision": Decision.MET,
        "states_no_conflict": True,
        **changes,
    }
    if facts["decision"] is not Decision.MET:
        facts.setdefault("reason", f"{person.name} says no.")
    outcome = record_and_settle(
        session,
        submission,
        Judgement(**facts),
        grantor=person,
        undo_for=undo_for,
        vault=app.extensions["assay.vault"],
        base_url="https://tool.test",
        now=now or datetime.now(UTC),
    )
    session.commit()
    return outcome


def join(session: Session, lead: Submission, person: Person) -> Submission:
    """Make a person one of those who handed a work in together."""
    joined = Submission(
        institution_id=lead.institution_id,
        course_id=lead.course_id,
        assignment_id=lead.assignment_id,
        achievement_id=lead.achievement_id,
        learner_id=person.id,
        lead_id=lead.id,
        status=lead.status,
        status_changed_at=lead.status_changed_at,
        submitted_at=lead.submitted_at,
        created_at=lead.created_at,
    )
    session.add(joined)
    session.commit()
    return joined


def recommended_declined_appealed(
    session: Session, app: Flask, world: factories.World
) -> Submission:
    """Make work that was recommended, then not met, and against which the learner appealed."""
    assignment = factories.make_assignment(session, world.course, world.level_1, link=None)
    session.commit()
    work = hand_in(session, assignment, world.learner)
    adviser = factories.make_person(session, world.course, Role.GRADER, "Ada Assessor")
    appoint(session, adviser, world.level_1, ASSESSOR)
    record(session, app, work, adviser, reason="Between assessors")
    not_met = {"decision": Decision.NOT_MET, "reason": "Told"}
    record(session, app, work, world.second_grantor, "below", "below", **not_met)
    open_appeal(session, work, person=world.learner, reason="Look again", now=datetime.now(UTC))
    session.commit()
    return work


def by_halves(session: Session, world: factories.World) -> tuple[Assignment, Assignment]:
    """Make two assignments, each of which shows one of the badge's two criteria."""
    one, two = (
        factories.make_assignment(
            session, world.course, world.level_1, link=None, criterion_positions=(position,)
        )
        for position in (0, 1)
    )
    session.commit()
    return one, two


def at_once(*deeds: Callable[[], Any]) -> list[BaseException]:
    """Do several things at the same moment; return what went wrong."""
    ready, wrong = threading.Barrier(len(deeds)), []

    def do(deed: Callable[[], Any]) -> None:
        ready.wait()
        try:
            deed()
        except Exception as error:  # noqa: BLE001 (the test looks at it)
            wrong.append(error)

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def again(session: Session, *rows: Any) -> None:
    """See what the program committed."""
    session.rollback()
    session.expire_all()


__all__ = ["hand_in"]
