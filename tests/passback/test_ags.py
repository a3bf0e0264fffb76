"""The client by itself: filters, reading, changing and deleting columns, all results."""

import pytest

from app.outbox.errors import ParkedError, PermanentError
from app.passback.ags import LINEITEM, RESULT_READONLY, SCORE, AgsClient, Gradebook
from app.passback.desk import Desk
from app.passback.lineitems import change_column
from app.platforms.tokens import Registration
from tests.passback.gradebook_server import answer


@pytest.fixture
def ags(app, handlers, clock) -> AgsClient:
    extensions = app.extensions
    return Desk(extensions["assay.vault"], extensions["assay.http"], "", clock=clock).ags


@pytest.fixture
def gradebook(lms, assignment):
    def make(family: str | None = None, *, scopes=(LINEITEM, RESULT_READONLY, SCORE)):
        return Gradebook(
            registration=Registration(1, "assay", f"{lms.url}/token", f"{lms.url}/token", "1"),
            family=family,
            scopes=frozenset(scopes),
            lineitems_url=f"{lms.url}/lineitems?course=7",
        )

    return make


def test_filters_are_sent_beside_what_the_address_says(ags, gradebook, lms):
    lms.add_item("9", tag="badge", resourceId="r", resourceLinkId="l")

    found = list(
        ags.list_line_items(
            gradebook(), resource_link_id="l", resource_id="r", tag="badge", limit=10
        )
    )

    assert [item["label"] for item in found] == ["9"]
    assert lms.calls("/lineitems")[0].query == {
        "course": ["7"],
        "resource_link_id": ["l"],
        "resource_id": ["r"],
        "tag": ["badge"],
        "limit": ["10"],
    }


def test_moodle_is_not_asked_for_pages_of_columns(ags, gradebook, lms):
    """Its link to the next page cannot be read."""
    list(ags.list_line_items(gradebook("moodle"), tag="badge", limit=10))

    assert "limit" not in lms.calls("/lineitems")[0].query


def test_a_change_keeps_what_others_said_of_the_column(ags, gradebook, lms):
    url = lms.add_item("9", tag="badge", gradesReleased=False, **{"https://x.test/ext": {"a": 1}})

    change_column(ags, gradebook(), url, {"label": "New title"})

    (put,) = [call for call in lms.seen if call.method == "PUT"]
    assert put.query == {"type_id": ["1"]}
    assert put.headers["Content-Type"] == "application/vnd.ims.lis.v2.lineitem+json"
    assert put.json() == {
        "id": url,
        "label": "New title",
        "scoreMaximum": 10,
        "tag": "badge",
        "gradesReleased": False,
        "https://x.test/ext": {"a": 1},
    }


def test_blackboard_is_told_no_id_and_whole_points(ags, gradebook, lms):
    url = lms.add_item("9")
    lms.items["9"]["scoreMaximum"] = 10.0

    change_column(ags, gradebook("BlackboardLearn"), url, {"label": "New title"})

    (put,) = [call for call in lms.seen if call.method == "PUT"]
    assert put.json() == {"label": "New title", "scoreMaximum": 10}
    assert b"10.0" not in put.body


def test_what_the_column_says_already_is_not_put(ags, gradebook, lms):
    url = lms.add_item("9")

    assert change_column(ags, gradebook(), url, {"label": "9"}) is None

    assert [call.method for call in lms.calls("/li/9")] == ["GET"]


def test_a_column_is_deleted_once(ags, gradebook, lms):
    url = lms.add_item("9")

    ags.delete_line_item(gradebook(), url)
    ags.delete_line_item(gradebook(), url)

    assert "9" not in lms.items
    assert [call.query for call in lms.calls("/li/9")] == [{"type_id": ["1"]}] * 2


def test_a_refused_deletion_is_told(ags, gradebook, lms):
    url = lms.add_item("9")
    lms.script["/li/9"] = [answer(422, "coupled")]

    with pytest.raises(PermanentError, match="HTTP 422"):
        ags.delete_line_item(gradebook(), url)


def test_all_results_are_read_page_by_page(ags, gradebook, lms):
    url = lms.add_item("9")
    lms.page_size = 7
    for number in range(30):
        lms.results["9", f"u{number}"] = {"userId": f"u{number}", "resultScore": number}

    found = list(ags.list_results(gradebook(), url))

    assert [item["userId"] for item in found] == [f"u{number}" for number in range(30)]
    assert len(lms.calls("/li/9/results")) == 5


def test_results_that_run_in_a_circle_are_not_believed(ags, gradebook, lms):
    url = lms.add_item("9")
    link = f'<{url.replace("?", "/results?")}>; rel="next"'
    lms.script["/li/9/results"] = [answer(200, "[]", Link=link)] * 5

    with pytest.raises(PermanentError, match="circle"):
        list(ags.list_results(gradebook(), url))


def test_without_the_right_nothing_is_asked(ags, gradebook, lms):
    url = lms.add_item("9")
    may_score = gradebook(scopes=[SCORE])

    with pytest.raises(ParkedError, match="does not give the tool the right"):
        ags.delete_line_item(may_score, url)
    with pytest.raises(ParkedError):
        list(ags.list_results(may_score, url))
    with pytest.raises(ParkedError):
        ags.get_line_item(may_score, url)

    assert lms.seen == []


def test_one_token_for_each_right(ags, gradebook, lms):
    url = lms.add_item("9")
    ags.get_line_item(gradebook(), url)
    ags.find_result(gradebook(), url, "u1")
    ags.post_score(
        gradebook(),
        url,
        '{"userId": "u1", "timestamp": "2026-11-02T12:00:00+00:00", "gradingProgress": "Pending"}',
    )
    ags.delete_line_item(gradebook(), url)

    scopes = [ask.form()["scope"] for ask in lms.calls("/token")]
    assert scopes == [LINEITEM, RESULT_READONLY, SCORE]
