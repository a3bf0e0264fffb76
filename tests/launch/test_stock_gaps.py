"""What stock PyLTI1p3 2.0.0 accepts or refuses wrongly: each the other way round here."""

import time

import pytest

from app.launch.claims import CLAIM
from tests.conftest import BASE_URL
from tests.launch.signing_lms import place_of, unsigned


def assert_refused(page, count_sessions):
    assert page.status_code == 403
    assert count_sessions() == 0


def send(browser, token, login):
    return browser.post("/lti/launch", data={"id_token": token, "state": login.state})


@pytest.mark.parametrize("claim", ["exp", "iat", "nonce", "iss", "aud"])
def test_a_token_without_a_required_claim_is_refused(lms, browser, count_sessions, claim):
    mei = browser()
    login = lms.login(mei)
    claims = lms.claims(login.nonce)
    del claims[claim]

    assert_refused(send(mei, lms.sign(claims), login), count_sessions)


@pytest.mark.parametrize("age", [11 * 60, 365 * 86400])
def test_a_token_issued_long_ago_is_refused(lms, browser, count_sessions, age):
    assert_refused(lms.launch(browser(), iat=int(time.time()) - age), count_sessions)


def test_a_token_issued_eleven_minutes_ahead_is_refused(lms, browser, count_sessions):
    now = int(time.time())

    assert_refused(lms.launch(browser(), iat=now + 660, exp=now + 720), count_sessions)


@pytest.mark.parametrize("skew", [-50, 50])
def test_clocks_may_differ_by_fifty_seconds(lms, browser, count_sessions, skew):
    now = int(time.time()) + skew
    page = lms.launch(browser(), iat=now, exp=now + 60)

    assert page.status_code == 200
    assert count_sessions() == 1


@pytest.mark.parametrize(
    "times",
    [
        {"exp": "soon"},
        {"iat": True},
        {"iat": None, "exp": None},
        {"nbf": time.time() + 3600},
        {"iat": time.time() + 30, "exp": time.time() + 20},
    ],
)
def test_times_that_make_no_sense_are_refused(lms, browser, count_sessions, times):
    assert_refused(lms.launch(browser(), **times), count_sessions)


@pytest.mark.parametrize(
    "target",
    [None, "https://elsewhere.test/lti/launch", "http://tool.test/lti/launch", "x", 7,
     "https://tool.test.evil.test/", "https://tool.test@evil.test/"],
)  # fmt: skip
def test_a_launch_for_another_address_is_refused(lms, browser, count_sessions, target):
    page = lms.launch(browser(), **{f"{CLAIM}target_link_uri": target})

    assert_refused(page, count_sessions)


@pytest.mark.parametrize("audience", [["assay", "other"], ["other", "assay"]])
def test_several_audiences_in_any_order_need_our_authorised_party(
    lms, browser, count_sessions, audience
):
    assert_refused(lms.launch(browser(), aud=audience), count_sessions)
    assert_refused(lms.launch(browser(), aud=audience, azp="other"), count_sessions)
    assert lms.launch(browser(), aud=audience, azp="assay").status_code == 200


@pytest.mark.parametrize(
    "changes", [{"aud": "other"}, {"aud": []}, {"aud": 7}, {"aud": ["other"], "azp": "assay"},
                {"azp": "other"}, {"aud": {"assay": 1}}]
)  # fmt: skip
def test_a_token_for_somebody_else_is_refused(lms, browser, count_sessions, changes):
    assert_refused(lms.launch(browser(), **changes), count_sessions)


@pytest.mark.parametrize("roles", ["Instructor", {"role": 1}, [1], [None]])
def test_roles_that_are_no_list_of_texts_are_refused(lms, browser, count_sessions, roles):
    assert_refused(lms.launch(browser(), **{f"{CLAIM}roles": roles}), count_sessions)


def test_a_launch_is_used_once_in_the_same_browser(lms, browser, count_sessions):
    mei = browser()
    login = lms.login(mei)
    token = lms.sign(lms.claims(login.nonce))
    cookie = mei.get_cookie(f"__Host-assay-{_hash(login.state)}", "tool.test")

    first = send(mei, token, login)
    mei.set_cookie(cookie.key, cookie.value, domain="tool.test", secure=True)
    second = send(mei, token, login)

    assert (first.status_code, second.status_code) == (200, 403)
    assert "used already" in second.text
    assert count_sessions() == 1


