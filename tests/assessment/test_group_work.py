"""One work of several learners, seen by everybody else: assessed once, told and awarded to each."""

import json

import pytest
from sqlalchemy import select

from app.assessment.models import Assessment
from app.awards.models import Award
from app.awards.revoking import revoke_award
from app.core.principal import Role
from app.evidence.models import Submission, SubmissionStatus
from app.outbox.models import Delivery
from app.programme.models import AssessingRole, GrantorAppointment
from tests import factories
from tests.assessment.work import form_data
from tests.signing import SIGNING


@pytest.fixture
def group(session, world, assignment, submission):
    """Mei's work, handed in with Jonas and Amara."""
    assignment.max_group_size = 3
    amara = factories.make_person(session, world.course, Role.LEARNER, "Amara Student")
    for person in (world.other_learner, amara):
        session.add(
            Submission(
                institution_id=submission.institution_id,
                course_id=submission.course_id,
                assignment_id=submission.assignment_id,
                achievement_id=submission.achievement_id,
                learner_id=person.id,
                lead_id=submission.id,
                status=submission.status,
                status_changed_at=submission.status_changed_at,
                submitted_at=submission.submitted_at,
                created_at=submission.created_at,
            )
        )
    session.commit()
    return submission


@pytest.fixture
def place(assignment):
    return f"/courses/{assignment.course_id}/assignments/{assignment.id}"


def record(browser, person, submission, **more):
    data = form_data(submission, "enough", "enough", **more)
    return browser(person).post(
        f"/assessment/submissions/{submission.id}", data=data, follow_redirects=True
    )


def statuses(session):
    session.rollback()
    session.expire_all()
    return [each.status for each in session.scalars(select(Submission).order_by(Submission.id))]


def comments(session):
    """Return the newest comment that each learner's gradebook cell is owed."""
    found = select(Delivery).where(Delivery.kind == "score").order_by(Delivery.id)
    return {
        each.payload["person_id"]: json.loads(each.payload["body"])["comment"]
        for each in session.scalars(found)
    }


def test_the_queue_has_it_once_and_says_that_there_are_others(browser, world, group):
    page = browser(world.grantor).get("/assessment/queue").text

    assert "1 submission" in page
    assert "Mei Student and 2 others" in page


def test_the_workbench_names_all_authors(browser, world, group):
    page = browser(world.grantor).get(f"/assessment/submissions/{group.id}").text

    assert "Mei Student, Jonas Student, and Amara Student" in page


def test_where_it_is_anonymous_nobody_is_named(browser, world, group, session):
    world.level_1.is_anonymous = True
    session.commit()

    queue = browser(world.grantor).get("/assessment/queue").text
    bench = browser(world.grantor).get(f"/assessment/submissions/{group.id}").text

    for page in (queue, bench):
        assert "and 2 others" in page
        assert not any(name in page for name in ("Mei ", "Jonas ", "Amara "))


def test_each_author_is_awarded_and_told_by_themselves(browser, world, group, session):
    page = record(browser, world.grantor, group)

    assert "the credential is awarded" in page.text
    assert statuses(session) == [SubmissionStatus.AWARDED] * 3
    awards = session.scalars(select(Award).order_by(Award.id)).all()
    assert len({award.person_id for award in awards}) == 3
    told = comments(session)
    for award in awards:
        assert award.public_id in told[award.person_id]


def test_a_members_pages_show_the_work_and_the_feedback(browser, world, group, session, place):
    record(browser, world.grantor, group)
    jonas = browser(world.other_learner)

    work = jonas.get(f"{place}/work").text
    assert "Your receipt" in work
    assert "Congratulations" in work
    assert "You handed this in together" in work
    assert "About Criterion 1" in jonas.get(f"{place}/feedback").text
    artifact = group.attempts[0].artifacts[0]
    assert "Back to" in jonas.get(f"/artifacts/{artifact.id}").text


def test_one_revoked_award_leaves_the_others(browser, world, group, session):
    record(browser, world.grantor, group)
    award = session.scalars(select(Award).where(Award.person_id == world.other_learner.id)).one()

    revoke_award(session, award, reason="Copied", actor="cli", **SIGNING, now=award.awarded_at)
    session.commit()

    assert statuses(session) == [
        SubmissionStatus.AWARDED,
        SubmissionStatus.REVOKED,
        SubmissionStatus.AWARDED,
    ]
    standing = select(Award).where(Award.revoked_at.is_(None))
    assert len(session.scalars(standing).all()) == 2


def test_a_revision_is_asked_of_all_and_begun_once(browser, world, group, session, place):
    criterion = group.assignment.criteria[0]
    data = form_data(group, "below", "enough", decision="revision", reason="Say more.")
    data["parts"] = [criterion.id]

    browser(world.grantor).post(f"/assessment/submissions/{group.id}", data=data)

    assert statuses(session) == [SubmissionStatus.REVISION_REQUESTED] * 3
    page = browser(world.other_learner).post(
        f"{place}/work",
        data={"hand_in": "1", "text": "better", "seen": "2.0"},
        follow_redirects=True,
    )
    assert "Your work is handed in" in page.text
    assert statuses(session) == [SubmissionStatus.SUBMITTED] * 3
    assert [each.number for each in session.get_one(Submission, group.id).attempts] == [1, 2]


def test_the_class_page_shows_who_works_together(browser, world, group, place):
    page = browser(world.instructor).get(place).text

    assert "with Jonas Student, Amara Student" in " ".join(page.split())
    assert "up to 3 students" in page


def test_staff_read_the_work_at_any_of_its_authors(browser, world, group, place):
    page = browser(world.instructor).get(f"{place}/learners/{world.other_learner.id}").text

    assert "Boolean operators narrow a search" in page
    assert "Handed in together with" in page
    assert "Mei Student" in page


@pytest.fixture
def co_author(session, world, group):
    """A grantor who is one of the authors, and teaches too."""
    grantor = world.second_grantor
    session.add(
        Submission(
            institution_id=group.institution_id,
            course_id=group.course_id,
            assignment_id=group.assignment_id,
            achievement_id=group.achievement_id,
            learner_id=grantor.id,
            lead_id=group.id,
            status=group.status,
            status_changed_at=group.status_changed_at,
            submitted_at=group.submitted_at,
            created_at=group.created_at,
        )
    )
    session.commit()
    return grantor


@pytest.mark.parametrize("role", AssessingRole)
def test_no_co_author_assesses_through_any_door(app, browser, co_author, group, session, role):
    for each in session.query(GrantorAppointment).filter_by(person_id=co_author.id):
        each.role = role
    session.commit()
    client = browser(co_author)
    doors = [
        (method, rule.rule.replace("<int:submission_id>", str(group.id)))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/assessment/submissions/<int:submission_id>")
        for method in rule.methods & {"GET", "POST"}
    ]

    answers = {
        (method, door): client.open(
            door, method=method, data={**form_data(group, "enough", "enough"), "body": "Hello"}
        ).status_code
        for method, door in doors
    }

    assert len(answers) > 8
    let_in = {door for door, code in answers.items() if code not in {403, 404, 422}}
    assert let_in == {("GET", f"/assessment/submissions/{group.id}/beside")}, answers
    assert "Mei Student" not in client.get("/assessment/queue").text
    assert statuses(session)[0] is SubmissionStatus.SUBMITTED
    assert session.query(Assessment).count() == 0
