"""A learner's one objection to a final decision."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.assessment.dialogue_models import Appeal, AppealOutcome
from app.assessment.queries import list_assessed_together
from app.awards.models import Award
from app.core.audit import AuditEntry
from app.evidence.models import Submission, SubmissionStatus
from app.outbox.models import Delivery
from app.programme.models import GrantorAppointment
from tests.assessment.work import form_data

REASON = "The second criterion is shown on page 3."


@pytest.fixture
def place(assignment):
    return f"/courses/{assignment.course_id}/assignments/{assignment.id}/appeal"


@pytest.fixture
def assess(browser, world, submission):
    def record(who, *steps, decision, reason="Not there"):
        return browser(getattr(world, who)).post(
            f"/assessment/submissions/{submission.id}",
            data=form_data(submission, *steps, decision=decision, reason=reason),
        )

    return record


@pytest.fixture
def denied(assess):
    """Priya's final “not met”."""
    assert assess("grantor", "below", "enough", decision="not_met").status_code == 303


@pytest.fixture
def appealed(denied, browser, world, place):
    assert browser(world.learner).post(place, data={"reason": REASON}).status_code == 303


def status(session):
    session.expire_all()
    return session.scalars(select(Submission)).one().status


def appeal(session):
    session.expire_all()
    return session.scalars(select(Appeal)).one()


def told(session):
    session.expire_all()
    newest = session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
    return json.loads(newest.payload["body"])


def test_an_upheld_appeal_ends_with_the_award(browser, session, world, appealed, assess, place):
    assert status(session) is SubmissionStatus.IN_ASSESSMENT
    assert "appeal is open" in browser(world.learner).get(place).text

    assert assess("second_grantor", "best", "best", decision="met").status_code == 303

    assert status(session) is SubmissionStatus.AWARDED
    assert appeal(session).outcome is AppealOutcome.UPHELD
    assert session.scalars(select(Award)).one().awarded_by == world.second_grantor.id
    assert "upheld" in browser(world.learner).get(place).text


def test_a_dismissed_appeal_is_the_end(browser, session, world, appealed, assess, place):
    assess("second_grantor", "below", "below", decision="not_met", reason="I agree with that")

    assert status(session) is SubmissionStatus.NOT_MET
    assert appeal(session).outcome is AppealOutcome.DISMISSED
    again = browser(world.learner).post(place, data={"reason": "But no"})
    assert again.status_code == 409
    assert "one for each piece of work" in again.text


def test_another_grantor_decides_and_none_who_did_before(
    browser, session, world, appealed, submission, assess
):
    refused = assess("grantor", "best", "best", decision="met")

    assert refused.status_code == 403
    assert "another grantor" in refused.text
    assert browser(world.grantor).get(f"/assessment/submissions/{submission.id}").status_code == 403
    assert "Mei Student" not in browser(world.grantor).get("/assessment/queue").text
    assert "Mei Student" in browser(world.second_grantor).get("/assessment/queue").text
    assert status(session) is SubmissionStatus.IN_ASSESSMENT


def test_the_gradebook_keeps_its_score_and_says_what_is_going_on(
    session, denied, browser, world, place
):
    before = told(session)

    browser(world.learner).post(place, data={"reason": REASON})

    after = told(session)
    assert "Appeal opened" in after["comment"]
    assert after["scoreGiven"] == before["scoreGiven"]
    assert after["gradingProgress"] == "FullyGraded", "a platform would erase the grade otherwise"
    assert after["timestamp"] > before["timestamp"]


def test_the_feedback_leads_to_the_appeal_only_when_one_is_possible(
    browser, session, world, submission, place, assess
):
    feedback = place.replace("/appeal", "/feedback")
    mei = browser(world.learner)
    assert "Appeal against" not in mei.get(feedback).text
    assert mei.get(place).status_code == 409

    assess("grantor", "below", "enough", decision="not_met")
    assert "Appeal against" in mei.get(feedback).text
    assert mei.get(place).status_code == 200

    mei.post(place, data={"reason": REASON})
    assert "Appeal against" not in mei.get(feedback).text
    assert "Your appeal" in mei.get(feedback).text


@pytest.mark.parametrize("decision", ["met", "revision"])
def test_other_decisions_cannot_be_appealed(browser, session, world, place, assess, decision):
    assess("grantor", "enough", "enough", decision=decision)

    refused = browser(world.learner).post(place, data={"reason": REASON})

    assert refused.status_code == 409
    assert session.scalars(select(Appeal)).all() == []


