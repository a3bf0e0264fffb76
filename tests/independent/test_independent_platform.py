"""The whole path on a platform that nobody here wrote, over real HTTP."""

import re
from collections.abc import Callable

import jwt
import pytest
import requests
from lxml import html

from app.platforms.tokens import ASSERTION_TYPE
from tests.independent.browser import Window, find_form, heading
from tests.independent.conftest import Tool
from tests.independent.platform import (
    CLIENT_ID,
    DEEP_LINKING,
    DEEP_LINKING_DATA,
    GRANTOR,
    INSTRUCTOR,
    LEARNER,
    PEOPLE,
    IndependentPlatform,
    Person,
)

pytestmark = pytest.mark.outside

BADGE = "Literature Search and Synthesis"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
RESULT_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
MEMBERS_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"

OpenWindow = Callable[[Person], Window]


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_instructor_who_opens_a_new_activity_is_asked_to_set_it_up(window, method):
    page = window(INSTRUCTOR).launch("plain", method=method)

    assert page.status_code == 200
    assert "Plain essay" in heading(page)
    assert BADGE in page.text


def test_from_deep_linking_to_a_grade_with_the_address_of_the_award(
    tool: Tool, platform: IndependentPlatform, window: OpenWindow
):
    link_id = add_by_deep_linking(platform, window)

    hand_in(window, link_id)
    tool.run("outbox", "run", "--once")

    (submitted,) = platform.records.scores
    assert submitted["content_type"] == "application/vnd.ims.lis.v1.score+json"
    assert submitted["userId"] == LEARNER.id
    assert (submitted["activityProgress"], submitted["gradingProgress"]) == (
        "Submitted",
        "PendingManual",
    )
    assert "scoreGiven" not in submitted

    assess(window, link_id)
    tool.run("outbox", "run", "--once")

    awarded = platform.records.scores[-1]
    assert (awarded["activityProgress"], awarded["gradingProgress"]) == (
        "Completed",
        "FullyGraded",
    )
    assert (awarded["userId"], awarded["scoreGiven"], awarded["scoreMaximum"]) == (LEARNER.id, 5, 6)
    column = platform.find_column(link_id)
    assert {told["scoreOf"] for told in platform.records.scores} == {platform.line_item_url(column)}
    address = re.fullmatch(r"Badge Level I awarded: (http://localhost:\S+)", awarded["comment"])
    assert address is not None, awarded["comment"]
    credential = requests.get(
        address[1], headers={"Accept": "application/vc+ld+json"}, timeout=10
    ).json()
    assert credential["credentialSubject"]["achievement"]["name"] == BADGE
    check_token_requests(platform)


def test_an_activity_without_a_column_gets_one(
    tool: Tool, platform: IndependentPlatform, window: OpenWindow
):
    instructor = window(INSTRUCTOR)
    page = instructor.follow(instructor.launch("plain"), BADGE)
    overview = instructor.submit(page, "submit", title="Plain essay", grade_rule="met")
    assert "/assignments/" in overview.url, overview.text

    hand_in(window, "plain")
    tool.run("outbox", "run", "--once")

    (column,) = platform.records.line_items.values()
    assert (column["label"], column["scoreMaximum"]) == ("Plain essay", 6)
    assert column["resourceLinkId"] == "plain"
    assert [told["scoreOf"] for told in platform.records.scores] == [column["id"]]
    learner = window(LEARNER)
    assert "Your receipt" in learner.launch("plain").text


