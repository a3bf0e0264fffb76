"""A conflict of interest closes every door; withdrawing, declaring, and ending that."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.assessment.conflicts import CO_AUTHOR, OWN_WORK
from app.assessment.deciding import undo
from app.assessment.desk_models import Allocation, AllocationEnd
from app.assessment.models import Assessment
from app.assessment.recusing import (
    declare_conflict,
    end_conflict,
    find_own_learners,
    recuse,
)
from app.assessment.releasing import send_now
from app.core.audit import AuditEntry
from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from app.core.principal import Role
from app.courses.models import Enrolment
from app.evidence.conflict_models import ConflictOfInterest
from app.evidence.conflicts import DECLARED, RECUSED
from app.evidence.models import SubmissionStatus
from tests import factories
from tests.assessment.several import TEN_MINUTES, again, hand_in, join, record, url
from tests.assessment.work import form_data
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


def make_conflicted(session, world, assignment, kind):
    """Work that Priya, grantor and teaching assistant of the course, has a conflict with."""
    enrolment = session.query(Enrolment).filter_by(person_id=world.grantor.id).one()
    enrolment.role = Role.TEACHING_ASSISTANT
    work = hand_in(session, assignment, world.grantor if kind == "own" else world.learner)
    if kind == "co_author":
        join(session, work, world.grantor)
    if kind in {"declared", "recused"}:
        submission = work if kind == "recused" else None
        declare(session, world.grantor, world.learner, submission=submission)
    return work


def read_url(work):
    place = f"/courses/{work.course_id}/assignments/{work.assignment_id}"
    return f"{place}/learners/{work.learner_id}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_queue_and_the_next_one_leave_it_out(browser, session, world, assignment, kind):
    make_conflicted(session, world, assignment, kind)

    page = browser(world.grantor).get("/assessment/queue").text

    assert "Nothing waits for you" in page
    assert "Assess next" not in page


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("method", "part"),
    [
        ("GET", ""),
        ("POST", ""),
        ("POST", "/start"),
        ("GET", "/step-aside"),
        ("POST", "/step-aside"),
    ],
)
def test_every_page_of_the_workbench_refuses_in_plain_words(
    browser, session, world, assignment, kind, method, part
):
    work = make_conflicted(session, world, assignment, kind)
    data = form_data(work, "best", "best") if method == "POST" else None

    page = browser(world.grantor).open(url(work, part), method=method, data=data)

    assert page.status_code == 403
    assert WORDS[kind] in page.text
    again(session)
    assert work.status is SubmissionStatus.SUBMITTED
    assert session.scalar(select(Assessment)) is None


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_for_staff_refuses_too(browser, session, world, assignment, kind):
    work = make_conflicted(session, world, assignment, kind)

    page = browser(world.grantor).get(read_url(work))

    assert page.status_code == 403
    assert WORDS[kind] in page.text


@pytest.mark.parametrize("kind", ["declared", "recused"])
@pytest.mark.parametrize("part", ["", "/content", "/pages/1.png"])
def test_the_artifacts_are_closed(browser, session, world, assignment, kind, part):
    work = make_conflicted(session, world, assignment, kind)
    artifact = work.attempts[0].artifacts[0]

    page = browser(world.grantor).get(f"/artifacts/{artifact.id}{part}")

    assert page.status_code == 403
    assert WORDS[kind] in page.text


@pytest.mark.parametrize("kind", ["own", "co_author"])
def test_authors_read_their_own_artifacts(browser, session, world, assignment, kind):
    work = make_conflicted(session, world, assignment, kind)

    page = browser(world.grantor).get(f"/artifacts/{work.attempts[0].artifacts[0].id}")

    assert page.status_code == 200


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("deed", ["record", "undo", "send"])
def test_the_services_refuse_by_themselves(session, app, world, assignment, kind, deed):
    work = hand_in(session, assignment, world.learner)
    if deed != "record":
        record(session, app, work, world.grantor, undo_for=TEN_MINUTES)
    if kind == "own":
        work.learner_id = world.grantor.id
    elif kind == "co_author":
        join(session, work, world.grantor)
    else:
        declare(
            session,
            world.grantor,
            world.learner,
            submission=work if kind == "recused" else None,
        )
    now = datetime.now(UTC)
    vault = app.extensions["assay.vault"]
    deeds = {
        "record": lambda: record(session, app, work, world.grantor),
        "undo": lambda: undo(session, work, person=world.grantor, now=now),
        "send": lambda: send_now(
            session, work, person=world.grantor, vault=vault, base_url="https://tool.test", now=now
        ),
    }

    with pytest.raises(ForbiddenError, match=WORDS[kind]):
        deeds[deed]()


def test_a_conflict_with_one_author_is_one_with_the_work_of_all(
    browser, session, world, submission
):
    join(session, submission, world.other_learner)
    declare(session, world.grantor, world.other_learner)

    assert browser(world.grantor).get(url(submission)).status_code == 403
    assert "Nothing waits" in browser(world.grantor).get("/assessment/queue").text
    assert browser(world.second_grantor).get(url(submission)).status_code == 200


def test_withdrawing_from_one_work_leaves_the_others(browser, session, world, submission):
    second = factories.make_assignment(
        session, world.course, world.level_1, link=None, title="Essay"
    )
    session.commit()
    other = hand_in(session, second, world.learner)
    declare(session, world.grantor, world.learner, submission=submission)

    assert browser(world.grantor).get(url(submission)).status_code == 403
    assert browser(world.grantor).get(url(other)).status_code == 200


def test_one_s_own_student_is_no_conflict_by_itself(browser, session, world, submission):
    factories.appoint(session, world.instructor, world.level_1)
    session.commit()

    assert browser(world.instructor).get(url(submission)).status_code == 200


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
