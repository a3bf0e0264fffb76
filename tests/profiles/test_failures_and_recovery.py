"""Every fault of an LMS once, and the right gradebook in the end.

What is asked of each: the score is neither lost nor doubled, the class page
knows how it stands, and what a person must do is done by a person.
"""

import pytest

from app.core.clock import utcnow
from app.outbox.models import DeliveryState

ALL = ["standard", "moodle", "canvas", "brightspace"]
AWARD = "Badge Level I awarded: https://assay.example/credentials/abc"
FAILING, FAILED, DELIVERED = (
    DeliveryState.FAILING,
    DeliveryState.FAILED,
    DeliveryState.DELIVERED,
)


@pytest.fixture
def owed(desk):
    """An award that the gradebook has not been told yet; the submission it has."""
    desk.tell("submitted", comment="Submitted", submitted_at=utcnow())
    desk.deliver()
    desk.clock.shift(60)
    desk.tell("awarded", points=3, comment=AWARD, submitted_at=utcnow())
    return desk


def assert_told_once(desk):
    assert desk.cell().startswith(f"50 / 100 {AWARD}")
    assert desk.delivery().state is DELIVERED
    assert desk.columns() == 1
    assert desk.attempts() <= 1, "the award is no attempt of its own"
    assert desk.deliver_later(hours=8) == 0, "nothing is left to send"


@pytest.mark.parametrize("desk", ALL, indirect=True)
def test_a_token_that_is_not_taken_once_is_replaced_at_once(owed):
    owed.fail("scores", "401")

    owed.deliver()

    assert_told_once(owed)


@pytest.mark.parametrize(
    ("desk", "kind"),
    [*((profile, "throttled") for profile in ALL), ("moodle", "500"), ("canvas", "html")],
    indirect=["desk"],
)
def test_what_passes_is_waited_for(owed, kind):
    owed.fail("scores", kind, seconds=40)

    owed.deliver()

    assert owed.delivery().state is FAILING
    assert owed.cell().startswith("– / 100")
    owed.deliver_later(minutes=2)
    assert_told_once(owed)


@pytest.mark.parametrize("desk", ["standard"], indirect=True)
def test_what_a_busy_lms_asks_for_is_kept(owed):
    owed.fail("scores", "429", seconds=600)
    owed.deliver()

    assert owed.deliver_later(minutes=9) == 0
    assert owed.deliver_later(minutes=2) == 1
    assert_told_once(owed)


@pytest.mark.parametrize("desk", ALL, indirect=True)
def test_a_receipt_that_is_lost_doubles_nothing(owed):
    owed.fail("scores", "cut")

    owed.deliver()

    assert owed.delivery().state is FAILING, "the outcome is unknown"
    owed.deliver_later(minutes=2)
    assert_told_once(owed)


@pytest.mark.parametrize("desk", ["standard", "canvas"], indirect=True)
def test_an_lms_that_hangs_and_stores_in_the_end_is_told_nothing_twice(owed, monkeypatch):
    monkeypatch.setattr("app.core.http.READ_SECONDS", 0.3)
    owed.fail("scores", "hang", seconds=0.8)

    owed.deliver()

    assert owed.delivery().state is FAILING
    monkeypatch.undo()
    owed.deliver_later(minutes=2)
    assert_told_once(owed)


@pytest.mark.parametrize(
    ("desk", "kind"), [("canvas", "403"), ("moodle", "404")], indirect=["desk"]
)
def test_what_an_administrator_must_mend_is_taken_up_at_the_next_launch(owed, kind):
    owed.fail("scores", kind, times="2")

    owed.deliver()

    assert owed.delivery().state is FAILED
    assert owed.deliver_later(hours=1) == 0, "it would be refused again"
    owed.campus.staff.post("/failures/stop", {})
    owed.open_as_instructor()
    owed.deliver()
    assert_told_once(owed)


@pytest.mark.parametrize("desk", ["brightspace"], indirect=True)
def test_a_refused_score_waits_for_a_person(owed):
    owed.fail("scores", "422")

    owed.deliver()

    assert owed.delivery().state is FAILED
    assert owed.deliver_later(hours=1) == 0
    owed.send_again()
    owed.deliver()
    assert_told_once(owed)


@pytest.mark.parametrize("desk", ["standard", "moodle"], indirect=True)
def test_a_conflict_with_our_own_earlier_entry_is_settled(owed):
    owed.fail("scores", "409")

    owed.deliver()
    owed.deliver_later(seconds=5)

    assert_told_once(owed)


@pytest.mark.parametrize(
    ("desk", "kind"),
    [
        ("brightspace", "401"),
        ("canvas", "403"),
        ("brightspace", "429"),
        ("moodle", "500"),
        ("canvas", "html"),
        ("standard", "cut"),
    ],
    indirect=["desk"],
)
def test_a_token_endpoint_that_fails_is_asked_again(owed, kind):
    owed.fail("token", kind, times="2")

    owed.deliver()

    assert owed.delivery().state is FAILING
    owed.deliver_later(minutes=3)
    owed.deliver_later(minutes=6)
    assert_told_once(owed)


