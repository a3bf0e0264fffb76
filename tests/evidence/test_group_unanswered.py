"""Handing in while somebody who was invited has not answered yet."""

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.evidence.models import Submission, SubmissionStatus


@pytest.fixture
def invited(team, world):
    """Work by Mei, who has invited Jonas; he has not answered."""
    team.send(world.learner, button="save", text="ours")
    team.invite(world.learner, world.other_learner)
    return team


def test_it_is_asked_whether_to_hand_in_without_them(invited, world, submissions, artifacts):
    assert "Hand in without Jonas Student" in invited.page(world.learner).text

    page = invited.send(world.learner, text="changed", seen="1.1")

    assert page.status_code == 422
    assert "Jonas Student has not answered: hand in without them?" in page.text
    assert submissions()[0].status is SubmissionStatus.DRAFT
    assert [each.text for each in artifacts()] == ["changed"], "what was typed is kept"


def test_who_says_so_hands_in_without_them(invited, world, submissions, session):
    page = invited.send_without(world.learner, world.other_learner, text="ours", seen="1.1")

    assert "Your work is handed in" in page.text
    assert "together" not in page.text
    assert "You handed this in by yourself" in page.text
    assert "did not answer before it was handed in" in page.text
    assert [each.learner_id for each in submissions()] == [world.learner.id]
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "submission.handed_in")
    ).one()
    assert entry.facts["without"] == [world.other_learner.id]


def test_the_invited_is_told_and_cannot_join_any_more(invited, world, rows):
    invited.send_without(world.learner, world.other_learner, text="ours", seen="1.1")

    page = invited.page(world.other_learner)

    assert "Mei Student handed in without you" in page.text
    assert "invites you to hand in together" not in page.text
    assert invited.answer(world.other_learner).status_code == 409
    assert len(rows(Submission)) == 1


def test_the_invitation_stays_ended_when_the_work_is_taken_back(invited, world, attempts):
    invited.send_without(world.learner, world.other_learner, text="ours", seen="1.1")
    invited.post(world.learner, "withdraw", attempt=attempts()[0].id)

    assert "invites you to hand in together" not in invited.page(world.other_learner).text
    refused = invited.answer(world.other_learner)
    assert refused.status_code == 409
    assert "Ask to be invited again" in refused.text
    assert "Hand in without" not in invited.page(world.learner).text

    invited.invite(world.learner, world.other_learner)
    assert "You are in the group now" in invited.answer(world.other_learner).text


def test_somebody_else_invited_meanwhile_is_asked_about_too(invited, world, third, submissions):
    confirmed = invited.invitation(world.other_learner).id
    invited.invite(world.learner, third)

    page = invited.post(
        world.learner, "work", hand_in="1", without=str(confirmed), text="ours", seen="1.1"
    )

    assert page.status_code == 422
    assert "Amara Student has not answered: hand in without them?" in page.text
    assert submissions()[0].status is SubmissionStatus.DRAFT


def test_only_who_accepted_handed_in_together(invited, world, third):
    invited.invite(world.learner, third)
    invited.answer(third)

    page = invited.send_without(world.learner, world.other_learner, text="ours", seen="1.1")

    assert "You handed this in together" in page.text
    receipt = invited.page(world.learner, "receipts/1").text
    assert "Amara Student" in receipt
    assert "Jonas Student" not in receipt


@pytest.mark.parametrize("sent", ["", "Jonas", "0", "99999999999999999999"])
def test_what_names_no_invitation_confirms_nothing(invited, world, submissions, sent):
    page = invited.post(world.learner, "work", hand_in="1", without=sent, text="ours", seen="1.1")

    assert page.status_code == 422
    assert submissions()[0].status is SubmissionStatus.DRAFT
