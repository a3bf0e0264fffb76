"""What goes back to the LMS: items, one or several, links without a grade, refusals."""

import pytest
from sqlalchemy import select

from app.launch.claims import CLAIM
from app.mapping.models import Assignment, DeepLinkChoice
from app.platforms.models import ToolKey
from tests import factories
from tests.conftest import BASE_URL
from tests.launch.selecting import DL, deep_link, empty_parts, read_answer
from tests.launch.signing_lms import GRADER, INSTRUCTOR, LEARNER, MEMBERSHIP
from tests.mapping.conftest import FORM

ITEMS = f"{DL}content_items"


@pytest.fixture
def tool_key(session, world):
    return session.scalar(select(ToolKey.public_jwk))


@pytest.fixture
def ines(browser):
    return browser()


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
                "label": "Assess in Assay",
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


@pytest.mark.parametrize(
    "asked",
    [
        {"accept_types": ["link", "file", "html", "ltiResourceLink", "image"],
         "placement": "editor_button"},
        {"accept_types": ["link", "html"]},
        {"accept_types": ["html", "ltiResourceLink"], "accept_lineitem": False},
    ],
)  # fmt: skip
def test_from_an_editor_links_are_offered_not_assignments(lms, ines, asked):
    answer = deep_link(lms, ines, **asked)

    assert answer.location.endswith("/links")
    assert ines.get(answer.location).status_code == 200


@pytest.mark.parametrize(
    ("types", "item_type"),
    [
        (["link", "html", "ltiResourceLink"], "link"),
        (["html", "ltiResourceLink"], "html"),
        (["ltiResourceLink"], "ltiResourceLink"),
    ],
)
def test_an_achievement_is_linked_to_in_the_way_that_the_lms_takes(
    lms, ines, world, session, tool_key, types, item_type
):
    world.level_1.name = "A & <B>"
    session.commit()
    place = deep_link(lms, ines, accept_types=types).location.removesuffix("/links")

    page = ines.get(f"{place}/links/{world.level_1.public_id}")

    answer = read_answer(page.text, tool_key)
    (item,) = answer[ITEMS]
    public = f"{BASE_URL}/achievements/{world.level_1.public_id}"
    assert item["type"] == item_type
    assert item["title"] == "A & <B>"
    assert "lineItem" not in item
    assert empty_parts(answer) == []
    if item_type == "link":
        assert item["url"] == public
    if item_type == "html":
        assert f'href="{public}"' in item["html"]
        assert "A &amp; &lt;B&gt;" in item["html"]
    if item_type == "ltiResourceLink":
        assert item["custom"] == {"assay_achievement": world.level_1.public_id}


def test_a_link_to_ones_own_credentials_leads_everybody_to_theirs(lms, ines, browser, tool_key):
    place = deep_link(lms, ines).location
    (item,) = read_answer(ines.get(f"{place}/links/credentials").text, tool_key)[ITEMS]
    assert "lineItem" not in item

    for role in (LEARNER, INSTRUCTOR):
        answer = lms.launch(browser(), role=role, **{f"{CLAIM}custom": item["custom"]})
        assert answer.location == "/my/credentials"


def test_a_link_to_an_achievement_opens_inside_the_course(lms, browser, world):
    mei = browser()
    custom = {"assay_achievement": world.level_1.public_id}

    answer = lms.launch(mei, **{f"{CLAIM}custom": custom})

    assert "Research Literacy" in mei.get(answer.location).text
    answer = lms.launch(mei, **{f"{CLAIM}custom": {"assay_achievement": "unknown"}})
    assert mei.get(answer.location).status_code == 404


def test_where_only_plain_links_are_taken_no_launch_is_offered(lms, ines):
    place = deep_link(lms, ines, accept_types=["link"]).location

    assert "My credentials" not in ines.get(place).text
    assert ines.get(f"{place}/credentials").status_code == 404


def test_an_achievement_of_another_institution_is_not_there(lms, ines, session, app, world):
    other = factories.make_world(session, app.extensions["assay.vault"], slug="other")
    place = deep_link(lms, ines).location

    assert ines.get(f"{place}/links/{other.level_1.public_id}").status_code == 404


@pytest.mark.parametrize(
    ("role", "asked", "words"),
    [
        (LEARNER, {}, "Only somebody who teaches"),
        (LEARNER, {"accept_types": ["html", "image"]}, "Only somebody who teaches"),
        (GRADER, {}, "Only somebody who teaches"),
        (f"{MEMBERSHIP}#Mentor", {"accept_types": ["file"]}, "Only somebody who teaches"),
        (INSTRUCTOR, {"accept_types": ["image"]}, "does not make"),
        (INSTRUCTOR, {"accept_types": ["file"]}, "does not make"),
        (INSTRUCTOR, {"accept_types": [7, None]}, "does not make"),
    ],
)
def test_what_cannot_be_served_goes_back_with_the_reason(lms, ines, tool_key, role, asked, words):
    page = deep_link(lms, ines, role=role, data="opaque", **asked)

    assert page.status_code == 403
    answer = read_answer(page.text, tool_key)
    assert words in answer[f"{DL}errormsg"]
    assert answer[ITEMS] == []
    assert answer[f"{DL}data"] == "opaque"
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' https://lms.test" in policy


def test_another_persons_selection_is_not_shown(lms, ines, browser, world):
    place = deep_link(lms, ines).location
    other = browser()
    deep_link(lms, other, sub="teacher-2")

    for page in ("", "/selection", "/cancel", "/links", "/links/credentials"):
        assert other.get(place + page).status_code == 404
    assert other.post(f"{place}/choices/1", data={"action": "remove"}).status_code == 404
