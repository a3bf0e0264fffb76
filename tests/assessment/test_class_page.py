"""The class page: what the gradebook was told of each learner, why not, and what can be done."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.evidence.models import SubmissionStatus
from app.outbox.models import Delivery, DeliveryState
from app.passback.ags import RESULT_READONLY, SCORE
from app.passback.models import ColumnComparison, GradebookCell, StatusColumn
from app.passback.service import queue_status
from tests import factories
from tests.assessment.work import hand_in

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def place(assignment):
    return f"/courses/{assignment.course_id}/assignments/{assignment.id}"


@pytest.fixture
def told(session, world, assignment):
    """Owe a learner's score; let it stand as told."""

    def owe(state: DeliveryState, person=None, *, found=None, **facts) -> Delivery:
        person = person or world.learner
        delivery = queue_status(
            session,
            assignment,
            person_id=person.id,
            status="met",
            points=3,
            comment="2 of 2 criteria met",
            occurred_at=NOW,
            submitted_at=NOW,
            scored_by=None,
        )
        delivery.state = state
        for name, value in facts.items():
            setattr(delivery, name, value)
        if found:
            cell = session.scalar(select(GradebookCell).where(GradebookCell.person_id == person.id))
            cell.found_points, cell.found_max_points = found
            cell.found_at = NOW + timedelta(hours=1)
        session.commit()
        return delivery

    return owe


def newest(session, kind: str = "score") -> Delivery:
    session.rollback()
    return session.scalars(
        select(Delivery)
        .where(Delivery.kind == kind)
        .order_by(Delivery.id.desc())
        .execution_options(populate_existing=True)
    ).first()


@pytest.mark.parametrize(
    ("state", "facts", "words"),
    [
        (DeliveryState.WAITING, {}, ["On its way", "Waiting since"]),
        (
            DeliveryState.FAILING,
            {"last_error": "The LMS has a fault of its own (HTTP 503)."},
            ["Trying again", "HTTP 503", "Waiting since", "Next try at"],
        ),
        (
            DeliveryState.FAILED,
            {"last_error": "The LMS says that this person is not a student there."},
            ["Not accepted", "not a student there", "Send again", "Send all again"],
        ),
        (DeliveryState.DELIVERED, {"delivered_at": NOW}, ["In the gradebook", "told"]),
    ],
)
def test_each_delivery_is_told_with_its_cause(browser, world, place, told, state, facts, words):
    told(state, **facts)

    page = browser(world.instructor).get(place)

    for said in words:
        assert said in page.text
    if state is not DeliveryState.FAILED:
        assert "Send all again" not in page.text


@pytest.mark.parametrize("found", [(9.0, 10.0), (None, None)])
def test_a_grade_changed_by_hand_is_shown_with_both_grades(browser, world, place, told, found):
    told(DeliveryState.DELIVERED, delivered_at=NOW, found=found)

    page = browser(world.instructor).get(place)

    text = " ".join(page.text.split())
    assert "Changed by hand" in text
    assert "We sent 3 of 6;" in text
    assert ("no grade stands there" if found[0] is None else "9 of 10 stands there") in text
    assert "seen since" in text
    assert "1 grade was changed by hand in the LMS" in text
    assert "Replace it with ours" in text
    assert "Send all again" not in text


def test_it_is_replaced_because_somebody_asks_for_it(browser, session, world, place, told):
    told(DeliveryState.FAILED, last_error="by hand", found=(9.0, 10.0))
    ines = browser(world.instructor)
    address = f"{place}/learners/{world.learner.id}/delivery"

    assert ines.post(f"{address}/resend").status_code == 409
    page = ines.post(f"{address}/replace?back=class")

    assert page.status_code == 303
    assert page.location == f"{place}#class"
    owed = newest(session)
    assert owed.state is DeliveryState.WAITING
    assert owed.payload["overwrites"] is True
    text = ines.get(place).text
    assert "On its way" in text
    assert "Changed by hand" not in text
    assert ines.post(f"{address}/replace").status_code == 409, "it is on its way already"
    assert session.scalars(select(AuditEntry.action)).all()[-1] == "passback.replaced"


