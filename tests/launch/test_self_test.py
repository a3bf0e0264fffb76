"""“Test now”: each call of the LMS is told in plain words, whatever it answers."""

import json

import pytest
import responses
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.platforms.models import Deployment, PlatformStatus
from app.platforms.service import published_jwks
from tests.campus import make_administrator

ITEMS = "https://lms.test/course-1/lineitems"
PEOPLE = "https://lms.test/course-1/people"


class Lms:
    """What the world's LMS answers; a test changes one part of it."""

    def __init__(self, wire):
        self.wire = wire

    def answer(self, **changes):
        parts = {
            "jwks": {"json": {"keys": [{"kty": "RSA", "kid": "1", "n": "x", "e": "AQAB"}]}},
            "token": {"json": {"access_token": "t", "expires_in": 3600}},
            "course-1/lineitems": {"json": [{"id": "a"}, {"id": "b"}]},
            "course-1/people": {"json": {"members": [{"name": "Mei"}, {"user_id": "2"}]}},
        } | changes
        for path, answer in parts.items():
            method = "POST" if path == "token" else "GET"
            self.wire.add(method, f"https://lms.test/{path}", **answer)


@pytest.fixture
def wire():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def the_lms(wire):
    return Lms(wire)


@pytest.fixture
def place(world, session):
    world.course.memberships_url = PEOPLE
    make_administrator(session, world.instructor)
    return f"/admin/platforms/{world.platform.id}/deployments/{world.deployment.id}"


@pytest.fixture
def tested(browser, world, session, place):
    """Press “Test now”; return the steps that were kept, by key, and the page that shows them."""

    def press():
        admin = browser(world.instructor)
        answer = admin.post(f"{place}/test")
        assert (answer.status_code, answer.location) == (303, place)
        session.rollback()
        session.expire_all()
        kept = session.get(Deployment, world.deployment.id).check_result
        page = admin.get(place)
        assert page.status_code == 200
        return {step["key"]: step for step in kept["steps"]}, page.text

    return press


def test_before_any_test_the_page_says_what_it_will_do(browser, world, place):
    page = browser(world.instructor).get(place).text

    assert "Test now" in page
    assert "Nobody has opened Assay from this deployment yet." in page


def test_where_all_is_well_the_page_says_so(tested, the_lms, session):
    the_lms.answer()

    steps, page = tested()

    assert all(step["is_good"] for step in steps.values())
    assert "2 columns of Assay on the first page of “Methods”" in steps["line_items"]["words"]
    assert "2 people on the first page of “Methods”, 1 with a name" in steps["roster"]["words"]
    assert "Test again" in page
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry.action == "deployment.tested"


def test_tokens_are_asked_for_as_deliveries_do(tested, the_lms, wire, session):
    the_lms.answer()

    tested()

    from urllib.parse import parse_qs

    asked = [parse_qs(call.request.body) for call in wire.calls if call.request.method == "POST"]
    scopes = [set(form["scope"][0].split()) for form in asked]
    assert scopes[1] == {"https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"}
    assert scopes[2] == {
        "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
    }
    claims = jwt.decode(
        asked[0]["client_assertion"][0], KeySet.import_key_set(published_jwks(session))
    ).claims
    assert claims["aud"] == "https://lms.test/token"
    bearers = [call.request.headers.get("Authorization") for call in wire.calls][2:]
    assert "Bearer t" in bearers


@pytest.mark.parametrize(
    ("answer", "words", "advice"),
    [
        (
            {
                "status": 401,
                "json": {"error": "invalid_client", "error_description": "audience is invalid"},
            },
            "HTTP 401: invalid_client – audience is invalid.",
            "Enter the audience",
        ),
        ({"status": 401, "json": {"error": "invalid_client"}}, "HTTP 401", "client id"),
        ({"status": 400, "json": {"error": "invalid_scope"}}, "invalid_scope", "this scope"),
        ({"status": 401, "body": ""}, "HTTP 401", "public keyset URL"),
        ({"body": "<html>Sign in</html>"}, "Something else came", "Compare the address"),
        ({"json": {"token": "x"}}, "Something else came", "Compare the address"),
        ({"status": 500}, "HTTP 500", "Try again later"),
        ({"status": 404, "body": "<html>"}, "HTTP 404", "Compare the address"),
        ({"status": 302, "headers": {"Location": "/login"}}, "HTTP 302", "Try again later"),
        ({"status": 403, "json": {"error": {"a": 1}}}, "HTTP 403", "Try again later"),
        ({"body": "[" * 50_000, "status": 400}, "HTTP 400", "Try again later"),
    ],
    ids=[
        *("audience", "client", "scope", "bare 401", "html", "no token", "500", "404"),
        *("redirect", "odd error", "deep"),
    ],
)
def test_why_no_token_came_is_told_with_what_to_do(tested, the_lms, answer, words, advice):
    the_lms.answer(token=answer)

    steps, page = tested()

    assert not steps["token"]["is_good"]
    assert words in steps["token"]["words"]
    assert advice in steps["token"]["advice"]
    assert not steps["line_items"]["is_good"]
    assert not steps["roster"]["is_good"]
    assert steps["keys"]["is_good"]
    assert "Does not work" in page


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"body": "<html>"},
        {"json": {"keys": []}},
        {"json": {"keys": [{"kty": "EC"}]}},
        {"json": {"keys": 7}},
        {"json": []},
    ],
    ids=["500", "html", "empty", "no RSA", "no list", "a list"],
)
def test_keys_that_cannot_be_used_are_told(tested, the_lms, answer):
    the_lms.answer(jwks=answer)

    steps, page = tested()

    assert not steps["keys"]["is_good"]
    assert "Compare the address" in steps["keys"]["advice"]
    assert "certs.php" in page, "where each LMS shows the address"


