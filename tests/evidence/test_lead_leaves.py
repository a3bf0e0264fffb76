"""Who began a group leaves it before it is handed in: the work is passed on."""

import threading

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.db import db, transaction
from app.core.errors import ConflictError
from app.evidence import grouping
from app.evidence.group_models import AttemptSignature
from app.evidence.hold_models import LegalHold
from app.evidence.models import Submission
from app.evidence.signing import digest_of
from app.mapping.models import Assignment
from tests.factories import NOON


@pytest.fixture
def three(team, world, third):
    """Mei began; Amara joined before Jonas, whose number is lower."""
    team.send(world.learner, button="save", text="our draft")
    team.gather(world.learner, third, world.other_learner)
    return team


def test_the_oldest_other_member_leads_and_the_draft_goes_on(
    three, world, third, submissions, attempts, artifacts
):
    assert "Leave the group" in three.page(world.learner, "group").text

    page = three.post(world.learner, "group/leave")

    assert "You have left the group" in page.text
    assert "our draft</textarea>" not in page.text
    by_learner = {each.learner_id: each for each in submissions()}
    heir = by_learner[third.id]
    assert heir.lead_id is None
    assert by_learner[world.learner.id].lead_id is None
    assert by_learner[world.other_learner.id].lead_id == heir.id
    assert [each.submission_id for each in attempts()] == [heir.id]
    for person in (third, world.other_learner):
        assert "our draft</textarea>" in three.page(person).text
    (artifact,) = artifacts()
    assert three.browser(world.learner).get(f"/artifacts/{artifact.id}").status_code == 404


def test_the_new_lead_invites_removes_and_hands_in(three, world, third, attempts, session):
    three.post(world.learner, "group/leave")

    three.gather(third, world.learner)  # whoever left is asked back
    removed = three.post(third, f"group/members/{world.other_learner.id}/remove")
    assert "no longer in your group" in removed.text
    page = three.send(world.learner, text="our draft", seen="1.1")

    assert "Your work is handed in" in page.text
    (attempt,) = attempts()
    assert attempt.submission.learner_id == third.id
    (entry,) = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "submission.group_left")
    )
    assert entry.subject == f"submission:{attempt.submission_id}"
    assert entry.facts["lead"] == third.id


def test_an_open_invitation_is_the_new_leads(team, world, third, session):
    team.gather(world.learner, world.other_learner)
    team.invite(world.learner, third)
    team.post(world.learner, "group/leave")

    assert "invited, has not answered yet" in team.page(world.other_learner, "group").text
    assert "You are in the group now" in team.answer(third).text


def test_who_leaves_takes_only_their_own_signature_along(team, world, session, assignment, rows):
    assignment.statement = "Our own work."
    session.commit()
    team.gather(world.learner, world.other_learner)
    for person in (world.learner, world.other_learner):
        team.post(person, "group/signature", statement=digest_of("Our own work."))

    team.post(world.learner, "group/leave")

    assert [each.person_id for each in rows(AttemptSignature)] == [world.other_learner.id]


def test_what_was_handed_in_once_stays_with_whoever_led(team, world, attempts):
    team.gather(world.learner, world.other_learner)
    team.send(world.learner, text="ours")
    team.post(world.learner, "withdraw", attempt=attempts()[0].id)

    page = team.post(world.learner, "group/leave")

    assert page.status_code == 409
    assert "remove the others instead" in page.text
    assert "has handed in before" in page.text


def test_a_hold_stays_on_the_work_that_somebody_leaves(three, world, session, submissions, rows):
    lead = submissions()[0]
    session.add(
        LegalHold(
            institution_id=lead.institution_id,
            submission_id=lead.id,
            reason="Case 12",
            placed_by=world.instructor.id,
            placed_at=NOON,
        )
    )
    session.commit()

    three.post(world.learner, "group/leave")

    heir = next(each for each in submissions() if each.attempts)
    assert [each.submission_id for each in rows(LegalHold)] == [lead.id, heir.id]


def test_two_who_leave_at_once_leave_the_work_to_the_third(app, three, world, third, session):
    together, outcomes = threading.Barrier(2), []
    assignment_id = session.scalars(select(Assignment.id)).one()
    session.rollback()

    def leave(person_id):
        with app.app_context():
            together.wait()
            try:
                with transaction() as own:
                    assignment = own.get_one(Assignment, assignment_id)
                    grouping.leave(own, assignment, learner_id=person_id, now=NOON)
                outcomes.append("left")
            except ConflictError:
                outcomes.append("asked to load the page again")
            db.session.remove()

    ids = (world.learner.id, third.id)
    threads = [threading.Thread(target=leave, args=(each,)) for each in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert "left" in outcomes
    session.rollback()
    session.expire_all()
    (lead,) = {each.lead_id or each.id for each in session.scalars(select(Submission))
               if each.attempts or each.lead_id}  # fmt: skip
    found = session.get_one(Submission, lead)
    assert (found.lead_id, len(found.attempts)) == (None, 1)
    assert found.learner_id != world.learner.id
