"""Questions about a submission, and their answers."""

import json

import pytest
from sqlalchemy import select

from app.assessment.dialogue_models import SubmissionMessage
from app.assessment.questions import MAX_IN_A_ROW, has_open_question
from app.core.audit import AuditEntry
from app.evidence.models import Submission, SubmissionStatus
from app.outbox.models import Delivery
from tests import factories
from tests.assessment.work import form_data

WORDS = "Does the search diary count as evidence?"


@pytest.fixture
def place(assignment):
    return f"/courses/{assignment.course_id}/assignments/{assignment.id}/questions"


@pytest.fixture
def answers(submission):
    return f"/assessment/submissions/{submission.id}/messages"


def messages(session):
    session.expire_all()
    return session.scalars(select(SubmissionMessage).order_by(SubmissionMessage.id)).all()


def open_questions(session):
    session.expire_all()
    return session.scalars(select(Submission.id).where(has_open_question())).all()


def test_a_question_is_answered_without_handing_in_again(
    browser, session, world, submission, place, answers
):
    sent = browser(world.learner).post(place, data={"body": WORDS})
    assert (sent.status_code, sent.location) == (303, place)
    assert open_questions(session) == [submission.id]

    browser(world.grantor).post(answers, data={"body": "Yes, as an appendix."})

    page = browser(world.learner).get(place)
    assert WORDS in page.text
    assert "Yes, as an appendix." in page.text
    assert "Priya" not in page.text, "a learner is not told who assesses"
    assert open_questions(session) == []
    session.expire_all()
    assert session.get_one(Submission, submission.id).status is SubmissionStatus.SUBMITTED
    assert len(submission.attempts) == 1
    assert session.scalars(select(Delivery)).all() == [], "the gradebook is told nothing"


def test_a_grantor_may_ask_first_and_several_times(browser, session, world, place, answers):
    luis = browser(world.second_grantor)
    for body in ("Which database was it?", "And in which year?"):
        assert luis.post(answers, data={"body": body}).status_code == 303

    assert [each.is_from_learner for each in messages(session)] == [False, False]
    assert "in which year" in browser(world.learner).get(place).text
    assert "in which year" in luis.get(answers).text
    assert "Questions and answers" in luis.get(answers.removesuffix("/messages")).text


def test_a_message_changes_no_decision_and_may_follow_it(
    browser, session, world, submission, place, answers
):
    browser(world.grantor).post(
        f"/assessment/submissions/{submission.id}",
        data=form_data(submission, "below", "best", decision="revision", reason="More sources"),
    )

    browser(world.learner).post(place, data={"body": WORDS})
    browser(world.grantor).post(answers, data={"body": "Two more are enough."})

    session.expire_all()
    assert session.get_one(Submission, submission.id).status is SubmissionStatus.REVISION_REQUESTED
    assert "Two more are enough." in browser(world.learner).get(place).text


@pytest.mark.parametrize("body", ["", "  \n ", "\x00\x08", "x" * 4001])
def test_a_message_without_words_or_too_long_is_refused(
    browser, session, world, submission, place, answers, body
):
    learner = browser(world.learner).post(place, data={"body": body})
    grantor = browser(world.grantor).post(answers, data={"body": body})

    for refused in (learner, grantor):
        assert refused.status_code == 422
        assert "There is a problem" in refused.text
    assert messages(session) == []


def test_what_was_typed_is_shown_again_when_it_is_too_long(browser, world, submission, place):
    page = browser(world.learner).post(place, data={"body": "long " * 900})

    assert "long long" in page.text


def test_words_are_text_and_never_markup(browser, world, submission, place):
    browser(world.learner).post(place, data={"body": "<script>alert(1)</script>"})

    page = browser(world.learner).get(place)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


def test_who_writes_on_without_an_answer_is_stopped(
    browser, session, world, submission, place, answers
):
    mei = browser(world.learner)
    for number in range(MAX_IN_A_ROW):
        assert mei.post(place, data={"body": f"Question {number}"}).status_code == 303

    refused = mei.post(place, data={"body": "One more"})
    browser(world.grantor).post(answers, data={"body": "One moment."})
    again = mei.post(place, data={"body": "One more"})

    assert refused.status_code == 409
    assert "wait for an answer" in refused.text
    assert again.status_code == 303


def test_nobody_else_reads_or_writes(browser, session, world, submission, place, answers):
    browser(world.learner).post(place, data={"body": WORDS})

    jonas = browser(world.other_learner)
    assert jonas.get(place).status_code == 404
    assert jonas.post(place, data={"body": "Me too"}).status_code == 404
    assert jonas.post(answers, data={"body": "Me too"}).status_code == 403
    assert jonas.get(answers).status_code == 403
    assert browser(world.instructor).get(place).status_code == 403
    assert browser(world.grader).post(answers, data={"body": "No"}).status_code == 403
    assert browser(None).get(place).status_code == 401
    assert len(messages(session)) == 1


def test_another_institutions_grantor_finds_no_such_submission(
    app, browser, session, world, submission, answers
):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")

    assert browser(other.grantor).post(answers, data={"body": "Hello"}).status_code == 404


def test_the_author_of_the_work_cannot_answer_themselves(browser, session, world, submission):
    factories.appoint(session, world.learner, world.level_1)
    session.commit()

    sent = browser(world.learner).post(
        f"/assessment/submissions/{submission.id}/messages", data={"body": "Well done"}
    )

    assert sent.status_code == 403
    assert messages(session) == []


def test_nothing_can_be_asked_before_anything_is_handed_in(browser, session, world, assignment):
    place = f"/courses/{assignment.course_id}/assignments/{assignment.id}"
    mei = browser(world.learner)
    assert mei.get(f"{place}/questions").status_code == 404

    mei.post(f"{place}/work", data={"text": "A draft", "save": "1"})

    assert "Nothing has been handed in yet" in mei.get(f"{place}/questions").text
    assert mei.post(f"{place}/questions", data={"body": WORDS}).status_code == 409


def test_the_log_says_that_something_was_asked_and_not_what(
    browser, session, world, submission, place
):
    browser(world.learner).post(place, data={"body": WORDS})

    (entry,) = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "question.asked")
    ).all()
    assert entry.subject == f"submission:{submission.id}"
    assert "diary" not in json.dumps(entry.facts)


def test_what_is_emphasised_or_broken_into_lines_is_shown_so(
    browser, session, world, submission, place, answers
):
    browser(world.learner).post(place, data={"body": "Is **page 3** enough?\nOr <b>4</b>?"})

    for page in (browser(world.learner).get(place).text, browser(world.grantor).get(answers).text):
        assert "Is <strong>page 3</strong> enough?<br>" in page
        assert "Or &lt;b&gt;4&lt;/b&gt;?" in page
