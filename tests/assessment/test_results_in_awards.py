"""What the grantors decided is kept with the award: the level reached at each criterion."""

from sqlalchemy import select

from app.assessment.models import AttemptDecision
from app.awards.models import Award
from app.awards.status_models import AwardResult, StatusList
from tests.assessment.work import form_data, hand_in
from tests.factories import make_assignment


def test_the_levels_of_the_decision_are_kept_with_the_award(browser, session, world):
    assignment = make_assignment(session, world.course, world.level_1, link=world.link)
    submission = hand_in(session, assignment, world.learner)
    first, second = submission.assignment.criteria

    browser(world.grantor).post(
        f"/assessment/submissions/{submission.id}", data=form_data(submission, "best", "enough")
    )

    award = session.scalars(select(Award)).one()
    kept = {row.criterion_id: row.rubric_level_id for row in session.scalars(select(AwardResult))}
    assert kept == {
        first.id: first.rubric_levels[2].id,
        second.id: second.rubric_levels[1].id,
    }
    assert session.scalars(select(AttemptDecision)).one().released_at is not None
    assert award.status_list_id == session.scalars(select(StatusList.id)).one()
