"""Faults on demand, and what a teacher changes past the tool."""

import time

import pytest
import requests

from app.sandbox.failures import KINDS, REFUSALS, SERVICES
from app.sandbox.profiles import PROFILES
from app.sandbox.vocabulary import LINE_ITEM_READ, MEMBERSHIP_READ, RESULT_READ, SCORE
from deploy.example import demo_commands
from deploy.run import PRACTICE_PROFILES
from tests.html import assert_accessible
from tests.practice_lms import running_lms
from tests.sandbox.service import post_over_http

COURSE = "/courses/course-101"
ITEMS = "/lti/courses/course-101/lineitems?type_id=1"
SCORES = "/lti/courses/course-101/lineitems/1/scores?type_id=1"
RESULTS = "/lti/courses/course-101/lineitems/1/results?type_id=1"
GRADE = f"{COURSE}/gradebook/1/u-student-1/grade"


def fail(service, name, kind, times="1", seconds="2"):
    wish = {"service": name, "kind": kind, "times": times, "seconds": seconds}
    assert service.client.post("/failures", data=wish).status_code == 303


@pytest.mark.parametrize("kind", sorted(REFUSALS))
def test_the_next_answer_is_refused_and_the_one_after_is_not(service, kind):
    fail(service, "line_items", kind)

    refused = service.call("GET", ITEMS, LINE_ITEM_READ)

    assert refused.status_code == int(kind)
    assert ("Retry-After" in refused.headers) is (kind == "429")
    assert service.call("GET", ITEMS, LINE_ITEM_READ).status_code == 200


def test_a_refused_score_is_not_stored(service):
    fail(service, "scores", "500")

    assert service.post_score().status_code == 500
    assert service.result() is None


@pytest.mark.parametrize(
    ("name", "address", "scope"),
    [
        ("line_items", ITEMS, LINE_ITEM_READ),
        ("results", RESULTS, RESULT_READ),
        ("roster", "/lti/courses/course-101/memberships", MEMBERSHIP_READ),
        ("jwks", "/lti/jwks.json", SCORE),
    ],
)
def test_each_service_fails_by_itself(service, name, address, scope):
    fail(service, name, "500", times="")

    answers = {
        other: service.call("GET", other_address, other_scope).status_code
        for other, other_address, other_scope in [
            ("line_items", ITEMS, LINE_ITEM_READ),
            ("results", RESULTS, RESULT_READ),
            ("roster", "/lti/courses/course-101/memberships", MEMBERSHIP_READ),
            ("jwks", "/lti/jwks.json", SCORE),
        ]
    }

    assert [other for other, status in answers.items() if status == 500] == [name]
    assert service.call("GET", address, scope).status_code == 500, "until it is stopped"
    service.client.post("/failures/stop")
    assert service.call("GET", address, scope).status_code == 200


def test_it_fails_as_often_as_was_asked(service):
    fail(service, "scores", "403", times="2")

    statuses = [service.post_score(userId="u-nobody").status_code for _ in range(3)]

    assert statuses == [403, 403, 400]


def test_one_fault_is_stopped_and_the_other_goes_on(service):
    fail(service, "scores", "403", times="")
    fail(service, "line_items", "403", times="")

    service.client.post("/failures/stop", data={"service": "scores"})

    assert service.post_score().status_code == 200
    assert service.call("GET", ITEMS, LINE_ITEM_READ).status_code == 403


def test_a_page_comes_instead_of_json(service):
    fail(service, "scores", "html")

    answer = service.post_score()

    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert service.result() is None


def test_the_right_answer_comes_under_the_wrong_name(service):
    fail(service, "results", "media_type")

    answer = service.call("GET", RESULTS, RESULT_READ)

    assert (answer.status_code, answer.mimetype, answer.get_json(force=True)) == (
        200,
        "text/plain",
        [],
    )


def test_a_list_never_ends(service):
    fail(service, "line_items", "loop")

    answer = service.call("GET", ITEMS, LINE_ITEM_READ)

    assert "/lti/courses/course-101/lineitems?type_id=1>" in answer.headers["Link"]


@pytest.mark.parametrize(
    ("profile", "status", "header"),
    [
        ("standard", 429, ("Retry-After", "2")),
        ("moodle", 429, ("Retry-After", "2")),
        ("canvas", 403, ("X-Rate-Limit-Remaining", "0.0")),
        ("brightspace", 429, ("Retry-After", "2")),
    ],
)
def test_too_fast_is_said_as_the_lms_says_it(service, profile, status, header):
    service.behave_as(profile)
    fail(service, "scores", "throttled")

    answer = service.post_score()

    assert answer.status_code == status
    assert answer.headers[header[0]] == header[1]
    assert len({"Retry-After", "X-Rate-Limit-Remaining"} & set(answer.headers.keys())) == 1


