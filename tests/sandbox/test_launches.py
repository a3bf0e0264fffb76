import re
import time

import pytest
import time_machine

from app.sandbox.people import PEOPLE
from app.sandbox.vocabulary import (
    AGS_CLAIM,
    AGS_SCOPES,
    CLAIM,
    DEEP_LINKING_CLAIM,
    GRADER,
    NRPS_CLAIM,
)

REVIEW = "/courses/course-101/activities/1"
MEMO = "/courses/course-101/activities/3"


def test_an_activity_opens_with_every_claim(visitor, tool, lms):
    page = visitor.launch(REVIEW)

    claims = tool.launches[0]
    assert "Hello u-instructor" in page.text
    assert claims["iss"] == lms
    assert claims["aud"] == "assay-practice"
    assert claims["exp"] - claims["iat"] == 60
    assert abs(claims["iat"] - time.time()) < 5
    assert (claims["name"], claims["given_name"]) == ("Ines Instructor", "Ines")
    assert claims["email"] == "instructor@university.example"
    assert claims[f"{CLAIM}message_type"] == "LtiResourceLinkRequest"
    assert claims[f"{CLAIM}version"] == "1.3.0"
    assert claims[f"{CLAIM}deployment_id"] == "practice-1"
    assert claims[f"{CLAIM}target_link_uri"] == f"{tool.url}/lti/launch"
    assert claims[f"{CLAIM}resource_link"]["id"] == "link-1"
    assert claims[f"{CLAIM}resource_link"]["title"] == "Literature review"
    assert claims[f"{CLAIM}context"]["id"] == "course-101"
    assert claims[f"{CLAIM}launch_presentation"] == {
        "document_target": "iframe",
        "return_url": f"{lms}/courses/course-101",
        "locale": "en",
    }
    assert claims[f"{CLAIM}tool_platform"]["product_family_code"] == "assay-practice"
    assert claims[AGS_CLAIM] == {
        "scope": list(AGS_SCOPES),
        "lineitems": f"{lms}/lti/courses/course-101/lineitems?type_id=1",
        "lineitem": f"{lms}/lti/courses/course-101/lineitems/1?type_id=1",
    }
    assert claims[NRPS_CLAIM]["service_versions"] == ["2.0"]
    assert tool.headers[0]["kid"]
    assert tool.headers[0]["alg"] == "RS256"


def test_the_login_says_who_opens_what(visitor, tool, lms):
    visitor.launch(REVIEW)

    login = tool.logins[0]
    assert login.pop("lti_message_hint")
    assert login == {
        "iss": lms,
        "login_hint": "u-instructor",
        "target_link_uri": f"{tool.url}/lti/launch",
        "lti_deployment_id": "practice-1",
        "client_id": "assay-practice",
        "lti_storage_target": "_parent",
    }


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.id)
def test_everyone_launches_with_their_roles(visitor, tool, person):
    visitor.sign_in(person.id)
    visitor.launch(REVIEW)

    assert tool.launches[0]["sub"] == person.id
    assert tool.launches[0][f"{CLAIM}roles"] == list(person.roles)


def test_a_grantor_is_only_a_grader(visitor, tool):
    visitor.sign_in("u-grantor-1")
    visitor.launch(REVIEW)

    assert tool.launches[0][f"{CLAIM}roles"] == [GRADER]


def test_an_ungraded_activity_names_no_line_item(visitor, tool):
    visitor.launch(MEMO)

    assert "lineitem" not in tool.launches[0][AGS_CLAIM]


def test_a_new_window_is_told_to_the_tool(visitor, tool):
    visitor.send(visitor.send(visitor.get(f"{REVIEW}/launch?target=window")))

    presentation = tool.launches[0][f"{CLAIM}launch_presentation"]
    assert presentation["document_target"] == "window"


def test_an_activity_can_keep_names_to_itself(visitor, tool):
    visitor.post(f"{REVIEW}/names", {"shares_names": "no"})
    visitor.launch(REVIEW)

    assert not {"name", "given_name", "family_name", "email"} & tool.launches[0].keys()


def test_a_review_names_the_student_and_the_line_item(visitor, tool, lms):
    visitor.sign_in("u-grantor-1")
    visitor.launch("/courses/course-101/gradebook/1/u-student-2")

    claims = tool.launches[0]
    assert claims["sub"] == "u-grantor-1"
    assert claims[f"{CLAIM}message_type"] == "LtiSubmissionReviewRequest"
    assert claims[f"{CLAIM}for_user"]["user_id"] == "u-student-2"
    assert claims[f"{CLAIM}for_user"]["name"] == "Jonas Student"
    assert claims[AGS_CLAIM]["lineitem"].endswith("/lineitems/1?type_id=1")
    assert claims[f"{CLAIM}launch_presentation"]["return_url"] == (
        f"{lms}/courses/course-101/gradebook?reviewed=u-student-2"
    )


