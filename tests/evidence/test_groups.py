"""Learners who hand in together: invited, agreed, one work, handed in for all."""

import json

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.principal import Role
from app.courses.models import RosterEntry, RosterStatus
from app.evidence.group_models import GroupInvitation
from app.evidence.models import SubmissionStatus
from app.outbox.models import Delivery
from tests import factories


def told(session):
    """Return what each learner's gradebook cell is owed: the newest status alone."""
    newest = {}
    found = select(Delivery).where(Delivery.kind == "score").order_by(Delivery.id)
    for each in session.scalars(found):
        body = json.loads(each.payload["body"])
        newest[each.payload["person_id"]] = body["comment"].partition(";")[0]
    return set(newest.items())


def test_without_groups_nothing_is_said_of_them(desk, assignment, browser, world):
    assert "Your group" not in desk.page().text

    page = browser(world.learner).get(desk.url.replace("/work", "/group"), follow_redirects=True)
    assert "everybody hands in their own work" in page.text


def test_the_first_page_offers_a_group_and_is_kept_for_the_class(team, world, app):
    app.config["WTF_CSRF_ENABLED"] = True

    one, other = team.page(world.learner), team.page(world.other_learner)

    assert "in a group of up to 3" in one.text
    assert 'href="/courses/1/assignments/1/group"' in other.text
    assert len(app.extensions["assay.first_pages"]) == 1


def test_an_invited_learner_is_asked_on_their_own_page(team, world, submissions, app):
    app.config["WTF_CSRF_ENABLED"] = True
    team.page(world.other_learner)  # the page of the class is kept
    app.config["WTF_CSRF_ENABLED"] = False

    page = team.invite(world.learner, world.other_learner)

    assert "Invited." in page.text
    assert "invited, has not answered yet" in page.text
    app.config["WTF_CSRF_ENABLED"] = True
    assert "Mei Student invites you to hand in together" in team.page(world.other_learner).text
    assert [each.learner_id for each in submissions()] == [world.learner.id]


def test_nothing_is_theirs_before_they_accept(team, world, artifacts):
    team.send(world.learner, button="save", text="my secret draft")
    team.invite(world.learner, world.other_learner)

    assert "my secret draft" not in team.page(world.other_learner).text
    artifact = artifacts()[0]
    assert team.browser(world.other_learner).get(f"/artifacts/{artifact.id}").status_code == 404


def test_who_accepts_works_on_the_same_draft(team, world, submissions, artifacts):
    team.send(world.learner, button="save", text="begun by Mei")
    team.gather(world.learner, world.other_learner)

    assert "begun by Mei</textarea>" in team.page(world.other_learner).text
    seen = f"1.{artifacts()[0].attempt.revision}"
    page = team.send(world.other_learner, button="save", text="and changed by Jonas", seen=seen)

    assert "Your draft is saved" in page.text
    assert [each.text for each in artifacts()] == ["and changed by Jonas"]
    lead, other = submissions()
    assert (lead.lead_id, other.lead_id) == (None, lead.id)


def test_two_of_a_group_do_not_overwrite_each_other(team, world, artifacts):
    team.send(world.learner, button="save", text="begun by Mei")
    team.gather(world.learner, world.other_learner)
    seen = f"1.{artifacts()[0].attempt.revision}"
    team.send(world.other_learner, button="save", text="by Jonas", seen=seen)

    page = team.send(world.learner, button="save", text="by Mei again", seen=seen)

    assert page.status_code == 409
    assert [each.text for each in artifacts()] == ["by Jonas"]


def test_one_hands_in_for_all_and_each_gradebook_cell_is_told(team, world, submissions, session):
    team.gather(world.learner, world.other_learner)

    page = team.send(world.other_learner, text="our work")

    assert "Your work is handed in" in page.text
    assert [each.status for each in submissions()] == [SubmissionStatus.SUBMITTED] * 2
    assert told(session) == {
        (world.learner.id, "Submitted for Research Literacy"),
        (world.other_learner.id, "Submitted for Research Literacy"),
    }
    assert "Your receipt" in team.page(world.learner).text
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "submission.handed_in")
    ).one()
    assert entry.actor == f"person:{world.other_learner.id}"


@pytest.mark.parametrize("who", ["learner", "other_learner"])
def test_any_member_can_take_the_work_back(team, world, submissions, attempts, who):
    team.gather(world.learner, world.other_learner)
    team.send(world.learner, text="our work")
    person = getattr(world, who)
    assert "Take it back" in team.page(person).text

    page = team.post(person, "withdraw", attempt=attempts()[0].id)

    assert "Your work is taken back" in page.text
    assert [each.status for each in submissions()] == [SubmissionStatus.DRAFT] * 2
    assert "our work</textarea>" in team.page(world.other_learner).text


