"""One submission's history: who may read it, what it tells whom, and whether the log holds."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from app.assessment.appeals import open_appeal
from app.core.audit import AuditEntry, record
from app.core.principal import Role
from app.courses.models import Enrolment
from app.evidence.models import Submission
from tests import factories
from tests.assessment.several import ASSESSOR, appoint
from tests.assessment.work import form_data, hand_in
from tests.campus import make_administrator
from tests.evidence.groups import Team

NAME = "essay.txt"


@pytest.fixture
def submission(browser, session, world, assignment):
    """Mei's work, handed in by the front door."""
    browser(world.learner).post(
        f"/courses/{assignment.course_id}/assignments/{assignment.id}/work",
        data={"files": [(io.BytesIO(b"words"), NAME)], "text": "x", "hand_in": "1"},
        content_type="multipart/form-data",
    )
    return session.scalars(select(Submission)).one()


@pytest.fixture
def administrator(session, world):
    person = factories.make_person(session, world.course, Role.NONE, "Ada Admin")
    make_administrator(session, person)
    session.commit()
    return person


def url(submission) -> str:
    return f"/submissions/{submission.id}/history"


def assess(browser, person, submission, *steps: str, **facts) -> None:
    answer = browser(person).post(
        f"/assessment/submissions/{submission.id}", data=form_data(submission, *steps, **facts)
    )
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("learner", 200), ("instructor", 200), ("assistant", 200), ("grantor", 200),
        ("second_grantor", 200), ("other_learner", 404), ("grader", 404),
    ],
)  # fmt: skip
def test_who_may_read_it(browser, world, submission, who, status):
    assert browser(getattr(world, who)).get(url(submission)).status_code == status


def test_an_administrator_reads_what_was_done_not_what_was_handed_in(
    browser, submission, administrator
):
    page = browser(administrator).get(url(submission))

    assert "Handed in" in page.text
    assert NAME not in page.text
    assert "SHA-256 of each" in page.text


def test_another_institution_may_not(app, browser, session, submission):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    make_administrator(session, other.instructor)
    session.commit()

    assert browser(other.instructor).get(url(submission)).status_code == 404


def test_staff_whose_launch_is_long_ago_may_not(browser, session, world, submission):
    session.execute(
        update(Enrolment)
        .where(Enrolment.person_id == world.instructor.id)
        .values(last_launched_at=datetime.now(UTC) - timedelta(hours=13))
    )
    session.commit()

    assert browser(world.instructor).get(url(submission)).status_code == 404


def test_it_tells_staff_who_did_what_with_digests(browser, session, world, submission):
    browser(world.grantor).post(
        f"/assessment/submissions/{submission.id}/start", data={"seen_assessor_id": ""}
    )
    assess(browser, world.grantor, submission, "enough", "best")

    page = browser(world.instructor).get(url(submission))

    told = [
        "Handed in", "Assessing started", "An assessment was recorded", "A decision was made",
        "The decision was told", "The credential was awarded",
    ]  # fmt: skip
    for words in told:
        assert words in page.text
    assert "Mei Student" in page.text
    assert "Priya Grantor" in page.text
    assert "Met, as a grantor" in page.text
    assert NAME in page.text
    entries = session.scalars(select(AuditEntry).where(AuditEntry.subject.like("submission:%")))
    for entry in entries:
        assert f"Entry {entry.number}" in page.text
        assert entry.hash[:12] in page.text
    assert page.text.count("unchanged, and linked on both sides") >= len(told)
    assert "The log of this submission is broken" not in page.text


def test_the_learner_is_not_told_who_assessed_nor_what_was_not_told(browser, world, submission):
    assess(browser, world.grantor, submission, "below", "best", decision="not_met", reason="No.")

    page = browser(world.learner).get(url(submission))

    assert "Handed in" in page.text
    assert "The decision was told" in page.text
    assert "Not met" in page.text
    for secret in ("Priya", "An assessment was recorded", "A decision was made", "as a grantor"):
        assert secret not in page.text


@pytest.fixture
def undecided(settings, app):
    """Decisions wait before anybody is told."""
    app.extensions["assay.settings"] = settings.model_copy(update={"undo_minutes": 10})


def test_a_decision_that_waits_is_known_to_those_who_assess_alone(
    undecided, browser, world, submission
):
    assess(browser, world.grantor, submission, "below", "best", decision="not_met", reason="No.")

    for person, knows in [
        (world.grantor, True),
        (world.second_grantor, True),
        (world.instructor, False),
        (world.learner, False),
    ]:
        page = browser(person).get(url(submission))
        assert ("A decision was made" in page.text) is knows, person.name
        assert ("Not met" in page.text) is knows, person.name
    assert (
        "Some steps are not shown to you yet" in browser(world.instructor).get(url(submission)).text
    )


def test_grantors_who_judge_independently_do_not_read_each_other(
    browser, session, world, submission
):
    world.level_1.grantors_needed = 2
    session.commit()
    assess(browser, world.grantor, submission, "enough", "best")

    own = browser(world.grantor).get(url(submission))
    other = browser(world.second_grantor).get(url(submission))

    assert "An assessment was recorded" in own.text
    assert "An assessment was recorded" not in other.text
    assert "Priya" not in other.text
    assess(browser, world.second_grantor, submission, "enough", "best")
    for person in (world.grantor, world.second_grantor, world.instructor):
        page = browser(person).get(url(submission))
        assert page.text.count("An assessment was recorded") == 2


