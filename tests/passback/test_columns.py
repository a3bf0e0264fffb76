"""The gradebook column: found, adopted, made once, never made anew."""

from datetime import timedelta

import pytest
from werkzeug.wrappers import Response

from app.core.db import transaction
from app.outbox.models import DeliveryState
from app.passback import ags
from app.passback.ags import LINEITEM, LINEITEM_READONLY, SCORE
from app.passback.places import Place, reserve_column
from tests.factories import NOON
from tests.passback.gradebook_server import answer

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def unknown_column(assignment, session, lms):
    assignment.lineitem_url = None
    lms.items.clear()
    session.commit()


def column(session, assignment) -> tuple[str | None, bool]:
    session.rollback()
    session.refresh(assignment)
    return assignment.lineitem_url, assignment.column_missing


def test_the_links_column_is_adopted(tell, run, stands, lms, session, assignment):
    lms.add_item("7", resourceLinkId="another")
    url = lms.add_item("8", resourceLinkId="link-1")
    delivery_id = tell()

    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED
    assert column(session, assignment) == (url, False)
    assert len(lms.told("8")) == 1
    scopes = [ask.form()["scope"] for ask in lms.calls("/token")]
    assert scopes == [LINEITEM, SCORE]


def test_the_least_scope_lists_columns(tell, run, lms, session, world):
    world.course.ags_scopes = [LINEITEM_READONLY, SCORE]
    session.commit()
    lms.add_item("8", resourceLinkId="link-1")
    tell()

    run()

    assert lms.calls("/token")[0].form()["scope"] == LINEITEM_READONLY


def test_among_several_the_one_with_our_id_is_taken(tell, run, lms, session, assignment):
    lms.add_item("7", resourceLinkId="link-1")
    lms.add_item("8", resourceLinkId="link-1", tag="badge")
    url = lms.add_item("9", resourceLinkId="link-1", resourceId=assignment.uuid)
    tell()

    run()

    assert column(session, assignment)[0] == url


@pytest.mark.parametrize("page_size", [100, 1])
def test_a_copied_column_is_found_by_our_id(tell, run, lms, session, assignment, page_size):
    lms.page_size = page_size
    lms.ignores_filters = True
    lms.add_item("7", resourceId="another", tag="badge")
    lms.add_item("8", resourceId=assignment.uuid, tag="badge", resourceLinkId="other-link")
    url = lms.add_item("9", resourceId=assignment.uuid, tag="badge")
    tell()

    run()

    assert column(session, assignment)[0] == url
    assert not [call for call in lms.calls("/lineitems") if call.method == "POST"]


def test_a_link_not_launched_yet_is_found_by_our_id(tell, run, lms, session, assignment):
    assignment.resource_link_pk = None
    session.commit()
    url = lms.add_item("9", resourceId=assignment.uuid, tag="badge", resourceLinkId="new")
    tell()

    run()

    assert column(session, assignment)[0] == url


def test_a_column_is_made_once(tell, run, lms, session, world, assignment):
    tell()
    tell(person=world.other_learner)

    run()

    (made,) = [call for call in lms.calls("/lineitems") if call.method == "POST"]
    assert made.json() == {
        "label": "Literature review",
        "scoreMaximum": 6,
        "resourceId": assignment.uuid,
        "tag": "badge",
        "submissionReview": {
            "reviewableStatus": ["InProgress", "Submitted", "Completed"],
            "label": "Open in Assay",
            "url": "https://tool.test/lti/launch",
            "custom": {"assay_assignment": assignment.uuid},
        },
        "resourceLinkId": "link-1",
    }
    assert made.headers["Content-Type"] == "application/vnd.ims.lis.v2.lineitem+json"
    assert len(lms.items) == 1
    assert len(lms.told("made1")) == 2


def test_a_column_made_without_a_receipt_is_adopted(tell, run, stands, lms, clock, session):
    delivery_id = tell()

    def make_and_break(request):
        if request.method == "GET":
            return lms._answer(request)
        lms._answer(request)
        return Response("proxy error", 502)

    lms.script["/lineitems"] = [make_and_break] * 3
    run()
    assert stands(delivery_id).state is DeliveryState.FAILING
    clock.now += MINUTE
    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED
    assert len(lms.items) == 1


@pytest.mark.parametrize("status", [404, 412])
def test_a_column_that_cannot_name_its_link_is_made_without(tell, run, stands, lms, status):
    def refuse_link(request):
        if request.method == "POST" and "resourceLinkId" in request.get_json(force=True):
            return Response("", status)
        return lms._answer(request)

    lms.script["/lineitems"] = [refuse_link] * 9
    delivery_id = tell()

    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED
    assert "resourceLinkId" not in lms.items["made1"]


def test_blackboard_is_not_asked_to_couple(tell, run, lms, session, world):
    world.platform.product_family = "BlackboardLearn"
    session.commit()
    tell()

    run()

    assert "resourceLinkId" not in lms.items["made1"]