def test_the_learners_page_says_it_to_staff_and_not_to_the_learner(
    browser, world, place, told, submission
):
    told(DeliveryState.DELIVERED, delivered_at=NOW, found=(9.0, 10.0))

    for address in (
        f"{place}/learners/{world.learner.id}",
        f"{place}/learners/{world.learner.id}/delivery",
    ):
        assert "Replace it with ours" in browser(world.instructor).get(address).text
    own = browser(world.learner).get(f"{place}/learners/{world.learner.id}/delivery")
    assert "In the gradebook" in own.text
    assert "by hand" not in own.text


def test_one_is_sent_again_from_the_class(browser, session, world, place, told):
    told(DeliveryState.FAILED, last_error="gone")
    ines = browser(world.instructor)

    page = ines.post(f"{place}/learners/{world.learner.id}/delivery/resend?back=class")

    assert page.location == f"{place}#class"
    assert newest(session).state is DeliveryState.WAITING


def test_all_that_failed_are_sent_again(browser, session, world, place, told):
    told(DeliveryState.FAILED, last_error="gone")
    told(DeliveryState.FAILED, world.other_learner, last_error="gone")
    ines = browser(world.instructor)
    assert "2 grades did not reach the gradebook" in ines.get(place).text

    page = ines.post(f"{place}/gradebook/resend", follow_redirects=True)

    assert "2 grades are sent again." in page.text
    assert "did not reach" not in page.text
    again = ines.post(f"{place}/gradebook/resend", follow_redirects=True)
    assert "nothing to send again" in again.text
    entry = session.scalars(select(AuditEntry)).all()[-1]
    assert (entry.action, entry.facts) == ("passback.resent_all", {"deliveries": 2})


def test_a_missing_column_is_said_and_made_again_on_request(
    browser, session, world, assignment, place, told
):
    told(DeliveryState.DELIVERED, delivered_at=NOW)
    told(DeliveryState.FAILED, world.other_learner, last_error="gone", is_parked=True)
    assignment.column_missing = True
    session.commit()
    ines = browser(world.instructor)
    assert "The gradebook column is gone from the LMS" in ines.get(place).text

    page = ines.post(f"{place}/gradebook/remake", follow_redirects=True)

    assert "will be made again" in page.text
    assert "is gone from the LMS" not in page.text
    session.refresh(assignment)
    assert (assignment.lineitem_url, assignment.column_missing) == (None, False)
    session.rollback()
    open_ones = session.scalars(
        select(Delivery).where(Delivery.state == DeliveryState.WAITING)
    ).all()
    assert len(open_ones) == 2, "what stood in the old column is told again too"
    assert ines.post(f"{place}/gradebook/remake").status_code == 409


def test_it_says_when_it_was_compared_and_compares_now(browser, session, world, assignment, place):
    ines = browser(world.instructor)
    assert "It has not been compared yet" in ines.get(place).text
    session.add(ColumnComparison(assignment_id=assignment.id, compared_at=NOW))
    session.commit()
    assert "Last compared with what we sent" in ines.get(place).text

    page = ines.post(f"{place}/gradebook/compare", follow_redirects=True)

    assert "is being compared" in page.text
    delivery = newest(session, "comparison")
    assert delivery.state is DeliveryState.WAITING
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "passback.compared")
    ).one()
    assert entry.actor == f"person:{world.instructor.id}"
    assert entry.subject == f"column:{assignment.id}"
    assert entry.facts == {"delivery_id": delivery.id}


def test_without_the_right_to_read_it_says_so(browser, session, world, place):
    world.course.ags_scopes = [SCORE]
    session.commit()
    ines = browser(world.instructor)

    assert "does not let Assay read grades" in ines.get(place).text
    assert ines.post(f"{place}/gradebook/compare").status_code == 409
    session.rollback()
    assert "passback.compared" not in session.scalars(select(AuditEntry.action)).all()


def test_a_title_that_could_not_be_told_is_pointed_out(browser, session, world, assignment, place):
    ines = browser(world.instructor)
    ines.post(f"{place}/edit", data={"title": "A new title", "instructions": "Write."})
    change = newest(session, "column")
    assert change.payload["changes"] == {"label": "A new title"}
    change.state, change.last_error = DeliveryState.FAILED, "The column is gone."
    session.commit()

    page = ines.get(place)

    assert "does not know the new title yet" in page.text
    assert "The column is gone." in page.text


