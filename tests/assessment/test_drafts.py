"""What is filled in is kept, is nobody else's, and is never lost."""

from datetime import UTC, datetime, timedelta

import pytest

from app.assessment.desk_models import AssessmentDraft
from app.assessment.models import Assessment
from app.evidence.models import SubmissionStatus
from app.programme.models import GrantorAppointment
from tests import factories
from tests.assessment.desk import draft_data, rows, url
from tests.assessment.work import form_data, hand_in

FRAGMENT = {"X-Fragment": "1"}
PAST = datetime.now(UTC) - timedelta(seconds=5)


def end_appointments(session, person):
    for appointment in session.query(GrantorAppointment).filter_by(person_id=person.id):
        appointment.ends_at = PAST
    session.commit()


def test_a_draft_is_saved_by_a_button_and_stands_in_the_form_again(
    browser, session, world, submission
):
    client = browser(world.grantor)
    data = draft_data(
        submission, "best", "below", decision="revision", reason="Cite it.", staff_note="Again?",
        parts=[str(submission.assignment.criteria[1].id)],
    )  # fmt: skip

    page = client.post(url(submission, "draft"), data=data, follow_redirects=True)

    assert "Draft saved. Nobody else sees it." in page.text
    assert "Cite it." in page.text
    assert "Again?" in page.text
    assert "About Criterion 2" in page.text
    assert page.text.count(" checked") == 5  # two levels, the decision, the part, no conflict
    assert '<strong id="tally-points">3</strong>' in page.text
    (draft,) = rows(session, AssessmentDraft)
    assert draft.person_id == world.grantor.id
    assert draft.content["decision"] == "revision"
    assert submission.status is SubmissionStatus.SUBMITTED, "a draft tells nobody anything"


def test_a_draft_may_be_incomplete_and_is_nobody_elses(browser, session, world, submission):
    data = {"attempt_id": submission.attempts[-1].id, "reason": "Half a thought"}

    browser(world.grantor).post(url(submission, "draft"), data=data)

    assert len(rows(session, AssessmentDraft)) == 1
    assert "Half a thought" in browser(world.grantor).get(url(submission)).text
    assert "Half a thought" not in browser(world.second_grantor).get(url(submission)).text


def test_the_page_saves_by_itself_and_is_told_the_new_revision(browser, world, submission):
    client = browser(world.grantor)

    first = client.post(
        url(submission, "draft"), data=draft_data(submission, "best", "best"), headers=FRAGMENT
    )
    second = client.post(
        url(submission, "draft"),
        data=draft_data(submission, "best", "below", revision=1),
        headers=FRAGMENT,
    )

    assert (first.status_code, second.status_code) == (200, 200)
    assert "<html" not in first.text
    assert "Draft saved" in first.text
    assert 'data-revision="1"' in first.text
    assert 'data-revision="2"' in second.text


def test_two_windows_do_not_overwrite_each_other(browser, session, world, submission):
    client = browser(world.grantor)
    old = draft_data(submission, "best", "best", reason="From the first window")
    new = draft_data(submission, "best", "best", reason="From the second window")
    client.post(url(submission, "draft"), data=old)

    by_itself = client.post(url(submission, "draft"), data=new, headers=FRAGMENT)
    stale = client.post(url(submission, "draft"), data=new)

    assert (by_itself.status_code, stale.status_code) == (409, 409)
    assert "saved from another window" in by_itself.text
    assert "saved from another window" in stale.text
    assert "From the second window" in stale.text, "what was typed here is not lost"
    assert 'name="draft_revision" type="hidden" value="1"' in stale.text
    (draft,) = rows(session, AssessmentDraft)
    assert draft.content["reason"] == "From the first window"
    agreed = client.post(url(submission, "draft"), data=new | {"draft_revision": 1})
    assert agreed.status_code == 303
    assert rows(session, AssessmentDraft)[0].content["reason"] == "From the second window"


def test_the_same_saved_twice_is_no_other_window(browser, session, world, submission):
    client, data = browser(world.grantor), draft_data(submission, "best", "best")
    client.post(url(submission, "draft"), data=data)

    assert client.post(url(submission, "draft"), data=data).status_code == 303

    assert [draft.revision for draft in rows(session, AssessmentDraft)] == [1]


def test_recording_takes_the_draft_off_the_desk(browser, session, world, submission):
    client = browser(world.grantor)
    client.post(url(submission, "draft"), data=draft_data(submission, "best", "best"))

    client.post(url(submission), data=form_data(submission, "best", "best"))

    assert rows(session, AssessmentDraft) == []


