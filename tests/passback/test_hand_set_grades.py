"""A grade that somebody set in the LMS by hand: seen before a post destroys it, left, replaced."""

import json
from datetime import timedelta

import pytest

from app.core.db import transaction
from app.mapping.models import Assignment
from app.outbox.models import DeliveryState
from app.passback.ags import SCORE
from app.passback.places import Place
from app.passback.service import find_cell, replace_grade, resend_all
from app.platforms.quirks import CANVAS_SUBMISSION
from tests.factories import NOON

MINUTE = timedelta(minutes=1)


@pytest.fixture
def sub(world) -> str:
    return f"sub-mei-student-{world.learner.id}"


@pytest.fixture
def set_by_hand(lms, sub):
    def set_grade(points: float | None, of: float = 10) -> None:
        result = {"userId": sub, "comment": "by the teacher"}
        if points is not None:
            result |= {"resultScore": points, "resultMaximum": of}
        lms.results["5", sub] = result

    return set_grade


@pytest.fixture
def cell(session, assignment, world):
    def read():
        session.rollback()
        session.expire_all()
        return find_cell(session, assignment_id=assignment.id, person_id=world.learner.id)

    return read


@pytest.mark.parametrize("family", [None, "moodle", "canvas", "desire2learn"])
def test_a_decision_does_not_overwrite_it(
    tell, run, stands, lms, clock, set_by_hand, cell, session, world, family
):
    world.platform.product_family = family
    session.commit()
    tell("submitted", points=None, comment="Submitted")
    run()
    set_by_hand(9)
    clock.now += MINUTE

    delivery_id = tell("met", points=3)
    run()

    assert stands(delivery_id).state is DeliveryState.FAILED
    assert "by hand" in stands(delivery_id).last_error
    assert lms.told()[0]["resultScore"] == 9
    found = cell()
    assert (found.found_points, found.found_max_points) == (9.0, 10.0)
    assert found.found_at == NOON + MINUTE


def test_our_own_grade_is_overwritten_by_our_next_decision(tell, run, stands, lms, clock, sub):
    tell("met", points=2)
    run()
    # Rescaled to the column's hundred points, and rounded.
    lms.results["5", sub] |= {"resultScore": 33.3, "resultMaximum": 100}
    clock.now += MINUTE

    delivery_id = tell("revoked", points=0, comment="Revoked: copied")
    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED
    assert lms.told()[0]["resultScore"] == 0


def test_a_comment_of_the_teacher_is_no_grade(tell, run, stands, lms, clock, set_by_hand):
    tell("submitted", points=None, comment="Submitted")
    run()
    set_by_hand(None)
    clock.now += MINUTE

    delivery_id = tell("met", points=3)
    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED


def test_handing_in_does_not_erase_it(tell, run, stands, lms, set_by_hand):
    """Moodle takes a post without a score for the wish to erase the grade."""
    set_by_hand(9)

    delivery_id = tell("submitted", points=None, comment="Submitted")
    run()

    assert stands(delivery_id).state is DeliveryState.FAILED
    assert lms.told()[0]["resultScore"] == 9


def test_canvas_keeps_it_by_itself_when_work_is_handed_in(
    tell, run, stands, lms, set_by_hand, session, world
):
    world.platform.product_family = "canvas"
    session.commit()
    set_by_hand(9)

    delivery_id = tell("submitted", points=None, comment="Submitted")
    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED
    assert lms.calls("/li/5/results") == []


def test_without_the_right_to_look_the_decision_is_posted(
    tell, run, stands, lms, clock, set_by_hand, session, world
):
    world.course.ags_scopes = [SCORE]
    session.commit()
    tell("submitted", points=None, comment="Submitted")
    run()
    set_by_hand(9)
    clock.now += MINUTE

    delivery_id = tell("met", points=3)
    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED


def test_replacing_it_tells_canvas_that_ours_counts(
    tell, run, stands, lms, clock, set_by_hand, cell, session, world, assignment
):
    world.platform.product_family = "canvas"
    session.commit()
    test_a_decision_does_not_overwrite_it(
        tell, run, stands, lms, clock, set_by_hand, cell, session, world, "canvas"
    )
    clock.now += MINUTE
    with transaction() as own:
        row = own.get_one(Assignment, assignment.id)
        replace_grade(own, row, person_id=world.learner.id, actor="person:1", now=clock.now)

    assert run() == 1

    posted = json.loads(lms.calls("/li/5/scores")[-1].body)
    assert posted["scoreGiven"] == 3
    assert posted[CANVAS_SUBMISSION]["prioritize_non_tool_grade"] is False
    assert lms.told()[0]["resultScore"] == 3
    assert cell().found_at is None


def test_a_platform_that_calls_the_replacement_outdated_is_told_a_later_time(
    tell, run, stands, lms, clock, set_by_hand, cell, session, world, assignment, sub
):
    test_a_decision_does_not_overwrite_it(
        tell, run, stands, lms, clock, set_by_hand, cell, session, world, None
    )
    lms.stamps["5", sub] = clock.now.replace(microsecond=0)
    lms.date = "Mon, 02 Nov 2026 12:05:00 GMT"
    with transaction() as own:
        row = own.get_one(Assignment, assignment.id)
        replace_grade(own, row, person_id=world.learner.id, actor="person:1", now=NOON)
    lms.stamps["5", sub] = clock.now.replace(microsecond=0) + MINUTE

    assert run() == 2

    assert lms.told()[0]["resultScore"] == 3
    assert cell().found_at is None


def test_sending_all_again_leaves_it(
    tell, run, stands, lms, clock, set_by_hand, cell, session, world, assignment
):
    test_a_decision_does_not_overwrite_it(
        tell, run, stands, lms, clock, set_by_hand, cell, session, world, None
    )
    with transaction() as own:
        again = resend_all(
            own,
            Place(assignment_id=assignment.id),
            institution_id=world.institution.id,
            actor="person:1",
            now=clock.now,
        )

    assert again == 0
    assert run() == 0
