"""Withdrawing from a work, declaring a conflict of interest, and ending it."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.assessment.conflicts import CO_AUTHOR, OWN_WORK
from app.assessment.desk_models import Allocation, AllocationEnd
from app.assessment.recusing import (
    declare_conflict,
    end_conflict,
    find_own_learners,
    recuse,
)
from app.core.audit import AuditEntry
from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from app.core.principal import Role
from app.courses.models import Enrolment
from app.evidence.conflict_models import ConflictOfInterest
from app.evidence.conflicts import DECLARED, RECUSED
from tests import factories
from tests.assessment.several import again, join, record, url
from tests.campus import make_administrator
from tests.factories import NOON

WORDS = {"own": OWN_WORK, "co_author": CO_AUTHOR, "declared": DECLARED, "recused": RECUSED}
KINDS = tuple(WORDS)


def declare(session, person, learner, by=None, submission=None):
    conflict = ConflictOfInterest(
        institution_id=person.institution_id,
        person_id=person.id,
        learner_id=learner.id,
        submission_id=submission.id if submission else None,
        reason="Cousins.",
        declared_by=(by or person).id,
        declared_at=NOON,
    )
    session.add(conflict)
    session.commit()
    return conflict


def test_a_grantor_withdraws_with_a_reason_and_what_they_had_goes_back(
    browser, session, world, submission
):
    session.add(
        Allocation(
            institution_id=world.institution.id,
            submission_id=submission.id,
            person_id=world.grantor.id,
            allocated_at=NOON,
        )
    )
    session.commit()
    client = browser(world.grantor)
    client.post(url(submission, "/start"))
    assert "Withdraw from assessing this" in client.get(url(submission)).text

    answer = client.post(
        url(submission, "/step-aside"), data={"scope": "work", "reason": "My tutee."}
    )

    assert answer.status_code == 303
    assert "You have withdrawn" in client.get(answer.location).text
    again(session)
    assert submission.assessor_id is None
    allocation = session.scalars(select(Allocation)).one()
    assert allocation.end is AllocationEnd.RECUSED
    conflict = session.scalars(select(ConflictOfInterest)).one()
    assert (conflict.submission_id, conflict.reason) == (submission.id, "My tutee.")
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "assessment.recused")
    ).one()
    assert "tutee" not in str(entry.facts)
    assert RECUSED in client.get(url(submission)).text


def test_a_grantor_withdraws_from_all_work_of_a_learner(browser, session, world, submission):
    client = browser(world.grantor)

    client.post(url(submission, "/step-aside"), data={"scope": "person", "reason": "My son."})

    again(session)
    scopes = session.scalars(select(ConflictOfInterest.submission_id)).all()
    assert set(scopes) == {submission.id, None}
    assert DECLARED in client.get(url(submission)).text


@pytest.mark.parametrize(
    "data",
    [
        {"scope": "work", "reason": ""},
        {"scope": "work", "reason": " \n "},
        {"scope": "work", "reason": "x" * 1001},
        {"scope": "everybody", "reason": "Why not."},
        {"reason": "Why not."},
    ],
)
def test_withdrawing_without_saying_why_or_from_what_is_shown_again(
    browser, session, world, submission, data
):
    page = browser(world.grantor).post(url(submission, "/step-aside"), data=data)

    assert page.status_code == 422
    assert session.scalar(select(ConflictOfInterest)) is None


def test_who_has_recorded_does_not_withdraw(session, app, world, submission):
    world.level_1.grantors_needed = 2
    record(session, app, submission, world.grantor)

    with pytest.raises(ConflictError, match="Take your assessment back"):
        recuse(session, submission, person=world.grantor, reason="Late.", now=NOON)


def test_nobody_withdraws_from_what_is_decided(session, app, world, submission):
    record(session, app, submission, world.second_grantor)

    with pytest.raises(ConflictError, match="already been assessed"):
        recuse(session, submission, person=world.grantor, reason="Late.", now=NOON)


def test_a_grantor_declares_by_name_and_ends_it(browser, session, world, submission):
    client = browser(world.grantor)
    found = client.get("/assessment/conflicts?learner=mei")
    assert "Mei Student" in found.text

    client.post(
        "/assessment/conflicts?learner=mei",
        data={"learner_id": world.learner.id, "reason": "Cousins."},
    )

    page = client.get("/assessment/conflicts").text
    assert "Cousins." in page
    assert client.get(url(submission)).status_code == 403
    again(session)
    conflict = session.scalars(select(ConflictOfInterest)).one()
    answer = client.post(f"/assessment/conflicts/{conflict.id}/end")
    assert answer.status_code == 303
    assert client.get(url(submission)).status_code == 200
    assert client.post(f"/assessment/conflicts/{conflict.id}/end").status_code == 409
    actions = session.scalars(select(AuditEntry.action)).all()
    assert {"conflict.declared", "conflict.ended"} <= set(actions)


def test_only_learners_of_one_s_courses_are_found(session, world, assignment):
    course = factories.make_course(session, world.deployment, "course-2", "Statistics")
    factories.make_person(session, course, Role.LEARNER, "Meike Elsewhere")
    session.commit()

    found = find_own_learners(session, world.grantor, "mei", now=datetime.now(UTC))

    assert [person.name for person in found] == ["Mei Student"]
    assert find_own_learners(session, world.grader, "mei", now=datetime.now(UTC)) == []


@pytest.mark.parametrize(
    "data",
    [
        {"learner_id": "999999", "reason": "Forged."},
        {"learner_id": "", "reason": "Nobody."},
        {"learner_id": "mei", "reason": "A word."},
        {"reason": "Nobody."},
        {"learner_id": "{mei}", "reason": ""},
    ],
)
def test_a_declaration_that_is_none_is_shown_again(browser, session, world, submission, data):
    data = {name: value.replace("{mei}", str(world.learner.id)) for name, value in data.items()}

    page = browser(world.grantor).post("/assessment/conflicts?learner=mei", data=data)

    assert page.status_code == 422
    assert session.scalar(select(ConflictOfInterest)) is None


def test_declared_twice_it_is_one(session, world):
    facts = {"person": world.grantor, "learner": world.learner, "declared_by": world.grantor}

    first = declare_conflict(session, **facts, reason="Cousins.", now=NOON)
    second = declare_conflict(session, **facts, reason="Still.", now=NOON)

    assert first is second


def test_the_service_refuses_what_is_no_conflict(session, app, world):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    facts = {"person": world.grantor, "declared_by": world.grantor, "now": NOON}

    with pytest.raises(InvalidError, match="nothing to declare"):
        declare_conflict(session, learner=world.grantor, reason="Me.", **facts)
    with pytest.raises(InvalidError, match="Say why"):
        declare_conflict(session, learner=world.learner, reason=" ", **facts)
    with pytest.raises(NotFoundError):
        declare_conflict(session, learner=other.learner, reason="Far.", **facts)


def test_declaring_lets_go_of_what_waits_also_of_a_group(session, world, submission):
    join(session, submission, world.other_learner)
    submission.assessor_id = world.grantor.id

    declare_conflict(
        session,
        person=world.grantor,
        learner=world.other_learner,
        reason="Cousins.",
        declared_by=world.grantor,
        now=NOON,
    )

    assert submission.assessor_id is None


def test_an_administrator_declares_for_somebody_who_cannot_end_it(
    browser, session, world, submission
):
    make_administrator(session, world.instructor)
    admin = browser(world.instructor)

    answer = admin.post(
        "/admin/conflicts?learner=mei",
        data={
            "person_id": world.grantor.id,
            "learner_id": world.learner.id,
            "reason": "Told by the dean.",
        },
    )

    assert answer.status_code == 303
    assert "Told by the dean." in admin.get("/admin/conflicts").text
    grantor = browser(world.grantor)
    assert grantor.get(url(submission)).status_code == 403
    again(session)
    conflict = session.scalars(select(ConflictOfInterest)).one()
    refused = grantor.post(f"/assessment/conflicts/{conflict.id}/end")
    assert refused.status_code == 403
    assert "An administrator declared this for you" in refused.text
    assert admin.post(f"/admin/conflicts/{conflict.id}/end").status_code == 303
    assert grantor.get(url(submission)).status_code == 200


def test_an_administrator_does_not_lift_what_was_declared_of_them(session, world):
    conflict = declare(session, world.grantor, world.learner, by=world.instructor)

    with pytest.raises(ForbiddenError):
        end_conflict(session, conflict, person=world.grantor, is_administrator=True, now=NOON)


def test_an_administrator_s_slip_is_told_at_its_field(browser, session, world):
    make_administrator(session, world.instructor)
    enrolment = session.query(Enrolment).filter_by(person_id=world.grantor.id).one()
    enrolment.role = Role.LEARNER
    session.commit()

    page = browser(world.instructor).post(
        "/admin/conflicts?learner=priya",
        data={"person_id": world.grantor.id, "learner_id": world.grantor.id, "reason": "Same."},
    )

    assert page.status_code == 422
    assert "there is nothing to declare" in page.text


def test_nobody_ends_what_is_another_s_or_elsewhere(browser, session, app, world):
    conflict = declare(session, world.grantor, world.learner)
    elsewhere = factories.make_world(session, app.extensions["assay.vault"], "other")
    make_administrator(session, elsewhere.instructor)
    session.commit()

    end = f"/assessment/conflicts/{conflict.id}/end"
    assert browser(world.second_grantor).post(end).status_code == 404
    admin_end = f"/admin/conflicts/{conflict.id}/end"
    assert browser(elsewhere.instructor).post(admin_end).status_code == 404
    assert browser(world.grantor).post("/assessment/conflicts/999/end").status_code == 404
