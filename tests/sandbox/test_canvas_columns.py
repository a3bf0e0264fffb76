"""Canvas's services around the gradebook: tokens, pages, columns."""

import pytest

from app.sandbox.models import Activity
from app.sandbox.profiles import CANVAS
from app.sandbox.vocabulary import (
    ALLOWED_SCOPES,
    CANVAS_SUBMISSION_TYPE,
    LINE_ITEM,
    LINE_ITEM_READ,
    MEMBERSHIP_READ,
    SCORE,
)
from tests.sandbox.service import TOOL_URL

PAGE = f"{TOOL_URL}/assessments/17"


@pytest.fixture(autouse=True)
def canvas(service):
    service.behave_as("canvas")


def test_a_caller_must_name_itself(service):
    address = "/lti/courses/course-101/lineitems"

    named = service.call("GET", address, LINE_ITEM_READ)
    nameless = service.call("GET", address, LINE_ITEM_READ, headers={"User-Agent": ""})

    assert (named.status_code, nameless.status_code) == (200, 403)


def ask(tool, lms, scope, **changed):
    claims = tool.assertion_claims(lms, CANVAS.client_id) | changed
    return tool.ask_token(lms, scope, tool.sign(claims))


def test_one_scope_too_many_refuses_the_whole_token(visitor, tool, lms):
    visitor.post("/behaviour", {"profile": "canvas"})

    all_known = ask(tool, lms, " ".join(ALLOWED_SCOPES))
    one_unknown = ask(tool, lms, f"{SCORE} https://canvas.instructure.com/other")

    assert all_known.status_code == 200
    assert (one_unknown.status_code, one_unknown.json()["error"]) == (400, "invalid_scope")


def test_the_issuer_is_no_audience(visitor, tool, lms):
    visitor.post("/behaviour", {"profile": "canvas"})

    assert ask(tool, lms, SCORE, aud=lms).status_code == 401
    assert ask(tool, lms, SCORE).status_code == 200


@pytest.mark.parametrize(
    ("address", "scope", "names"),
    [
        ("/lti/courses/course-101/memberships", MEMBERSHIP_READ, "user_id"),
        ("/lti/courses/course-101/lineitems", LINE_ITEM_READ, "id"),
    ],
)
def test_pages_follow_opaque_cursors(service, address, scope, names):
    following, seen, headers = f"{address}?limit=1", [], []
    while following:
        answer = service.call("GET", following, scope)
        rows = answer.json if isinstance(answer.json, list) else answer.json["members"]
        seen += [row[names] for row in rows]
        headers.append(answer.headers.get("Link", ""))
        following = headers[-1].partition(">")[0].removeprefix("<")

    assert len(seen) == len(set(seen)) > 1
    assert all("from=" not in each for each in headers)
    assert any(each != each.lower() for each in headers)


@pytest.mark.parametrize("cursor", ["bookmark:x", "bookmark:Um93Og==", "é"])
def test_a_cursor_that_is_none_is_refused(service, cursor):
    address = f"/lti/courses/course-101/lineitems?page={cursor}"

    assert service.call("GET", address, LINE_ITEM_READ).status_code == 400


def test_a_second_column_on_a_link_is_not_seen(service):
    made = service.post_line_item(label="Level", scoreMaximum=2, resourceLinkId="link-1")

    assert made.status_code == 201
    assert "Level" not in service.client.get("/courses/course-101/gradebook").text


def test_a_column_without_a_link_makes_an_assignment(service):
    service.post_line_item(label="Credential level", scoreMaximum=2)

    course = service.client.get("/courses/course-101").text
    assert "Credential level" in course
    assert "made without a link" in course


def test_a_column_with_an_external_tool_makes_an_activity(service):
    wanted = {"type": "external_tool", "external_tool_url": PAGE}

    made = service.post_line_item(
        label="Credential level", scoreMaximum=2, **{CANVAS_SUBMISSION_TYPE: wanted}
    )

    with service.database.reading() as session:
        activity = session.query(Activity).filter_by(title="Credential level").one()
        assert activity.url == PAGE
        assert made.json["resourceLinkId"] == activity.resource_link_id


def test_only_a_second_column_may_be_deleted(service):
    made = service.post_line_item(label="Level", scoreMaximum=2, resourceLinkId="link-1")

    coupled = service.call("DELETE", service.line_item(), LINE_ITEM)
    second = service.call("DELETE", made.json["id"], LINE_ITEM)

    assert (coupled.status_code, second.status_code) == (401, 204)


def test_the_column_of_a_deleted_assignment_is_gone(service):
    with service.database.writing() as session:
        session.get_one(Activity, 1).is_added = True
    service.client.post("/courses/course-101/activities/1/delete")

    assert service.call("GET", service.line_item(), LINE_ITEM_READ).status_code == 404
    assert service.post_score().status_code == 404


def test_an_address_of_another_profile_is_unknown(service):
    moodles = "/lti/courses/course-101/lineitems/1?type_id=1"

    assert service.call("GET", moodles, LINE_ITEM_READ).status_code == 404


def test_what_a_column_says_of_reviews_is_dropped(service):
    made = service.post_line_item(
        label="Level", scoreMaximum=2, submissionReview={"reviewableStatus": ["Submitted"]}
    )

    assert made.status_code == 201
    assert "submissionReview" not in made.json