def test_a_launch_is_not_used_in_another_browser(lms, browser, count_sessions):
    mei, thief = browser(), browser()
    login = lms.login(mei)
    token = lms.sign(lms.claims(login.nonce))

    assert send(mei, token, login).status_code == 200
    assert send(thief, token, login).status_code == 403
    assert count_sessions() == 1


def test_a_launch_that_another_browser_began_is_refused(lms, browser, count_sessions):
    mei, thief = browser(), browser()
    login = lms.login(mei)
    lms.login(thief)
    thief.set_cookie(f"__Host-assay-{_hash(login.state)}", "guess", domain="tool.test", secure=True)

    page = send(thief, lms.sign(lms.claims(login.nonce)), login)

    assert_refused(page, count_sessions)
    assert "another browser" in page.text


def test_the_nonce_of_another_login_is_refused(lms, browser, count_sessions):
    mei = browser()
    earlier, later = lms.login(mei), lms.login(mei)

    assert_refused(send(mei, lms.sign(lms.claims(earlier.nonce)), later), count_sessions)
    assert_refused(send(mei, lms.sign(lms.claims("never issued")), later), count_sessions)


@pytest.mark.parametrize("state", ["", "made-up", "a" * 5000])
def test_a_state_that_was_never_issued_is_refused(lms, browser, count_sessions, state):
    mei = browser()
    login = lms.login(mei)
    token = lms.sign(lms.claims(login.nonce))

    page = mei.post("/lti/launch", data={"id_token": token, "state": state})

    assert_refused(page, count_sessions)


@pytest.mark.parametrize("header", [{"alg": "none", "kid": "lms-key-1"}, {"alg": "HS256"}, {}])
def test_a_token_that_is_not_signed_with_rs256_is_refused(lms, browser, count_sessions, header):
    mei = browser()
    login = lms.login(mei)

    page = send(mei, unsigned(header, lms.claims(login.nonce)), login)

    assert_refused(page, count_sessions)


def test_a_changed_token_is_refused(lms, browser, count_sessions):
    mei = browser()
    login = lms.login(mei)
    head, body, signature = lms.sign(lms.claims(login.nonce)).split(".")
    _, other, _ = lms.sign(lms.claims(login.nonce, sub="somebody-else")).split(".")

    assert_refused(send(mei, f"{head}.{other}.{signature}", login), count_sessions)
    assert_refused(send(mei, f"{head}.{body}.{signature[:-4]}AAAA", login), count_sessions)


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "....", "é.é.é", "W10.W10.W10", "e30.W10.x"])
def test_what_is_no_token_is_refused(lms, browser, count_sessions, token):
    mei = browser()
    login = lms.login(mei)

    assert_refused(send(mei, token, login), count_sessions)


def test_the_issuer_of_another_platform_is_refused(lms, browser, count_sessions):
    assert_refused(lms.launch(browser(), iss="https://other.test"), count_sessions)


def test_a_learner_with_an_instructor_sub_role_is_a_learner(lms, browser):
    page = lms.launch(
        browser(), role="http://purl.imsglobal.org/vocab/lis/v2/membership/Learner#Instructor"
    )

    assert "/welcome" in place_of(page), "a learner; an instructor would see the set-up"


@pytest.mark.parametrize(
    "role",
    [
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor",
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin",
        "urn:lti:role:ims/lis/Instructor",
    ],
)
def test_roles_outside_the_course_give_no_right_in_it(lms, browser, role):
    mei = browser()
    page = lms.launch(mei, role=role)

    assert "/welcome" in place_of(page)
    setup = place_of(page).replace("/welcome", "/links/1/setup")
    assert mei.get(setup).status_code == 403


def _hash(state):
    from app.core.crypto import hash_secret

    return hash_secret(state)[:16]


def test_the_login_goes_to_the_registered_address_with_what_lti_asks_for(lms, browser):
    from urllib.parse import parse_qs, urlsplit

    login = lms.login(browser(), lti_message_hint="a hint & more")

    parts = urlsplit(login.address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://lms.test/auth"
    assert query == {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": "assay",
        "redirect_uri": f"{BASE_URL}/lti/launch",
        "state": login.state,
        "nonce": login.nonce,
        "login_hint": "hint",
        "lti_message_hint": "a hint & more",
    }
