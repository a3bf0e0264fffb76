"""The nightly comparison: what others changed is shown, what never arrived is sent again."""

import json
from contextvars import Context
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.cli.jobs import JOBS
from app.core.db import transaction
from app.mapping.models import Assignment
from app.outbox.models import Delivery, DeliveryState
from app.passback.comparison import (
    COMPARE_FOR,
    find_compared_at,
    list_differences,
    owe_comparisons,
)
from app.passback.service import find_cell
from app.platforms.models import PlatformStatus
from tests.factories import NOON, make_assignment
from tests.passback.gradebook_server import answer

MINUTE = timedelta(minutes=1)


@pytest.fixture
def compare(handlers, run, clock):
    """Owe the comparison as the timer does, and let the worker make it."""

    def compare_all(course_id: int | None = None) -> int:
        with transaction() as own:
            owed = owe_comparisons(own, course_id=course_id, now=clock.now)
        run()
        return owed

    return compare_all


@pytest.fixture
def cell(session, assignment, world):
    def read(person=None):
        session.rollback()
        session.expire_all()
        person_id = (person or world.learner).id
        return find_cell(session, assignment_id=assignment.id, person_id=person_id)

    return read


def newest(session) -> Delivery:
    session.rollback()
    return session.scalars(
        select(Delivery)
        .where(Delivery.kind == "score")
        .order_by(Delivery.id.desc())
        .execution_options(populate_existing=True)
    ).first()


def test_a_gradebook_that_says_what_it_was_told_is_in_order(
    tell, run, compare, cell, lms, session, assignment, clock
):
    tell()
    run()
    clock.now += MINUTE

    assert compare() == 1

    assert cell().found_at is None
    assert find_compared_at(session, assignment.id) == NOON + MINUTE
    assert list_differences(session) == []
    assert len(lms.scores()) == 1


@pytest.mark.parametrize("points", [9.0, 0.0, None])
def test_a_grade_changed_by_hand_is_shown_and_left(
    tell, run, compare, cell, lms, session, clock, points
):
    tell()
    run()
    (sub,) = {user for _, user in lms.results}
    result = {"userId": sub}
    if points is not None:
        result |= {"resultScore": points, "resultMaximum": 10}
    lms.results["5", sub] = result
    clock.now += MINUTE

    compare()
    clock.now += timedelta(days=1)
    compare()

    found = cell()
    assert found.found_points == points
    assert found.found_at == NOON + MINUTE, "since when it has been seen, not when last"
    (difference,) = list_differences(session)
    assert (difference.told_points, difference.told_max_points) == (3, 6)
    assert len(lms.scores()) == 1, "nothing is overwritten"


def test_one_put_right_again_is_forgotten(tell, run, compare, cell, lms, clock):
    tell()
    run()
    ((key, right),) = lms.results.items()
    lms.results[key] = right | {"resultScore": 6}
    clock.now += MINUTE
    compare()
    assert cell().found_at is not None
    lms.results[key] = right
    clock.now += MINUTE

    compare()

    assert cell().found_at is None


def test_a_grade_given_before_ours_is_noticed(tell, run, compare, cell, lms, clock):
    tell("submitted", points=None, comment="Submitted")
    run()
    ((key, result),) = lms.results.items()
    lms.results[key] = result | {"resultScore": 7, "resultMaximum": 10}
    clock.now += MINUTE

    compare()

    assert (cell().graded_points, cell().found_points) == (None, 7.0)


def test_what_never_arrived_is_sent_again(tell, run, compare, stands, lms, session, clock):
    lms.script["/li/5/scores"] = [answer(422, "not a student")]
    failed = tell()
    run()
    assert stands(failed).state is DeliveryState.FAILED
    clock.now += MINUTE

    compare()

    assert stands(failed).state is DeliveryState.SUPERSEDED
    assert newest(session).state is DeliveryState.DELIVERED
    first, second = lms.scores()
    assert first | {"timestamp": second["timestamp"]} == second


def test_what_arrived_without_a_receipt_is_delivered(tell, run, compare, stands, lms, clock):
    delivery_id = tell()
    run()
    lms.script["/li/5/scores"] = [answer(400, "what?")]
    clock.now += MINUTE
    failed = tell(points=4)
    run()
    ((key, result),) = lms.results.items()
    lms.results[key] = result | {"resultScore": 4}
    clock.now += MINUTE

    compare()

    assert stands(failed).state is DeliveryState.DELIVERED
    assert stands(failed).last_error is None
    assert stands(delivery_id).state is DeliveryState.DELIVERED


