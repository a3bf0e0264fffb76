"""What the practice LMS does when it behaves as Brightspace."""

import pytest

from app.sandbox.profiles import BRIGHTSPACE
from app.sandbox.vocabulary import BRIGHTSPACE_CLAIM, CLAIM, LINE_ITEM_READ, SCORE
from tests.sandbox.test_deep_linking import COLUMN, Choosing

REVIEW = "/courses/course-101/activities/1"
LATER = "2026-11-24T10:00:01.000Z"


@pytest.fixture(autouse=True)
def brightspace(service):
    service.behave_as("brightspace")


@pytest.fixture
def d2l_visitor(visitor):
    visitor.post("/behaviour", {"profile": "brightspace"}).raise_for_status()
    return visitor


def ask(tool, lms, audience):
    claims = tool.assertion_claims(lms, BRIGHTSPACE.client_id) | {"aud": audience}
    return tool.ask_token(lms, SCORE, tool.sign(claims))


def test_tokens_want_an_audience_of_their_own(d2l_visitor, tool, lms):
    refused = ask(tool, lms, f"{lms}/lti/token")
    given = ask(tool, lms, BRIGHTSPACE.audience(lms))

    assert refused.status_code == 401
    assert "audience is invalid" in refused.json()["error_description"]
    assert ask(tool, lms, lms).status_code == 401
    assert given.status_code == 200


def test_a_launch_has_nbf_and_a_claim_of_its_own(d2l_visitor, tool):
    d2l_visitor.launch(REVIEW)

    claims = tool.launches[0]
    assert claims[f"{CLAIM}tool_platform"]["product_family_code"] == "desire2learn"
    assert claims["nbf"] <= claims["iat"]
    assert claims[BRIGHTSPACE_CLAIM]["user_id"] == claims["sub"]
    assert claims[BRIGHTSPACE_CLAIM]["username"] == "instructor"
    assert claims[BRIGHTSPACE_CLAIM]["Context.id.history"] == ""


def test_a_login_that_loses_state_is_not_found(d2l_visitor, tool):
    tool.authorize_changes = {"state": None}

    assert d2l_visitor.send(d2l_visitor.get(f"{REVIEW}/launch")).status_code == 404
    assert tool.launches == []


def test_a_link_with_a_query_is_refused(d2l_visitor, tool, lms):
    choosing = Choosing(tool, lms)

    refused = choosing.send(choosing.answer([choosing.item(url=f"{tool.url}/lti/launch?a=1")]))
    taken = choosing.send(choosing.answer([choosing.item(url=f"{tool.url}/lti/launch")]))

    assert (refused.status_code, taken.status_code) == (400, 200)
    assert "query string" in refused.text


@pytest.mark.parametrize(("has_maximum", "columns"), [(True, 1), (False, 2)])
def test_a_column_without_maximum_is_made_anew_for_every_score(
    d2l_visitor, tool, lms, has_maximum, columns
):
    choosing = Choosing(tool, lms)
    column = {name: value for name, value in COLUMN.items() if name != "scoreMaximum"}
    item = choosing.item(lineItem=COLUMN if has_maximum else column)
    choosing.send(choosing.answer([item])).raise_for_status()
    headers = bearer(tool, lms, SCORE, LINE_ITEM_READ)
    listed = f"{lms}/lti/courses/course-101/lineitems?tag=badge"
    (made,) = d2l_visitor.http.get(listed, headers=headers).json()
    d2l_visitor.sign_in("u-student-1")
    d2l_visitor.launch(REVIEW)

    for timestamp in ("2026-11-24T10:00:00Z", LATER):
        d2l_visitor.http.post(
            f"{made['id']}/scores",
            json={
                "userId": tool.launches[-1]["sub"],
                "timestamp": timestamp,
                "activityProgress": "Completed",
                "gradingProgress": "FullyGraded",
                "scoreGiven": 1,
                "scoreMaximum": 1,
            },
            headers=headers | {"Content-Type": "application/vnd.ims.lis.v1.score+json"},
        ).raise_for_status()

    assert len(d2l_visitor.http.get(listed, headers=headers).json()) == columns


@pytest.mark.parametrize("person", ["u-instructor", "u-grantor-1"])
def test_a_role_that_is_not_graded_is_422(service, person):
    assert service.post_score(userId=service.sub(person)).status_code == 422


def test_points_are_capped_at_the_maximum(service):
    service.post_score(scoreGiven=12, scoreMaximum=10)

    assert service.result()["resultScore"] == 100


def test_too_fast_is_429_with_the_time_to_wait(service):
    service.client.post("/failures", data={"service": "scores", "kind": "throttled", "seconds": 7})

    answer = service.post_score()

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert service.post_score().status_code == 200


def bearer(tool, lms, *scopes):
    claims = tool.assertion_claims(lms, BRIGHTSPACE.client_id) | {"aud": BRIGHTSPACE.audience(lms)}
    answer = tool.ask_token(lms, " ".join(scopes), tool.sign(claims))
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}
