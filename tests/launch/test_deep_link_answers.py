"""What goes back to the LMS: items, one or several, links without a grade, refusals."""

import pytest
from sqlalchemy import select

from app.launch.claims import CLAIM
from app.mapping.models import Assignment, DeepLinkChoice
from tests import factories
from tests.conftest import BASE_URL
from tests.launch.selecting import DL, deep_link, empty_parts, read_answer
from tests.launch.signing_lms import INSTRUCTOR
from tests.mapping.conftest import FORM

ITEMS = f"{DL}content_items"


@pytest.fixture
def add(ines):
    """Set an assignment up in a selection; return the selection's page."""

    def add_one(place, version, **changes):
        form = FORM | {"criteria": [item.id for item in version.criteria], **changes}
        answer = ines.post(f"{place}/{version.id}", data=form)
        assert answer.status_code == 303, answer.text
        return ines.get(answer.location)

    return add_one


def test_an_item_says_everything_and_nothing_empty(lms, ines, add, world, session, tool_key):
    place = deep_link(lms, ines, data="opaque", accept_multiple=True).location

    page = add(
        place,
        world.level_1,
        opens_at="2026-11-30T08:00",
        due_at="2026-12-18T23:59",
        closes_at="",
        time_zone="America/New_York",
    )

    answer = read_answer(page.text, tool_key)
    assignment = session.scalar(select(Assignment))
    (item,) = answer[ITEMS]
    identity = {"assay_assignment": assignment.uuid}
    assert answer[f"{DL}data"] == "opaque"
    assert answer["iss"] == "assay"
    assert answer["aud"] == "https://lms.test"
    assert answer["exp"] - answer["iat"] <= 3600
    assert answer[f"{CLAIM}deployment_id"] == "1"
    assert item == {
        "type": "ltiResourceLink",
        "url": f"{BASE_URL}/lti/launch",
        "title": "Literature review",
        "text": "Badge Level I: Research Literacy",
        "icon": {
            "url": f"{BASE_URL}/achievements/{world.level_1.public_id}/image.svg",
            "width": 128,
            "height": 128,
        },
        "iframe": {"width": 1000, "height": 800},
        "custom": identity
        | {
            "assay_link_history": "$ResourceLink.id.history",
            "assay_course_history": "$Context.id.history",
            "assay_opens": "$ResourceLink.available.startDateTime",
            "assay_due": "$ResourceLink.submission.endDateTime",
            "assay_closes": "$ResourceLink.available.endDateTime",
            "assay_time_zone": "$Person.address.timezone",
        },
        "available": {"startDateTime": "2026-11-30T13:00:00Z"},
        "submission": {"endDateTime": "2026-12-19T04:59:00Z"},
        "lineItem": {
            "label": "Literature review",
            "scoreMaximum": 6,
            "resourceId": assignment.uuid,
            "tag": "badge",
            "gradesReleased": True,
            "submissionReview": {
                "reviewableStatus": ["InProgress", "Submitted", "Completed"],
                "label": "Open in Assay",
                "url": f"{BASE_URL}/lti/launch",
                "custom": identity,
            },
        },
    }
    assert empty_parts(answer) == []


def test_without_dates_or_data_none_are_sent(lms, ines, add, world, tool_key):
    place = deep_link(lms, ines, accept_presentation_document_targets=["window"]).location

    answer = read_answer(add(place, world.level_1).text, tool_key)

    (item,) = answer[ITEMS]
    assert f"{DL}data" not in answer
    assert not {"available", "submission", "iframe"} & set(item)
    assert item["window"] == {"targetName": "_blank"}
    assert empty_parts(answer) == []


def test_an_lms_that_takes_no_line_item_gets_none(lms, ines, add, world, tool_key):
    place = deep_link(lms, ines, accept_lineitem=False).location

    (item,) = read_answer(add(place, world.level_1).text, tool_key)[ITEMS]

    assert "lineItem" not in item


def test_canvas_is_asked_by_its_own_name_too(lms, ines, add, world, tool_key):
    place = deep_link(lms, ines).location
    lms.launch(
        ines,
        role=INSTRUCTOR,
        sub="teacher-1",
        **{f"{CLAIM}tool_platform": {"guid": "g", "product_family_code": "canvas"}},
    )

    (item,) = read_answer(add(place, world.level_1).text, tool_key)[ITEMS]

    assert item["custom"]["assay_canvas_course_history"].startswith("$Canvas.")


