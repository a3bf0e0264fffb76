"""The note to staff: read by those who assess and by the course's staff, by the learner never."""

import json

import pytest

from app.awards.models import Award
from app.evidence.models import SubmissionStatus
from app.outbox.models import Delivery
from tests.assessment.desk import rows, url, wait_before_telling
from tests.assessment.work import form_data

SECRET = "Compare with what Jonas handed in"


@pytest.fixture
def record(browser, world, submission):
    """Record Priya's assessment with a note to staff."""

    def send(*steps, **more):
        data = form_data(submission, *steps, **more) | {"staff_note": SECRET}
        page = browser(world.grantor).post(url(submission), data=data)
        assert page.status_code == 303

    return send


def place(submission):
    return f"/courses/{submission.course_id}/assignments/{submission.assignment_id}"


@pytest.mark.parametrize(
    ("steps", "more"),
    [
        (("best", "best"), {}),
        (("below", "best"), {"decision": "revision", "reason": "Cite it."}),
        (("below", "best"), {"decision": "not_met", "reason": "Cite it."}),
    ],
)
def test_no_page_of_the_learner_shows_it(browser, session, world, submission, record, steps, more):
    record(*steps, **more)
    mei = browser(world.learner)

    pages = [
        mei.get(f"{place(submission)}/{page}", follow_redirects=True)
        for page in ("work", "feedback")
    ]
    pages.append(mei.get("/my/credentials"))

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert "About Criterion 1" in pages[1].text, "the learner reads the comments"
    assert not any(SECRET in page.text for page in pages)


def test_no_gradebook_and_no_credential_holds_it(browser, session, world, submission, record):
    record("best", "best")

    (award,) = rows(session, Award)
    public = browser(None)
    address = f"/credentials/{award.public_id}"

    assert rows(session, Delivery)
    assert not any(SECRET in json.dumps(each.payload) for each in rows(session, Delivery))
    assert SECRET not in award.credential
    assert SECRET not in public.get(f"{address}.json").text
    assert SECRET not in public.get(address).text


def test_those_who_assess_and_the_courses_staff_read_it(
    browser, session, world, submission, record
):
    record("best", "best")

    assert SECRET in browser(world.second_grantor).get(url(submission)).text
    page = browser(world.instructor).get(f"{place(submission)}/learners/{world.learner.id}")
    assert SECRET in page.text


def test_staff_who_do_not_assess_read_a_decision_once_it_is_told(
    app, browser, session, world, submission, record
):
    wait_before_telling(app)
    record("best", "best")
    address = f"{place(submission)}/learners/{world.learner.id}"

    before = browser(world.instructor).get(address)
    browser(world.grantor).post(url(submission, "send"))
    after = browser(world.instructor).get(address)

    assert SECRET not in before.text
    assert "About Criterion 1" not in before.text
    assert SECRET in after.text


def test_the_learner_knows_nothing_before_it_is_told(
    app, browser, session, world, submission, record
):
    wait_before_telling(app)
    record("below", "best", decision="revision", reason="Cite it.")
    mei = browser(world.learner)

    pages = [mei.get(f"{place(submission)}/{page}").text for page in ("work", "feedback")]

    assert not any("Cite it." in page or "About Criterion 1" in page for page in pages)
    assert submission.status is SubmissionStatus.SUBMITTED
