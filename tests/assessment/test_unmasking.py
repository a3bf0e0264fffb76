"""By declaring a conflict of interest and ending it, nobody finds out whose a work is."""

import pytest
from sqlalchemy import select

from app.assessment.anonymity import alias_of
from app.evidence.conflict_models import ConflictOfInterest
from app.evidence.models import SubmissionStatus
from tests.assessment.several import again, hand_in, join, needs, url
from tests.assessment.test_staying_away import declare
from tests.campus import make_administrator


@pytest.fixture
def masked(session, world, submission):
    """Work of Mei's that is assessed anonymously, and that Priya stays away from."""
    needs(session, world.level_1, 1, anonymous=True)
    declare(session, world.grantor, world.learner)
    return submission


def end(conflict, room="assessment"):
    return f"/{room}/conflicts/{conflict.id}/end"


def own_conflict(session):
    again(session)
    return session.scalars(select(ConflictOfInterest)).one()


def test_by_declaring_and_ending_nobody_finds_out_whose_an_anonymous_work_is(
    app, browser, session, world, submission
):
    needs(session, world.level_1, 1, anonymous=True)
    hand_in(session, submission.assignment, world.other_learner)
    alias = alias_of(submission, vault=app.extensions["assay.vault"])
    client = browser(world.grantor)
    asked = "/assessment/conflicts?learner=mei"
    assert "only an administrator can" in client.get(asked).text
    client.post(asked, data={"learner_id": world.learner.id, "reason": "Cousins."})
    assert alias not in client.get("/assessment/queue").text

    refused = client.post(end(own_conflict(session)))

    assert refused.status_code == 403
    assert "you would see which it is" in refused.text
    assert alias not in client.get("/assessment/queue").text
    page = client.get("/assessment/conflicts").text
    assert "only an administrator can end this" in page
    assert end(own_conflict(session)) not in page


@pytest.mark.parametrize(
    "status", [SubmissionStatus.IN_ASSESSMENT, SubmissionStatus.REVISION_REQUESTED, "draft"]
)
def test_it_does_not_end_either_while_the_work_is_with_the_learner_for_a_while(
    browser, session, world, masked, status
):
    masked.status = SubmissionStatus(status)
    session.commit()

    assert browser(world.grantor).post(end(own_conflict(session))).status_code == 403


def test_it_does_not_end_while_a_group_of_the_learner_s_waits(browser, session, world, masked):
    conflict = own_conflict(session)
    conflict.learner_id = world.other_learner.id
    join(session, masked, world.other_learner)

    assert browser(world.grantor).post(end(conflict)).status_code == 403


def test_an_administrator_ends_it_and_is_told_what_that_tells(browser, session, world, masked):
    make_administrator(session, world.instructor)
    session.commit()
    admin = browser(world.instructor)

    page = admin.get("/admin/conflicts").text
    ended = admin.post(end(own_conflict(session), "admin"))

    assert "They cannot end it" in page
    assert ended.status_code == 303
    assert browser(world.grantor).get(url(masked)).status_code == 200


def test_an_administrator_does_not_end_their_own_then(browser, session, world, masked):
    make_administrator(session, world.grantor)
    session.commit()

    refused = browser(world.grantor).post(end(own_conflict(session), "admin"))

    assert refused.status_code == 403


@pytest.mark.parametrize("how", ["decided", "draft", "named", "not theirs"])
def test_where_it_tells_nothing_whoever_declared_it_ends_it(browser, session, world, masked, how):
    if how == "decided":
        masked.status = SubmissionStatus.NOT_MET
    elif how == "draft":
        masked.status, masked.attempts[0].submitted_at = SubmissionStatus.DRAFT, None
    elif how == "named":
        world.level_1.is_anonymous = False
    else:
        masked.achievement_id = world.level_2.achievement_id
    session.commit()

    assert browser(world.grantor).post(end(own_conflict(session))).status_code == 303


def test_who_withdrew_from_one_anonymous_work_ends_that(browser, session, world, submission):
    """They were told its alias, and nothing else is told by its return."""
    needs(session, world.level_1, 1, anonymous=True)
    declare(session, world.grantor, world.learner, submission=submission)

    assert browser(world.grantor).post(end(own_conflict(session))).status_code == 303
