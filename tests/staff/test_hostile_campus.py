"""A campus sign-in that lies, breaks, or is slow; and browsers that did not begin what they end."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.staff.models import StaffLogin, StaffSession
from app.staff.provider import Provider
from tests import factories
from tests.staff.conftest import Visitor
from tests.staff.provider import DISCOVERY, JWKS, TOKEN, is_nobody, query_of


def test_somebody_who_says_no_at_the_campus_is_told_so(session, known, campus, visitor):
    page = visitor.come_back(campus.decline(visitor.begin()))

    assert is_nobody(session, page)
    assert "cancelled" in page.text
    assert "Begin again" in page.text
    assert TOKEN not in campus.paths()


def test_a_state_that_was_not_given_out_opens_nothing(session, known, campus, visitor):
    answer = campus.agree(visitor.begin(), "tariq")
    state = query_of(answer)["state"]

    assert is_nobody(session, visitor.come_back(answer.replace(state, "x" * len(state))))
    assert is_nobody(session, visitor.client.get("/staff/callback?code=x"))
    assert is_nobody(session, visitor.client.get("/staff/callback"))
    assert TOKEN not in campus.paths()


def test_an_answer_is_good_once(session, known, campus, visitor):
    answer = campus.agree(visitor.begin(), "tariq")
    assert visitor.come_back(answer).status_code == 303
    session.query(StaffSession).delete()
    session.commit()

    assert is_nobody(session, visitor.come_back(answer))


def test_a_code_of_another_login_is_not_taken(session, known, campus, visitor):
    used = query_of(campus.agree(visitor.begin(), "tariq"))["code"]
    answer = campus.agree(visitor.begin(), "tariq")

    page = visitor.come_back(answer.replace(query_of(answer)["code"], used))

    assert is_nobody(session, page), "its token has the other login's nonce"


def test_a_code_that_the_campus_does_not_take_is_refused(session, known, campus, visitor):
    answer = campus.agree(visitor.begin(), "tariq")

    page = visitor.come_back(answer.replace(query_of(answer)["code"], "forged"))

    assert is_nobody(session, page)
    assert "did not confirm" in page.text


def test_nobody_is_signed_in_by_somebody_elses_answer(session, known, campus, visitor, browser):
    """Login CSRF: the attacker's own answer, followed by the victim's browser."""
    answer = campus.agree(visitor.begin(), "tariq")
    victim = Visitor(browser(None), campus)

    assert is_nobody(session, victim.come_back(answer)), "it has no cookie at all"
    victim.begin()
    assert is_nobody(session, victim.come_back(answer)), "it has the cookie of another login"


def test_the_form_must_come_from_a_page_of_ours(app, known, visitor):
    app.config["WTF_CSRF_ENABLED"] = True

    page = visitor.client.post("/staff/sign-in", data={"next": "/admin"})

    assert page.status_code == 400


def test_a_login_runs_out(session, known, campus, visitor):
    answer = campus.agree(visitor.begin(), "tariq")
    login = session.scalars(select(StaffLogin)).one()
    login.expires_at -= timedelta(seconds=601)
    session.commit()

    assert is_nobody(session, visitor.come_back(answer))


def test_an_answer_in_another_issuers_name_is_refused(session, known, campus, visitor):
    answer = campus.agree(visitor.begin(), "tariq")

    assert is_nobody(session, visitor.come_back(f"{answer}&iss=https%3A%2F%2Fevil.test"))
    assert TOKEN not in campus.paths()


@pytest.mark.parametrize("path", [DISCOVERY, TOKEN, JWKS])
def test_a_campus_that_is_down_is_told_apart_from_a_wrong_account(
    session, known, campus, visitor, path
):
    campus.answers[path] = lambda: Response("down", 502)

    is_first = path == DISCOVERY
    page = visitor.client.get("/staff/sign-in") if is_first else visitor.sign_in("tariq")

    assert page.status_code == 503
    assert "does not answer" in page.text
    assert session.query(StaffSession).count() == 0


def test_a_campus_that_is_not_there_is_a_clear_page(app, settings, world, browser):
    told = settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "x"})
    app.extensions["assay.campus"] = Provider(told, app.extensions["assay.http"])

    page = browser(None).get("/staff/sign-in")

    assert page.status_code == 503
    assert "does not answer" in page.text


def test_a_campus_that_did_not_answer_is_left_alone_for_a_while(campus, visitor):
    asked = []

    def slow_failure():
        asked.append(1)
        return Response("down", 502)

    campus.answers[DISCOVERY] = slow_failure
    first = visitor.client.get("/staff/sign-in")
    count = len(asked)

    again = [visitor.client.get("/staff/sign-in") for _ in range(3)]

    assert {page.status_code for page in (first, *again)} == {503}
    assert len(asked) == count, "nobody waits for it once more"


@pytest.mark.parametrize("path", [DISCOVERY, TOKEN])
def test_a_slow_campus_is_not_waited_for(app, session, known, campus, visitor, path):
    def slowly():
        time.sleep(2)
        return Response("{}", content_type="application/json")

    app.extensions["assay.campus"].read_seconds = 0.3
    address = campus.agree(visitor.begin(), "tariq") if path == TOKEN else ""
    campus.answers[path] = slowly
    app.extensions["assay.campus"]._endpoints = (
        app.extensions["assay.campus"]._endpoints if path == TOKEN else None
    )
    began = time.monotonic()

    page = visitor.come_back(address) if address else visitor.client.get("/staff/sign-in")

    assert page.status_code == 503
    assert time.monotonic() - began < 1.8


HOSTILE = {
    "another issuer": {"issuer": "https://evil.test"},
    "a token endpoint inside": {"token_endpoint": "http://10.0.0.7/token"},
    "a token endpoint of the cloud": {"token_endpoint": "http://169.254.169.254/latest"},
    "no authorisation endpoint": {"authorization_endpoint": None},
    "a script for one": {"authorization_endpoint": "javascript:alert(1)"},
    "an address that breaks the policy": {"authorization_endpoint": "https://a.test;script-src *"},
    "an address that is none": {"jwks_uri": "https://[::1"},
    "somebody's password": {"jwks_uri": "https://user:secret@a.test/jwks"},
    "no way to say who we are": {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_discovery_document_leads_nowhere(session, known, campus, visitor, what):
    campus.changes[DISCOVERY] = lambda found: {**found, **HOSTILE[what]}

    page = visitor.client.get("/staff/sign-in")
    if page.status_code == 200:  # the address is called, and there the guard says no
        page = visitor.sign_in("tariq")

    assert page.status_code == 503
    assert session.query(StaffSession).count() == 0


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_plain_http_is_refused_where_loopback_is_not_allowed(
    app, settings, known, campus, browser, name
):
    from app.core.http import OutgoingClient

    strict = settings.model_copy(
        update={"allow_loopback": False, "oidc_issuer": campus.issuer, "oidc_client_id": "x"}
    )
    client = OutgoingClient(user_agent="test", allow_loopback=True)
    campus.changes[DISCOVERY] = lambda found: {
        **{key: str(value).replace("http://", "https://") for key, value in found.items()},
        "issuer": campus.issuer,
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        name: found[name],
    }
    app.extensions["assay.campus"] = Provider(strict, client)

    assert browser(None).get("/staff/sign-in").status_code == 503
    del app.extensions["assay.campus"]


def test_a_private_address_is_not_called_where_it_is_not_allowed(app, settings, campus, browser):
    from app.core.http import OutgoingClient

    strict = settings.model_copy(
        update={"allow_loopback": False, "oidc_issuer": campus.issuer, "oidc_client_id": "x"}
    )
    client = OutgoingClient(user_agent="test", allow_loopback=False)
    app.extensions["assay.campus"] = Provider(strict, client)
    asked = len(campus.asked)

    assert browser(None).get("/staff/sign-in").status_code == 503
    assert len(campus.asked) == asked


def test_the_page_lets_its_form_lead_to_the_campus_alone(known, campus, visitor):
    page = visitor.client.get("/staff/sign-in")

    policy = page.headers["Content-Security-Policy"]
    assert f"form-action 'self' {campus.issuer};" in policy
    assert "frame-ancestors 'none'" in policy


def test_discovery_is_asked_once_an_hour(known, campus, visitor):
    for _ in range(3):
        visitor.client.get("/staff/sign-in")

    assert campus.paths().count(DISCOVERY) == 1


def test_a_launch_afterwards_is_another_session(session, world, known, visitor, browser):
    """A browser in which somebody came in by the campus is theirs until they leave."""
    visitor.sign_in("tariq")
    sid = factories.make_session(session, world.learner)

    with visitor.client.session_transaction(base_url="https://tool.test") as cookie:
        cookie["sid"] = sid

    assert visitor.client.get("/admin").status_code == 403
    assert visitor.client.get("/my/credentials").status_code == 200
