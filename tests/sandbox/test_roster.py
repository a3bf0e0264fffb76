import pytest

from app.sandbox.models import Activity
from app.sandbox.people import PEOPLE
from app.sandbox.vocabulary import CLAIM, GRADER, LINE_ITEM, MEMBERSHIP_READ, MEMBERSHIPS_TYPE

MEMBERS = "/lti/courses/course-101/memberships"


def test_everyone_is_listed_with_their_roles(service):
    answer = service.call("GET", MEMBERS, MEMBERSHIP_READ)

    members = {member["user_id"]: member for member in answer.json["members"]}
    assert answer.content_type == MEMBERSHIPS_TYPE
    assert answer.json["context"]["id"] == "course-101"
    assert members.keys() == {person.id for person in PEOPLE}
    assert members["u-student-1"]["roles"] == ["Learner"]
    assert members["u-grantor-1"]["roles"] == [GRADER]
    assert members["u-administrator"]["roles"] == ["Instructor"]
    assert members["u-student-1"]["email"] == "student-1@university.example"
    assert members["u-student-1"]["status"] == "Active"


def test_members_come_page_by_page(service):
    address, seen = f"{MEMBERS}?limit=3", []
    while address:
        answer = service.call("GET", address, MEMBERSHIP_READ)
        page = [member["user_id"] for member in answer.json["members"]]
        assert 0 < len(page) <= 3
        seen += page
        address = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")

    assert seen == [person.id for person in PEOPLE]


@pytest.mark.parametrize(
    "role", ["Learner", "http://purl.imsglobal.org/vocab/lis/v2/membership%23Learner"]
)
def test_members_are_filtered_by_role(service, role):
    answer = service.call("GET", f"{MEMBERS}?role={role}", MEMBERSHIP_READ)

    assert [each["user_id"] for each in answer.json["members"]] == ["u-student-1", "u-student-2"]


def test_a_link_adds_what_its_launch_would_say(service):
    with service.database.writing() as session:
        activity = session.get_one(Activity, 1)
        activity.custom = {"who": "$User.id", "other": "$Not.known"}
        activity.shares_names = False

    answer = service.call("GET", f"{MEMBERS}?rlid=link-1", MEMBERSHIP_READ)

    member = answer.json["members"][0]
    assert member["message"][0][f"{CLAIM}custom"] == {"who": "u-instructor", "other": "$Not.known"}
    assert "name" not in member


def test_a_link_of_another_course_is_refused(service):
    assert service.call("GET", f"{MEMBERS}?rlid=link-4", MEMBERSHIP_READ).status_code == 404


def test_another_scope_lists_nobody(service):
    assert service.call("GET", MEMBERS, LINE_ITEM).status_code == 403


def test_a_caller_who_accepts_something_else_is_refused(service):
    headers = {"Accept": "application/json"}

    assert service.call("GET", MEMBERS, MEMBERSHIP_READ, headers=headers).status_code == 406
