"""Only a grantor of the achievement, never one's own work, once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.assessment.models import Assessment, Decision
from app.assessment.recording import Judgement
from app.assessment.releasing import record_and_settle
from app.awards.models import Award
from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from app.core.principal import Role
from app.courses.models import Person
from app.evidence.models import Submission, SubmissionStatus
from app.evidence.service import get_submission
from tests import factories
from tests.assessment.work import form_data, hand_in, ratings


def url(submission: Submission) -> str:
    return f"/assessment/submissions/{submission.id}"


def reload(session):
    session.rollback()
    session.expire_all()


@pytest.mark.parametrize("who", ["learner", "instructor", "assistant", "grader"])
def test_an_lms_role_gives_no_right_to_assess(browser, world, submission, who):
    client = browser(getattr(world, who))

    data = form_data(submission, "best", "best")

    assert client.get(url(submission)).status_code == 403
    assert client.post(url(submission), data=data).status_code == 403
    assert client.post(f"{url(submission)}/start").status_code == 403
    assert client.get("/assessment/queue").status_code == 403


def test_a_stranger_is_asked_to_sign_in(browser, submission):
    assert browser(None).get(url(submission)).status_code == 401


def test_another_institutions_work_does_not_exist(app, browser, session, world, submission):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    client = browser(other.second_grantor)

    assert client.get(url(submission)).status_code == 404
    assert (
        client.post(url(submission), data=form_data(submission, "best", "best")).status_code == 404
    )
    assert "Mei Student" not in client.get("/assessment/queue").text


def test_an_appointment_that_has_ended_gives_no_right(browser, session, world, submission):
    ended = datetime.now(UTC) - timedelta(seconds=5)
    former = factories.make_person(session, world.course, Role.GRADER, "Former Grantor")
    factories.appoint(session, former, world.level_1, ends_at=ended)
    factories.appoint(session, former, world.level_2)

    assert browser(former).get(url(submission)).status_code == 403


def test_nobody_assesses_their_own_work(browser, session, world, assignment):
    own = hand_in(session, assignment, world.grantor)
    client = browser(world.grantor)

    page = client.post(url(own), data=form_data(own, "best", "best"))

    assert page.status_code == 403
    assert "your own work" in page.text
    assert client.get(url(own)).status_code == 403
    assert session.scalar(select(Assessment)) is None
    assert "Nothing waits for you" in client.get("/assessment/queue").text


def test_a_page_view_changes_nothing(browser, session, world, submission):
    browser(world.grantor).get(url(submission))

    reload(session)
    assert submission.status is SubmissionStatus.SUBMITTED
    assert submission.assessor_id is None


def test_starting_is_a_deliberate_button(browser, session, world, submission):
    client = browser(world.grantor)

    page = client.post(f"{url(submission)}/start", follow_redirects=True)

    assert "You started" in page.text
    reload(session)
    assert submission.status is SubmissionStatus.IN_ASSESSMENT
    assert submission.assessor_id == world.grantor.id


def test_another_grantors_work_can_be_taken_over_knowingly(browser, session, world, submission):
    browser(world.grantor).post(f"{url(submission)}/start")
    other = browser(world.second_grantor)

    stale = other.post(f"{url(submission)}/start")
    page = other.get(url(submission))
    taken = other.post(
        f"{url(submission)}/start",
        data={"seen_assessor_id": world.grantor.id},
        follow_redirects=True,
    )

    assert stale.status_code == 409
    assert "Priya Grantor has just started" in stale.text
    assert "Priya Grantor has this submission" in page.text
    assert "Take it over" in page.text
    assert "You started" in taken.text
    reload(session)
    assert submission.assessor_id == world.second_grantor.id


def test_starting_twice_changes_nothing(browser, session, world, submission):
    client = browser(world.grantor)
    client.post(f"{url(submission)}/start")
    reload(session)
    first = submission.assessment_started_at

    assert client.post(f"{url(submission)}/start").status_code == 303

    reload(session)
    assert submission.assessment_started_at == first


def test_a_submission_is_assessed_once(browser, session, world, submission):
    data = form_data(submission, "best", "best")
    assert browser(world.grantor).post(url(submission), data=data).status_code == 303

    page = browser(world.second_grantor).post(url(submission), data=data)

    assert page.status_code == 409
    assert "already been assessed" in page.text
    reload(session)
    assert len(session.scalars(select(Assessment)).all()) == 1
    assert browser(world.second_grantor).get(url(submission)).status_code == 200
    assert browser(world.second_grantor).post(f"{url(submission)}/start").status_code == 409


def press_together(*presses):
    """Send several forms at the same moment; return the statuses, sorted."""
    ready, statuses = threading.Barrier(len(presses)), []

    def press(client, address, data):
        ready.wait()
        statuses.append(client.post(address, data=data).status_code)

    threads = [threading.Thread(target=press, args=arguments) for arguments in presses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


def test_two_grantors_at_the_same_moment_end_with_one_assessment(
    browser, session, world, submission
):
    address, data = url(submission), form_data(submission, "best", "best")
    session.rollback()

    statuses = press_together(
        (browser(world.grantor), address, data), (browser(world.second_grantor), address, data)
    )

    assert statuses == [303, 409]
    reload(session)
    assert len(session.scalars(select(Assessment)).all()) == 1


def test_two_halves_met_at_the_same_moment_make_one_award(browser, session, world):
    halves = [
        hand_in(
            session,
            factories.make_assignment(
                session, world.course, world.level_1, link=None, criterion_positions=(position,)
            ),
            world.learner,
        )
        for position in (0, 1)
    ]
    presses = [
        (browser(grantor), url(half), form_data(half, "best"))
        for grantor, half in zip((world.grantor, world.second_grantor), halves, strict=True)
    ]
    session.rollback()

    assert press_together(*presses) == [303, 303]

    reload(session)
    assert len(session.scalars(select(Award)).all()) == 1
    assert {half.status for half in halves} == {SubmissionStatus.AWARDED}


def test_work_handed_in_anew_is_not_judged_by_the_old_page(browser, session, world, submission):
    data = form_data(submission, "best", "best")
    hand_in(session, submission.assignment, world.learner, number=2)

    page = browser(world.grantor).post(url(submission), data=data)

    # The form is answered for the work that it showed, so it is refused, not misapplied.
    assert page.status_code == 409
    assert "Newer work has been handed in" in page.text


def test_a_draft_cannot_be_assessed(browser, session, world, submission):
    submission.status = SubmissionStatus.DRAFT
    session.commit()
    client = browser(world.grantor)

    assert client.get(url(submission)).status_code == 200
    page = client.post(url(submission), data=form_data(submission, "best", "best"))

    assert page.status_code == 409
    assert "not been handed in" in page.text


def test_an_unrated_criterion_is_named_beside_the_rubric(browser, session, world, submission):
    data = form_data(submission, "best", "best")
    criterion = submission.assignment.criteria[1]
    del data[f"criterion_{criterion.id}"]

    page = browser(world.grantor).post(url(submission), data=data)

    assert page.status_code == 422
    assert "<title>Error: " in page.text
    assert f'<a href="#criterion_{criterion.id}-0">Choose a level for “Criterion 2”' in page.text
    assert "About Criterion 1" in page.text, "what was typed is not lost"
    assert session.scalar(select(Assessment)) is None


def test_met_needs_the_required_level_of_each_criterion(browser, session, world, submission):
    page = browser(world.grantor).post(url(submission), data=form_data(submission, "below", "best"))

    assert page.status_code == 422
    assert "“Criterion 1” is below the level it needs" in page.text
    assert session.scalar(select(Assessment)) is None


@pytest.mark.parametrize("decision", ["revision", "not_met"])
def test_a_decision_against_it_needs_a_reason(browser, world, submission, decision):
    data = form_data(submission, "below", "best", decision=decision, reason="  ")

    page = browser(world.grantor).post(url(submission), data=data)

    assert page.status_code == 422
    assert '<a href="#reason">Give the learner a reason' in page.text


def record(session, app, submission, grantor, **changes):
    facts = {
        "attempt_id": submission.attempts[-1].id,
        "ratings": ratings(submission, "best", "best"),
        "comments": {},
        "decision": Decision.MET,
        "reason": "",
        "states_no_conflict": True,
        **changes,
    }
    return record_and_settle(
        session,
        submission,
        Judgement(**facts),
        grantor=grantor,
        undo_for=timedelta(0),
        vault=app.extensions["assay.vault"],
        base_url="https://tool.test",
        now=datetime.now(UTC),
    )


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"ratings": {}}, InvalidError),
        ({"attempt_id": 999}, ConflictError),
        ({"decision": Decision.NOT_MET, "reason": " "}, InvalidError),
    ],
)
def test_the_service_refuses_by_itself(session, app, world, submission, changes, error):
    with pytest.raises(error):
        record(session, app, submission, world.grantor, **changes)


def test_the_service_checks_required_levels_by_itself(session, app, world, submission):
    below = ratings(submission, "below", "best")

    with pytest.raises(InvalidError, match="“Criterion 1”"):
        record(session, app, submission, world.grantor, ratings=below)


def test_the_service_knows_the_institution(session, app, world, submission):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")

    with pytest.raises(NotFoundError):
        record(session, app, submission, other.grantor)
    with pytest.raises(NotFoundError):
        get_submission(session, submission.id, institution_id=other.institution.id)


def test_the_service_asks_for_an_appointment(session, app, world, submission):
    with pytest.raises(ForbiddenError, match="not appointed"):
        record(session, app, submission, world.instructor)


def test_the_unique_key_stands_below_the_lock(session, app, world, submission):
    record(session, app, submission, world.grantor)
    submission.status = SubmissionStatus.SUBMITTED
    session.flush()

    with pytest.raises(ConflictError, match="already been assessed"):
        record(session, app, submission, session.get(Person, world.grantor.id))


def test_recording_work_that_was_taken_over_asks_once_and_loses_nothing(
    browser, session, world, submission
):
    priya, luis = browser(world.grantor), browser(world.second_grantor)
    priya.post(f"{url(submission)}/start")
    shown = form_data(submission, "best", "best") | {"holder_id": world.grantor.id}
    luis.post(f"{url(submission)}/start", data={"seen_assessor_id": world.grantor.id})

    asked = priya.post(url(submission), data=shown | {"reason": "kept words"})

    assert asked.status_code == 422
    assert "Luis Grantor has taken this over since you opened it" in asked.text
    assert "kept words" in asked.text
    assert f'name="holder_id" type="hidden" value="{world.second_grantor.id}"' in asked.text
    assert session.scalars(select(Assessment)).all() == []
    agreed = priya.post(url(submission), data=shown | {"holder_id": world.second_grantor.id})
    assert agreed.status_code == 303


def test_a_decision_that_came_too_late_leads_back_to_what_was_decided(browser, world, submission):
    priya, luis = browser(world.grantor), browser(world.second_grantor)
    data = form_data(submission, "best", "best")
    luis.post(url(submission), data=data)

    late = priya.post(
        url(submission), data=data, headers={"Referer": f"https://tool.test{url(submission)}"}
    )

    assert late.status_code == 409
    assert f'href="{url(submission)}"' in late.text