@pytest.mark.parametrize("desk", ["standard"], indirect=True)
def test_an_answer_under_another_name_is_read_all_the_same(owed):
    owed.fail("scores", "media_type")
    owed.fail("token", "media_type")

    owed.deliver()

    assert_told_once(owed)


@pytest.fixture
def columnless(owed):
    """An award for an activity whose column a teacher has deleted."""
    owed.campus.staff.post(f"/courses/course-101/gradebook/{owed.column_id}/delete", {})
    return owed


@pytest.mark.parametrize("desk", ["moodle", "canvas"], indirect=True)
def test_a_deleted_column_is_missed_and_found_again(columnless):
    desk = columnless
    desk.deliver()
    assert desk.delivery().state is FAILED
    assert desk.columns() == 0, "somebody took it away: it is not made anew"

    desk.campus.staff.post(f"{desk.path}/column", {}).raise_for_status()
    desk.open_as_instructor()
    desk.deliver()

    desk.column_id = desk.find_column()
    assert desk.cell().startswith(f"50 / 100 {AWARD}")
    assert desk.columns() == 1


@pytest.mark.parametrize(
    ("desk", "kind"),
    [("standard", "loop"), ("moodle", "html"), ("canvas", "500"), ("brightspace", "cut")],
    indirect=["desk"],
)
def test_a_list_of_columns_that_fails_makes_no_second_one(columnless, kind):
    desk = columnless
    desk.campus.staff.post(f"{desk.path}/column", {}).raise_for_status()
    desk.fail("line_items", kind, times="")

    desk.deliver()
    desk.campus.staff.post("/failures/stop", {})
    if desk.delivery().state is FAILED:
        desk.send_again()
    desk.deliver_later(minutes=3)

    desk.column_id = desk.find_column()
    assert desk.cell().startswith(f"50 / 100 {AWARD}")
    assert desk.columns() == 1


@pytest.mark.parametrize(
    ("desk", "kind"),
    [("standard", "500"), ("moodle", "html"), ("brightspace", "cut")],
    indirect=["desk"],
)
def test_results_that_cannot_be_read_are_asked_for_again(owed, kind):
    owed.fail("scores", "409")
    owed.fail("results", kind)

    owed.deliver()

    assert owed.delivery().state is FAILING
    for _ in range(3):
        owed.deliver_later(minutes=3)
    assert_told_once(owed)


@pytest.mark.parametrize("desk", ALL, indirect=True)
def test_an_ended_enrolment_fails_in_plain_words_and_heals(owed):
    student = "/courses/course-101/participants/u-student-1"
    owed.campus.staff.post(student, {"enrolled": "no"})

    owed.deliver()

    assert owed.delivery().state is FAILED
    said = owed.delivery().last_error
    assert "enrol" in said or "role" in said, said
    owed.campus.staff.post(student, {"enrolled": "yes"})
    owed.send_again()
    owed.deliver()
    assert_told_once(owed)


@pytest.mark.parametrize("desk", ["canvas"], indirect=True)
def test_attempts_that_are_used_up_are_named(desk):
    desk.campus.staff.post("/behaviour/details", {"allowed_attempts": "1"})
    desk.tell("submitted", comment="Submitted", submitted_at=utcnow())
    desk.deliver()
    desk.clock.shift(60)
    desk.tell("submitted", comment="Submitted again", submitted_at=utcnow())
    desk.deliver()
    assert "takes no more attempts" in desk.delivery().last_error

    desk.campus.staff.post("/behaviour/details", {"allowed_attempts": "2"})
    desk.send_again()
    desk.deliver()

    assert desk.cell().startswith("– / 100 Submitted again")
    assert desk.attempts() == 2


@pytest.mark.parametrize("desk", ["canvas"], indirect=True)
def test_a_launch_after_a_key_rotation_is_let_in(desk):
    desk.campus.staff.post("/failures/key", {}).raise_for_status()
    desk.clock.shift(120)  # the tool asks for unknown keys at most once a minute

    page = desk.campus.student.launch(desk.path)

    assert page.url.startswith(desk.campus.tool), page.text
    assert "/work" in page.url


@pytest.mark.parametrize("desk", ["standard"], indirect=True)
def test_a_launch_while_the_keys_cannot_be_had_is_refused_kindly_and_works_later(desk):
    desk.campus.staff.post("/failures/key", {}).raise_for_status()
    desk.clock.shift(120)
    desk.fail("jwks", "500")

    refused = desk.campus.student.launch(desk.path)
    desk.clock.shift(120)
    later = desk.campus.student.launch(desk.path)

    assert refused.status_code == 403
    assert "/work" in later.url