def test_the_status_column_is_switched_on_and_told_how_everybody_stands(
    browser, session, world, assignment, submission, place
):
    submission.status = SubmissionStatus.AWARDED
    second = factories.make_assignment(
        session, world.course, world.level_1, link=None, title="Second"
    )
    session.commit()
    later = hand_in(session, second, world.learner)
    hand_in(session, assignment, world.other_learner)
    assert later.status_changed_at >= submission.status_changed_at
    ines = browser(world.instructor)

    page = ines.post(f"{place}/status-column/on", follow_redirects=True)

    assert "The column is being made" in page.text
    assert "Being made" in page.text
    column = session.scalars(select(StatusColumn)).one()
    assert column.is_on
    owed = {
        delivery.payload["person_id"]: delivery
        for delivery in session.scalars(select(Delivery).where(Delivery.kind == "score")).all()
    }
    assert owed.keys() == {world.learner.id, world.other_learner.id}
    assert '"scoreGiven": 1' in owed[world.learner.id].payload["body"], "the award says most"
    assert "scoreGiven" not in owed[world.other_learner.id].payload["body"]
    assert ines.post(f"{place}/status-column/on").status_code == 409


def test_deleting_the_status_column_is_asked_first(browser, session, world, place):
    ines = browser(world.instructor)
    ines.post(f"{place}/status-column/on")

    asked = ines.get(f"{place}/status-column/off")
    assert "is deleted from the gradebook, with everything" in asked.text
    assert session.scalars(select(StatusColumn.is_on)).all() == [True], "a look changes nothing"
    page = ines.post(f"{place}/status-column/off", follow_redirects=True)

    assert "The column is being deleted" in page.text
    assert "The earlier column is being deleted" in page.text
    assert newest(session, "column").payload["act"] == "delete"
    assert ines.get(f"{place}/status-column/off").status_code == 409
    assert ines.post(f"{place}/status-column/off").status_code == 409


def test_canvas_makes_an_assignment_of_it_and_that_is_said(browser, session, world, place):
    ines = browser(world.instructor)
    assert "In Canvas this makes an assignment" not in ines.get(place).text
    world.platform.product_family = "canvas"
    session.commit()

    assert "In Canvas this makes an assignment" in ines.get(place).text


def test_a_status_column_in_trouble_says_why(browser, session, world, place):
    ines = browser(world.instructor)
    ines.post(f"{place}/status-column/on")
    make = newest(session, "column")
    make.state, make.last_error = DeliveryState.FAILED, "The LMS does not let the tool."
    session.commit()

    page = ines.get(place)

    assert "Not complete yet" in page.text
    assert "The LMS does not let the tool." in page.text


def test_without_the_right_no_status_column_is_offered(browser, session, world, place):
    world.course.ags_scopes = [SCORE, RESULT_READONLY]
    session.commit()
    ines = browser(world.instructor)

    assert "Add the column" not in ines.get(place).text
    assert ines.post(f"{place}/status-column/on").status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        "gradebook/resend",
        "gradebook/compare",
        "gradebook/remake",
        "status-column/on",
        "status-column/off",
    ],
)
def test_only_staff_of_the_course_may(app, browser, session, world, place, address):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")

    for who in (world.learner, world.grader, world.grantor):
        assert browser(who).post(f"{place}/{address}").status_code == 403
    assert browser(other.instructor).post(f"{place}/{address}").status_code == 404
    own_course = place.replace(f"/courses/{world.course.id}/", f"/courses/{other.course.id}/")
    assert browser(other.instructor).post(f"{own_course}/{address}").status_code == 404
    app.config["WTF_CSRF_ENABLED"] = True
    assert browser(world.instructor).post(f"{place}/{address}").status_code == 400


def test_one_learners_page_says_in_the_gradebook_once(browser, world, place, told, submission):
    told(DeliveryState.DELIVERED, delivered_at=NOW)

    page = browser(world.instructor).get(f"{place}/learners/{world.learner.id}")

    assert page.text.count("In the gradebook") == 1
