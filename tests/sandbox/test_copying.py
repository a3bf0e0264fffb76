"""The practice LMS copies a course as real ones do, and tells the tool."""

import pytest
import requests

from app.sandbox.vocabulary import (
    AGS_CLAIM,
    CLAIM,
    COPY_NOTICE,
    HELLO_NOTICE,
    LINE_ITEM,
    NOTICE_HANDLERS,
    NOTICE_SERVICE_CLAIM,
    SCORE,
    SCORE_TYPE,
)
from tests.sandbox.test_deep_linking import Choosing


@pytest.fixture
def choosing(tool, lms):
    chooser = Choosing(tool, lms)
    chooser.send(chooser.answer([chooser.item()]))
    yield chooser
    chooser.visitor.close()


def copy(visitor, course="course-101"):
    page = visitor.post(f"/courses/{course}/copy", {})
    assert page.status_code == 200
    return page.url.rpartition("/")[2]


@pytest.fixture
def listen(tool, lms):
    """Tell the LMS where notices of a kind go."""

    def put(notice_type, handler=None, scope=NOTICE_HANDLERS):
        return requests.put(
            f"{lms}/lti/notice-handlers",
            json={
                "notice_type": notice_type,
                "handler": f"{tool.url}/lti/notices" if handler is None else handler,
            },
            headers=tool.bearer(lms, scope),
            timeout=5,
        )

    return put


def test_a_copied_activity_tells_where_it_comes_from(choosing, tool):
    copy(choosing.visitor)
    choosing.visitor.launch("/courses/course-103/activities/9")

    launch = tool.launches[-1]
    assert launch[f"{CLAIM}context"]["id"] == "course-103"
    assert launch[f"{CLAIM}resource_link"]["id"] == "link-9"
    assert launch[f"{CLAIM}custom"] == {
        "assignment": "uuid-1",
        "history": "link-5",
        "courses": "course-101",
        "title": "Portfolio",
        "due": "2026-12-18T23:59:00Z",
        "unknown": "$Canvas.course.id",
    }


def test_a_copy_of_a_copy_tells_both_newest_first(choosing, tool):
    again = copy(choosing.visitor, copy(choosing.visitor))

    choosing.visitor.launch(f"/courses/{again}/activities/13")

    custom = tool.launches[-1][f"{CLAIM}custom"]
    assert (custom["history"], custom["courses"]) == ("link-9,link-5", "course-103,course-101")


def test_columns_follow_with_their_tag_and_id_and_grades_do_not(choosing, tool, lms):
    headers = tool.bearer(lms, LINE_ITEM, SCORE)
    choosing.visitor.launch("/courses/course-101/activities/5")
    column = tool.launches[-1][AGS_CLAIM]["lineitem"]
    score = {
        "userId": "u-student-1",
        "timestamp": "2026-11-24T10:00:00.000Z",
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "scoreGiven": 6,
        "scoreMaximum": 6,
    }
    posted = requests.post(
        column.replace("?", "/scores?"),
        json=score,
        headers={**headers, "Content-Type": SCORE_TYPE},
        timeout=5,
    )
    assert posted.ok, posted.text

    course = copy(choosing.visitor)

    choosing.visitor.launch(f"/courses/{course}/activities/9")
    twin = tool.launches[-1][AGS_CLAIM]["lineitem"]
    facts = requests.get(twin, headers=headers, timeout=5).json()
    assert twin != column
    assert (facts["tag"], facts["resourceId"], facts["resourceLinkId"]) == (
        "badge",
        "r-1",
        "link-9",
    )
    assert facts["submissionReview"]["custom"] == {"view": "review"}
    assert "6 / 6" not in choosing.visitor.get(f"/courses/{course}/gradebook").text


def test_only_an_instructor_copies(choosing):
    choosing.visitor.sign_in("u-student-1")

    assert choosing.visitor.post("/courses/course-101/copy", {}).status_code == 403
    assert "Copy this course" not in choosing.visitor.get("/courses/course-101").text


def test_a_launch_offers_the_notice_service(choosing, tool, lms):
    choosing.visitor.launch("/courses/course-101/activities/1")

    assert tool.launches[-1][NOTICE_SERVICE_CLAIM] == {
        "platform_notification_service_url": f"{lms}/lti/notice-handlers",
        "service_versions": ["1.0"],
        "scope": [NOTICE_HANDLERS],
        "notice_types_supported": [HELLO_NOTICE, COPY_NOTICE],
    }


def test_who_listens_hears_hello_and_of_copies(choosing, tool, lms, listen):
    assert listen(HELLO_NOTICE).status_code == 200
    assert listen(COPY_NOTICE).status_code == 200
    again = copy(choosing.visitor, copy(choosing.visitor))

    hello, _, second = tool.notices
    assert hello[f"{CLAIM}notice"]["type"] == HELLO_NOTICE
    assert second[f"{CLAIM}notice"]["type"] == COPY_NOTICE
    assert second[f"{CLAIM}context"] == {"id": again}
    assert second[f"{CLAIM}origin_contexts"] == ["course-103", "course-101"]
    assert second["nonce"] != hello["nonce"]
    listed = requests.get(
        f"{lms}/lti/notice-handlers", headers=tool.bearer(lms, NOTICE_HANDLERS), timeout=5
    ).json()
    assert [each["notice_type"] for each in listed["notice_handlers"]] == [
        COPY_NOTICE,
        HELLO_NOTICE,
    ]


def test_an_empty_handler_ends_it(choosing, tool, listen):
    listen(COPY_NOTICE)
    listen(COPY_NOTICE, "")

    copy(choosing.visitor)

    assert tool.notices == []


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (("LtiUnknownNotice",), 400),
        ((COPY_NOTICE, "https://elsewhere.example/notices"), 400),
        ((COPY_NOTICE, None, LINE_ITEM), 403),
    ],
    ids=str,
)
def test_a_wrong_handler_is_refused(listen, facts, status):
    assert listen(*facts).status_code == status


def test_a_tool_that_does_not_answer_delays_no_copy(choosing, tool, listen):
    listen(COPY_NOTICE, f"{tool.url}/nobody/there")

    assert copy(choosing.visitor) == "course-103"
