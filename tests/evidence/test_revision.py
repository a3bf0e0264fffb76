"""What comes after handing in: each status, and the next attempt."""

from datetime import UTC, datetime

import pytest

from app.evidence.models import SubmissionStatus
from tests.evidence import samples

PDF = samples.pdf()


def ask_for_revision(session, submission):
    submission = session.merge(submission)
    submission.status = SubmissionStatus.REVISION_REQUESTED
    session.commit()


def test_a_revision_is_a_new_attempt_and_the_old_one_stays(
    desk, session, submissions, attempts, artifacts
):
    desk.send(("first.pdf", PDF))
    ask_for_revision(session, submissions()[0])
    page = desk.page()
    assert "Revision requested" in page.text
    assert "/feedback" in page.text

    page = desk.send(("second.pdf", samples.pdf(1)))

    assert [attempt.number for attempt in attempts()] == [1, 2]
    assert [row.file_name for row in artifacts()] == ["first.pdf", "second.pdf"]
    assert submissions()[0].status is SubmissionStatus.SUBMITTED
    assert "Attempt 2, handed in" in page.text
    assert "Earlier attempts" in page.text


def test_a_saved_draft_of_a_revision_does_not_change_the_status(desk, session, submissions):
    desk.send(("first.pdf", PDF))
    ask_for_revision(session, submissions()[0])

    desk.send(text="better", button="save")

    assert submissions()[0].status is SubmissionStatus.REVISION_REQUESTED


def test_a_revision_can_begin_with_what_was_handed_in(
    desk, session, submissions, artifacts, stored_files
):
    desk.send(("first.pdf", PDF), link="https://example.org", text="words")
    ask_for_revision(session, submissions()[0])
    assert "Start from what you handed in before" in desk.page().text

    page = desk.send(button="keep_earlier", link="", text="")
    copy = artifacts()[3]
    assert "Files in your draft" in page.text
    assert copy.storage_key == artifacts()[0].storage_key

    desk.send(button="", remove=copy.id, link="https://example.org", text="words")
    assert len(stored_files()) == 1, "the first attempt still needs its file"
    assert "Start from what you handed in before" not in desk.page().text


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (SubmissionStatus.IN_ASSESSMENT, "A grantor is assessing your work now"),
        (SubmissionStatus.MET, "This assignment is complete"),
        (SubmissionStatus.AWARDED, "See my credentials"),
        (SubmissionStatus.NOT_MET, "Your work was assessed as not met"),
        (SubmissionStatus.REVOKED, "The award was revoked"),
    ],
)
def test_every_status_says_who_acts_next(desk, session, submissions, status, words):
    desk.send(("first.pdf", PDF))
    submission = session.merge(submissions()[0])
    submission.status = status
    submission.assessment_started_at = submission.submitted_at
    session.commit()

    page = desk.page()

    assert words in page.text
    assert "Hand in your work" not in page.text


@pytest.mark.parametrize("status", [SubmissionStatus.SUBMITTED, SubmissionStatus.IN_ASSESSMENT])
def test_who_waits_is_told_by_when_it_is_to_be_decided(desk, session, submissions, status):
    desk.send(("first.pdf", PDF))
    assert "It is to be decided by" not in desk.page().text
    submission = session.merge(submissions()[0])
    submission.assessment_started_at = submission.submitted_at
    submission.status, submission.promised_at = status, datetime(2027, 5, 3, 12, tzinfo=UTC)
    session.commit()

    assert "It is to be decided by May 3, 2027." in desk.page().text


def test_whose_work_waits_is_told_whether_it_can_be_taken_back(desk, session, submissions, world):
    desk.send(("first.pdf", PDF))
    assert "take it back as long as nobody has started" in desk.page().text

    submission = session.merge(submissions()[0])
    submission.assessor_id = world.grantor.id
    session.commit()

    page = desk.page()
    assert "You cannot change it in the meantime" in page.text
    assert "Take it back" not in page.text