def test_a_receipt_is_each_members(team, world):
    team.gather(world.learner, world.other_learner)
    team.send(world.learner, text="our work")

    page = team.page(world.other_learner, "receipts/1")

    assert page.status_code == 200
    assert "Jonas Student" in page.text


def test_an_empty_draft_gives_way_to_the_groups(team, world, submissions, attempts):
    team.send(world.other_learner, button="save", text="x")
    team.send(world.other_learner, button="save", text="", seen="1.1")

    team.gather(world.learner, world.other_learner)

    own, lead = submissions()
    assert own.lead_id == lead.id
    assert [each.submission_id for each in attempts()] == []


def test_who_declines_is_not_in_it_and_may_be_asked_again(team, world, submissions):
    team.invite(world.learner, world.other_learner)

    assert "You have declined" in team.answer(world.other_learner, "decline").text
    assert "declined" in team.page(world.learner, "group").text
    assert len(submissions()) == 1
    again = team.answer(world.other_learner)
    assert again.status_code == 409
    assert "You have declined this invitation" in again.text

    team.invite(world.learner, world.other_learner)
    assert "You are in the group now" in team.answer(world.other_learner).text


def test_who_leaves_has_an_empty_draft_of_their_own(team, world, submissions):
    team.send(world.learner, button="save", text="the group's")
    team.gather(world.learner, world.other_learner)

    page = team.post(world.other_learner, "group/leave")

    assert "You have left the group" in page.text
    assert "the group's</textarea>" not in page.text
    assert [each.lead_id for each in submissions()] == [None, None]
    assert "the group&#39;s</textarea>" in team.page(world.learner).text
    team.gather(world.learner, world.other_learner)  # and back


def test_who_began_can_remove_somebody_and_nobody_else_can(team, world, third, submissions):
    team.gather(world.learner, world.other_learner, third)

    refused = team.post(third, f"group/members/{world.other_learner.id}/remove")
    assert refused.status_code == 404
    page = team.post(world.learner, f"group/members/{third.id}/remove")

    assert "no longer in your group" in page.text
    assert [each.lead_id is None for each in submissions()] == [True, False, True]


def test_where_nobody_else_is_the_draft_stays_theirs(team, world, third, artifacts):
    team.send(world.learner, button="save", text="mine")
    team.invite(world.learner, third)

    page = team.post(world.learner, "group/leave")

    assert page.status_code == 409
    assert "it stays yours" in page.text
    assert "mine</textarea>" in team.page(world.learner).text
    assert "Leave the group" not in team.page(world.learner, "group").text


def test_an_invitation_can_be_taken_back(team, world, rows):
    team.invite(world.learner, world.other_learner)
    number = team.invitation(world.other_learner).id

    page = team.post(world.learner, f"group/invitations/{number}/take-back")

    assert "The invitation is taken back" in page.text
    assert rows(GroupInvitation) == []
    gone = team.answer(world.other_learner, "accept", number)
    assert gone.status_code == 404


def test_only_who_began_invites(team, world, third):
    team.gather(world.learner, world.other_learner)

    page = team.invite(world.other_learner, third)

    assert page.status_code == 409
    assert "Whoever leads this group invites" in page.text


def test_many_names_are_found_by_a_part(team, world, session):
    for number in range(55):
        factories.make_person(session, world.course, Role.LEARNER, f"Person {number:02}")
    session.commit()

    assert "These are the first 50" in team.page(world.learner, "group").text
    found = team.page(world.learner, "group?find=person 5")
    assert found.text.count("<option") == 5
    assert "Nobody is found" in team.page(world.learner, "group?find=100%25").text


def test_who_has_left_the_course_is_told_of_and_the_work_goes_on(team, world, session, submissions):
    team.gather(world.learner, world.other_learner)
    session.add(
        RosterEntry(
            course_id=world.course.id,
            person_id=world.other_learner.id,
            role=Role.LEARNER,
            status=RosterStatus.GONE,
            changed_at=factories.NOON.replace(year=2100),
        )
    )
    session.commit()

    assert "No longer in the course: the work goes on" in team.page(world.learner).text
    assert "Your work is handed in" in team.send(world.learner, text="ours").text
    assert [each.status for each in submissions()] == [SubmissionStatus.SUBMITTED] * 2