def test_a_learner_who_makes_themself_an_instructor_is_refused(
    platform: IndependentPlatform, window: OpenWindow
):
    learner = window(LEARNER)
    page = learner.start_launch("plain")
    token = find_form(page, "id_token").fields["id_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    claims["https://purl.imsglobal.org/spec/lti/claim/roles"] = [INSTRUCTOR.role]
    forged = jwt.encode(claims, "x" * 32, algorithm="HS256").split(".")[1]
    header, _, signature = token.split(".")

    refused = learner.submit(page, id_token=f"{header}.{forged}.{signature}")

    assert refused.status_code == 403
    assert heading(refused) == "This launch did not work"
    assert learner.submit(page).status_code == 200, "the platform's own launch is not used up"
    assert learner.submit(page).status_code == 403, "but after it the same one is"


def test_the_platform_takes_nothing_that_the_tool_did_not_sign(
    tool: Tool, platform: IndependentPlatform
):
    (key,) = requests.get(f"{tool.url}/lti/jwks.json", timeout=10).json()["keys"]
    message = {
        "https://purl.imsglobal.org/spec/lti/claim/message_type": "LtiDeepLinkingResponse",
        f"{DL}content_items": [{"type": "ltiResourceLink", "title": "Forged"}],
    }
    forged = jwt.encode(
        message,
        platform.registration.get_platform_private_key(),
        algorithm="RS256",
        headers={"kid": key["kid"]},
    )
    ask = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": forged,
        "scope": SCORE_SCOPE,
    }

    answers = [
        requests.post(f"{platform.url}/deep-linking/return", data={"JWT": forged}, timeout=10),
        requests.post(f"{platform.url}/token", data=ask, timeout=10),
        requests.get(platform.lineitems_url, headers={"Authorization": "Bearer no"}, timeout=10),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert "InvalidSignatureError" in answers[0].text
    assert "InvalidSignatureError" in answers[1].text
    assert (platform.records.returned, platform.records.token_requests) == ([], [])


def test_the_roster_is_read_page_by_page(
    tool: Tool, platform: IndependentPlatform, window: OpenWindow
):
    instructor = window(INSTRUCTOR)
    page = instructor.follow(instructor.launch("plain"), BADGE)
    overview = instructor.submit(page, "submit", title="Plain essay", grade_rule="met")
    assert LEARNER.name not in overview.text, "nobody but the instructor has come yet"

    read = instructor.press(overview, "Read the class list")

    assert "The class list was read. New: 1," in read.text, "an appointment made the grantor known"
    assert f"The LMS lists {len(PEOPLE)} people in this course" in read.text
    assert LEARNER.name in read.text
    assert [form["scope"] for form in platform.records.token_requests] == [MEMBERS_SCOPE]
    assert "Read 0 class lists." in tool.run("roster", "refresh")


def add_by_deep_linking(platform: IndependentPlatform, window: OpenWindow) -> str:
    """As the instructor, add an activity by deep linking; return the platform's id of it."""
    instructor = window(INSTRUCTOR)
    page = instructor.follow(instructor.launch(DEEP_LINKING), BADGE)
    assert instructor.submit(page, "submit", csrf_token="none").status_code == 400
    page = instructor.submit(
        page,
        "submit",
        title="Literature review",
        instructions="Search, then **write**.",
        grade_rule="rubric",
    )
    assert heading(page) == "One assignment is ready for your course", page.text
    added = instructor.submit(page, JWT=find_form(page, "JWT").fields["JWT"])
    assert added.status_code == 200, added.text
    (form,) = platform.records.returned
    claims = jwt.decode(form["JWT"], options={"verify_signature": False})
    assert (claims["iss"], claims["aud"]) == (CLIENT_ID, platform.url)
    assert claims[f"{DL}data"] == DEEP_LINKING_DATA
    (item,) = claims[f"{DL}content_items"]
    assert (item["title"], item["lineItem"]["scoreMaximum"]) == ("Literature review", 6)
    (link_id,) = added.json()["links"]
    return link_id


def hand_in(window: OpenWindow, link_id: str) -> None:
    """As the learner, hand in a text."""
    learner = window(LEARNER)
    work = learner.launch(link_id)
    assert "/work" in work.url, work.text

    words = "Two databases, five studies, one argument."
    receipt = learner.submit(work, "hand_in", text=words, signs="y")

    assert "Your receipt" in receipt.text, receipt.text


def assess(window: OpenWindow, link_id: str) -> None:
    """As the appointed grantor, record a proficient and an advanced rating, and “met”."""
    grantor = window(GRANTOR)
    page = grantor.follow(grantor.launch(link_id), LEARNER.name)
    form = find_form(page, "decision")
    levels: dict[str, list[str]] = {}
    for radio in form.xpath(".//input[@type='radio'][starts-with(@name, 'criterion_')]"):
        levels.setdefault(radio.get("name"), []).append(radio.get("value"))
    proficient, advanced = levels
    ratings = {proficient: levels[proficient][1], advanced: levels[advanced][2]}

    page = grantor.submit(page, decision="met", states_no_conflict="y", **ratings)

    assert "the credential is awarded" in html.fromstring(page.text).text_content(), page.text


def check_token_requests(platform: IndependentPlatform) -> None:
    """Check what `lti1p3platform` does not: whom each assertion names, and that none is reused.

    Its signature the platform has verified itself, with the tool's published keys.
    """
    assertions = [
        jwt.decode(form["client_assertion"], options={"verify_signature": False})
        for form in platform.records.token_requests
    ]
    assert [form["scope"] for form in platform.records.token_requests] == [
        *(
            RESULT_SCOPE,
            SCORE_SCOPE,
        ),  # it looks before it tells, so that no grade set by hand is erased
        *(RESULT_SCOPE, SCORE_SCOPE),
    ]
    assert len({claims["jti"] for claims in assertions}) == 4
    for claims in assertions:
        assert claims["iss"] == claims["sub"] == CLIENT_ID
        assert claims["aud"] == f"{platform.url}/token"
