"""409: the gradebook holds an entry of the same or a later time."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.core.audit import AuditEntry
from app.core.db import transaction
from app.core.errors import ConflictError
from app.mapping.models import Assignment
from app.outbox.models import DeliveryState
from app.passback.ags import RESULT_READONLY, SCORE
from app.passback.service import find_cell, list_newest_deliveries, replace_grade, resend
from tests.factories import NOON
from tests.passback.gradebook_server import answer

MINUTE = timedelta(minutes=1)


def test_a_lost_receipt_is_noticed(tell, run, stands, lms, clock):
    """The post arrived, the answer did not: the repeated post is the same and refused."""
    delivery_id = tell()

    def take_and_fail(request):
        lms._answer(request)
        return Response("proxy error", 502)

    lms.script["/li/5/scores"] = [take_and_fail]
    run()
    clock.now += MINUTE
    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED
    assert len(lms.scores()) == 2
    assert len(lms.told()) == 1
    assert lms.calls("/token")[-1].form()["scope"] == RESULT_READONLY


def test_our_own_older_entry_with_a_later_time_is_replaced(tell, run, stands, lms, clock):
    """Canvas stamps an entry when it arrives: a late first one outruns the second's time."""
    first = tell("not_met", points=1, comment="Not met: sources")
    run()
    key = next(iter(lms.stamps))
    lms.stamps[key] = (NOON + 5 * MINUTE).replace(microsecond=0)
    clock.now += MINUTE
    second = tell("met", points=4)
    clock.now += 9 * MINUTE

    assert run() == 2

    assert stands(first).state is DeliveryState.DELIVERED
    assert stands(second).state is DeliveryState.SUPERSEDED
    assert lms.told()[0]["resultScore"] == 4
    third = json.loads(lms.calls("/li/5/scores")[-1].body)
    assert third["timestamp"] > "2026-11-02T12:10:00"


def test_a_clock_ahead_of_ours_is_followed(tell, run, stands, lms, clock):
    tell("submitted", points=None, comment="Submitted")
    lms.date = "Mon, 02 Nov 2026 12:00:30 GMT"
    lms.script["/li/5/scores"] = [answer(400, "before last updated timestamp")]

    assert run() == 2

    posted = lms.scores()
    assert posted[1]["timestamp"] == "2026-11-02T12:00:31.000+00:00"


def test_a_grade_of_somebody_else_is_left(tell, run, stands, lms, world):
    delivery_id = tell()
    sub = f"sub-mei-student-{world.learner.id}"
    lms.results["5", sub] = {"userId": sub, "resultScore": 9, "resultMaximum": 10}
    lms.script["/li/5/scores"] = [answer(409)]

    run()

    assert stands(delivery_id).state is DeliveryState.FAILED
    assert "left as it is" in stands(delivery_id).last_error
    assert lms.told()[0]["resultScore"] == 9


def test_a_person_may_replace_it(tell, run, stands, lms, world, assignment, session, clock):
    test_a_grade_of_somebody_else_is_left(tell, run, stands, lms, world)
    with transaction() as own:
        row = own.get_one(Assignment, assignment.id)
        with pytest.raises(ConflictError, match="by hand"):
            resend(own, row, person_id=world.learner.id, actor="person:1", now=NOON + MINUTE)
        replace_grade(own, row, person_id=world.learner.id, actor="person:1", now=NOON + MINUTE)

    assert run() == 0, "it is due a minute later"
    clock.now = NOON + MINUTE
    assert run() == 1
    newest = list_newest_deliveries(session, assignment.id)[world.learner.id]
    assert newest.state is DeliveryState.DELIVERED
    assert lms.told()[0]["resultScore"] == 3
    cell = find_cell(session, assignment_id=assignment.id, person_id=world.learner.id)
    assert cell.found_at is None
    with transaction() as own, pytest.raises(ConflictError, match="no grade to replace"):
        replace_grade(
            own,
            own.get_one(Assignment, assignment.id),
            person_id=world.learner.id,
            actor="person:1",
            now=clock.now,
        )


def test_who_replaced_what_is_in_the_audit_log(tell, run, stands, lms, world, assignment, session):
    test_a_grade_of_somebody_else_is_left(tell, run, stands, lms, world)
    with transaction() as own:
        row = own.get_one(Assignment, assignment.id)
        replace_grade(own, row, person_id=world.learner.id, actor="person:1", now=NOON)

    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.actor, entry.action) == ("person:1", "passback.replaced")
    assert entry.facts["replaced"] == {"points": 9.0, "of": 10.0}


def test_a_gradebook_that_refuses_every_time_is_given_up_on(tell, run, stands, lms):
    lms.script["/li/5/scores"] = [answer(409)] * 9
    delivery_id = tell()

    assert run() == 4

    newest = stands(delivery_id + 3)
    assert newest.state is DeliveryState.FAILED
    assert "too early" in newest.last_error


def test_without_the_right_to_read_results_a_person_decides(tell, run, stands, lms, session, world):
    world.course.ags_scopes = [SCORE]
    session.commit()
    lms.script["/li/5/scores"] = [answer(409)]
    delivery_id = tell()

    run()

    assert stands(delivery_id).state is DeliveryState.FAILED
    assert "may not read" in stands(delivery_id).last_error


def test_a_newer_decision_overtakes_the_restamp(app, tell, run, stands, lms):
    def refuse_meanwhile_decided(_request):
        with app.app_context():
            tell("awarded", points=5, comment="Level I awarded")
        return Response("", 409)

    lms.script["/li/5/scores"] = [refuse_meanwhile_decided]
    delivery_id = tell()

    assert run() == 2

    assert stands(delivery_id).state is DeliveryState.SUPERSEDED
    assert [score.get("scoreGiven") for score in lms.scores()] == [3, 5]