@pytest.mark.parametrize("reason", ["", "  ", "\x00", "x" * 4001])
def test_an_appeal_needs_a_reason(browser, session, world, denied, place, reason):
    page = browser(world.learner).post(place, data={"reason": reason})

    assert page.status_code == 422
    assert session.scalars(select(Appeal)).all() == []
    assert status(session) is SubmissionStatus.NOT_MET


def test_an_appeal_is_taken_back_while_nobody_has_started(browser, session, world, appealed, place):
    back = browser(world.learner).post(f"{place}/withdraw")

    assert back.status_code == 303
    assert status(session) is SubmissionStatus.NOT_MET
    assert appeal(session).outcome is AppealOutcome.WITHDRAWN
    assert told(session)["comment"] == "Not met: Not there"
    assert "one for each piece" in browser(world.learner).post(place, data={"reason": "x"}).text


def test_an_appeal_that_somebody_has_started_on_stays(
    browser, session, world, submission, appealed, place
):
    browser(world.second_grantor).post(f"/assessment/submissions/{submission.id}/start")

    refused = browser(world.learner).post(f"{place}/withdraw")

    assert refused.status_code == 409
    assert status(session) is SubmissionStatus.IN_ASSESSMENT
    assert appeal(session).closed_at is None


def test_nothing_open_cannot_be_taken_back(browser, session, world, denied, place):
    assert browser(world.learner).post(f"{place}/withdraw").status_code == 409


def test_only_the_author_appeals(browser, session, world, denied, place):
    assert browser(world.other_learner).post(place, data={"reason": "x"}).status_code == 404
    assert browser(world.instructor).post(place, data={"reason": "x"}).status_code == 403
    assert browser(None).post(place, data={"reason": "x"}).status_code == 401
    assert session.scalars(select(Appeal)).all() == []


def test_where_nobody_else_is_appointed_the_learner_is_told(
    browser, session, world, submission, place, assess, denied
):
    for appointment in session.query(GrantorAppointment).filter_by(
        person_id=world.second_grantor.id
    ):
        appointment.ends_at = datetime.now(UTC)
    session.commit()

    page = browser(world.learner).get(place)

    assert "Nobody else is appointed yet" in page.text


def test_the_log_names_the_appeal_and_the_decision(session, world, appealed):
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "appeal.opened")).all()
    assert entry.actor == f"person:{world.learner.id}"
    assert entry.facts == {"appeal": appeal(session).id, "decision": appeal(session).decision_id}


def test_a_new_attempt_after_an_upheld_appeal_goes_its_usual_way(
    browser, session, world, appealed, assess, place
):
    assess("second_grantor", "below", "enough", decision="revision", reason="One more source")

    assert status(session) is SubmissionStatus.REVISION_REQUESTED
    assert appeal(session).outcome is AppealOutcome.UPHELD
    work = place.replace("/appeal", "/work")
    sent = browser(world.learner).post(work, data={"text": "More sources", "hand_in": "1"})
    assert sent.status_code == 303
    assert "Mei Student" in browser(world.grantor).get("/assessment/queue").text


def work_page(browser, world, place):
    return browser(world.learner).get(place.replace("/appeal", "/work")).text


def test_the_page_of_the_work_offers_the_appeal(browser, world, denied, place):
    page = work_page(browser, world, place)

    assert "Appeal against the decision" in page
    assert "The decision is final" not in page


def test_an_appeal_that_nobody_has_started_on_is_not_in_assessment(
    browser, world, appealed, submission, place
):
    page = work_page(browser, world, place)
    assert "Your appeal is open." in page
    assert "Waiting for a grantor" in page
    assert "A grantor is assessing your work now" not in page
    assert "Waiting for a grantor" in browser(world.learner).get(place).text

    browser(world.second_grantor).post(f"/assessment/submissions/{submission.id}/start")

    page = work_page(browser, world, place)
    assert "A grantor is assessing your work now" in page
    assert "Waiting for a grantor" not in page


def test_after_a_dismissed_appeal_the_decision_is_called_final(
    browser, world, appealed, assess, place
):
    assess("second_grantor", "below", "enough", decision="not_met")

    assert "Your appeal was dismissed: the decision is final." in work_page(browser, world, place)


def test_agreement_is_not_measured_by_an_appeal(session, world, appealed, assess):
    assess("second_grantor", "best", "best", decision="met", reason="")
    since = datetime.now(UTC) - timedelta(days=1)

    together = list_assessed_together(session, world.level_1.achievement_id, since=since)

    assert together == []


def test_whoever_hears_it_is_asked_to_rate_before_reading_what_was_said(
    browser, world, submission, appealed
):
    page = browser(world.second_grantor).get(f"/assessment/submissions/{submission.id}").text

    assert "<summary>Assessments before the appeal: rate the work first</summary>" in page
