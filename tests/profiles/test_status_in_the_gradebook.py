"""What each LMS's gradebook shows from the first submission to the revocation."""

import pytest

from app.core.clock import utcnow
from app.outbox.models import DeliveryState

ALL = ["standard", "moodle", "canvas", "brightspace"]
AWARD = "Badge Level I awarded: https://assay.example/credentials/abc"
# What stands between points and comment, and after it, where the LMS keeps progress.
KEEPS_PROGRESS = {"standard": True, "moodle": False, "canvas": True, "brightspace": True}


def shown(desk, points, comment, activity, grading):
    kept = KEEPS_PROGRESS[desk.campus.profile]
    progress = f" {activity} · {grading}" if kept else ""
    return f"{points} / 100 {comment}{progress}"


def tell(desk, status, **facts):
    desk.tell(status, **facts)
    assert desk.deliver() == 1
    assert desk.delivery().state is DeliveryState.DELIVERED


def change_by_hand(desk, points):
    address = f"/courses/course-101/gradebook/{desk.column_id}/u-student-1/grade"
    desk.campus.staff.post(address, {"points": points, "comment": "After a talk"})
    desk.clock.shift(5)


@pytest.mark.parametrize("desk", ALL, indirect=True)
def test_from_submission_over_revision_to_award_and_revocation(desk):
    first = utcnow()
    tell(desk, "submitted", comment="Submitted for Search; awaiting", submitted_at=first)
    assert desk.cell() == shown(
        desk, "–", "Submitted for Search; awaiting", "Submitted", "PendingManual"
    )

    tell(desk, "revision_requested", comment="Revision requested: sources", submitted_at=first)
    assert desk.cell() == shown(desk, "–", "Revision requested: sources", "InProgress", "Pending")

    desk.clock.shift(60)
    second = utcnow()
    tell(desk, "submitted", comment="Submitted again", submitted_at=second)
    assert desk.cell() == shown(desk, "–", "Submitted again", "Submitted", "PendingManual")

    tell(desk, "awarded", points=3, comment=AWARD, submitted_at=second)
    assert desk.cell() == shown(desk, "50", AWARD, "Completed", "FullyGraded")

    tell(desk, "revoked", points=0, comment="Revoked: not own work", submitted_at=second)
    assert desk.cell() == shown(desk, "0", "Revoked: not own work", "Completed", "FullyGraded")
    assert desk.columns() == 1
    assert desk.attempts() == (2 if desk.campus.profile == "canvas" else 0)


@pytest.mark.parametrize("desk", ALL, indirect=True)
def test_a_grade_is_kept_while_a_resubmission_waits(desk):
    tell(desk, "submitted", comment="Submitted", submitted_at=utcnow())
    tell(desk, "met", points=3, comment="1 of 2 criteria met")

    tell(desk, "submitted", comment="Submitted again", submitted_at=utcnow())

    assert desk.cell().startswith("50 / 100 Submitted again")
    tell(desk, "awarded", points=6, comment=AWARD)
    assert desk.cell().startswith(f"100 / 100 {AWARD}")
    assert desk.attempts() == (2 if desk.campus.profile == "canvas" else 0)


@pytest.mark.parametrize("desk", ALL, indirect=True)
def test_decisions_of_one_second_are_each_taken_at_once(desk):
    for status, points in (("submitted", None), ("met", 2), ("met", 3), ("awarded", 6)):
        tell(desk, status, points=points, comment=f"{status} {points}")

    assert desk.cell().startswith("100 / 100 awarded 6")


@pytest.mark.parametrize("desk", ["canvas"], indirect=True)
def test_canvas_keeps_a_teachers_grade_when_work_is_handed_in(desk):
    change_by_hand(desk, "77")

    tell(desk, "submitted", comment="Submitted", submitted_at=utcnow())

    assert desk.cell().startswith("77 / 100 Submitted")


@pytest.mark.parametrize("desk", ["canvas"], indirect=True)
def test_canvas_spares_a_grade_that_a_teacher_set(desk):
    tell(desk, "met", points=3, comment="Met")
    change_by_hand(desk, "77")

    desk.tell("awarded", points=6, comment=AWARD)
    desk.deliver()

    assert desk.cell().startswith("77 / 100")
    assert "set this grade in the gradebook by hand" in desk.delivery().last_error


@pytest.mark.parametrize("desk", ALL, indirect=True)
def test_a_later_change_by_hand_is_not_overwritten_by_an_earlier_decision(desk):
    desk.tell("met", points=3, comment="Met")
    desk.clock.shift(30)
    change_by_hand(desk, "77")

    desk.deliver()

    assert desk.cell().startswith("77 / 100 After a talk")
    assert desk.delivery().state is DeliveryState.FAILED
    assert "set this grade in the gradebook by hand" in desk.delivery().last_error
