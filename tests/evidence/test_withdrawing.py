"""Taking work back before anybody has begun to assess it."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from app.assessment.desk_models import Allocation, AllocationEnd
from app.core.audit import AuditEntry, find_broken_entry
from app.evidence.models import Attempt, Submission, SubmissionStatus
from app.outbox.models import Delivery
from app.passback.service import queue_status
from tests.evidence import samples
from tests.factories import NOON

PDF = samples.pdf()


@pytest.fixture
def take_back(desk, attempts):
    """Press the button of the page that shows this attempt."""

    def press(attempt_id=None):
        number = attempts()[-1].id if attempt_id is None else attempt_id
        address = desk.url.replace("/work", "/withdraw")
        return desk.client.post(address, data={"attempt": number}, follow_redirects=True)

    return press


def test_work_is_taken_back_into_a_draft_with_all_of_it(
    desk, take_back, attempts, artifacts, submissions, stored_files
):
    page = desk.send(("essay.pdf", PDF), link="https://example.org", link_note="film", text="x")
    assert "Take it back" in page.text

    page = take_back()

    first, draft = attempts()
    assert first.withdrawn_at is not None
    assert draft.submitted_at is None
    submission = submissions()[0]
    assert (submission.status, submission.submitted_at) == (SubmissionStatus.DRAFT, None)
    assert submission.promised_at is None
    assert "Your work is taken back" in page.text
    assert "x</textarea>" in page.text
    assert 'value="film"' in page.text
    assert "essay.pdf" in page.text
    assert len(stored_files()) == 1
    copies = [row for row in artifacts() if row.attempt_id == draft.id]
    assert {row.origin_id for row in copies} == {
        row.id for row in artifacts() if row.attempt_id == first.id
    }


def test_the_attempt_stays_on_record_and_it_is_handed_in_anew(desk, take_back, attempts):
    desk.send(text="first")
    take_back()

    page = desk.send(text="second")

    assert [(a.number, a.counts) for a in attempts()] == [(1, False), (2, True)]
    assert "Attempt 2, handed in" in page.text
    assert "taken back" in page.text


def test_it_is_audited_and_the_gradebook_says_draft(desk, take_back, session, world):
    desk.send(text="x")
    take_back()

    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.facts) == ("submission.withdrawn", {"attempt": 1})
    assert find_broken_entry(session, world.institution.id) is None
    newest = session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
    score = json.loads(newest.payload["body"])
    assert (score["activityProgress"], score["gradingProgress"]) == ("InProgress", "NotReady")
    assert score["comment"] == "Taken back by the learner"
    assert "scoreGiven" not in score


def test_a_learner_who_has_a_grade_keeps_it(desk, take_back, session, assignment, world):
    desk.send(text="x")
    queue_status(
        session,
        session.merge(assignment),
        person_id=world.learner.id,
        status="not_met",
        points=2,
        comment="Graded before",
        occurred_at=NOON,
        submitted_at=NOON,
        scored_by=None,
    )
    session.commit()
    take_back()

    newest = session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
    score = json.loads(newest.payload["body"])
    assert (score["scoreGiven"], score["gradingProgress"]) == (2, "FullyGraded")


def test_a_revision_that_is_taken_back_is_still_asked_for(
    desk, take_back, session, submissions, attempts
):
    desk.send(text="first")
    submission = session.get(Submission, submissions()[0].id)
    submission.status = SubmissionStatus.REVISION_REQUESTED
    session.commit()
    desk.send(text="second")

    page = take_back()

    assert submissions()[0].status is SubmissionStatus.REVISION_REQUESTED
    assert submissions()[0].submitted_at == attempts()[0].submitted_at
    assert "second</textarea>" in page.text


def test_whose_work_it_was_to_assess_has_it_no_longer(desk, take_back, session, submissions, world):
    desk.send(text="x")
    session.add(
        Allocation(
            institution_id=world.institution.id,
            submission_id=submissions()[0].id,
            person_id=world.grantor.id,
            allocated_at=NOON,
        )
    )
    session.commit()

    take_back()

    session.expire_all()
    allocation = session.scalars(select(Allocation)).one()
    assert allocation.end is AllocationEnd.WITHDRAWN
    assert allocation.ended_at is not None


def test_once_a_grantor_has_started_it_is_too_late(
    desk, browser, world, take_back, submissions, attempts
):
    desk.send(text="x")
    answer = browser(world.grantor).post(f"/assessment/submissions/{submissions()[0].id}/start")
    assert answer.status_code == 303

    page = take_back()

    assert page.status_code == 409
    assert "a grantor has just started on it" in page.text
    assert len(attempts()) == 1
    assert submissions()[0].status is SubmissionStatus.IN_ASSESSMENT
    assert "Take it back" not in desk.page().text


@pytest.mark.parametrize("name", ["decided_at", "assessor_id", "status"])
def test_what_is_being_decided_or_is_decided_cannot_be_taken_back(
    desk, take_back, session, submissions, attempts, world, name
):
    desk.send(text="x")
    values = {
        "decided_at": NOON,
        "assessor_id": world.grantor.id,
        "status": SubmissionStatus.MET,
    }
    setattr(session.get(Submission, submissions()[0].id), name, values[name])
    session.commit()

    assert take_back().status_code == 409
    assert len(attempts()) == 1


def test_taken_back_twice_is_taken_back_once(desk, take_back, attempts):
    desk.send(text="x")
    first = attempts()[0].id
    take_back(first)

    assert take_back(first).status_code == 409
    assert len(attempts()) == 2


@pytest.mark.parametrize("attempt_id", ["", "x", 0, 99999])
def test_an_attempt_that_the_page_did_not_show_is_not_taken_back(
    desk, take_back, attempts, attempt_id
):
    desk.send(text="x")

    assert take_back(attempt_id).status_code == 409
    assert attempts()[0].withdrawn_at is None


def test_nobody_takes_back_the_work_of_others(desk, browser, world, url, attempts):
    desk.send(text="x")
    data = {"attempt": attempts()[0].id}
    address = url.replace("/work", "/withdraw")

    assert browser(world.other_learner).post(address, data=data).status_code == 409
    assert browser(world.instructor).post(address, data=data).status_code == 403
    assert attempts()[0].withdrawn_at is None


def test_of_a_learner_and_a_grantor_at_once_one_wins(
    desk, browser, world, take_back, session, submissions, attempts
):
    desk.send(text="x")
    submission_id, attempt_id = submissions()[0].id, attempts()[0].id
    grantor = browser(world.grantor)
    start = Barrier(2)

    def withdraw():
        start.wait()
        address = desk.url.replace("/work", "/withdraw")
        return desk.client.post(address, data={"attempt": attempt_id}).status_code

    def assess():
        start.wait()
        return grantor.post(f"/assessment/submissions/{submission_id}/start").status_code

    with ThreadPoolExecutor(2) as both:
        answers = [both.submit(withdraw), both.submit(assess)]
    codes = sorted(answer.result() for answer in answers)

    assert codes == [303, 409]
    session.expire_all()
    was_taken_back = session.get(Attempt, attempt_id).withdrawn_at is not None
    assert was_taken_back is (submissions()[0].status is SubmissionStatus.DRAFT)


def test_an_attempt_after_one_taken_back_says_so_to_everybody(
    desk, browser, world, attempts, submissions
):
    desk.send(text="first")
    desk.client.post(desk.url.replace("/work", "/withdraw"), data={"attempt": attempts()[0].id})
    words = "(attempt 1 was taken back before anybody read it)"

    page = desk.send(text="second", seen="2.0")

    assert words in page.text
    number = submissions()[0].id
    assert words in browser(world.grantor).get(f"/assessment/submissions/{number}").text
    assert words not in desk.client.get(desk.url.replace("/work", "/receipts/1")).text
