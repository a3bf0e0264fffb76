"""What nobody can do to a group, whatever they send."""

import threading

import pytest
from sqlalchemy import select

from app.core.db import db, transaction
from app.core.errors import ConflictError
from app.core.principal import Role
from app.courses.models import Enrolment
from app.evidence import grouping
from app.evidence.group_models import GroupInvitation
from app.evidence.models import Submission
from app.mapping.models import Assignment
from tests import factories
from tests.factories import NOON


@pytest.fixture
def elsewhere(session, world):
    """A learner of another course at the same institution."""
    course = factories.make_course(session, world.deployment, "another-course")
    person = factories.make_person(session, course, Role.LEARNER, "Eva Elsewhere")
    session.commit()
    return person


def test_nobody_of_another_course_is_invited(team, world, elsewhere, rows):
    assert "Eva Elsewhere" not in team.page(world.learner, "group").text

    page = team.invite(world.learner, elsewhere)

    assert page.status_code == 404
    assert "There is no such learner in this course" in page.text
    assert rows(GroupInvitation) == []
    assert rows(Submission) == []


def test_nobody_of_another_institution_is_invited(team, world, session, app, rows):
    foreign = factories.make_world(session, app.extensions["assay.vault"], "other")

    assert team.invite(world.learner, foreign.learner).status_code == 404
    assert rows(GroupInvitation) == []


def test_nobody_invites_themselves(team, world, rows):
    page = team.invite(world.learner, world.learner)

    assert page.status_code == 422
    assert "You are in your group already" in page.text
    assert rows(GroupInvitation) == []


@pytest.mark.parametrize("who", ["instructor", "assistant", "grantor"])
def test_staff_are_never_invited(team, world, rows, who):
    person = getattr(world, who)
    assert person.name not in team.page(world.learner, "group").text

    assert team.invite(world.learner, person).status_code == 404
    assert rows(GroupInvitation) == []


def test_the_student_preview_is_never_invited_and_invites_nobody(team, world, session, third, rows):
    session.query(Enrolment).filter_by(person_id=third.id).one().is_test_user = True
    session.commit()

    assert "Amara" not in team.page(world.learner, "group").text
    assert team.invite(world.learner, third).status_code == 404
    assert team.invite(third, world.learner).status_code == 403
    assert rows(GroupInvitation) == []


@pytest.mark.parametrize("sent", ["", "Jonas", "99999999999999999999", "-1", "0"])
def test_what_is_no_person_invites_nobody(team, world, rows, sent):
    page = team.post(world.learner, "group/invitations", person=sent)

    assert page.status_code in {404, 422}
    assert rows(GroupInvitation) == []


def test_who_has_begun_work_of_their_own_is_not_invited(team, world):
    team.send(world.other_learner, button="save", text="mine")
    assert "Jonas" not in team.page(world.learner, "group").text

    page = team.invite(world.learner, world.other_learner)

    assert page.status_code == 409
    assert "They have begun work of their own" in page.text


def test_who_begins_after_being_invited_cannot_accept(team, world, artifacts):
    team.invite(world.learner, world.other_learner)
    team.send(world.other_learner, button="save", text="mine")

    page = team.answer(world.other_learner)

    assert page.status_code == 409
    assert "You have work of your own here" in page.text
    assert [each.text for each in artifacts()] == ["mine"]


def test_accepting_twice_is_accepting_once(team, world, submissions):
    team.invite(world.learner, world.other_learner)
    team.answer(world.other_learner)

    assert "You are in the group now" in team.answer(world.other_learner).text
    assert len(submissions()) == 2


def test_nobody_is_in_two_groups(team, world, third, submissions):
    team.invite(world.learner, third)
    first = team.invitation(third).id
    team.invite(world.other_learner, third)
    second = team.invitation(third).id
    team.answer(third, "accept", first)

    page = team.answer(third, "accept", second)

    assert page.status_code == 409
    mine = next(each for each in submissions() if each.learner_id == third.id)
    assert mine.lead.learner_id == world.learner.id


