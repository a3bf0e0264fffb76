"""Appointments: from when to when somebody may assess, and nothing else."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.courses.models import Person
from app.programme.models import GrantorAppointment
from app.programme.service import (
    appoint_grantor,
    change_appointment,
    end_appointment,
    find_appointment,
    get_appointment,
    list_appointments,
    list_granted_achievement_ids,
    list_grantors,
)
from tests.factories import NOON, World, make_course, make_institution, make_platform

DAY = timedelta(days=1)


def appoint(session: Session, world: World, person: Person, **facts: Any) -> GrantorAppointment:
    said = {"starts_at": None, "ends_at": None, "trained_on": None, "now": NOON}
    return appoint_grantor(
        session,
        world.institution.id,
        achievement_id=world.level_1.achievement_id,
        person_id=person.id,
        actor="command:test",
        **(said | facts),
    )


def may_assess(session: Session, world: World, person: Person, now: datetime) -> bool:
    achievement_id = world.level_1.achievement_id
    course_id = world.course.id
    found = find_appointment(
        session, person_id=person.id, achievement_id=achievement_id, course_id=course_id, now=now
    )
    granted = list_granted_achievement_ids(session, person.id, now=now)
    listed = person in list_grantors(session, achievement_id, course_id=course_id, now=now)
    assert (found is not None) is (achievement_id in granted) is listed, "all three ways agree"
    return listed


def test_an_appointment_begins_and_ends_at_its_moments(session: Session, world: World) -> None:
    appoint(session, world, world.grader, starts_at=NOON, ends_at=NOON + DAY)

    moments = [NOON - timedelta(seconds=1), NOON, NOON + DAY - timedelta(seconds=1), NOON + DAY]
    rights = [may_assess(session, world, world.grader, now) for now in moments]

    assert rights == [False, True, True, False]


def test_without_dates_it_begins_now_and_has_no_end(session: Session, world: World) -> None:
    appointment = appoint(session, world, world.grader)

    assert (appointment.starts_at, appointment.ends_at) == (NOON, None)
    assert may_assess(session, world, world.grader, NOON + 3650 * DAY)


def test_it_is_for_one_achievement(session: Session, world: World) -> None:
    appoint(session, world, world.grader)

    granted = list_granted_achievement_ids(session, world.grader.id, now=NOON)

    assert granted == {world.level_1.achievement_id}


def test_appointing_twice_is_the_same_appointment(session: Session, world: World) -> None:
    first = appoint(session, world, world.grader)
    entries = session.scalar(select(func.count(AuditEntry.id)))

    again = appoint(session, world, world.grader, now=NOON + DAY)

    assert again is first
    assert first.starts_at == NOON
    assert session.scalar(select(func.count(AuditEntry.id))) == entries


def test_appointing_again_changes_only_what_is_said(session: Session, world: World) -> None:
    first = appoint(session, world, world.grader, trained_on=NOON - DAY)

    again = appoint(session, world, world.grader, ends_at=NOON + 2 * DAY, now=NOON + DAY)

    assert again is first
    assert (first.starts_at, first.ends_at, first.trained_on) == (NOON, NOON + 2 * DAY, NOON - DAY)
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert entry.action == "grantor.changed"
    assert set(entry.facts) == {
        *("achievement", "person", "role", "courses", "starts_at", "ends_at", "trained_on")
    }


def test_the_right_stops_when_the_appointment_is_ended(session: Session, world: World) -> None:
    appointment = appoint(session, world, world.grader)

    end_appointment(session, appointment, actor="command:test", now=NOON + DAY)

    assert may_assess(session, world, world.grader, NOON + DAY - timedelta(seconds=1))
    assert not may_assess(session, world, world.grader, NOON + DAY)
    with pytest.raises(ConflictError, match="ended already"):
        end_appointment(session, appointment, actor="command:test", now=NOON + DAY)


def test_after_an_end_a_new_appointment_is_made(session: Session, world: World) -> None:
    first = appoint(session, world, world.grader)
    end_appointment(session, first, actor="command:test", now=NOON + DAY)

    second = appoint(session, world, world.grader, now=NOON + 2 * DAY)

    assert second is not first
    assert first.ends_at == NOON + DAY
    everybody = list_appointments(session, world.institution.id)
    assert [item for item in everybody if item.person_id == world.grader.id] == [first, second]


def test_an_appointment_that_ends_before_it_starts_is_refused(
    session: Session, world: World
) -> None:
    with pytest.raises(InvalidError, match="end before it starts"):
        appoint(session, world, world.grader, starts_at=NOON, ends_at=NOON)


def test_an_appointment_of_another_institution_is_not_seen(session: Session, world: World) -> None:
    appointment = appoint(session, world, world.grader)
    other = make_institution(session, "other")

    with pytest.raises(NotFoundError):
        get_appointment(session, appointment.id, institution_id=other.id)
    assert list_appointments(session, other.id) == []


def test_an_appointment_for_one_course_gives_no_right_in_another(
    session: Session, world: World
) -> None:
    other = make_course(session, world.deployment, "course-2", "Statistics")
    appoint(session, world, world.grader, courses=[world.course])

    here, there = (
        find_appointment(
            session,
            person_id=world.grader.id,
            achievement_id=world.level_1.achievement_id,
            course_id=course.id,
            now=NOON,
        )
        for course in (world.course, other)
    )

    assert here is not None
    assert there is None
    listed = list_grantors(session, world.level_1.achievement_id, course_id=other.id, now=NOON)
    assert world.grader not in listed
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert entry.facts["courses"] == [world.course.id]


def test_a_scope_names_a_course_and_one_of_the_institution(session: Session, world: World) -> None:
    elsewhere = make_institution(session, "elsewhere")
    _platform, deployment = make_platform(session, elsewhere, "https://elsewhere.test")
    foreign = make_course(session, deployment, "course-9")

    for courses, words in (([], "at least one course"), ([foreign], "not known")):
        with pytest.raises(InvalidError, match=words):
            appoint(session, world, world.grader, courses=courses)


def test_a_changed_scope_counts_at_once_and_an_ended_one_stays_as_it_was(
    session: Session, world: World
) -> None:
    other = make_course(session, world.deployment, "course-2", "Statistics")
    appointment = appoint(session, world, world.grader)
    facts = {"starts_at": NOON, "ends_at": None, "trained_on": None, "note": "Trained."}

    change_appointment(session, appointment, courses=[other], actor="person:1", now=NOON, **facts)

    assert not may_assess_here(session, world, world.grader)
    end_appointment(session, appointment, actor="person:1", now=NOON)
    with pytest.raises(ConflictError, match="has ended"):
        change_appointment(session, appointment, courses=None, actor="person:1", now=NOON, **facts)


def may_assess_here(session: Session, world: World, person: Person) -> bool:
    found = find_appointment(
        session,
        person_id=person.id,
        achievement_id=world.level_1.achievement_id,
        course_id=world.course.id,
        now=NOON,
    )
    return found is not None
