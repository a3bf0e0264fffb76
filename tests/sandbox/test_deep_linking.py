import pytest
import requests

from app.sandbox.vocabulary import AGS_CLAIM, CLAIM, DEEP_LINKING_CLAIM, LINE_ITEM
from tests.practice_lms import LmsSession

NEW = "/courses/course-101/activities/new"
COLUMN = {
    "label": "Badge",
    "scoreMaximum": 6,
    "resourceId": "r-1",
    "tag": "badge",
    "submissionReview": {"reviewableStatus": ["Submitted"], "custom": {"view": "review"}},
}


class Choosing:
    """An instructor who has opened the tool to choose an activity."""

    def __init__(self, tool, lms):
        self.tool = tool
        self.lms = lms
        self.visitor = LmsSession(lms)
        self.visitor.launch(NEW)
        self.request = tool.launches[-1]

    def item(self, **changed):
        item = {
            "type": "ltiResourceLink",
            "title": "Portfolio",
            "url": f"{self.tool.url}/lti/resource",
            "custom": {
                "assignment": "uuid-1",
                "history": "$ResourceLink.id.history",
                "courses": "$Context.id.history",
                "title": "$ResourceLink.title",
                "due": "$ResourceLink.submission.endDateTime",
                "unknown": "$Canvas.course.id",
            },
            "lineItem": COLUMN,
            "submission": {"endDateTime": "2026-12-18T23:59:00Z"},
        } | changed
        return {name: value for name, value in item.items() if value is not ...}

    def answer(self, items, **changed):
        claims = self.tool.answer_claims(self.request, items) | changed
        return {name: value for name, value in claims.items() if value is not ...}

    def send(self, claims):
        return self.send_token(self.tool.sign(claims))

    def send_token(self, token):
        # No cookie of the LMS comes along: the browser is on the tool's page, in a frame.
        settings = self.request[f"{DEEP_LINKING_CLAIM}deep_linking_settings"]
        address = settings["deep_link_return_url"]
        return requests.post(address, data={"JWT": token}, timeout=5)

    def titles(self):
        page = self.visitor.get("/courses/course-101").text
        return [title for title in ("Portfolio", "Second") if title in page]


@pytest.fixture
def choosing(tool, lms):
    chooser = Choosing(tool, lms)
    yield chooser
    chooser.visitor.close()


def test_a_chosen_item_becomes_an_activity_with_its_column(choosing, tool):
    answer = choosing.send(choosing.answer([choosing.item()]))
    headers = tool.bearer(choosing.lms, LINE_ITEM)
    choosing.visitor.launch("/courses/course-101/activities/5")

    launch = tool.launches[-1]
    column = requests.get(launch[AGS_CLAIM]["lineitem"], headers=headers, timeout=5).json()
    assert answer.status_code == 200
    assert "Portfolio" in answer.text
    assert launch[f"{CLAIM}target_link_uri"] == f"{tool.url}/lti/resource"
    assert launch[f"{CLAIM}resource_link"]["title"] == "Portfolio"
    assert launch[f"{CLAIM}custom"] == {
        "assignment": "uuid-1",
        "history": "",
        "courses": "",
        "title": "Portfolio",
        "due": "2026-12-18T23:59:00Z",
        "unknown": "$Canvas.course.id",
    }
    assert column.pop("id") == launch[AGS_CLAIM]["lineitem"]
    assert column == COLUMN | {"resourceLinkId": "link-5"}


def test_a_review_of_it_carries_the_custom_of_both(choosing, tool):
    choosing.send(choosing.answer([choosing.item(custom={"assignment": "uuid-1"})]))
    choosing.visitor.launch("/courses/course-101/gradebook/4/u-student-1")

    assert tool.launches[-1][f"{CLAIM}custom"] == {"assignment": "uuid-1", "view": "review"}
    assert tool.launches[-1][f"{CLAIM}target_link_uri"] == f"{tool.url}/lti/resource"


