"""A conflict of interest closes every door; withdrawing, declaring, and ending that."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select

from app.assessment.conflicts import CO_AUTHOR, OWN_WORK
from app.assessment.deciding import undo
from app.assessment.models import Assessment
from app.assessment.releasing import send_now
from app.core.errors import ForbiddenError
from app.core.principal import Role
from app.courses.models import Enrolment
from app.evidence.conflict_models import ConflictOfInterest
from app.evidence.conflicts import DECLARED, RECUSED
from app.evidence.models import SubmissionStatus
from app.programme.models import GrantorAppointment
from tests import factories
from tests.assessment.several import TEN_MINUTES, again, hand_in, join, record, url
from tests.assessment.work import TEXT, form_data
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
@pytest.mark.parametrize(
    "door", ["/artifacts/{}", "/files/artifacts/{}", "/artifacts/{}/pages/1.png"]
)
def test_the_artifacts_are_closed(browser, session, world, assignment, kind, door):
    work = make_conflicted(session, world, assignment, kind)
    artifact = work.attempts[0].artifacts[0]

    page = browser(world.grantor).get(door.format(artifact.id))

    assert page.status_code == 403
    assert WORDS[kind] in page.text


@pytest.mark.parametrize("kind", ["declared", "recused"])
@pytest.mark.parametrize("door", ["/attempts/2/changes", "/history"])
@pytest.mark.parametrize("role", [Role.TEACHING_ASSISTANT, Role.GRADER])
def test_what_changed_and_the_history_are_closed(
    browser, session, world, assignment, kind, door, role
):
    work = make_conflicted(session, world, assignment, kind)
    hand_in(session, assignment, world.learner, number=2)
    session.query(Enrolment).filter_by(person_id=world.grantor.id).one().role = role
    session.commit()

    page = browser(world.grantor).get(f"/submissions/{work.id}{door}")

    assert page.status_code == 403
    assert WORDS[kind] in page.text
    assert TEXT not in page.text
    assert browser(world.second_grantor).get(f"/submissions/{work.id}{door}").status_code == 200


@pytest.mark.parametrize("door", ["/attempts/2/changes", "/history"])
def test_they_stay_closed_to_staff_who_assess_no_more(browser, session, world, assignment, door):
    work = make_conflicted(session, world, assignment, "declared")
    hand_in(session, assignment, world.learner, number=2)
    session.execute(delete(GrantorAppointment))
    session.commit()

    assert browser(world.grantor).get(f"/submissions/{work.id}{door}").status_code == 403


def test_a_conflict_tells_nobody_that_there_is_such_work(browser, session, world, submission):
    declare(session, world.other_learner, world.learner)

    page = browser(world.other_learner).get(f"/submissions/{submission.id}/history")

    assert page.status_code == 404


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