def test_a_connection_is_cut_after_the_score_was_stored(visitor, tool, lms):
    visitor.post("/failures", {"service": "scores", "kind": "cut"})

    with pytest.raises(requests.ConnectionError):
        post_over_http(tool, lms, timeout=5)

    assert visitor.read_cell("course-101", 1, "u-student-1").startswith("50 / 100")


def test_an_answer_that_hangs_does_its_work_later(visitor, tool, lms):
    visitor.post("/failures", {"service": "scores", "kind": "hang", "seconds": "0.6"})

    with pytest.raises(requests.ReadTimeout):
        post_over_http(tool, lms, timeout=0.2)

    deadline = time.monotonic() + 5
    while "50 / 100" not in visitor.read_cell("course-101", 1, "u-student-1"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_tokens_can_be_refused_too(visitor, tool, lms):
    visitor.post("/failures", {"service": "token", "kind": "401"})

    assert tool.ask_token(lms, SCORE).status_code == 401
    assert tool.ask_token(lms, SCORE).status_code == 200


@pytest.mark.parametrize(
    "wish",
    [
        {"service": "gradebook", "kind": "500"},
        {"service": "scores", "kind": "600"},
        {"service": "scores", "kind": "500", "times": "0"},
        {"service": "scores", "kind": "500", "times": "often"},
        {"service": "scores", "kind": "500", "seconds": "-1"},
        {"service": "scores", "kind": "500", "seconds": "nan"},
        {"service": "scores", "kind": "500", "seconds": "long"},
    ],
    ids=str,
)
def test_a_wish_that_makes_no_sense_is_refused(service, wish):
    assert service.client.post("/failures", data=wish).status_code == 400
    assert service.post_score().status_code == 200


def test_a_rotated_key_signs_at_once_and_the_old_one_is_gone(visitor, tool, lms):
    before = requests.get(f"{lms}/lti/jwks.json", timeout=5).json()["keys"]
    visitor.launch(f"{COURSE}/activities/1")

    visitor.post("/failures/key", {})

    visitor.launch(f"{COURSE}/activities/1")
    after = requests.get(f"{lms}/lti/jwks.json", timeout=5).json()["keys"]
    assert [key["kid"] for key in before] == [tool.headers[0]["kid"]]
    assert [key["kid"] for key in after] == [tool.headers[1]["kid"]]
    assert before[0]["kid"] != after[0]["kid"]


def test_the_page_names_what_fails(visitor):
    calm = visitor.get("/failures")
    visitor.post("/failures", {"service": "roster", "kind": "loop", "times": "3"})
    page = visitor.get("/failures")

    assert "Everything works." in calm.text
    assert "failures are on" not in calm.text
    assert "the next 3 answers" in page.text
    assert "failures are on" in visitor.get("/").text
    assert all(title in page.text for title in [*SERVICES.values(), *KINDS.values()])


@pytest.mark.parametrize("profile", sorted(PROFILES))
@pytest.mark.parametrize(
    "address",
    ["/", "/behaviour", "/failures", COURSE, f"{COURSE}/gradebook", f"{COURSE}/participants"],
)
def test_every_page_is_whole_in_every_profile(visitor, profile, address):
    visitor.post("/behaviour", {"profile": profile})
    visitor.post("/failures", {"service": "scores", "kind": "500"})
    visitor.post(f"{COURSE}/participants/u-student-2", {"enrolled": "no"})
    visitor.post(GRADE, {"points": "61", "comment": "By hand"})

    page = visitor.get(address)

    assert_accessible(page.text)
    assert "Practice LMS – not a real course" in page.text
    assert ("· behaves as" in page.text) is (profile != "standard")


def test_an_unknown_profile_is_refused(visitor):
    assert visitor.post("/behaviour", {"profile": "blackboard"}).status_code == 400
    assert "This LMS behaves as Standard" in visitor.get("/behaviour").text


@pytest.mark.parametrize("details", [{"privacy_level": "some"}, {"allowed_attempts": "0"}], ids=str)
def test_details_that_make_no_sense_are_refused(visitor, details):
    assert visitor.post("/behaviour/details", details).status_code == 400


def test_a_chosen_profile_outlives_a_restart_and_an_option_replaces_it(tmp_path):
    path = tmp_path / "lms.sqlite"
    seen = []
    for option in ("moodle", "", "canvas"):
        with running_lms("http://localhost:1", path, profile=option) as url:
            seen.append(requests.get(f"{url}/behaviour", timeout=5).text)

    assert ["behaves as Moodle" in page for page in seen] == [True, True, False]
    assert "This LMS behaves as Canvas" in seen[2]


def test_the_demo_registers_the_practice_lms_as_whatever_it_may_be():
    commands = demo_commands("http://127.0.0.1:1")

    registered = [command for command in commands if command[:2] == ("platforms", "add")]
    ids = [command[command.index("--client-id") + 1] for command in registered]
    assert tuple(PROFILES) == PRACTICE_PROFILES
    assert ids == [profile.client_id for profile in PROFILES.values()]
