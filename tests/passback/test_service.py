"""What is promised to the gradebook: bodies, timestamps, who is told and who is not."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry
from app.core.errors import ConflictError
from app.core.principal import Role
from app.courses.models import LtiUser, Person
from app.outbox.models import Delivery, DeliveryState
from app.passback.models import GradebookCell
from app.passback.places import Place, release_column, reserve_column
from app.passback.service import (
    find_newest_delivery,
    list_newest_deliveries,
    queue_status,
    reopen_parked,
    resend,
    restamp,
)
from app.platforms.quirks import CANVAS_SUBMISSION
from tests.factories import NOON, make_assignment, make_course, make_person

MINUTE = timedelta(minutes=1)


@pytest.fixture
def assignment(session, world):
    assignment = make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    return assignment


@pytest.fixture
def tell(session, world, assignment):
    """Queue one status of the learner; return the delivery, or `None`."""

    def queue_one(status, *, points=None, comment="Words", at=NOON, person=None, by=None):
        return queue_status(
            session,
            assignment,
            person_id=(person or world.learner).id,
            status=status,
            points=points,
            comment=comment,
            occurred_at=at,
            submitted_at=NOON - MINUTE,
            scored_by=by.id if by else None,
        )

    return queue_one


def body(delivery: Delivery) -> dict:
    return json.loads(delivery.payload["body"])


def forget(session: Session, person: Person) -> None:
    """Let the platform not know a person."""
    session.execute(delete(LtiUser).where(LtiUser.person_id == person.id))


def test_a_submission_is_told_without_a_score(tell, world, assignment):
    delivery = tell("submitted", comment="Submitted for Research Literacy; awaiting assessment")

    assert body(delivery) == {
        "userId": f"sub-mei-student-{world.learner.id}",
        "timestamp": "2026-11-02T12:00:00.000+00:00",
        "activityProgress": "Submitted",
        "gradingProgress": "PendingManual",
        "comment": "Submitted for Research Literacy; awaiting assessment",
        "submission": {"submittedAt": "2026-11-02T11:59:00.000+00:00"},
    }
    assert delivery.subject == f"score:{assignment.id}:{world.learner.id}"
    assert delivery.payload.keys() == {
        "body",
        "platform_id",
        "assignment_id",
        "person_id",
        "is_first",
    }
    assert delivery.lane == f"platform:{world.platform.id}"
    assert (delivery.state, delivery.next_attempt_at) == (DeliveryState.WAITING, NOON)


def test_a_decision_is_told_with_score_and_grantor(tell, world, assignment):
    score = body(tell("awarded", points=4, comment="Level I awarded", by=world.grantor))

    assert (score["scoreGiven"], score["scoreMaximum"]) == (4, 6)
    assert (score["activityProgress"], score["gradingProgress"]) == ("Completed", "FullyGraded")
    assert score["scoringUserId"] == f"sub-priya-grantor-{world.grantor.id}"


def test_a_grantor_unknown_to_the_platform_is_not_named(session, tell, world):
    other = make_course(session, world.deployment, "elsewhere")
    stranger = make_person(session, other, Role.GRADER, "Stranger")
    forget(session, stranger)

    assert "scoringUserId" not in body(tell("met", points=1, by=stranger))


def test_each_status_is_later_by_a_whole_second_and_supersedes_the_last(session, tell, world):
    first = tell("submitted")
    second = tell("in_assessment")
    third = tell("met", points=3, at=NOON + timedelta(milliseconds=2500))

    stamps = [body(delivery)["timestamp"] for delivery in (first, second, third)]
    assert stamps == [
        "2026-11-02T12:00:00.000+00:00",
        "2026-11-02T12:00:01.000+00:00",
        "2026-11-02T12:00:02.500+00:00",
    ]
    assert first.state is second.state is DeliveryState.SUPERSEDED
    cell = session.scalars(select(GradebookCell)).one()
    assert (cell.graded_points, cell.graded_max_points) == (3, 6)


def test_a_grade_survives_a_new_submission(tell):
    tell("not_met", points=2, comment="Not met: sources")

    score = body(tell("submitted", comment="Submitted again"))
    decided = body(tell("met", points=5, comment="2 of 2 criteria met"))

    assert (score["scoreGiven"], score["scoreMaximum"]) == (2, 6)
    assert (score["activityProgress"], score["gradingProgress"]) == ("Completed", "FullyGraded")
    assert score["comment"] == "Submitted again"
    assert decided["scoreGiven"] == 5


def test_a_draft_after_a_grade_tells_nothing(tell):
    tell("not_met", points=2, comment="Not met: sources")

    assert tell("draft", comment="") is None
    assert tell("submitted", comment="") is not None


def test_a_status_without_words_keeps_the_last_comment(tell):
    tell("revision_requested", comment="Revision requested: more sources")

    assert body(tell("draft", comment=""))["comment"] == "Revision requested: more sources"


def test_a_first_draft_has_an_empty_comment(tell):
    score = body(tell("draft", comment=""))

    assert (score["gradingProgress"], score["comment"]) == ("NotReady", "")


def test_a_draft_was_not_handed_in(session, world, assignment):
    delivery = queue_status(
        session,
        assignment,
        person_id=world.learner.id,
        status="draft",
        points=None,
        comment="",
        occurred_at=NOON,
        submitted_at=None,
        scored_by=None,
    )

    assert "submission" not in body(delivery)


def test_nobody_is_told_of_a_learner_who_has_not_started(tell):
    assert tell("not_started") is None


def test_nobody_is_told_where_the_course_takes_no_scores(session, tell, world):
    world.course.ags_scopes = []

    assert tell("submitted") is None
    assert session.scalar(select(Delivery)) is None


def test_nobody_is_told_of_a_person_whom_the_platform_does_not_know(session, tell, world):
    forget(session, world.learner)

    assert tell("submitted") is None


def test_nobody_is_told_of_the_student_preview(session, tell, world):
    preview = make_person(session, world.course, Role.LEARNER, "Preview", is_test_user=True)

    assert tell("submitted", person=preview) is None


@pytest.mark.parametrize("points", [None, -1, 7])
def test_a_decision_without_fitting_points_is_a_bug(tell, points):
    with pytest.raises(ValueError, match="0 to 6"):
        tell("met", points=points)


def test_canvas_makes_one_attempt_per_submission(tell, world):
    world.platform.product_family = "canvas"

    submitted = tell("submitted")
    assessed = tell("in_assessment", at=NOON + MINUTE)
    assessed.state = DeliveryState.DELIVERED
    met = tell("met", points=1, at=NOON + 2 * MINUTE)

    assert body(submitted)[CANVAS_SUBMISSION]["new_submission"] is True
    assert body(assessed)[CANVAS_SUBMISSION]["new_submission"] is True, "the first never left"
    assert body(met)[CANVAS_SUBMISSION] == {
        "new_submission": False,
        "prioritize_non_tool_grade": True,
    }


def test_the_newest_delivery_is_found_for_each_learner(session, tell, world, assignment):
    tell("submitted")
    newest = tell("in_assessment")
    other = tell("submitted", person=world.other_learner)

    found = list_newest_deliveries(session, assignment.id)

    assert found == {world.learner.id: newest, world.other_learner.id: other}
    assert (
        find_newest_delivery(session, assignment_id=assignment.id, person_id=world.learner.id)
        is newest
    )
    assert (
        find_newest_delivery(session, assignment_id=assignment.id, person_id=world.grantor.id)
        is None
    )


def fail(delivery: Delivery, *, is_parked: bool) -> Delivery:
    delivery.state, delivery.is_parked = DeliveryState.FAILED, is_parked
    delivery.attempts, delivery.last_error = 3, "gone"
    return delivery


def test_a_launch_takes_up_again_what_was_parked(session, tell, world, assignment):
    parked = fail(tell("submitted"), is_parked=True)
    refused = fail(tell("submitted", person=world.other_learner), is_parked=False)
    before = parked.payload["body"]

    assert reopen_parked(session, assignment, NOON + MINUTE) == 1

    assert (parked.state, parked.attempts) == (DeliveryState.WAITING, 0)
    assert parked.next_attempt_at == NOON + MINUTE
    assert parked.payload["body"] == before
    assert refused.state is DeliveryState.FAILED


def test_a_launch_leaves_what_was_parked_and_overtaken(session, tell, assignment):
    parked = fail(tell("submitted"), is_parked=True)
    tell("in_assessment")

    assert reopen_parked(session, assignment, NOON) == 0
    assert parked.state is DeliveryState.SUPERSEDED


def test_a_failed_delivery_is_sent_again_on_request(session, tell, world, assignment):
    failed = fail(tell("met", points=3), is_parked=False)

    again = resend(
        session, assignment, person_id=world.learner.id, actor="person:1", now=NOON + MINUTE
    )

    assert failed.state is DeliveryState.SUPERSEDED
    assert body(again) == body(failed) | {"timestamp": "2026-11-02T12:01:00.000+00:00"}
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.subject) == ("passback.resent", again.subject)


def test_what_has_not_failed_is_not_sent_again(session, tell, world, assignment):
    for _ in range(2):
        with pytest.raises(ConflictError, match="nothing to send again"):
            resend(session, assignment, person_id=world.learner.id, actor="person:1", now=NOON)
        tell("submitted")


def test_a_restamp_gives_way_to_a_newer_message(session, tell):
    first = tell("submitted")
    second = restamp(session, first.id, at=NOON + MINUTE, due_at=NOON, now=NOON + MINUTE)

    assert body(second)["timestamp"] == "2026-11-02T12:01:00.000+00:00"
    assert second.payload["restamps"] == 1
    assert restamp(session, first.id, at=NOON, due_at=NOON, now=NOON) is None


def test_one_worker_at_a_time_makes_a_column(session, assignment):
    place = Place(assignment_id=assignment.id)
    assert not reserve_column(session, place, now=NOON), "it has one already"
    assignment.lineitem_url = None
    session.flush()

    assert reserve_column(session, place, now=NOON)
    assert not reserve_column(session, place, now=NOON + MINUTE)
    release_column(session, place, now=NOON + MINUTE)
    assert reserve_column(session, place, now=NOON + MINUTE)
    assert reserve_column(session, place, now=NOON + 9 * MINUTE), "a dead worker's ran out"
    release_column(session, Place(assignment_id=assignment.id + 1), now=NOON)