def test_a_student_can_ask_for_somebody_elses_review_as_in_moodle(visitor, tool):
    visitor.sign_in("u-student-1")
    visitor.launch("/courses/course-101/gradebook/1/u-student-2")

    assert tool.launches[0]["sub"] == "u-student-1"
    assert tool.launches[0][f"{CLAIM}for_user"]["user_id"] == "u-student-2"


def test_an_instructor_is_launched_to_choose(visitor, tool, lms):
    visitor.launch("/courses/course-101/activities/new")

    settings = tool.launches[0][f"{DEEP_LINKING_CLAIM}deep_linking_settings"]
    assert tool.launches[0][f"{CLAIM}message_type"] == "LtiDeepLinkingRequest"
    assert f"{CLAIM}resource_link" not in tool.launches[0]
    assert settings["deep_link_return_url"] == f"{lms}/lti/deep-linking/return"
    assert settings["accept_types"] == ["ltiResourceLink"]
    assert settings["data"]


@pytest.mark.parametrize("person_id", ["u-student-1", "u-grantor-1", "u-assistant"])
def test_only_editors_choose(visitor, person_id):
    visitor.sign_in(person_id)

    assert visitor.get("/courses/course-101/activities/new").status_code == 403
    assert visitor.get("/courses/course-101/deep-linking/launch").status_code == 403


def test_a_choice_begun_by_another_person_is_refused(visitor, tool):
    """A hint that was sealed for an instructor does not open anything for a student."""
    login = visitor.get("/courses/course-101/deep-linking/launch")
    visitor.sign_in("u-student-1")

    visitor.send(visitor.send(login, login_hint="u-student-1"))

    assert tool.refusals[0]["error"] == "login_required"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"login_hint": "u-student-1"}, "login_required"),
        ({"login_hint": None}, "login_required"),
        ({"lti_message_hint": None}, "invalid_request"),
        ({"lti_message_hint": "forged"}, "invalid_request"),
        ({"response_type": "code"}, "unsupported_response_type"),
        ({"response_mode": "query"}, "invalid_request"),
        ({"scope": "email"}, "invalid_scope"),
        ({"prompt": "login"}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
    ],
    ids=str,
)
def test_a_wrong_request_is_answered_with_an_error(visitor, tool, changed, error):
    tool.authorize_changes = changed
    visitor.launch(REVIEW)

    assert tool.launches == []
    assert tool.refusals[0]["error"] == error
    assert tool.refusals[0]["state"] == "state-1"
    assert tool.refusals[0]["error_description"]


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "other"},
        {"redirect_uri": "https://elsewhere.example/lti/launch"},
        {"redirect_uri": None},
    ],
    ids=str,
)
def test_an_unregistered_address_gets_a_page_and_no_launch(visitor, tool, changed):
    tool.authorize_changes = changed
    page = visitor.authorize(REVIEW)

    assert page.status_code == 400
    assert "id_token" not in page.text
    assert "<form" not in page.text


def test_an_old_hint_is_refused(visitor, tool):
    login = visitor.get(f"{REVIEW}/launch")

    with time_machine.travel(time.time() + 400, tick=True):
        visitor.send(visitor.send(login))

    assert tool.refusals[0]["error"] == "invalid_request"


def test_a_deleted_activity_is_refused_at_the_last_step(visitor, tool, config):
    login = visitor.get(f"{REVIEW}/launch")
    _delete_activity(config, 1)

    visitor.send(visitor.send(login))

    assert tool.refusals[0]["error"] == "access_denied"


def test_the_request_may_be_posted(visitor, tool, lms):
    login = visitor.get(f"{REVIEW}/launch")
    hint = re.search(r'name="lti_message_hint" value="([^"]+)"', login.text)[1]
    address, _, _ = tool.authorize_url(
        {"iss": lms, "login_hint": "u-instructor", "lti_message_hint": hint}
    ).partition("?")
    page = visitor.post(
        address,
        {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": "assay-practice",
            "redirect_uri": f"{tool.url}/lti/launch",
            "login_hint": "u-instructor",
            "lti_message_hint": hint,
            "nonce": "n",
        },
    )

    assert 'name="id_token"' in page.text
    assert 'name="state"' not in page.text


def _delete_activity(config, activity_id):
    from app.sandbox.database import Database
    from app.sandbox.models import Activity

    with Database(config.database_path).writing() as session:
        session.delete(session.get_one(Activity, activity_id))