def test_what_is_on_its_way_is_left_alone(tell, run, compare, stands, cell, lms, clock):
    tell("submitted", points=None, comment="Submitted")
    run()
    lms.script["/li/5/scores"] = [answer(503)]
    clock.now += MINUTE
    failing = tell()
    run()
    assert stands(failing).state is DeliveryState.FAILING

    compare()

    assert stands(failing).state is DeliveryState.FAILING
    assert cell().found_at is None


def test_all_pages_are_read(tell, run, compare, cell, lms, clock, world):
    tell()
    tell(person=world.other_learner)
    run()
    lms.page_size = 1
    for key, result in lms.results.items():
        lms.results[key] = result | {"resultScore": 5}
    clock.now += MINUTE

    compare()

    assert cell().found_points == 5.0
    assert cell(world.other_learner).found_points == 5.0


def test_a_gradebook_in_trouble_is_compared_later(tell, run, compare, cell, lms, clock, session):
    tell()
    run()
    ((key, result),) = lms.results.items()
    lms.results[key] = result | {"resultScore": 5}
    lms.script["/li/5/results"] = [answer(429, Retry_After="60")]
    clock.now += MINUTE
    compare()
    assert cell().found_at is None
    clock.now += 2 * MINUTE

    run()

    assert cell().found_points == 5.0


def test_a_column_that_is_gone_is_noted(tell, run, compare, cell, lms, clock, session, assignment):
    tell()
    run()
    lms.items.clear()
    clock.now += MINUTE

    compare()

    session.refresh(assignment)
    assert assignment.column_missing
    assert cell().found_at is None, "nobody changed a grade"
    assert compare() == 0


@pytest.mark.parametrize("case", ["no right", "switched off", "long over", "other course"])
def test_what_cannot_or_need_not_be_compared_is_not(
    tell, run, compare, lms, clock, session, world, case
):
    tell()
    run()
    if case == "no right":
        world.course.ags_scopes = [s for s in world.course.ags_scopes if "result" not in s]
    elif case == "switched off":
        world.platform.status = PlatformStatus.DISABLED
    elif case == "long over":
        clock.now += COMPARE_FOR + MINUTE
    session.commit()

    assert compare(world.course.id + 1 if case == "other course" else None) == 0

    assert lms.calls("/li/5/results") == []


def test_an_assignment_that_was_told_nothing_is_not_compared(compare, session, world):
    make_assignment(session, world.course, world.level_1, link=None)
    session.commit()

    assert compare() == 0


def test_the_nightly_job_owes_it(handlers, tell, run, lms, session):
    tell()
    run()
    (job,) = [job for job in JOBS if job.name == "compare"]

    job.run(NOON)

    kinds = session.scalars(select(Delivery.kind).order_by(Delivery.id)).all()
    assert kinds == ["score", "comparison"]
    assert job.at is not None


def test_the_command_compares_at_once_and_lists_what_it_found(
    app, tell, run, lms, session, assignment, world
):
    tell()
    run()
    ((key, result),) = lms.results.items()
    lms.results[key] = result | {"resultScore": 9, "resultMaximum": 10}

    def command(*words: str):
        with time_machine.travel(NOON + MINUTE, tick=False):
            return Context().run(app.test_cli_runner().invoke, args=("passback", "compare", *words))

    answered = command("--course", str(world.course.id), "--json")

    assert answered.exit_code == 0, answered.output
    (row,) = json.loads(answered.stdout)
    assert (row["assignment"], row["person"]) == (assignment.id, world.learner.id)
    assert (row["told"], row["found"]) == ("3/6", "9/10")
    assert "Columns to compare: 1; asked for now: 1." in command().stderr
    assert command("--course", "999").exit_code == 1


def test_a_comparison_of_an_assignment_that_was_undone_ends(handlers, run, session, world, clock):
    from app.outbox.service import queue

    with transaction() as own:
        queue(
            own,
            world.institution.id,
            kind="comparison",
            subject="comparison:0",
            payload={"assignment_id": 0, "platform_id": world.platform.id},
            due_at=NOON,
            now=NOON,
        )
    assert own.get(Assignment, 0) is None

    assert run() == 1
