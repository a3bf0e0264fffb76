"""What the practice LMS sends when it behaves as Canvas."""

import pytest

from app.sandbox.database import Database
from app.sandbox.models import Activity
from app.sandbox.profiles import CANVAS
from app.sandbox.vocabulary import (
    AGS_CLAIM,
    CLAIM,
    CONTENT_DEVELOPER,
    DEEP_LINKING_CLAIM,
    INSTITUTION,
    INSTRUCTOR,
    LEARNER,
    MEMBERSHIP_READ,
    MENTOR,
    PLACEMENT_CLAIM,
    TEACHING_ASSISTANT,
)
from tests.sandbox.test_deep_linking import Choosing

REVIEW = "/courses/course-101/activities/1"
MEMBERS = "/lti/courses/course-101/memberships"
NAMES = {"name", "given_name", "family_name"}


@pytest.fixture(autouse=True)
def canvas(service):
    service.behave_as("canvas")


@pytest.fixture
def canvas_visitor(visitor):
    visitor.post("/behaviour", {"profile": "canvas"}).raise_for_status()
    return visitor


def test_the_login_names_region_and_storage(canvas_visitor, tool):
    canvas_visitor.launch(REVIEW)

    login = tool.logins[0]
    assert login["canvas_region"]
    assert login["canvas_environment"] == "production"
    assert login["lti_storage_target"] == "_parent"
    assert login["client_id"] == CANVAS.client_id


def test_a_launch_has_an_opaque_and_a_legacy_id(canvas_visitor, tool):
    canvas_visitor.launch(REVIEW)

    claims = tool.launches[0]
    number, _, digest = claims[f"{CLAIM}deployment_id"].partition(":")
    assert number.isdigit()
    assert len(digest) == 40
    assert claims[f"{CLAIM}tool_platform"]["product_family_code"] == "canvas"
    assert len(claims["sub"]) == 36
    assert claims[f"{CLAIM}lti1p1"]["user_id"] not in {"", claims["sub"]}
    assert "?" not in claims[AGS_CLAIM]["lineitems"] + claims[AGS_CLAIM]["lineitem"]


@pytest.mark.parametrize(
    ("person", "course_roles", "institution_role"),
    [
        ("u-instructor", {INSTRUCTOR}, "Instructor"),
        ("u-assistant", {INSTRUCTOR, TEACHING_ASSISTANT}, "Instructor"),
        ("u-grantor-1", {INSTRUCTOR, TEACHING_ASSISTANT}, "Instructor"),
        ("u-student-1", {LEARNER}, "Student"),
        ("u-student-2", {LEARNER}, "Instructor"),
        ("u-designer", {CONTENT_DEVELOPER}, "Staff"),
        ("u-observer", {MENTOR}, "Observer"),
        ("u-administrator", {INSTRUCTOR}, "Administrator"),
    ],
)
def test_institution_roles_stand_beside_course_roles(
    canvas_visitor, tool, service, person, course_roles, institution_role
):
    canvas_visitor.sign_in(person)

    canvas_visitor.launch(REVIEW)

    roles = set(tool.launches[0][f"{CLAIM}roles"])
    assert {role for role in roles if "/membership" in role} == course_roles
    assert f"{INSTITUTION}#{institution_role}" in roles
    members = service.call("GET", MEMBERS, MEMBERSHIP_READ).json["members"]
    listed = {member["user_id"]: set(member["roles"]) for member in members}
    assert listed[service.sub(person)] == course_roles


def test_an_observer_names_whom_they_watch(canvas_visitor, tool, service):
    canvas_visitor.sign_in("u-observer")

    canvas_visitor.launch(REVIEW)

    assert tool.launches[0][f"{CLAIM}role_scope_mentor"] == [service.sub("u-student-1")]
    assert canvas_visitor.read_cell("course-101", 1, "u-student-1")
    assert not canvas_visitor.read_cell("course-101", 1, "u-student-2")


def test_observer_and_designer_are_known_to_canvas_alone(canvas_visitor, tool):
    canvas_visitor.sign_in("u-designer")
    canvas_visitor.post("/behaviour", {"profile": "standard"})

    canvas_visitor.launch(REVIEW)

    assert tool.launches[0]["sub"] == "u-instructor"


def test_a_launch_from_the_course_menu_has_the_context_for_its_link(canvas_visitor, tool):
    canvas_visitor.launch("/courses/course-101/navigation")

    claims = tool.launches[0]
    assert claims[f"{CLAIM}resource_link"]["id"] == claims[f"{CLAIM}context"]["id"]
    assert claims[PLACEMENT_CLAIM] == "course_navigation"
    assert "lineitem" not in claims[AGS_CLAIM]


def test_deep_linking_says_its_placement_and_takes_one_item(canvas_visitor, tool, lms):
    choosing = Choosing(tool, lms)

    refused = choosing.send(choosing.answer([choosing.item(), choosing.item()]))
    taken = choosing.send(choosing.answer([choosing.item()]))

    settings = choosing.request[f"{DEEP_LINKING_CLAIM}deep_linking_settings"]
    assert choosing.request[PLACEMENT_CLAIM] == "assignment_selection"
    assert settings["accept_multiple"] is False
    assert (refused.status_code, taken.status_code) == (400, 200)


def test_canvas_variables_are_filled_in(canvas_visitor, tool, config):
    with Database(config.database_path).writing() as session:
        session.get_one(Activity, 1).custom = {
            "course": "$Canvas.course.id",
            "title": "$Canvas.assignment.title",
            "links": "$ResourceLink.id.history",
            "courses": "$Context.id.history",
        }

    canvas_visitor.launch(REVIEW)

    assert tool.launches[0][f"{CLAIM}custom"] == {
        "course": "101",
        "title": "Literature review",
        "links": "$ResourceLink.id.history",
        "courses": "",
    }


@pytest.mark.parametrize(
    ("level", "told"),
    [
        ("public", NAMES | {"email"}),
        ("name_only", NAMES),
        ("email_only", {"email"}),
        ("anonymous", set()),
    ],
)
def test_a_privacy_level_decides_what_is_told(canvas_visitor, tool, service, level, told):
    canvas_visitor.post("/behaviour/details", {"privacy_level": level})
    service.client.post("/behaviour/details", data={"privacy_level": level})

    canvas_visitor.launch(REVIEW)

    member = service.call("GET", MEMBERS, MEMBERSHIP_READ).json["members"][0]
    assert (NAMES | {"email"}) & tool.launches[0].keys() == told
    assert (NAMES | {"email"}) & member.keys() == told


def test_there_is_no_submission_review(canvas_visitor):
    address = "/courses/course-101/gradebook/1/u-student-1"

    assert canvas_visitor.get(address).status_code == 404
    assert canvas_visitor.get(f"{address}/launch").status_code == 404
    assert "Review submission" not in canvas_visitor.get("/courses/course-101/gradebook").text


@pytest.mark.parametrize("profile", ["standard", "moodle", "brightspace"])
def test_speedgrader_and_menu_are_canvas_alone(canvas_visitor, profile):
    canvas_visitor.post("/behaviour", {"profile": profile})

    for address in ("navigation", "gradebook/1/u-student-1/speedgrader"):
        assert canvas_visitor.get(f"/courses/course-101/{address}").status_code == 404
