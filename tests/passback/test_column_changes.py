"""A new title is owed to the gradebook column, through the outbox."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.db import transaction
from app.mapping.columns import owe_column_change
from app.mapping.models import Assignment
from app.mapping.service import edit_assignment
from app.outbox.models import Delivery, DeliveryState
from app.passback.ags import SCORE
from tests.factories import NOON
from tests.passback.gradebook_server import answer

MINUTE = timedelta(minutes=1)


@pytest.fixture
def rename(handlers, world, assignment):
    def edit(title: str) -> None:
        with transaction() as own:
            edit_assignment(
                own,
                own.get_one(Assignment, assignment.id),
                title=title,
                instructions="Write.",
                edited_by=world.instructor.id,
                now=NOON,
            )

    return edit


def owed(session) -> list[Delivery]:
    session.rollback()
    return list(
        session.scalars(
            select(Delivery).order_by(Delivery.id).execution_options(populate_existing=True)
        )
    )


def test_a_new_title_reaches_the_column(rename, run, lms, session):
    lms.items["5"]["gradesReleased"] = True
    rename("Sources and searches")

    run()

    assert lms.items["5"]["label"] == "Sources and searches"
    assert lms.items["5"]["gradesReleased"] is True
    assert lms.items["5"]["resourceLinkId"] == "link-1"
    (delivery,) = owed(session)
    assert delivery.state is DeliveryState.DELIVERED


def test_two_changes_before_the_first_has_left_are_told_together(
    rename, run, lms, session, assignment
):
    with transaction() as own:
        row = own.get_one(Assignment, assignment.id)
        owe_column_change(own, row, {"endDateTime": "2026-12-01T10:00:00+00:00"}, now=NOON)
    rename("Sources")

    run()

    (put,) = [call for call in lms.seen if call.method == "PUT"]
    assert put.json()["endDateTime"] == "2026-12-01T10:00:00+00:00"
    assert put.json()["label"] == "Sources"
    assert [one.state for one in owed(session)] == [
        DeliveryState.SUPERSEDED,
        DeliveryState.DELIVERED,
    ]


def test_new_instructions_are_nothing_to_the_gradebook(rename, session):
    rename("Literature review")

    assert owed(session) == []


@pytest.mark.parametrize("case", ["no column yet", "no right"])
def test_without_column_or_right_nothing_is_owed(rename, session, world, assignment, case):
    if case == "no right":
        world.course.ags_scopes = [SCORE]
    else:
        assignment.lineitem_url = None
    session.commit()

    rename("Sources")

    assert owed(session) == []


def test_a_column_in_trouble_is_told_again_later(rename, run, lms, session, clock):
    lms.script["/li/5"] = [answer(503)]
    rename("Sources")

    run()
    assert owed(session)[0].state is DeliveryState.FAILING
    clock.now += MINUTE
    run()

    assert lms.items["5"]["label"] == "Sources"


def test_a_column_that_moved_is_renamed_where_it_is(rename, run, lms, session, assignment):
    lms.items.clear()
    url = lms.add_item("6", resourceLinkId="link-1")
    rename("Sources")

    run()

    assert lms.items["6"]["label"] == "Sources"
    session.refresh(assignment)
    assert assignment.lineitem_url == url


def test_a_column_that_is_gone_waits_for_the_next_launch(rename, run, lms, session, assignment):
    lms.items.clear()
    rename("Sources")

    run()

    (delivery,) = owed(session)
    assert (delivery.state, delivery.is_parked) == (DeliveryState.FAILED, True)
    session.refresh(assignment)
    assert assignment.column_missing