def test_several_go_back_together_and_one_can_be_left_out(lms, ines, add, world, session, tool_key):
    place = deep_link(lms, ines, accept_multiple=True).location
    add(place, world.level_1, title="First")
    add(place, world.level_2, title="Second")
    page = add(place, world.level_1, title="Third")
    assert "3 assignments are ready" in page.text
    second = session.scalar(select(Assignment).where(Assignment.title == "Second"))

    removed = ines.post(f"{place}/choices/{second.id}", data={"action": "remove"})

    page = ines.get(removed.location)
    titles = [item["title"] for item in read_answer(page.text, tool_key)[ITEMS]]
    assert titles == ["First", "Third"]
    assert "Made just now, but not going along" in page.text

    ines.post(f"{place}/choices/{second.id}", data={"action": "add"})
    page = ines.get(f"{place}/selection")
    titles = [item["title"] for item in read_answer(page.text, tool_key)[ITEMS]]
    assert titles == ["First", "Second", "Third"]


def test_one_that_is_deleted_is_gone(lms, ines, add, world, session, tool_key):
    place = deep_link(lms, ines, accept_multiple=True).location
    add(place, world.level_1)
    assignment_id = session.scalar(select(Assignment.id))

    ines.post(f"{place}/choices/{assignment_id}", data={"action": "delete"})

    page = ines.get(f"{place}/selection")
    assert "Nothing is chosen" in page.text
    session.rollback()
    assert session.scalar(select(Assignment.id)) is None
    assert session.scalar(select(DeepLinkChoice.id)) is None


def test_where_one_is_taken_the_second_takes_its_place(lms, ines, add, world, session, tool_key):
    place = deep_link(lms, ines, accept_multiple=False).location
    add(place, world.level_1, title="First")
    page = add(place, world.level_2, title="Second")

    (item,) = read_answer(page.text, tool_key)[ITEMS]
    assert item["title"] == "Second"
    assert "Your LMS takes one at a time" in page.text
    first = session.scalar(select(Assignment).where(Assignment.title == "First"))
    ines.post(f"{place}/choices/{first.id}", data={"action": "add"})
    (item,) = read_answer(ines.get(f"{place}/selection").text, tool_key)[ITEMS]
    assert item["title"] == "First"


@pytest.mark.parametrize("action", ["remove", "add", "delete"])
def test_what_was_not_made_in_this_selection_is_not_touched(lms, ines, world, session, action):
    other = factories.make_assignment(session, world.course, world.level_1, link=None)
    session.commit()
    place = deep_link(lms, ines).location

    answer = ines.post(f"{place}/choices/{other.id}", data={"action": action})

    assert answer.status_code == 404
    session.rollback()
    assert session.scalar(select(Assignment.id)) == other.id


def test_an_unknown_action_is_refused(lms, ines, world):
    place = deep_link(lms, ines).location

    assert ines.post(f"{place}/choices/1", data={"action": "explode"}).status_code == 400


def test_what_the_lms_has_linked_meanwhile_is_no_longer_offered(
    lms, ines, add, world, session, browser, tool_key
):
    place = deep_link(lms, ines, accept_multiple=True).location
    add(place, world.level_1)
    assignment = session.scalar(select(Assignment))
    lms.launch(
        browser(),
        **{
            f"{CLAIM}resource_link": {"id": "new-link"},
            f"{CLAIM}custom": {"assay_assignment": assignment.uuid},
        },
    )

    assert "Nothing is chosen" in ines.get(f"{place}/selection").text
    answer = ines.post(f"{place}/choices/{assignment.id}", data={"action": "add"})
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("due_at", "tomorrow", "Give day and time"),
        ("due_at", "2026-02-30T10:00", "Give day and time"),
        ("due_at", "0001-01-01T00:00", "Put the dates in order"),
        ("due_at", "2027-03-14T02:30", "no such time"),
        ("time_zone", "Mars/Olympus", "Choose from this list"),
        ("closes_at", "2026-01-01T00:00", "Put the dates in order"),
    ],
)
def test_dates_that_make_no_sense_are_sent_back(lms, ines, world, session, field, value, words):
    place = deep_link(lms, ines).location
    form = FORM | {
        "criteria": [item.id for item in world.level_1.criteria],
        "opens_at": "2026-11-30T08:00",
        "time_zone": "America/New_York",
        field: value,
    }

    page = ines.post(f"{place}/{world.level_1.id}", data=form)

    assert page.status_code == 422
    assert words in page.text
    assert session.scalar(select(Assignment.id)) is None


def test_the_time_zone_that_the_lms_tells_is_proposed(lms, ines, world):
    place = deep_link(lms, ines, custom={"assay_time_zone": "Europe/Berlin"}).location

    page = ines.get(f"{place}/{world.level_1.id}")

    assert '<option selected value="Europe/Berlin">' in page.text


def test_a_cancelled_choice_goes_back_empty(lms, ines, tool_key):
    place = deep_link(lms, ines, data="opaque").location

    answer = read_answer(ines.get(f"{place}/cancel").text, tool_key)

    assert answer[ITEMS] == []
    assert answer[f"{DL}data"] == "opaque"
