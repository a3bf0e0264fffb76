"""What the practice LMS does when it behaves as Moodle. Source: a running Moodle 4.5.6."""

import pytest

from app.sandbox.database import Database
from app.sandbox.models import Activity
from app.sandbox.profiles import MOODLE
from app.sandbox.vocabulary import (
    AGS_CLAIM,
    CLAIM,
    INSTITUTION_ADMINISTRATOR,
    INSTRUCTOR,
    LINE_ITEM_READ,
    MEMBERSHIP_READ,
    SYSTEM_ADMINISTRATOR,
)
from tests.sandbox.test_deep_linking import Choosing

REVIEW = "/courses/course-101/activities/1"
LATER = "2026-11-24T10:00:01.000Z"


@pytest.fixture(autouse=True)
def moodle(service):
    service.behave_as("moodle")


@pytest.fixture
def moodle_visitor(visitor):
    visitor.post("/behaviour", {"profile": "moodle"}).raise_for_status()
    return visitor


def test_people_are_numbers_and_the_login_asks_for_no_storage(moodle_visitor, tool, lms):
    moodle_visitor.launch(REVIEW)

    claims, login = tool.launches[0], tool.logins[0]
    assert claims["sub"].isdigit()
    assert login["login_hint"] == claims["sub"]
    assert login.keys() == {
        "iss",
        "target_link_uri",
        "login_hint",
        "lti_message_hint",
        "client_id",
        "lti_deployment_id",
    }
    assert claims["exp"] - claims["iat"] == 60
    assert claims[f"{CLAIM}tool_platform"]["product_family_code"] == "moodle"
    assert claims[f"{CLAIM}deployment_id"] == "1"
    assert claims[AGS_CLAIM]["lineitem"] == f"{lms}/lti/courses/course-101/lineitems/1?type_id=1"


@pytest.mark.parametrize("person", ["u-assistant", "u-grantor-1"])
def test_who_teaches_without_editing_launches_as_instructor_and_is_listed_as_learner(
    moodle_visitor, tool, service, person
):
    moodle_visitor.sign_in(person)

    moodle_visitor.launch(REVIEW)

    listed = service.call("GET", "/lti/courses/course-101/memberships", MEMBERSHIP_READ).json
    roles = {member["user_id"]: member["roles"] for member in listed["members"]}
    assert tool.launches[0][f"{CLAIM}roles"] == [INSTRUCTOR]
    assert roles[service.sub(person)] == ["Learner"]
    assert roles[service.sub("u-instructor")] == ["Instructor"]


def test_an_administrator_is_instructor_and_administrator_twice(moodle_visitor, tool):
    moodle_visitor.sign_in("u-administrator")

    moodle_visitor.launch(REVIEW)

    assert tool.launches[0][f"{CLAIM}roles"] == [
        INSTRUCTOR,
        INSTITUTION_ADMINISTRATOR,
        SYSTEM_ADMINISTRATOR,
    ]


def test_a_link_with_two_columns_names_neither(moodle_visitor, tool, config):
    headers = tool.bearer(
        config.issuer,
        "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
        client_id=MOODLE.client_id,
    )
    moodle_visitor.http.post(
        f"{config.issuer}/lti/courses/course-101/lineitems",
        json={"label": "Second", "scoreMaximum": 1, "resourceLinkId": "link-1"},
        headers=headers | {"Content-Type": "application/vnd.ims.lis.v2.lineitem+json"},
    ).raise_for_status()

    moodle_visitor.launch(REVIEW)

    assert "lineitem" not in tool.launches[0][AGS_CLAIM]
    assert "lineitems" in tool.launches[0][AGS_CLAIM]


def test_with_names_withheld_the_login_name_still_comes(moodle_visitor, tool, config):
    moodle_visitor.post(f"{REVIEW}/names", {"shares_names": "no"})
    with Database(config.database_path).writing() as session:
        session.get_one(Activity, 1).custom = {
            "who": "$User.username",
            "name": "$Person.name.full",
        }

    moodle_visitor.launch(REVIEW)

    claims = tool.launches[0]
    assert not {"name", "email", "given_name"} & claims.keys()
    assert claims[f"{CLAIM}lis"]["person_sourcedid"] == "person:u-instructor"
    assert claims[f"{CLAIM}custom"] == {"who": "instructor", "name": "$Person.name.full"}


def test_a_student_can_open_the_review_of_another(moodle_visitor, tool, service):
    moodle_visitor.sign_in("u-student-1")

    moodle_visitor.launch("/courses/course-101/gradebook/1/u-student-2")

    assert tool.launches[0][f"{CLAIM}for_user"]["user_id"] == service.sub("u-student-2")


