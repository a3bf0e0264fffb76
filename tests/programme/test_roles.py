"""Assessors recommend, grantors decide, moderators settle: what appointments say and give."""

import json

import pytest
from sqlalchemy import select

from app.awards.souvenirs import Giver, may_give
from app.core.audit import AuditEntry
from app.programme.appointments import list_running
from app.programme.models import AssessingRole, GrantorAppointment
from app.programme.service import (
    appoint_grantor,
    find_appointment,
    find_staffing,
    list_granted_in,
    list_grantors,
)
from tests.campus import make_administrator
from tests.factories import NOON
from tests.staff.test_grantor_pages import appoint_url, terms

ASSESSOR, GRANTOR, MODERATOR = AssessingRole


def appoint(session, person, version, role=None):
    return appoint_grantor(
        session,
        person.institution_id,
        achievement_id=version.achievement_id,
        person_id=person.id,
        starts_at=None,
        ends_at=None,
        trained_on=None,
        role=role,
        actor="test",
        now=NOON,
    )


def staffing(session, world, needed):
    return find_staffing(
        session,
        world.level_1.achievement_id,
        needed=needed,
        course_id=world.course.id,
        now=NOON,
    )


def test_without_a_word_somebody_is_a_grantor_and_keeps_their_role(session, world):
    new = appoint(session, world.grader, world.level_1)
    changed = appoint(session, world.grader, world.level_1, MODERATOR)
    kept = appoint(session, world.grader, world.level_1)

    assert new is changed is kept
    assert kept.role is MODERATOR
    facts = [entry.facts for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert [fact["role"] for fact in facts if "role" in fact] == ["grantor", "moderator"]


def test_the_appointment_that_allows_most_counts(session, world):
    for role in AssessingRole:
        session.add(
            GrantorAppointment(
                institution_id=world.institution.id,
                achievement_id=world.level_2.achievement_id,
                person_id=world.grader.id,
                role=role,
                starts_at=NOON,
                created_at=NOON,
            )
        )
        session.flush()

        found = find_appointment(
            session,
            person_id=world.grader.id,
            achievement_id=world.level_2.achievement_id,
            course_id=world.course.id,
            now=NOON,
        )

        assert found is not None
        assert found.role is role


def test_an_assessor_is_no_grantor_and_awards_nothing(session, world):
    appoint(session, world.grader, world.level_1, ASSESSOR)
    achievement_id, course_id = world.level_1.achievement_id, world.course.id

    names = [p.name for p in list_grantors(session, achievement_id, course_id=course_id, now=NOON)]

    assert names == ["Priya Grantor", "Luis Grantor"]
    assert len(list_running(session, achievement_id, course_id=course_id, now=NOON)) == 3
    granted = list_granted_in(session, world.grader.id, course_id=course_id, now=NOON)
    assert granted == frozenset()
    giver = Giver(world.grader.id, world.institution.id, is_administrator=False)
    assert not may_give(session, achievement_id, giver, now=NOON)


@pytest.mark.parametrize(
    ("needed", "roles", "missing", "lacks_moderator", "is_enough"),
    [
        (1, [], 0, False, True),
        (2, [], 0, True, False),
        (2, [ASSESSOR], 0, True, False),
        (2, [MODERATOR], 0, False, True),
        (3, [], 1, True, False),
        # The one moderator would be one of the three who disagree.
        (3, [MODERATOR], 0, True, False),
    ],
)
def test_whether_enough_are_appointed(
    session, world, needed, roles, missing, lacks_moderator, is_enough
):
    for role in roles:
        appoint(session, world.grader, world.level_1, role)

    found = staffing(session, world, needed)

    assert found.missing == missing
    assert found.lacks_moderator is lacks_moderator
    assert found.is_enough is is_enough


def test_each_is_counted_once_in_the_highest_role(session, world):
    appoint(session, world.grantor, world.level_1, MODERATOR)
    session.add(
        GrantorAppointment(
            institution_id=world.institution.id,
            achievement_id=world.level_1.achievement_id,
            person_id=world.grantor.id,
            role=ASSESSOR,
            starts_at=NOON,
            created_at=NOON,
        )
    )
    session.flush()

    found = staffing(session, world, 1)

    assert [person.name for person in found.moderators] == ["Priya Grantor"]
    assert [person.name for person in found.deciders] == ["Luis Grantor", "Priya Grantor"]
    assert found.assessors == ()


def test_an_administrator_appoints_an_assessor_and_makes_a_moderator_of_them(
    browser, session, world
):
    make_administrator(session, world.instructor)
    admin = browser(world.instructor)
    wanted = {"person_id": world.grader.id, **terms(role="assessor")}

    answer = admin.post(appoint_url(world), data=wanted)

    assert answer.status_code == 303
    session.rollback()
    made = session.scalar(
        select(GrantorAppointment).where(GrantorAppointment.person_id == world.grader.id)
    )
    assert made.role is ASSESSOR
    assert "Assessor" in admin.get("/admin/grantors").text
    assert "Assessor" in browser(world.grader).get("/my/appointments").text
    assert ",assessor," in admin.get("/admin/grantors.csv").text
    page = f"/admin/grantors/{made.id}"
    assert 'value="assessor" checked' in admin.get(page).text.replace("checked value", "value")
    admin.post(page, data=terms(role="moderator"))
    session.expire_all()
    assert made.role is MODERATOR


@pytest.mark.parametrize("role", ["", "king", None])
def test_a_role_that_is_none_is_refused(browser, session, world, role):
    make_administrator(session, world.instructor)
    wanted = {"person_id": world.grader.id, **terms()}
    wanted = {**wanted, "role": role} if role is not None else wanted
    if role is None:
        del wanted["role"]

    page = browser(world.instructor).post(appoint_url(world), data=wanted)

    assert page.status_code == 422
    assert 'href="#role-0"' in page.text


def test_the_command_appoints_and_lists_roles(app, session, world):
    achievement = world.level_1.achievement.slug
    command = ["grantors", "appoint", "--achievement", achievement]
    command += ["--platform", str(world.platform.id), "--sub", "new", "--name", "Ada Assessor"]
    session.rollback()
    runner = app.test_cli_runner()

    made = runner.invoke(args=[*command, "--role", "assessor"])
    refused = runner.invoke(args=[*command, "--role", "king"])
    rows = json.loads(runner.invoke(args=["grantors", "list", "--json"]).output)

    assert made.exit_code == 0, made.output
    assert refused.exit_code != 0
    assert {row["person"]: row["role"] for row in rows}["Ada Assessor"] == "assessor"
