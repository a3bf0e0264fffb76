"""What the practice LMS takes and refuses when it behaves as Canvas."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.sandbox.database import Database
from app.sandbox.records import Attempt
from app.sandbox.vocabulary import (
    CANVAS_SUBMISSION,
    CLAIM,
)
from tests.practice_lms import LmsSession, running_lms
from tests.sandbox.service import TOOL_URL

LATER = "2026-11-24T10:00:01.000Z"
GRADE = "/courses/course-101/gradebook/1/u-student-1/grade"
SPEEDGRADER = "/courses/course-101/gradebook/1/u-student-1/speedgrader"
PAGE = f"{TOOL_URL}/assessments/17"


@pytest.fixture(autouse=True)
def canvas(service):
    service.behave_as("canvas")


def submission(**said):
    return {CANVAS_SUBMISSION: said}


def count_attempts(service):
    page = service.client.get("/courses/course-101/gradebook").text
    found = re.search(r"(\d+) attempts?</p>", page)
    return int(found[1]) if found else 0


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"userId": ...}, 400),
        ({"timestamp": ...}, 400),
        ({"activityProgress": ...}, 400),
        ({"gradingProgress": ...}, 400),
        ({"timestamp": "yesterday"}, 400),
        ({"scoreMaximum": ...}, 422),
        ({"userId": "nobody"}, 422),
        ({"userId": "u-student-1"}, 422),
        (submission(submission_type="essay"), 400),
        (submission(new_submission="perhaps"), 400),
        ({CANVAS_SUBMISSION: "none"}, 400),
    ],
    ids=str,
)
def test_a_wrong_score_is_refused_and_leaves_nothing(service, changed, status):
    assert service.post_score(**changed).status_code == status
    assert service.result() is None
    assert count_attempts(service) == 0


def test_who_is_no_student_is_422(service):
    answer = service.post_score(userId=service.sub("u-instructor"))

    assert answer.status_code == 422
    assert answer.json["error"] == "User not found in course or is not a student"


def test_an_earlier_time_is_refused_in_canvas_words(service):
    service.post_score()

    answer = service.post_score(timestamp="2026-11-24T09:59:59.999Z", scoreGiven=1)

    assert answer.status_code == 400
    assert "before last updated timestamp" in answer.json["error"]
    assert service.result()["resultScore"] == 80


@pytest.mark.parametrize("timestamp", ["2026-11-24T10:00:00.000Z", "2026-11-24T10:00:00.001Z"])
def test_the_same_time_or_a_millisecond_later_is_taken(service, timestamp):
    service.post_score()

    assert service.post_score(timestamp=timestamp, scoreGiven=5).status_code == 200
    assert service.result()["resultScore"] == 100


@pytest.mark.parametrize("progress", ["NotReady", "Failed", "Pending"])
def test_a_score_in_progress_clears_the_grade(service, progress):
    service.post_score()

    service.post_score(timestamp=LATER, gradingProgress=progress)

    assert "resultScore" not in service.result()


@pytest.mark.parametrize("changed", [{"gradingProgress": "Pending"}, {"scoreGiven": ...}], ids=str)
def test_the_grade_is_kept_on_demand(service, changed):
    service.post_score()

    service.post_score(timestamp=LATER, **changed, **submission(preserve_score=True))

    assert service.result()["resultScore"] == 80


def test_points_count_while_a_person_is_still_to_look(service):
    service.post_score(gradingProgress="PendingManual")

    assert service.result()["resultScore"] == 80


def test_a_score_without_comment_leaves_the_earlier_one(service):
    service.post_score()

    service.post_score(timestamp=LATER, comment=...)

    assert service.result()["comment"] == "Level I awarded"


@pytest.mark.parametrize(
    ("said", "attempts"),
    [
        ({}, 2),
        ({"new_submission": True}, 2),
        ({"new_submission": False}, 1),
        ({"new_submission": "false"}, 1),
        ({"submission_type": "none"}, 1),
    ],
    ids=str,
)
def test_every_score_is_a_new_attempt_unless_it_says_otherwise(service, said, attempts):
    service.post_score()

    service.post_score(timestamp=LATER, **submission(**said))

    assert count_attempts(service) == attempts


def test_the_same_time_of_submission_is_the_same_attempt(service):
    at = {"submission": {"submittedAt": "2026-11-20T08:00:00Z"}}
    service.post_score(**at)

    service.post_score(timestamp=LATER, **at)
    service.post_score(timestamp=LATER, submission={"submittedAt": "2026-11-21T08:00:00Z"})

    assert count_attempts(service) == 2


def test_a_submission_of_the_future_is_refused(service):
    soon = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()

    assert service.post_score(submission={"submittedAt": soon}).status_code == 400


def test_attempts_can_be_used_up(service):
    service.client.post("/behaviour/details", data={"allowed_attempts": "1"})
    service.post_score()

    refused = service.post_score(timestamp=LATER, scoreGiven=5)
    same_attempt = service.post_score(timestamp=LATER, **submission(new_submission=False))

    assert refused.status_code == 422
    assert "attempts" in refused.json["error"]
    assert same_attempt.status_code == 200
    assert service.result()["resultScore"] == 80


@pytest.mark.parametrize(("yields", "points"), [(True, 55), (False, 80)])
def test_a_grade_set_by_hand_can_be_spared(service, yields, points):
    service.client.post(GRADE, data={"points": "55"})
    now = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()

    answer = service.post_score(timestamp=now, **submission(prioritize_non_tool_grade=yields))

    assert answer.status_code == 200
    assert service.result()["resultScore"] == points


def test_a_grade_set_by_hand_outdates_what_was_decided_before(service):
    service.client.post(GRADE, data={"points": "55"})

    assert service.post_score(timestamp="2026-11-02T10:00:00Z").status_code == 400
    assert service.result()["resultScore"] == 55


def test_speedgrader_opens_what_came_with_each_attempt(service):
    service.post_score(**submission(submission_type="basic_lti_launch", submission_data=PAGE))
    service.post_score(timestamp=LATER)

    with (
        running_lms(TOOL_URL, service.config.database_path) as url,
        LmsSession(url) as staff,
    ):
        newest = staff.get(SPEEDGRADER).text
        first = staff.get(f"{SPEEDGRADER}?attempt=1").text
        login = staff.get(f"{SPEEDGRADER}/launch?attempt=1").text
        nothing = staff.get(f"{SPEEDGRADER}/launch?attempt=2").status_code
        staff.sign_in("u-student-1")
        students = staff.get(SPEEDGRADER).status_code

    assert "brought nothing that opens here (external_tool)" in newest
    assert "<iframe" in first
    assert f'name="target_link_uri" value="{PAGE}"' in login
    assert (nothing, students) == (404, 403)


def test_speedgrader_launches_the_tool_at_that_address(visitor, tool, config):
    visitor.post("/behaviour", {"profile": "canvas"})
    address = f"{tool.url}/assessments/17"
    with Database(config.database_path).writing() as session:
        session.add(
            Attempt(line_item_id=1, person_id="u-student-1", kind="basic_lti_launch", data=address)
        )

    visitor.launch(SPEEDGRADER)

    claims = tool.launches[0]
    assert claims[f"{CLAIM}target_link_uri"] == address
    assert claims[f"{CLAIM}message_type"] == "LtiResourceLinkRequest"
    assert claims[f"{CLAIM}resource_link"]["id"] == "link-1"


@pytest.mark.parametrize("data", ["https://elsewhere.example/x", "javascript:alert(1)", ""])
def test_speedgrader_opens_no_foreign_address(service, data):
    service.post_score(**submission(submission_type="basic_lti_launch", submission_data=data))

    assert "<iframe" not in service.client.get(SPEEDGRADER).text


def test_speedgrader_says_that_nothing_was_submitted(service):
    assert "has not submitted anything" in service.client.get(SPEEDGRADER).text