@pytest.mark.parametrize("body", ["", "[]", '{"id": 5}', '{"id": "https://evil.test/li/1"}'])
def test_an_unreadable_receipt_is_settled_by_looking(tell, run, stands, lms, body):
    def make_silently(request):
        made = lms._answer(request)
        return Response(body, 201) if request.method == "POST" else made

    lms.script["/lineitems"] = [make_silently] * 9
    delivery_id = tell()

    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED
    assert len(lms.items) == 1


def test_a_column_that_was_not_made_after_all_is_a_failure(tell, run, stands, lms):
    lms.script["/lineitems"] = [answer(200, "[]"), answer(200, "[]"), answer(201, "{}")]
    delivery_id = tell()

    run()

    assert stands(delivery_id).state is DeliveryState.FAILED
    assert "not where" in stands(delivery_id).last_error


@pytest.mark.parametrize(
    ("scopes", "lineitems"),
    [([SCORE], True), ([SCORE, LINEITEM], False), ([SCORE, LINEITEM_READONLY], True)],
)
def test_without_the_right_to_make_one_it_is_parked(
    tell, run, stands, session, world, lms, scopes, lineitems
):
    world.course.ags_scopes = scopes
    if not lineitems:
        world.course.lineitems_url = None
    session.commit()
    delivery_id = tell()

    run()

    delivery = stands(delivery_id)
    assert (delivery.state, delivery.is_parked) == (DeliveryState.FAILED, True)
    assert "Make the activity graded" in delivery.last_error


def test_a_column_that_another_worker_makes_is_waited_for(tell, run, stands, lms, assignment):
    with transaction() as own:
        reserve_column(own, Place(assignment_id=assignment.id), now=NOON)
    delivery_id = tell()

    run()

    assert stands(delivery_id).state is DeliveryState.FAILING
    assert lms.seen == []


@pytest.mark.parametrize(
    "link", ['<http://evil.test/next>; rel="next"', "<//evil.test/x>; rel=next"]
)
def test_a_list_that_leads_elsewhere_is_not_followed(tell, run, stands, lms, link):
    lms.script["/lineitems"] = [answer(200, "[]", Link=link)]
    delivery_id = tell()

    run()

    assert stands(delivery_id).state is DeliveryState.FAILED
    assert "another host" in stands(delivery_id).last_error
    assert lms.items == {}


def test_a_list_without_end_is_not_believed(tell, run, stands, lms, monkeypatch):
    monkeypatch.setattr(ags, "MAX_PAGES", 30)
    pages = (answer(200, "[]", Link=f"</lineitems?p={page}>; rel=next") for page in range(99))
    lms.script["/lineitems"] = list(pages)
    delivery_id = tell()

    run()

    assert "no end" in stands(delivery_id).last_error
    assert len(lms.calls("/lineitems")) == 30
    assert lms.items == {}, "an unfinished list does not mean that there is no column"


def test_a_list_that_runs_in_a_circle_is_not_believed(tell, run, stands, lms):
    pages = ["</lineitems?p=2>; rel=next", "</lineitems?p=3>; rel=next"] * 9
    lms.script["/lineitems"] = [answer(200, "[]", Link=link) for link in pages]
    delivery_id = tell()

    run()

    assert stands(delivery_id).state is DeliveryState.FAILED
    assert "circle" in stands(delivery_id).last_error
    assert len(lms.calls("/lineitems")) == 3
    assert lms.items == {}


def test_a_next_page_that_is_no_address_is_no_end(tell, run, stands, lms):
    lms.script["/lineitems"] = [answer(200, "[]", Link='<http://[>; rel="next"')]
    delivery_id = tell()

    run()

    assert stands(delivery_id).state is DeliveryState.FAILED
    assert "not readably where" in stands(delivery_id).last_error
    assert lms.items == {}


def test_the_next_page_is_asked_for_letter_by_letter(tell, run, lms, session, assignment):
    """A cursor is opaque: its capitals, its `+` and `%2B` go back as they came."""
    link = f'<{lms.url}/lineitems?Page=AbC%2Bd&x=a+b>; rel="prev next"'
    lms.script["/lineitems"] = [answer(200, "[]", Link=link)]
    tell()

    run()

    asked = lms.calls("/lineitems")[1]
    assert asked.query_string == "Page=AbC%2Bd&x=a+b"


@pytest.mark.parametrize("body", ['{"not": "a list"}', "nonsense"])
def test_a_nonsensical_list_is_asked_for_again(tell, run, stands, lms, clock, body):
    lms.script["/lineitems"] = [answer(200, body)]
    delivery_id = tell()

    run()
    assert stands(delivery_id).state is DeliveryState.FAILING
    clock.now += MINUTE
    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED


def test_other_links_than_next_are_passed_over(tell, run, stands, lms):
    lms.script["/lineitems"] = [answer(200, "[5]", Link='<http://x.test/>; rel="prev"')]
    delivery_id = tell()

    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED
