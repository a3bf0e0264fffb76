import json

import pytest

from app.sandbox.vocabulary import LINE_ITEM, RESULT_READ, RESULTS_TYPE, SCORE, SCORE_TYPE

RESULTS = "/lti/courses/course-101/lineitems/1/results?type_id=1"
LATER = "2026-11-24T10:00:01.000Z"


def read_result(service, person_id="u-student-1"):
    answer = service.call("GET", f"{RESULTS}&user_id={person_id}", RESULT_READ)
    assert answer.status_code == 200
    assert answer.content_type == RESULTS_TYPE
    return answer.json[0] if answer.json else None


def test_a_score_is_rescaled_to_the_column(service):
    answer = service.post_score(scoreGiven=4, scoreMaximum=5)

    assert answer.status_code == 200
    assert answer.json["resultUrl"].endswith(RESULTS)
    result = read_result(service)
    assert (result["resultScore"], result["resultMaximum"]) == (80.0, 100.0)
    assert result["comment"] == "Level I awarded"
    assert result["userId"] == "u-student-1"
    assert result["scoreOf"].endswith("/lineitems/1?type_id=1")


def test_a_score_above_the_maximum_is_capped(service):
    service.post_score(scoreGiven=12, scoreMaximum=10)

    assert read_result(service)["resultScore"] == 100


@pytest.mark.parametrize(
    "timestamp",
    [
        "2026-11-24T10:00:00.000Z",
        "2026-11-24T10:00:00.999Z",
        "2026-11-24T09:59:59.999Z",
        "2026-11-24T11:00:00.500+01:00",
    ],
)
def test_a_timestamp_must_be_later_by_a_whole_second(service, timestamp):
    service.post_score()

    refused = service.post_score(scoreGiven=1, timestamp=timestamp)

    assert refused.status_code == 409
    assert read_result(service)["resultScore"] == 80


def test_a_later_second_replaces_the_score(service):
    service.post_score()

    assert service.post_score(scoreGiven=5, timestamp=LATER).status_code == 200
    assert read_result(service)["resultScore"] == 100


def test_timestamps_are_compared_per_student_and_column(service):
    service.post_score()

    assert service.post_score(userId="u-student-2").status_code == 200
    assert service.post_score(item=2).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"gradingProgress": "PendingManual"},
        {"gradingProgress": "Pending"},
        {"gradingProgress": "NotReady"},
        {"gradingProgress": "Failed"},
        {"scoreGiven": ...},
        {"scoreGiven": None},
    ],
    ids=str,
)
def test_what_is_not_fully_graded_wipes_the_grade(service, changed):
    service.post_score()

    assert service.post_score(timestamp=LATER, **changed).status_code == 200
    assert "resultScore" not in read_result(service)


@pytest.mark.parametrize("comment", [..., None, ""], ids=str)
def test_no_comment_wipes_the_comment(service, comment):
    service.post_score()

    service.post_score(timestamp=LATER, comment=comment)

    assert "comment" not in read_result(service)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"userId": ...}, 400),
        ({"userId": ""}, 400),
        ({"timestamp": ...}, 400),
        ({"activityProgress": ...}, 400),
        ({"gradingProgress": ...}, 400),
        ({"activityProgress": "Done"}, 400),
        ({"gradingProgress": "fullygraded"}, 400),
        ({"userId": "u-nobody"}, 400),
        ({"userId": "u-instructor"}, 422),
        ({"userId": "u-grantor-1"}, 422),
        ({"scoreMaximum": ...}, 422),
        ({"scoreMaximum": 0}, 400),
        ({"scoreGiven": -1}, 400),
        ({"scoreGiven": "4"}, 400),
        ({"scoreGiven": True}, 400),
        ({"scoreGiven": float("nan")}, 400),
        ({"comment": 5}, 400),
        ({"timestamp": "yesterday"}, 400),
        ({"timestamp": "2026-11-24T10:00:00"}, 400),
        ({"scoringUserId": None}, 400),
        ({"scoringUserId": ""}, 400),
        ({"scoringUserId": "u-nobody"}, 400),
        ({"submission": {"submittedAt": "soon"}}, 400),
        ({"submission": "now"}, 400),
    ],
    ids=str,
)
def test_a_wrong_score_is_refused_and_changes_nothing(service, changed, status):
    assert service.post_score(**changed).status_code == status
    assert read_result(service) is None


def test_who_scored_and_when_it_was_submitted_are_taken(service):
    answer = service.post_score(
        scoringUserId="u-grantor-1", submission={"submittedAt": "2026-11-20T08:00:00Z"}
    )

    assert answer.status_code == 200
    assert read_result(service)["scoringUserId"] == "u-grantor-1"


@pytest.mark.parametrize("media_type", ["application/json", "text/plain"])
def test_another_media_type_is_refused(service, media_type):
    assert service.post_score(media_type=media_type).status_code == 415


@pytest.mark.parametrize("body", ["{", "[]", '"score"'])
def test_a_body_that_is_no_object_is_refused(service, body):
    answer = service.call(
        "POST", service.scores(), SCORE, data=body, content_type=f"{SCORE_TYPE}; charset=utf-8"
    )

    assert answer.status_code == 400


@pytest.mark.parametrize("scope", [LINE_ITEM, RESULT_READ])
def test_another_scope_posts_no_scores(service, scope):
    assert service.call("POST", service.scores(), scope, {}, SCORE_TYPE).status_code == 403


def test_results_need_their_own_scope(service):
    assert service.call("GET", RESULTS, SCORE).status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        "/lti/courses/course-101/lineitems/1/scores",
        "/lti/courses/course-101/lineitems/1?type_id=1/scores",
        "/lti/courses/course-101/lineitems/99/scores?type_id=1",
        "/lti/courses/course-102/lineitems/1/scores?type_id=1",
    ],
)
def test_scores_stands_before_the_query_of_the_line_item(service, address):
    answer = service.call("POST", address, SCORE, {"userId": "u-student-1"}, SCORE_TYPE)

    assert answer.status_code in {404, 405}


def test_results_come_page_by_page(service):
    service.post_score()
    service.post_score(userId="u-student-2")

    first = service.call("GET", f"{RESULTS}&limit=1", RESULT_READ)
    next_address = first.headers["Link"].removeprefix("<").removesuffix('>; rel="next"')
    second = service.call("GET", next_address, RESULT_READ)

    assert [each["userId"] for each in first.json] == ["u-student-1"]
    assert [each["userId"] for each in second.json] == ["u-student-2"]
    assert "Link" not in second.headers


def test_the_refusal_says_why(service):
    answer = service.post_score(scoreGiven=-1)

    assert json.loads(answer.data) == {"error": "scoreGiven must not be negative."}