def test_an_assessor_reads_nothing_of_the_others_before_it_is_told(
    undecided, browser, session, world, submission
):
    """Neither what another assessor recommends, nor what a grantor has decided."""
    third = factories.make_person(session, world.course, Role.GRADER, "Bert Assessor")
    for person in (third, world.grantor):
        appoint(session, person, world.level_1, ASSESSOR)
    assess(browser, world.grantor, submission, "below", "best", decision="revision", reason="R.")
    others = ("An assessment was recorded", "Revision requested", "Priya", "A decision was made")

    page = browser(third).get(url(submission)).text
    assert [words for words in others if words in page] == []
    assert "Some steps are not shown to you yet" in page
    assert "An assessment was recorded" in browser(world.grantor).get(url(submission)).text
    assert "An assessment was recorded" in browser(world.second_grantor).get(url(submission)).text

    assess(
        browser, world.second_grantor, submission, "below", "best", decision="not_met", reason="N."
    )
    for person in (third, world.grantor):
        page = browser(person).get(url(submission)).text
        assert "A decision was made" not in page
        assert "Not met" not in page
        assert "Luis" not in page


def test_during_an_appeal_what_was_told_stays_told(browser, session, world, submission):
    assess(browser, world.grantor, submission, "below", "best", decision="not_met", reason="No.")
    session.expire_all()
    open_appeal(session, submission, person=world.learner, reason="Why?", now=datetime.now(UTC))
    session.commit()
    browser(world.second_grantor).post(f"/assessment/submissions/{submission.id}/start")

    page = browser(world.instructor).get(url(submission)).text

    for words in ("A decision was made", "The decision was told", "Priya", "An appeal was made"):
        assert words in page
    assert "Luis" not in page


def test_an_anonymous_learner_stays_so(browser, session, world, submission):
    world.level_1.is_anonymous = True
    session.commit()

    grantor = browser(world.grantor).get(url(submission))
    staff = browser(world.instructor).get(url(submission))

    assert "Mei" not in grantor.text
    assert "The learner" in grantor.text
    assert "Mei Student" in staff.text


def test_whoever_left_or_declined_an_anonymous_group_stays_unnamed_too(
    browser, session, world, assignment
):
    world.level_1.is_anonymous = True
    assignment.max_group_size = 3
    session.commit()
    place = f"/courses/{assignment.course_id}/assignments/{assignment.id}"
    third = factories.make_person(session, world.course, Role.LEARNER, "Ravi Student")
    session.commit()
    team = Team(browser, session, place)
    team.gather(world.learner, world.other_learner)
    team.post(world.other_learner, "group/leave")
    team.invite(world.learner, third)
    team.answer(third, "decline")
    team.send(world.learner, text="Ours.")
    submission = session.scalars(
        select(Submission).where(Submission.learner_id == world.learner.id)
    ).one()

    grantor = browser(world.grantor).get(url(submission)).text
    staff = browser(world.instructor).get(url(submission)).text

    for words in ("Left the group", "Declined to join the group", "Handed in"):
        assert words in grantor
        assert words in staff
    for name in ("Mei", "Jonas", "Ravi"):
        assert name not in grantor
        assert f"{name} Student" in staff


def break_entry(session, submission, how: str) -> None:
    subject = f"submission:{submission.id}"
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.number)
    ).first()
    statements = {
        "changed": update(AuditEntry).where(AuditEntry.id == entry.id).values(facts={"attempt": 9}),
        "rewritten": update(AuditEntry).where(AuditEntry.id == entry.id).values(hash="0" * 64),
        "next one gone": delete(AuditEntry).where(AuditEntry.number == entry.number + 1),
        "one before gone": delete(AuditEntry).where(AuditEntry.number == entry.number - 1),
    }
    session.execute(statements[how])
    session.commit()


@pytest.mark.parametrize("how", ["changed", "rewritten", "next one gone", "one before gone"])
def test_a_broken_log_shows(browser, session, world, assignment, how):
    work = hand_in(session, assignment, world.learner)
    for number in range(3):
        record(
            session,
            world.institution.id,
            actor=f"person:{world.learner.id}",
            action="submission.handed_in",
            subject=f"submission:{work.id}" if number == 1 else "course:1",
            now=datetime.now(UTC),
        )
    session.commit()
    client = browser(world.instructor)
    whole = client.get(url(work))

    break_entry(session, work, how)

    assert "unchanged, and linked on both sides" in whole.text
    page = client.get(url(work))
    assert "The log of this submission is broken" in page.text
    assert "changed, or a neighbour is missing" in page.text


def test_what_no_words_are_for_is_told_as_the_log_calls_it(browser, session, world, submission):
    record(
        session,
        world.institution.id,
        actor="command:repair",
        action="submission.looked_after",
        subject=f"submission:{submission.id}",
        facts={"artifacts": ["odd", {"sha256": 3}], "attempt": "x", "outcome": []},
        now=datetime.now(UTC),
    )
    session.commit()

    page = browser(world.instructor).get(url(submission))

    assert "Submission: looked after" in page.text


def test_it_is_found_from_every_page_of_the_work(browser, world, submission):
    course = f"/courses/{submission.course_id}/assignments/{submission.assignment_id}"
    pages = [
        (world.learner, f"{course}/work"),
        (world.instructor, f"{course}/learners/{world.learner.id}"),
        (world.grantor, f"/assessment/submissions/{submission.id}"),
    ]
    for person, address in pages:
        assert f'href="{url(submission)}"' in browser(person).get(address).text

    assess(browser, world.grantor, submission, "enough", "best")

    assert f'href="{url(submission)}"' in browser(world.grantor).get(pages[2][1]).text