def test_who_leads_a_group_joins_no_other(team, world, third):
    team.gather(world.learner, world.other_learner)
    assert team.invite(third, world.learner).status_code == 409


def test_after_the_hand_in_nobody_joins_leaves_or_is_removed(team, world, third, submissions):
    team.gather(world.learner, world.other_learner)
    team.invite(world.learner, third)
    team.send_without(world.learner, third, text="ours")

    late = team.answer(third)
    assert late.status_code == 409
    assert "handed in its work meanwhile" in late.text
    assert team.post(world.other_learner, "group/leave").status_code == 409
    removed = team.post(world.learner, f"group/members/{world.other_learner.id}/remove")
    assert removed.status_code == 409
    assert team.invite(world.learner, third).status_code == 409
    assert "cannot be changed any more" in team.page(world.learner, "group").text
    assert len(submissions()) == 2


def test_a_group_is_never_larger_than_allowed(team, world, third, session, assignment, submissions):
    assignment.max_group_size = 2
    session.commit()
    team.gather(world.learner, world.other_learner)

    page = team.invite(world.learner, third)
    assert page.status_code == 409
    assert "Your group is full" in page.text

    session.add(  # as if the invitation had slipped through
        GroupInvitation(
            institution_id=world.institution.id,
            submission_id=submissions()[0].id,
            person_id=third.id,
            invited_by=world.learner.id,
            invited_at=NOON,
        )
    )
    session.commit()
    full = team.answer(third)
    assert full.status_code == 409
    assert "This group is full" in full.text


@pytest.mark.parametrize("what", ["accept", "decline", "take-back"])
def test_nobody_answers_for_somebody_else(team, world, third, what):
    team.invite(world.learner, world.other_learner)
    number = team.invitation(world.other_learner).id

    assert team.answer(third, what, number).status_code == 404
    assert team.invitation(world.other_learner).answered_at is None


def test_a_stranger_reads_nothing_of_the_group(team, world, third, artifacts):
    team.send(world.learner, button="save", text="draft")
    team.gather(world.learner, world.other_learner)
    team.send(world.learner, text="ours", seen="1.1")
    (artifact,) = artifacts()

    assert team.browser(world.other_learner).get(f"/artifacts/{artifact.id}").status_code == 200
    assert team.browser(third).get(f"/artifacts/{artifact.id}").status_code == 404
    assert team.page(third, "receipts/1").status_code == 404
    assert team.post(third, "withdraw", attempt=artifact.attempt_id).status_code == 409


def test_who_declined_reads_nothing(team, world, artifacts):
    team.send(world.learner, button="save", text="draft")
    team.invite(world.learner, world.other_learner)
    team.answer(world.other_learner, "decline")

    page = team.browser(world.other_learner).get(f"/artifacts/{artifacts()[0].id}")

    assert page.status_code == 404


def test_where_there_are_no_groups_nothing_makes_one(team, world, session, assignment, rows):
    assignment.max_group_size = 1
    session.commit()

    assert team.invite(world.learner, world.other_learner).status_code == 409
    assert team.post(world.learner, "group/leave").status_code == 409
    assert rows(GroupInvitation) == []


def test_two_invitations_accepted_at_once_make_one_group(app, team, world, third, session):
    team.invite(world.learner, third)
    first = team.invitation(third).id
    team.invite(world.other_learner, third)
    second = team.invitation(third).id
    together, outcomes = threading.Barrier(2), []
    assignment_id = session.scalars(select(Assignment.id)).one()

    def accept(number: int) -> None:
        with app.app_context():
            together.wait()
            try:
                with transaction() as own:
                    grouping.accept(
                        own,
                        own.get_one(Assignment, assignment_id),
                        learner_id=third.id,
                        invitation_id=number,
                        now=NOON,
                    )
                outcomes.append("joined")
            except ConflictError:
                outcomes.append("refused")
            db.session.remove()

    threads = [threading.Thread(target=accept, args=(number,)) for number in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["joined", "refused"]
    session.rollback()
    mine = session.scalars(select(Submission).where(Submission.learner_id == third.id)).all()
    assert len(mine) == 1