@pytest.mark.parametrize("door", ["", "draft"])
def test_whose_appointment_ended_while_assessing_gets_back_what_they_typed(
    browser, session, world, submission, door
):
    client = browser(world.grantor)
    end_appointments(session, world.grantor)
    data = draft_data(submission, "best", "best", reason="An hour's words", staff_note="Aside")

    page = client.post(url(submission, *([door] if door else [])), data=data)

    assert page.status_code == 403
    assert "You are not appointed as a grantor" in page.text
    for words in ("Nothing was recorded", "An hour&#39;s words", "Aside", "About Criterion 2"):
        assert words in page.text
    assert "Mei Student" not in page.text
    assert rows(session, Assessment) == []
    assert rows(session, AssessmentDraft) == []


def test_a_page_that_saves_itself_is_told_that_the_appointment_ended(
    browser, session, world, submission
):
    client = browser(world.grantor)
    end_appointments(session, world.grantor)

    answer = client.post(
        url(submission, "draft"), data=draft_data(submission, "best", "best"), headers=FRAGMENT
    )

    assert answer.status_code == 403
    assert "<html" not in answer.text
    assert "Not saved." in answer.text
    assert "not appointed" in answer.text


@pytest.mark.parametrize("door", ["", "draft"])
def test_work_taken_back_while_assessing_says_so_and_loses_nothing(
    browser, session, world, submission, door
):
    client = browser(world.grantor)
    submission.attempts[-1].withdrawn_at = PAST
    submission.status = SubmissionStatus.DRAFT
    session.commit()
    data = draft_data(submission, "best", "best", reason="My words")

    page = client.post(url(submission, *([door] if door else [])), data=data)

    assert page.status_code == 409
    assert "taken this work back" in page.text
    assert "My words" in page.text
    assert rows(session, Assessment) == []
    assert "The learner has taken this work back" in client.get(url(submission)).text


@pytest.mark.parametrize("door", ["", "draft"])
def test_newer_work_while_assessing_says_so_and_loses_nothing(
    browser, session, world, submission, door
):
    client = browser(world.grantor)
    data = draft_data(submission, "best", "below", reason="About the first one")
    hand_in(session, submission.assignment, world.learner, number=2)

    page = client.post(url(submission, *([door] if door else [])), data=data)

    assert page.status_code == 409
    assert "Newer work has been handed in" in page.text
    for words in ("About the first one", "About Criterion 1", "Exceeds"):
        assert words in page.text
    assert rows(session, Assessment) == []


def test_a_draft_about_the_attempt_before_stands_beside_the_rubric(
    browser, session, world, submission
):
    client = browser(world.grantor)
    client.post(
        url(submission, "draft"), data=draft_data(submission, "best", "best", reason="Older words")
    )
    hand_in(session, submission.assignment, world.learner, number=2)

    page = client.get(url(submission)).text

    assert "What you had begun about an attempt before this one" in page
    assert "Older words" in page
    assert " checked" not in page, "it is not taken for an assessment of the new one"


def test_no_draft_is_saved_of_what_is_decided(browser, session, world, submission):
    browser(world.second_grantor).post(url(submission), data=form_data(submission, "best", "best"))

    page = browser(world.grantor).post(
        url(submission, "draft"), data=draft_data(submission, "best", "best", reason="Mine")
    )

    assert page.status_code == 409
    assert "already been assessed" in page.text
    assert "Mine" in page.text
    assert rows(session, AssessmentDraft) == []


@pytest.mark.parametrize("who", ["learner", "instructor", "assistant", "grader"])
def test_nobody_but_grantors_saves_a_draft(browser, session, world, submission, who):
    client = browser(getattr(world, who))

    page = client.post(url(submission, "draft"), data=draft_data(submission, "best", "best"))

    assert page.status_code == 403
    assert rows(session, AssessmentDraft) == []


def test_no_draft_is_saved_across_institutions(app, browser, session, world, submission):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")

    page = browser(other.second_grantor).post(
        url(submission, "draft"), data=draft_data(submission, "best", "best")
    )

    assert page.status_code == 404
    assert rows(session, AssessmentDraft) == []


def test_a_draft_keeps_no_level_of_another_criterion_chosen(browser, session, world, submission):
    first, second = submission.assignment.criteria
    data = draft_data(submission, "best", "best")
    data[f"criterion_{first.id}"] = second.rubric_levels[0].id
    client = browser(world.grantor)
    client.post(url(submission, "draft"), data=data)

    page = client.get(url(submission))

    assert page.status_code == 200
    assert f'data-tally="criterion_{first.id}" data-state="open"' in page.text


def test_control_characters_reach_no_draft(browser, session, world, submission):
    data = draft_data(submission, "best", "best", reason="No\0.\x1b", staff_note="\x07Ring")

    browser(world.grantor).post(url(submission, "draft"), data=data)

    (draft,) = rows(session, AssessmentDraft)
    assert (draft.content["reason"], draft.content["staff_note"]) == ("No.", "Ring")
