"""Work is handed over and taken over, and only so."""

import pytest
from sqlalchemy import select

from app.assessment.desk_models import AllocationEnd
from app.assessment.models import Assessment
from app.evidence.models import Submission
from tests import factories
from tests.assessment.holding import actions, away, conflict, ends, give, holders, url
from tests.assessment.several import join
from tests.assessment.work import form_data

pytestmark = pytest.mark.usefixtures("given_out")


def test_what_others_were_given_is_taken_only_by_taking_it_over(
    browser, session, world, submission
):
    give(session, submission, world.grantor)
    luis = browser(world.second_grantor)
    data = form_data(submission, "best", "best")

    assert "This work was given to Priya Grantor" in luis.get(url(submission)).text
    assert luis.post(url(submission, "/start")).status_code == 409
    assert luis.post(url(submission), data=data).status_code == 409
    assert session.scalars(select(Assessment)).all() == []
    assert luis.post(url(submission, "/take-over")).status_code == 303

    assert holders(session, submission) == {world.second_grantor.id}
    assert ends(session, submission)[world.grantor.id] is AllocationEnd.HANDED_OVER
    assert luis.post(url(submission), data=data).status_code == 303
    assert "allocation.taken_over" in actions(session)


def test_nothing_is_taken_over_from_nobody_or_oneself(browser, session, world, submission):
    client = browser(world.grantor)
    assert client.post(url(submission, "/take-over")).status_code == 409
    give(session, submission, world.grantor)

    assert client.post(url(submission, "/take-over")).status_code == 409
    assert holders(session, submission) == {world.grantor.id}


def test_handing_over_passes_on_the_work_and_the_note(browser, session, world, submission):
    give(session, submission, world.grantor)
    priya, luis = browser(world.grantor), browser(world.second_grantor)
    assert "Luis Grantor" in priya.get(url(submission, "/hand-over")).text

    page = priya.post(
        url(submission, "/hand-over"),
        data={"receiver": world.second_grantor.id, "note": "You know <this> method."},
        follow_redirects=True,
    )

    assert "Handed over to Luis Grantor" in page.text
    assert holders(session, submission) == {world.second_grantor.id}
    assert "You know &lt;this&gt; method." in luis.get(url(submission)).text
    assert "You know &lt;this&gt; method." in priya.get(url(submission)).text
    assert "allocation.handed_over" in actions(session)
    assert "allocated to you" in luis.get("/assessment/queue?state=mine").text


def test_what_one_has_started_is_handed_over_too(browser, session, world, submission):
    priya = browser(world.grantor)
    priya.post(url(submission, "/start"))

    priya.post(url(submission, "/hand-over"), data={"receiver": world.second_grantor.id})

    session.expire_all()
    assert session.get_one(Submission, submission.id).assessor_id is None
    assert holders(session, submission) == {world.second_grantor.id}


@pytest.mark.parametrize("who", ["oneself", "absent", "in conflict", "not eligible", "nobody", "x"])
def test_it_is_not_handed_to_somebody_who_may_not_have_it(browser, session, world, submission, who):
    give(session, submission, world.grantor)
    receiver = {
        "oneself": world.grantor.id,
        "not eligible": world.grader.id,
        "nobody": 2**31 - 1,
        "x": "x",
    }.get(who, world.second_grantor.id)
    if who == "absent":
        away(session, world.second_grantor)
    elif who == "in conflict":
        conflict(session, world.second_grantor, world.learner)

    page = browser(world.grantor).post(
        url(submission, "/hand-over"), data={"receiver": receiver, "note": "kept words"}
    )

    assert page.status_code == 422
    if who in {"oneself", "not eligible", "nobody", "x"}:
        assert "kept words" in page.text
    else:
        assert "Nobody can take it on now" in page.text
    assert holders(session, submission) == {world.grantor.id}


def test_who_became_absent_while_the_page_was_open_is_refused_by_the_service(
    browser, session, world, submission, grantor
):
    give(session, submission, world.grantor)
    grantor("Third Grantor")
    away(session, world.second_grantor)

    page = browser(world.grantor).post(
        url(submission, "/hand-over"), data={"receiver": world.second_grantor.id}
    )

    assert page.status_code == 422
    assert holders(session, submission) == {world.grantor.id}


def test_a_note_has_an_end(browser, session, world, submission):
    give(session, submission, world.grantor)

    page = browser(world.grantor).post(
        url(submission, "/hand-over"),
        data={"receiver": world.second_grantor.id, "note": "x" * 1001},
    )

    assert page.status_code == 422
    assert "Keep it under 1000 characters" in page.text


def test_one_hands_over_only_what_one_has(browser, session, world, submission):
    give(session, submission, world.second_grantor)
    third = browser(world.grantor)

    page = third.post(url(submission, "/hand-over"), data={"receiver": world.second_grantor.id})

    assert page.status_code in {403, 422}
    assert holders(session, submission) == {world.second_grantor.id}


@pytest.mark.parametrize("deed", ["/hand-over", "/take-over"])
def test_strangers_and_other_institutions_pass_nothing_on(
    browser, session, app, world, submission, deed
):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    give(session, submission, world.grantor)
    data = {"receiver": other.second_grantor.id}

    assert browser(other.grantor).post(url(submission, deed), data=data).status_code == 404
    assert browser(world.grader).post(url(submission, deed), data=data).status_code == 403
    assert holders(session, submission) == {world.grantor.id}


def test_the_workbench_says_once_whose_work_it_is(browser, session, world, submission):
    give(session, submission, world.grantor)

    page = browser(world.grantor).get(url(submission)).text

    assert page.count("This work is allocated to you") == 1
    assert page.count("Hand it over to somebody else") == 1


def test_a_group_s_work_is_handed_over_under_all_its_names(browser, session, world, submission):
    submission.assignment.max_group_size = 2
    join(session, submission, world.other_learner)
    give(session, submission, world.grantor)

    page = browser(world.grantor).get(url(submission, "/hand-over")).text

    assert "Hand over the work of Mei Student and Jonas Student" in page
