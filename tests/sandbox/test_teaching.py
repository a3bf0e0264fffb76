"""What a teacher changes in the LMS itself, past the tool."""

import pytest
import requests

from app.sandbox.vocabulary import LINE_ITEM_READ, MEMBERSHIP_READ
from tests.practice_lms import LmsSession
from tests.sandbox.service import post_over_http

COURSE = "/courses/course-101"
ITEMS = "/lti/courses/course-101/lineitems?type_id=1"
GRADE = f"{COURSE}/gradebook/1/u-student-1/grade"


def test_a_grade_is_changed_by_hand(visitor):
    visitor.post(GRADE, {"points": "61.5", "comment": "Spoke with her"})

    cell = visitor.read_cell("course-101", 1, "u-student-1")
    assert cell.startswith("61.5 / 100 Spoke with her Changed by hand")


def test_no_points_erase_a_grade(service):
    service.client.post(GRADE, data={"points": "61"})

    service.client.post(GRADE, data={"points": ""})

    assert "resultScore" not in service.result()


@pytest.mark.parametrize("points", ["101", "-1", "nan", "many"])
def test_points_that_make_no_sense_are_refused(service, points):
    assert service.client.post(GRADE, data={"points": points}).status_code == 400
    assert service.result() is None


def test_the_tools_next_score_replaces_a_grade_set_by_hand(service):
    service.client.post(GRADE, data={"points": "61"})

    assert service.post_score(timestamp="2036-11-24T10:00:00Z").status_code == 200
    assert service.result()["resultScore"] == 80
    assert "Changed by hand" not in service.client.get(f"{COURSE}/gradebook").text.replace(
        "<summary>Change by hand", ""
    )


def test_a_deleted_column_takes_its_grades_along_and_another_can_be_made(service):
    service.post_score()

    service.client.post(f"{COURSE}/gradebook/1/delete")

    assert service.post_score(timestamp="2026-11-24T10:00:01Z").status_code == 404
    service.client.post(f"{COURSE}/activities/1/column")
    labels = [each["label"] for each in service.call("GET", ITEMS, LINE_ITEM_READ).json]
    assert sorted(labels) == ["Annotated bibliography", "Literature review"]


def test_an_activity_gets_no_second_column(service):
    service.client.post(f"{COURSE}/activities/1/column")

    assert len(service.call("GET", ITEMS, LINE_ITEM_READ).json) == 2


def test_who_has_left_the_course_is_not_listed_launched_or_graded(visitor, tool, lms):
    visitor.post(f"{COURSE}/participants/u-student-1", {"enrolled": "no"})
    headers = tool.bearer(lms, MEMBERSHIP_READ)
    listed = requests.get(
        f"{lms}/lti/courses/course-101/memberships", headers=headers, timeout=5
    ).json()

    assert "u-student-1" not in [member["user_id"] for member in listed["members"]]
    assert post_over_http(tool, lms, timeout=5).status_code == 400
    assert "Mei Student" not in visitor.get(f"{COURSE}/gradebook").text.partition("<main")[2]
    with LmsSession(lms) as student:
        student.sign_in("u-student-1")
        student.launch(f"{COURSE}/activities/1")
    assert tool.refusals[0]["error"] == "access_denied"
    assert tool.launches == []


def test_an_ended_enrolment_begins_again(visitor, tool, lms):
    for enrolled in ("no", "yes"):
        visitor.post(f"{COURSE}/participants/u-student-1", {"enrolled": enrolled})

    assert post_over_http(tool, lms, timeout=5).status_code == 200


def test_an_instructor_cannot_end_their_own_enrolment(visitor):
    answer = visitor.post(f"{COURSE}/participants/u-instructor", {"enrolled": "no"})

    assert answer.status_code == 409


@pytest.mark.parametrize(
    "address",
    [
        GRADE,
        f"{COURSE}/gradebook/1/delete",
        f"{COURSE}/activities/1/column",
        f"{COURSE}/participants/u-student-2",
    ],
)
def test_only_editors_change_the_course(visitor, address):
    visitor.sign_in("u-student-1")

    assert visitor.post(address, {"points": "100"}).status_code == 403
