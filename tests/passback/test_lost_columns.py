"""404 on a score: the column has moved, or somebody took it away."""

from datetime import timedelta

import pytest

from app.outbox.models import DeliveryState
from tests.passback.gradebook_server import answer

MINUTE = timedelta(minutes=1)


def test_a_moved_column_is_found_again(tell, run, stands, lms, session, assignment):
    lms.items.clear()
    url = lms.add_item("6", resourceLinkId="link-1")
    delivery_id = tell()

    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED
    session.refresh(assignment)
    assert (assignment.lineitem_url, assignment.column_missing) == (url, False)
    first, second = lms.scores()
    assert first == second


@pytest.mark.parametrize("status", [404, 410])
def test_a_deleted_column_is_never_made_anew(tell, run, stands, lms, session, assignment, status):
    lms.items.clear()
    lms.script["/li/5/scores"] = [answer(status)]
    delivery_id = tell()

    run()

    delivery = stands(delivery_id)
    assert (delivery.state, delivery.is_parked) == (DeliveryState.FAILED, True)
    assert "gone" in delivery.last_error
    session.refresh(assignment)
    assert assignment.column_missing
    assert lms.items == {}


def test_a_column_that_is_listed_but_refuses_is_missing(
    tell, run, stands, lms, session, assignment
):
    lms.script["/li/5/scores"] = [answer(404)]
    delivery_id = tell()

    run()

    assert stands(delivery_id).is_parked
    session.refresh(assignment)
    assert assignment.column_missing


def test_the_address_is_read_when_it_is_sent(tell, run, stands, lms, session, assignment):
    delivery_id = tell()
    assignment.lineitem_url = lms.add_item("fresh")
    session.commit()

    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED
    assert len(lms.told("fresh")) == 1
