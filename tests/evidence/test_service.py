"""What other rooms ask of submissions."""

from datetime import timedelta

import pytest

from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.evidence.beginning import begin_submission
from app.evidence.drafts import keep_earlier_artifacts
from app.evidence.intake import ReceivedFile, SentLink, SentPart, Work
from app.evidence.models import SubmissionStatus
from app.evidence.service import (
    current_attempt,
    find_submission,
    get_submission,
    list_submissions,
    save_draft,
    set_status,
    submit_attempt,
)
from app.evidence.showing import Viewer, describe_artifacts
from app.evidence.storage import LocalStorage, StoredFile
from tests.factories import NOON

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def submit(session, assignment, world):
    """Hand in as `learner`: `submit(text="x")`."""

    def send(learner=world.learner, now=NOON, **work):
        return submit_attempt(session, assignment, whole(**work), learner_id=learner.id, now=now)

    return send


def whole(*, link=None, **facts) -> Work:
    """Work for the whole assignment: `whole(text="x")`."""
    return Work([SentPart(links=None if link is None else [SentLink(link)], **facts)])


def received(name: str, media_type: str = "application/zip") -> ReceivedFile:
    return ReceivedFile(name, media_type, StoredFile(name[0] * 32, 5, name[0] * 64))


def test_a_submission_is_found_inside_its_institution_only(session, world, submit):
    submission = submit(text="x").submission

    assert get_submission(session, submission.id, institution_id=world.institution.id)
    with pytest.raises(NotFoundError):
        get_submission(session, submission.id, institution_id=world.institution.id + 1)


def test_all_submissions_of_an_assignment_are_listed(session, world, assignment, submit):
    submit(text="x")
    submit(world.other_learner, text="y")

    listed = list_submissions(session, assignment.id)

    assert [row.learner.name for row in listed] == ["Mei Student", "Jonas Student"]


def test_the_current_attempt_is_the_newest_that_was_handed_in(session, assignment, world, submit):
    first = submit(text="one")
    set_status(session, first.submission, SubmissionStatus.REVISION_REQUESTED, now=LATER)
    save_draft(session, assignment, whole(text="two"), learner_id=world.learner.id, now=LATER)

    assert current_attempt(first.submission) is first
    assert submit(now=LATER) is current_attempt(first.submission)
    assert current_attempt(first.submission).artifacts[0].text == "two"


def test_a_draft_is_no_current_attempt(session, assignment, world):
    submission = save_draft(
        session, assignment, whole(text="x"), learner_id=world.learner.id, now=NOON
    )

    with pytest.raises(ConflictError, match="Nothing has been handed in"):
        current_attempt(submission)


def test_a_status_remembers_when_it_changed(session, submit):
    submission = submit(text="x").submission
    set_status(session, submission, SubmissionStatus.SUBMITTED, now=LATER)
    assert submission.status_changed_at == NOON

    set_status(session, submission, SubmissionStatus.IN_ASSESSMENT, now=LATER)

    assert submission.status_changed_at == LATER


def test_a_new_attempt_is_nobodys_to_assess_yet(session, world, submit):
    submission = submit(text="x").submission
    submission.assessor_id, submission.assessment_started_at = world.grantor.id, NOON
    set_status(session, submission, SubmissionStatus.REVISION_REQUESTED, now=NOON)

    submit(text="y", now=LATER)

    assert (submission.assessor_id, submission.assessment_started_at) == (None, None)
    assert submission.submitted_at == LATER


def test_two_first_drafts_at_once_end_with_one_and_a_clear_message(
    session, assignment, world, submit
):
    submit(text="x")

    with pytest.raises(ConflictError, match="another window"):
        begin_submission(session, assignment, world.learner.id, now=NOON)


def test_the_service_itself_counts_files(session, assignment, submit):
    with pytest.raises(InvalidError, match="3 files at most"):
        submit(files=[received(f"{n}.zip") for n in "abcd"])


def test_earlier_artifacts_are_taken_over_as_far_as_there_is_room(session, assignment, submit):
    submission = submit(
        files=[received("a.zip"), received("b.zip")], link="https://example.org", text="x"
    ).submission
    set_status(session, submission, SubmissionStatus.REVISION_REQUESTED, now=LATER)
    assignment.max_files = 1
    save_draft(session, assignment, whole(text="new"), learner_id=submission.learner_id, now=LATER)

    for _ in range(2):
        keep_earlier_artifacts(session, assignment, submission, now=LATER)

    taken = submission.attempts[1].artifacts
    assert [row.text or row.file_name or row.url for row in taken] == [
        "new",
        "a.zip",
        "https://example.org",
    ]


@pytest.mark.parametrize(
    ("media_type", "viewer"),
    [
        ("video/mp4", Viewer.VIDEO),
        ("audio/mpeg", Viewer.AUDIO),
        ("image/svg+xml", Viewer.DOWNLOAD),
        ("application/zip", Viewer.DOWNLOAD),
    ],
)
def test_what_is_not_understood_is_never_opened(submit, tmp_path, media_type, viewer):
    attempt = submit(files=[received("a.zip", media_type)])

    (shown,) = describe_artifacts(attempt, LocalStorage(tmp_path))

    assert shown.viewer is viewer


def test_there_may_be_no_submission_yet(session, assignment, world):
    assert find_submission(session, assignment.id, world.learner.id) is None
