import pytest

from app.sandbox.vocabulary import (
    LINE_ITEM,
    LINE_ITEM_READ,
    LINE_ITEM_TYPE,
    LINE_ITEMS_TYPE,
    SCORE,
)
from tests.sandbox.service import ISSUER

ITEMS = "/lti/courses/course-101/lineitems"
FIRST = f"{ITEMS}/1?type_id=1"
REVIEW = {"reviewableStatus": ["Submitted"], "label": "Assess", "custom": {"a": "b"}}


def test_the_columns_of_the_activities_are_listed(service):
    answer = service.call("GET", f"{ITEMS}?type_id=1", LINE_ITEM_READ)

    assert answer.content_type == LINE_ITEMS_TYPE
    assert answer.json == [
        {
            "id": f"{ISSUER}{ITEMS}/1?type_id=1",
            "label": "Literature review",
            "scoreMaximum": 100.0,
            "resourceLinkId": "link-1",
        },
        {
            "id": f"{ISSUER}{ITEMS}/2?type_id=1",
            "label": "Annotated bibliography",
            "scoreMaximum": 100.0,
            "resourceLinkId": "link-2",
        },
    ]


def test_a_column_is_made_found_replaced_and_deleted(service):
    made = service.post_line_item(
        label="Badge", scoreMaximum=6, resourceId="r-1", tag="badge", submissionReview=REVIEW
    )
    address = made.json["id"]

    assert made.status_code == 201
    assert made.content_type == LINE_ITEM_TYPE
    assert address.endswith("?type_id=1")
    assert made.json["submissionReview"] == REVIEW
    assert service.call("GET", address, LINE_ITEM).json == made.json

    facts = {"label": "Badge II", "scoreMaximum": 9}
    replaced = service.call("PUT", address, LINE_ITEM, facts, LINE_ITEM_TYPE)
    assert replaced.json == {"id": address, "label": "Badge II", "scoreMaximum": 9.0}

    assert service.call("DELETE", address, LINE_ITEM).status_code == 204
    assert service.call("GET", address, LINE_ITEM).status_code == 404


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("resource_id=r-1", 1),
        ("tag=badge", 2),
        ("tag=badge&resource_id=r-2", 1),
        ("resource_link_id=link-2", 2),
        ("resource_link_id=link-9", 0),
        ("tag=other", 0),
    ],
)
def test_columns_are_filtered(service, query, count):
    service.post_line_item(label="A", scoreMaximum=1, resourceId="r-1", tag="badge")
    service.post_line_item(
        label="B", scoreMaximum=1, resourceId="r-2", tag="badge", resourceLinkId="link-2"
    )

    found = service.call("GET", f"{ITEMS}?{query}", LINE_ITEM)

    assert len(found.json) == count


def test_columns_come_page_by_page(service):
    first = service.call("GET", f"{ITEMS}?type_id=1&limit=1", LINE_ITEM)
    link = first.headers["Link"]
    second = service.call("GET", link[1 : link.index(">")], LINE_ITEM)

    assert link.endswith('; rel="next"')
    assert "type_id=1" in link
    assert (len(first.json), len(second.json)) == (1, 1)
    assert "Link" not in second.headers


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"scoreMaximum": 5}, 400),
        ({"label": " ", "scoreMaximum": 5}, 400),
        ({"label": "A"}, 400),
        ({"label": "A", "scoreMaximum": 0}, 400),
        ({"label": "A", "scoreMaximum": -5}, 400),
        ({"label": "A", "scoreMaximum": "5"}, 400),
        ({"label": "A", "scoreMaximum": float("inf")}, 400),
        ({"label": "A", "scoreMaximum": 5, "tag": 1}, 400),
        ({"label": "A", "scoreMaximum": 5, "submissionReview": "yes"}, 400),
        ({"label": "A", "scoreMaximum": 5, "resourceLinkId": "link-99"}, 404),
        ({"label": "A", "scoreMaximum": 5, "resourceLinkId": "link-4"}, 404),
        ({"label": "A", "scoreMaximum": 5, "resourceLinkId": "other"}, 404),
    ],
    ids=str,
)
def test_a_wrong_column_is_refused(service, facts, status):
    assert service.post_line_item(**facts).status_code == status
    assert len(service.call("GET", ITEMS, LINE_ITEM).json) == 2


def test_a_column_does_not_move_to_another_link(service):
    facts = {"label": "A", "scoreMaximum": 5, "resourceLinkId": "link-2"}

    assert service.call("PUT", FIRST, LINE_ITEM, facts, LINE_ITEM_TYPE).status_code == 400


def test_another_media_type_is_refused(service):
    facts = {"label": "A", "scoreMaximum": 5}

    assert service.post_line_item("application/json", **facts).status_code == 415
    assert service.call("PUT", FIRST, LINE_ITEM, facts, "application/json").status_code == 415


def test_a_caller_who_accepts_something_else_is_refused(service):
    headers = {"Accept": "text/html"}

    assert service.call("GET", ITEMS, LINE_ITEM, headers=headers).status_code == 406
    assert service.call("GET", FIRST, LINE_ITEM, headers=headers).status_code == 406


@pytest.mark.parametrize(
    ("method", "address"), [("POST", ITEMS), ("PUT", FIRST), ("DELETE", FIRST)]
)
def test_the_reading_scope_only_reads(service, method, address):
    facts = {"label": "A", "scoreMaximum": 5}

    assert service.call(method, address, LINE_ITEM_READ, facts, LINE_ITEM_TYPE).status_code == 403


def test_the_score_scope_reads_no_columns(service):
    assert service.call("GET", ITEMS, SCORE).status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        f"{ITEMS}/1",
        f"{ITEMS}/1?type_id=2",
        f"{ITEMS}/99?type_id=1",
        "/lti/courses/course-102/lineitems/1?type_id=1",
        "/lti/courses/course-999/lineitems",
    ],
)
def test_a_wrong_address_finds_nothing(service, address):
    assert service.call("GET", address, LINE_ITEM).status_code == 404


@pytest.mark.parametrize("limit", ["-1", "x", "1.5"])
def test_a_wrong_limit_is_refused(service, limit):
    assert service.call("GET", f"{ITEMS}?limit={limit}", LINE_ITEM).status_code == 400