@pytest.mark.parametrize("path", ["course-1/lineitems", "course-1/people"])
@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        ({"status": 401}, "its own token"),
        ({"status": 403}, "does not allow this service"),
        ({"status": 404}, "gone from the LMS"),
        ({"status": 503}, "Try again later"),
        ({"body": "<html>"}, "Try again later"),
        ({"json": {"x": 1}}, "Try again later"),
        ({"json": "text"}, "Try again later"),
    ],
    ids=["401", "403", "404", "503", "html", "object", "text"],
)
def test_a_service_that_does_not_answer_is_told(tested, the_lms, path, answer, advice):
    the_lms.answer(**{path: answer})
    key = "line_items" if "lineitems" in path else "roster"

    steps, _page = tested()

    assert not steps[key]["is_good"]
    assert advice in steps[key]["advice"]


@pytest.mark.parametrize("token", ["界", "\ud800", "a\r\nHost: b"])
def test_a_token_that_fits_no_header_is_told(tested, the_lms, token):
    the_lms.answer(token={"json": {"access_token": token, "expires_in": 3600}})

    steps, _page = tested()

    assert [step["is_good"] for step in steps.values()] == [True, False, False, False]
    assert "Something else came instead of a token" in steps["token"]["words"]


def test_a_token_that_never_ends_is_a_token(tested, the_lms):
    the_lms.answer(token={"json": {"access_token": "t", "expires_in": 10**15}})

    steps, _page = tested()

    assert all(step["is_good"] for step in steps.values())


@pytest.mark.parametrize("address", ["http://[>", "https://[::1", "https://a..b/"])
def test_an_address_that_is_none_is_told(tested, the_lms, world, session, address):
    world.course.lineitems_url = world.course.memberships_url = address
    session.commit()
    the_lms.answer()

    steps, _page = tested()

    assert [step["is_good"] for step in steps.values()] == [True, True, False, False]


def test_an_lms_that_is_gone_fails_every_call_and_no_page(tested, wire):
    steps, _page = tested()  # nothing is on the wire: every connection is refused

    assert [step["is_good"] for step in steps.values()] == [False] * 4
    assert "No answer" in steps["keys"]["words"]


def test_services_that_no_launch_told_are_not_called(tested, the_lms, wire, world, session):
    world.course.memberships_url = world.course.lineitems_url = None
    session.commit()
    the_lms.answer()

    steps, _page = tested()

    assert "brought no roster" in steps["roster"]["words"]
    assert "brought no gradebook" in steps["line_items"]["words"]
    assert {call.request.url for call in wire.calls} == {
        "https://lms.test/jwks",
        "https://lms.test/token",
    }


def test_a_deployment_that_nobody_used_has_nothing_to_try(world, session):
    fresh = Deployment(
        institution_id=world.institution.id,
        platform_id=world.platform.id,
        deployment_id="fresh",
        status=world.deployment.status,
        created_at=world.deployment.created_at,
    )
    session.add(fresh)
    session.commit()
    from app.launch.self_test import make_plan

    plan = make_plan(session, world.platform, fresh)

    assert (plan.course, plan.lineitems_url) == (None, None)


def test_a_platform_that_is_switched_off_is_not_called(browser, world, session, place, wire):
    from tests.campus import make_platform

    platform, deployment = make_platform(session, world.institution, "https://off.test")
    platform.status = PlatformStatus.DISABLED
    session.commit()

    page = browser(world.instructor).post(
        f"/admin/platforms/{platform.id}/deployments/{deployment.id}/test"
    )

    assert page.status_code == 409
    assert len(wire.calls) == 0


def test_what_the_lms_says_is_shown_as_text(tested, the_lms):
    the_lms.answer(
        token={
            "status": 400,
            "body": json.dumps({"error": "x", "error_description": "<script>alert(1)</script>"}),
        }
    )

    _steps, page = tested()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