def test_several_items_are_taken(choosing):
    choosing.send(choosing.answer([choosing.item(), choosing.item(title="Second", lineItem=...)]))

    assert choosing.titles() == ["Portfolio", "Second"]


def test_a_column_without_a_label_takes_the_title(choosing):
    choosing.send(choosing.answer([choosing.item(lineItem={"scoreMaximum": 5})]))

    assert "Portfolio" in choosing.visitor.get("/courses/course-101/gradebook").text


@pytest.mark.parametrize("items", [[], ...], ids=["empty", "absent"])
def test_nothing_chosen_adds_nothing(choosing, items):
    changed = {f"{DEEP_LINKING_CLAIM}msg": "You cancelled."}

    answer = choosing.send(choosing.answer(items, **changed))

    assert answer.status_code == 200
    assert "Nothing was added" in answer.text
    assert "You cancelled." in answer.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", "other"),
        ("aud", "https://elsewhere.example"),
        ("aud", ...),
        ("azp", "other"),
        ("iat", ...),
        ("exp", ...),
        ("exp", 1_000_000_000),
        ("exp", 9_000_000_000),
        ("iat", 9_000_000_000),
        ("nonce", ...),
        ("nonce", ""),
        (f"{CLAIM}message_type", "LtiResourceLinkRequest"),
        (f"{CLAIM}version", "1.2"),
        (f"{CLAIM}deployment_id", "other"),
        (f"{CLAIM}deployment_id", ...),
        (f"{DEEP_LINKING_CLAIM}data", ...),
        (f"{DEEP_LINKING_CLAIM}data", "forged"),
        (f"{DEEP_LINKING_CLAIM}content_items", {"type": "ltiResourceLink"}),
    ],
    ids=str,
)
def test_a_wrong_answer_is_refused_with_a_page(choosing, name, value):
    answer = choosing.send(choosing.answer([choosing.item()], **{name: value}))

    assert answer.status_code == 400
    assert "<h1>Nothing was added</h1>" in answer.text
    assert choosing.titles() == []


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "link"},
        {"title": ...},
        {"title": " "},
        {"title": 5},
        {"url": "https://elsewhere.example/lti"},
        {"custom": {"a": 5}},
        {"custom": "a"},
        {"lineItem": {"label": "Badge"}},
        {"lineItem": {"scoreMaximum": 0}},
        {"lineItem": "yes"},
        {"submission": {"endDateTime": 5}},
    ],
    ids=str,
)
def test_a_wrong_item_is_refused_and_none_is_added(choosing, changed):
    items = [choosing.item(title="Second"), choosing.item(**changed)]

    answer = choosing.send(choosing.answer(items))

    assert answer.status_code == 400
    assert choosing.titles() == []


def test_an_answer_is_taken_once(choosing):
    token = choosing.tool.sign(choosing.answer([choosing.item()]))

    assert choosing.send_token(token).status_code == 200
    assert choosing.send_token(token).status_code == 400


@pytest.mark.parametrize("token", ["", "a.b.c"])
def test_an_answer_that_is_no_jwt_is_refused(choosing, token):
    assert choosing.send_token(token).status_code == 400


def test_an_answer_signed_by_a_stranger_is_refused(choosing):
    header, claims, _ = choosing.tool.sign(choosing.answer([choosing.item()])).split(".")

    assert choosing.send_token(f"{header}.{claims}.{'A' * 342}").status_code == 400


def test_an_added_activity_can_be_deleted_with_its_column(choosing):
    choosing.send(choosing.answer([choosing.item()]))

    choosing.visitor.sign_in("u-student-1")
    refused = choosing.visitor.post("/courses/course-101/activities/5/delete", {})
    choosing.visitor.sign_in("u-instructor")
    choosing.visitor.post("/courses/course-101/activities/5/delete", {})

    assert refused.status_code == 403
    assert choosing.titles() == []
    assert "Badge" not in choosing.visitor.get("/courses/course-101/gradebook").text


def test_the_activities_of_the_first_start_stay(choosing):
    answer = choosing.visitor.post("/courses/course-101/activities/1/delete", {})

    assert answer.status_code == 403
