"""A decision can be undone, or sent at once, by whoever made it, until it is told."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from app.assessment.desk_models import AssessmentDraft
from app.assessment.models import Assessment, AttemptDecision
from app.assessment.release_jobs import release_decisions
from app.awards.models import Award
from app.core.audit import AuditEntry, find_broken_entry
from app.evidence.models import Submission, SubmissionStatus
from app.outbox.models import Delivery
from app.programme.models import AssessingRole, GrantorAppointment
from tests.assessment.desk import rows, url, wait_before_telling
from tests.assessment.test_who_may_assess import press_together
from tests.assessment.work import form_data


@pytest.fixture
def waiting(app):
    wait_before_telling(app)


def all_filled_in(submission):
    part = submission.assignment.criteria[0].id
    return form_data(submission, "below", "best", decision="revision", reason="Cite it.") | {
        "staff_note": "Third time.",
        "parts": [str(part)],
    }


def test_nothing_leaves_the_tool_until_the_time_has_passed(
    app, browser, session, world, submission, waiting
):
    client = browser(world.grantor)

    page = client.post(
        url(submission), data=form_data(submission, "best", "best"), follow_redirects=True
    )

    assert "you can still undo it" in page.text
    assert "The learner is told" in page.text
    assert "for 10 minutes" in page.text
    assert rows(session, Award) == []
    assert rows(session, Delivery) == []
    assert rows(session, Submission)[0].status is SubmissionStatus.IN_ASSESSMENT


def test_undo_lays_what_was_recorded_on_the_desk_again(
    browser, session, world, submission, waiting
):
    client = browser(world.grantor)
    client.post(url(submission), data=all_filled_in(submission))

    page = client.post(url(submission, "undo"), follow_redirects=True)

    assert "Undone: nobody was told" in page.text
    assert page.text.count(" checked") == 5
    for words in ("Cite it.", "Third time.", "About Criterion 1", "About Criterion 2"):
        assert words in page.text
    (draft,) = rows(session, AssessmentDraft)
    (first, second) = submission.assignment.criteria
    assert draft.content == {
        "decision": "revision",
        "reason": "Cite it.",
        "staff_note": "Third time.",
        "parts": [str(first.id)],
        "shown_artifacts": [],
        "states_no_conflict": "y",
        f"criterion_{first.id}": str(first.rubric_levels[0].id),
        f"comment_{first.id}": "About Criterion 1",
        f"criterion_{second.id}": str(second.rubric_levels[2].id),
        f"comment_{second.id}": "About Criterion 2",
    }
    assert find_broken_entry(session, world.institution.id) is None


def test_what_was_undone_is_never_told(app, browser, session, world, submission, waiting):
    client = browser(world.grantor)
    client.post(url(submission), data=form_data(submission, "best", "best"))
    client.post(url(submission, "undo"))

    with app.app_context():
        release_decisions(datetime.now(UTC) + timedelta(hours=1))

    assert rows(session, Award) == []
    assert rows(session, Delivery) == []


def test_after_undoing_it_is_recorded_anew(browser, session, world, submission, waiting):
    client = browser(world.grantor)
    client.post(url(submission), data=form_data(submission, "best", "best"))
    client.post(url(submission, "undo"))

    assert client.post(url(submission), data=all_filled_in(submission)).status_code == 303

    assert [bool(each.undone_at) for each in rows(session, Assessment)] == [True, False]
    assert [bool(each.undone_at) for each in rows(session, AttemptDecision)] == [True, False]


def test_after_undoing_another_may_record_knowingly(browser, session, world, submission, waiting):
    priya, luis = browser(world.grantor), browser(world.second_grantor)
    priya.post(url(submission), data=form_data(submission, "best", "best"))
    priya.post(url(submission, "undo"))
    data = form_data(submission, "below", "best", decision="revision", reason="Luis's reason")

    asked = luis.post(url(submission), data=data | {"holder_id": ""})
    agreed = luis.post(url(submission), data=data | {"holder_id": world.grantor.id})

    assert asked.status_code == 422
    assert agreed.status_code == 303
    decision = rows(session, AttemptDecision)[-1]
    assert decision.decided_by == world.second_grantor.id
    assert "What you had begun, and not recorded" in priya.get(url(submission)).text


@pytest.mark.parametrize("door", ["undo", "send"])
def test_only_whoever_decided_undoes_it_or_sends_it(
    browser, session, world, submission, waiting, door
):
    browser(world.grantor).post(url(submission), data=form_data(submission, "best", "best"))
    other = browser(world.second_grantor)

    page = other.get(url(submission)).text
    refused = other.post(url(submission, door))

    assert "Whoever recorded it can still undo it" in page
    assert 'id="undo"' not in page
    assert refused.status_code == 403
    assert "Only whoever recorded this decision" in refused.text
    (decision,) = rows(session, AttemptDecision)
    assert (decision.released_at, decision.undone_at) == (None, None)


@pytest.mark.parametrize("door", ["undo", "send", "take-back"])
@pytest.mark.parametrize("who", ["learner", "instructor", "assistant", "grader"])
def test_nobody_but_grantors_touches_a_decision(
    browser, session, world, submission, waiting, door, who
):
    browser(world.grantor).post(url(submission), data=form_data(submission, "best", "best"))

    assert browser(getattr(world, who)).post(url(submission, door)).status_code == 403

    (decision,) = rows(session, AttemptDecision)
    assert (decision.released_at, decision.undone_at) == (None, None)


def test_undoing_twice_is_refused(browser, session, world, submission, waiting):
    client = browser(world.grantor)
    client.post(url(submission), data=form_data(submission, "best", "best"))

    assert client.post(url(submission, "undo")).status_code == 303
    again = client.post(url(submission, "undo"))

    assert again.status_code == 409
    assert "can no longer be undone" in again.text
    assert len(rows(session, AssessmentDraft)) == 1


def test_undoing_too_late_is_refused_even_before_the_worker_comes(
    browser, session, world, submission, waiting
):
    client = browser(world.grantor)
    client.post(url(submission), data=form_data(submission, "best", "best"))
    decision = rows(session, AttemptDecision)[0]
    decision.release_at = datetime.now(UTC) - timedelta(seconds=1)
    session.commit()

    page = client.get(url(submission)).text
    refused = client.post(url(submission, "undo"))

    assert "is being sent now" in page
    assert 'id="undo"' not in page
    assert refused.status_code == 409
    assert rows(session, AttemptDecision)[0].undone_at is None


def test_sending_at_once_tells_everybody(browser, session, world, submission, waiting):
    client = browser(world.grantor)
    client.post(url(submission), data=form_data(submission, "best", "best"))

    page = client.post(url(submission, "send"), follow_redirects=True)

    assert "Sent: the credential is awarded" in page.text
    assert 'id="undo"' not in page.text
    assert len(rows(session, Award)) == 1
    assert len(rows(session, Delivery)) >= 1
    assert client.post(url(submission, "send")).status_code == 409
    assert client.post(url(submission, "undo")).status_code == 409
    assert len(rows(session, Award)) == 1


def test_the_page_counts_down_and_then_says_that_it_was_sent(
    app, browser, session, world, submission, waiting
):
    client = browser(world.grantor)
    client.post(url(submission), data=form_data(submission, "best", "best"))

    first = client.get(url(submission, "decision"))
    unchanged = client.get(url(submission, "decision"), query_string={"shown": 10})
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=4), tick=False):
        later = client.get(url(submission, "decision"), query_string={"shown": 10})
    client.post(url(submission, "send"))
    sent = client.get(url(submission, "decision"))

    assert "for 10 minutes" in first.text
    assert (unchanged.status_code, unchanged.text) == (204, "")
    assert "for 6 minutes" in later.text
    assert "The decision has been sent" in sent.text
    assert "data-live" not in sent.text


def test_why_a_decision_could_not_be_sent_is_said(browser, session, world, submission, waiting):
    client = browser(world.grantor)
    client.post(url(submission), data=form_data(submission, "best", "best"))
    decision = rows(session, AttemptDecision)[0]
    decision.problem = "This micro-credential is retired."
    session.commit()

    page = client.get(url(submission)).text

    assert "This decision could not be sent" in page
    assert "This micro-credential is retired." in page


def test_the_worker_and_undo_at_once_end_with_one_of_them(
    app, browser, session, world, submission, waiting
):
    client = browser(world.grantor)
    client.post(url(submission), data=form_data(submission, "best", "best"))
    client.get(url(submission))
    session.rollback()
    due = datetime.now(UTC) + timedelta(minutes=11)
    ready, said = threading.Barrier(2), {}

    def work():
        with app.app_context():
            ready.wait()
            release_decisions(due)  # as a worker would whose clock is ahead

    def press():
        ready.wait()
        said["undo"] = client.post(url(submission, "undo")).status_code

    threads = [threading.Thread(target=work), threading.Thread(target=press)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (decision,) = rows(session, AttemptDecision)
    was_undone = decision.undone_at is not None
    assert was_undone != (decision.released_at is not None)
    assert said["undo"] == (303 if was_undone else 409)
    assert len(rows(session, Award)) == (0 if was_undone else 1)


def test_undo_and_send_at_once_end_with_one_of_them(browser, session, world, submission, waiting):
    browser(world.grantor).post(url(submission), data=form_data(submission, "best", "best"))
    doors = [(browser(world.grantor), url(submission, door), {}) for door in ("undo", "send")]
    session.rollback()

    assert press_together(*doors) == [303, 409]

    (decision,) = rows(session, AttemptDecision)
    assert (decision.undone_at is None) != (decision.released_at is None)


@pytest.fixture
def two_needed(session, world):
    world.level_1.grantors_needed = 2
    session.commit()


def test_one_of_two_may_be_taken_back_by_its_author(
    browser, session, world, submission, two_needed
):
    client = browser(world.grantor)
    page = client.post(url(submission), data=all_filled_in(submission), follow_redirects=True)
    assert "the decision needs another" in page.text

    back = client.post(url(submission, "take-back"), follow_redirects=True)

    assert "Taken back" in back.text
    assert "Third time." in back.text
    assert [bool(each.undone_at) for each in rows(session, Assessment)] == [True]
    assert "assessment.taken_back" in {entry.action for entry in rows(session, AuditEntry)}
    assert client.post(url(submission, "take-back")).status_code == 409


def test_a_recommendation_may_be_taken_back(browser, session, world, submission):
    appointment = session.query(GrantorAppointment).filter_by(person_id=world.grantor.id).one()
    appointment.role = AssessingRole.ASSESSOR
    session.commit()
    client = browser(world.grantor)
    assert "Recommend</button>" in client.get(url(submission)).text
    page = client.post(url(submission), data=all_filled_in(submission), follow_redirects=True)
    assert "Recommendation recorded. A grantor decides." in page.text

    assert client.post(url(submission, "take-back")).status_code == 303

    assert [bool(each.undone_at) for each in rows(session, Assessment)] == [True]


def test_what_has_led_to_a_decision_is_not_taken_back(
    browser, session, world, submission, two_needed, waiting
):
    priya, luis = browser(world.grantor), browser(world.second_grantor)
    data = form_data(submission, "best", "best")
    priya.post(url(submission), data=data)
    luis.post(url(submission), data=data)

    refused = priya.post(url(submission, "take-back"))

    assert refused.status_code == 409
    assert "decided meanwhile" in refused.text
    assert [each.undone_at for each in rows(session, Assessment)] == [None, None]


def test_nobody_takes_back_what_somebody_else_recorded(
    browser, session, world, submission, two_needed
):
    browser(world.grantor).post(url(submission), data=form_data(submission, "best", "best"))

    refused = browser(world.second_grantor).post(url(submission, "take-back"))

    assert refused.status_code == 409
    assert [each.undone_at for each in rows(session, Assessment)] == [None]


def test_what_was_told_is_not_taken_back(browser, session, world, submission):
    client = browser(world.grantor)
    client.post(url(submission), data=form_data(submission, "best", "best"))

    assert client.post(url(submission, "take-back")).status_code == 409


def test_while_it_can_be_undone_the_gradebook_is_said_to_know_nothing(
    app, browser, world, submission
):
    wait_before_telling(app)
    priya = browser(world.grantor)
    priya.post(url(submission), data=form_data(submission, "best", "best"))

    page = priya.get(url(submission)).text
    assert "not told of this decision yet" in page
    assert "In the gradebook" not in page
