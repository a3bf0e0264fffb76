"""A column of the tool's own: the credential's status, per course and achievement."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.core.db import db, transaction
from app.core.errors import ConflictError, ForbiddenError
from app.mapping.models import Assignment
from app.outbox.models import Delivery, DeliveryState
from app.passback.ags import SCORE
from app.passback.models import StatusColumn
from app.passback.service import reopen_parked
from app.passback.status_columns import switch_off, switch_on
from app.platforms.quirks import CANVAS_SUBMISSION_TYPE
from tests.factories import NOON, make_assignment
from tests.passback.gradebook_server import answer

MINUTE = timedelta(minutes=1)


@pytest.fixture
def switch(handlers, assignment, clock):
    """Switch the column on or off, as an instructor does."""

    def turn(*, on: bool) -> None:
        with transaction() as own:
            row = own.get_one(Assignment, assignment.id)
            change = switch_on if on else switch_off
            change(own, row, actor="person:1", now=clock.now)

    return turn


@pytest.fixture
def column(session):
    def read() -> StatusColumn:
        session.rollback()
        return session.scalars(select(StatusColumn).execution_options(populate_existing=True)).one()

    return read


def told(lms, name: str = "made1") -> dict | None:
    results = lms.told(name)
    return results[0] if results else None


def test_it_is_made_at_once_without_a_link(switch, run, column, lms, world):
    switch(on=True)

    run()

    item = lms.items["made1"]
    assert item == {
        "id": column().lineitem_url,
        "label": f"{world.level_1.name}: credential status",
        "scoreMaximum": 1,
        "resourceId": column().resource_id,
        "tag": "credential-status",
    }


def test_canvas_is_told_that_nothing_is_handed_in_there(switch, run, lms, session, world):
    world.platform.product_family = "canvas"
    session.commit()
    switch(on=True)

    run()

    assert lms.items["made1"][CANVAS_SUBMISSION_TYPE] == {"type": "none"}


@pytest.mark.parametrize(
    ("status", "points", "score", "progress"),
    [
        ("submitted", None, None, ("Submitted", "PendingManual")),
        ("in_assessment", None, None, ("Submitted", "PendingManual")),
        ("revision_requested", None, None, ("InProgress", "Pending")),
        ("met", 3, None, ("InProgress", "Pending")),
        ("awarded", 6, 1, ("Completed", "FullyGraded")),
        ("not_met", 0, 0, ("Completed", "FullyGraded")),
        ("revoked", 0, 0, ("Completed", "FullyGraded")),
    ],
)
def test_it_tells_the_credentials_status(switch, tell, run, lms, status, points, score, progress):
    switch(on=True)
    tell(status, points=points, comment="How it stands")

    run()

    (post,) = lms.calls("/li/made1/scores")
    body = post.json()
    assert body.get("scoreGiven") == score
    assert body.get("scoreMaximum") == (None if score is None else 1)
    assert (body["activityProgress"], body["gradingProgress"]) == progress
    assert told(lms)["comment"] == "How it stands"
    assert len(lms.calls("/li/5/scores")) == 1, "the assignment's own column is told as ever"


def test_nothing_is_told_while_it_is_off(tell, run, lms):
    tell("awarded", points=6)

    run()

    assert list(lms.items) == ["5"]


def test_an_award_stands_whatever_happens_to_other_work(switch, tell, run, lms, clock):
    switch(on=True)
    tell("awarded", points=6, comment="Level I awarded: https://tool.test/a")
    run()
    clock.now += MINUTE
    tell("submitted", points=None, comment="Submitted again")
    run()
    assert told(lms)["resultScore"] == 1
    assert told(lms)["comment"].startswith("Level I awarded")
    clock.now += MINUTE
    tell("revoked", points=0, comment="Revoked: copied")

    run()

    assert (told(lms)["resultScore"], told(lms)["comment"]) == (0, "Revoked: copied")


def test_it_is_one_for_all_assignments_of_the_achievement(
    switch, tell, run, lms, session, world, assignment, clock
):
    switch(on=True)
    second = make_assignment(session, world.course, world.level_1, link=None, title="Second")
    session.commit()
    run()

    with transaction() as own, pytest.raises(ConflictError, match="already"):
        switch_on(own, own.get_one(Assignment, second.id), actor="person:1", now=NOON)

    assert len(lms.items) == 2


def test_another_achievement_has_its_own(switch, run, lms, session, world):
    switch(on=True)
    other = make_assignment(
        session, world.course, world.level_2, link=None, criterion_positions=(0,)
    )
    session.commit()
    with transaction() as own:
        switch_on(own, own.get_one(Assignment, other.id), actor="person:1", now=NOON)

    run()

    labels = {item["label"] for item in lms.items.values() if item.get("tag")}
    assert len(labels) == 2


def test_one_that_was_made_without_a_receipt_is_adopted(switch, run, lms, clock, column):
    def make_and_break(request):
        made = lms._answer(request)
        return Response("proxy error", 502) if request.method == "POST" else made

    lms.script["/lineitems"] = [make_and_break] * 2
    switch(on=True)
    run()
    assert column().lineitem_url is None
    clock.now += MINUTE

    run()

    assert column().lineitem_url == lms.items["made1"]["id"]
    assert len(lms.items) == 2


def test_two_workers_make_one(app, handlers, switch, tell, lms, clock, world):
    from app.outbox.worker import run_due

    switch(on=True)
    tell("awarded", points=6)
    tell("awarded", points=6, person=world.other_learner)
    together = threading.Barrier(2)

    def work() -> None:
        with app.app_context():
            together.wait()
            for _ in range(3):
                run_due(handlers, clock=clock)
            db.session.remove()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()

    assert [item.get("tag") for item in lms.items.values()].count("credential-status") == 1
    assert len(lms.told("made1")) == 2


def test_switched_off_it_is_deleted_and_told_nothing(switch, tell, run, lms, column, clock):
    switch(on=True)
    tell("awarded", points=6)
    run()
    clock.now += MINUTE
    tell("revoked", points=0)

    switch(on=False)
    run()

    assert "made1" not in lms.items
    assert column().lineitem_url is None
    assert len(lms.calls("/li/made1/scores")) == 1, "what had not left is withdrawn"
    clock.now += MINUTE
    tell("awarded", points=6)
    run()
    assert list(lms.items) == ["5"]


def test_one_that_somebody_else_deleted_is_deleted(switch, run, lms, column):
    switch(on=True)
    run()
    lms.items.pop("made1")

    switch(on=False)
    run()

    assert column().lineitem_url is None


def test_one_whose_address_never_came_back_is_found_and_deleted(switch, run, lms, column):
    def make_and_break(request):
        made = lms._answer(request)
        return Response("proxy error", 502) if request.method == "POST" else made

    lms.script["/lineitems"] = [make_and_break] * 2
    switch(on=True)
    run()

    switch(on=False)
    run()

    assert list(lms.items) == ["5"]


def test_a_deletion_in_trouble_is_tried_again(switch, run, lms, clock):
    switch(on=True)
    run()
    lms.script["/li/made1"] = [answer(503)]
    switch(on=False)
    run()
    assert "made1" in lms.items
    clock.now += MINUTE

    run()

    assert "made1" not in lms.items


def test_switched_on_again_it_is_made_anew(switch, tell, run, lms, clock, column):
    switch(on=True)
    run()
    switch(on=False)
    run()
    clock.now += MINUTE

    switch(on=True)
    tell("awarded", points=6)
    run()

    assert column().lineitem_url == lms.items["made2"]["id"]
    assert told(lms, "made2")["resultScore"] == 1


def test_switched_on_again_before_it_was_deleted_it_stays(switch, run, lms):
    switch(on=True)
    run()
    switch(on=False)
    switch(on=True)

    run()

    assert "made1" in lms.items
    assert [call.method for call in lms.calls("/li/made1")] == []


def test_without_the_right_it_cannot_be_switched_on(switch, session, world):
    world.course.ags_scopes = [SCORE]
    session.commit()

    with pytest.raises(ForbiddenError, match="column management"):
        switch(on=True)


def test_what_is_off_cannot_be_switched_off(switch):
    with pytest.raises(ConflictError, match="off already"):
        switch(on=False)


def test_what_waits_for_a_right_is_taken_up_at_the_next_launch(
    switch, run, lms, session, assignment, column
):
    lms.script["/lineitems"] = [answer(403)]
    switch(on=True)
    run()
    (delivery,) = session.scalars(select(Delivery)).all()
    assert (delivery.state, delivery.is_parked) == (DeliveryState.FAILED, True)
    with transaction() as own:
        assert reopen_parked(own, own.get_one(Assignment, assignment.id), NOON) == 1

    run()

    assert column().lineitem_url is not None