@pytest.mark.parametrize(
    ("timestamp", "status"),
    [
        ("2026-11-24T10:00:00.000Z", 409),
        ("2026-11-24T10:00:00.999Z", 409),
        ("2026-11-24T09:00:00.000Z", 409),
        (LATER, 200),
    ],
)
def test_a_time_of_the_same_second_is_refused(service, timestamp, status):
    service.post_score()

    assert service.post_score(scoreGiven=1, timestamp=timestamp).status_code == status


@pytest.mark.parametrize(
    "changed",
    [{"gradingProgress": "PendingManual"}, {"gradingProgress": "Pending"}, {"scoreGiven": ...}],
    ids=str,
)
def test_what_is_not_fully_graded_erases_the_grade(service, changed):
    service.post_score()

    assert service.post_score(timestamp=LATER, **changed).status_code == 200
    assert "resultScore" not in service.result()


def test_no_comment_erases_the_comment_and_progress_is_not_kept(service):
    service.post_score()
    before = service.client.get("/courses/course-101/gradebook").text

    service.post_score(timestamp=LATER, comment=...)

    after = service.client.get("/courses/course-101/gradebook").text
    assert "Level I awarded" in before
    assert "Level I awarded" not in after
    assert "FullyGraded" not in before


@pytest.mark.parametrize(
    ("changed", "points"),
    [
        ({"scoreGiven": 4, "scoreMaximum": 5}, 80),
        ({"scoreGiven": 12, "scoreMaximum": 10}, 100),
        ({"scoreGiven": 3, "scoreMaximum": 0}, 0),
    ],
    ids=str,
)
def test_points_are_rescaled_and_capped(service, changed, points):
    assert service.post_score(**changed).status_code == 200
    assert service.result()["resultScore"] == points


@pytest.mark.parametrize(
    "changed",
    [
        {"userId": "999"},
        {"userId": "u-student-1"},
        {"scoreMaximum": ...},
        {"timestamp": "yesterday"},
        {"gradingProgress": ...},
    ],
    ids=str,
)
def test_every_wrong_score_is_refused_in_the_same_words(service, changed):
    answer = service.post_score(**changed)

    assert (answer.status_code, answer.json["error"]) == (400, "Incorrect score received")


def test_who_is_not_graded_is_400(service):
    answer = service.post_score(userId=service.sub("u-instructor"))

    assert (answer.status_code, answer.json["error"]) == (400, "Incorrect score received")


def test_unknown_progress_values_are_not_looked_at(service):
    assert service.post_score(activityProgress="Done", scoringUserId="999").status_code == 200


def test_line_items_are_not_paged_unless_asked_and_then_break_the_link_header(service):
    address = "/lti/courses/course-101/lineitems?type_id=1"

    whole = service.call("GET", address, LINE_ITEM_READ)
    page = service.call("GET", f"{address}&limit=1", LINE_ITEM_READ)

    assert len(whole.json) == 2
    assert "Link" not in whole.headers
    assert len(page.json) == 1
    link = page.headers["Link"].encode("latin-1").decode()
    assert "&amp;" in link
    assert link.endswith("rel=“next”")


def test_the_roster_is_paged_well(service):
    page = service.call("GET", "/lti/courses/course-101/memberships?limit=3", MEMBERSHIP_READ)

    assert page.headers["Link"].endswith('; rel="next"')


def test_deep_linking_drops_what_moodle_drops(moodle_visitor, tool, lms):
    choosing = Choosing(tool, lms)
    column = {
        "label": "Not used",
        "scoreMaximum": 6,
        "resourceId": "r-1",
        "tag": "badge",
        "submissionReview": {
            "reviewableStatus": ["Submitted"],
            "label": "Assess",
            "custom": {"view": "review"},
        },
    }
    item = choosing.item(lineItem=column, available={"startDateTime": "2026-12-01T00:00:00Z"})
    choosing.send(choosing.answer([item, item])).raise_for_status()

    moodle_visitor.launch("/courses/course-101/activities/5")

    custom = tool.launches[-1][f"{CLAIM}custom"]
    assert custom["due"] == "$ResourceLink.submission.endDateTime"
    assert custom["history"] == "$ResourceLink.id.history"
    assert custom["courses"] == ""
    assert custom["assignment"] == "uuid-1"
    headers = tool.bearer(lms, LINE_ITEM_READ, client_id=MOODLE.client_id)
    listed = moodle_visitor.http.get(
        f"{lms}/lti/courses/course-101/lineitems?type_id=1&tag=badge", headers=headers
    ).json()
    assert [(each["label"], each["resourceId"], each["scoreMaximum"]) for each in listed] == [
        ("Portfolio", "r-1", 6.0),
        ("Portfolio", "r-1", 6.0),
    ]
    assert listed[0]["id"] != listed[1]["id"]
    assert listed[0]["submissionReview"] == {"custom": {"view": "review"}}
