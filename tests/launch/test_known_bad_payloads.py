"""The twelve known bad payloads of 1EdTech's certification guide, §6.1: all are refused."""

import time

from app.launch.claims import CLAIM


def assert_refused(page, count_sessions, words=""):
    assert page.status_code == 403
    assert "This launch did not work" in page.text
    assert words in page.text
    assert "Set-Cookie" not in page.headers
    assert count_sessions() == 0


def send(lms, browser, token, login):
    return browser.post("/lti/launch", data={"id_token": token, "state": login.state})


def test_1_no_kid_in_the_header(lms, browser, count_sessions):
    mei = browser()
    login = lms.login(mei)

    token = lms.sign(lms.claims(login.nonce), header={"kid": None})

    assert_refused(send(lms, mei, token, login), count_sessions, "does not name its key")


def test_2_incorrect_kid(lms, browser, count_sessions, closed_network):
    mei = browser()
    login = lms.login(mei)

    token = lms.sign(lms.claims(login.nonce), header={"kid": "imsglobal_other"})

    assert_refused(send(lms, mei, token, login), count_sessions)


def test_3_wrong_lti_version(lms, browser, count_sessions):
    page = lms.launch(browser(), **{f"{CLAIM}version": "11.3"})

    assert_refused(page, count_sessions, "not LTI 1.3")


def test_4_no_lti_version(lms, browser, count_sessions):
    assert_refused(lms.launch(browser(), **{f"{CLAIM}version": None}), count_sessions)


def test_5_a_message_that_is_no_lti_message(lms, browser, count_sessions):
    mei = browser()
    login = lms.login(mei)

    token = lms.sign({"name": "badltilaunch"})

    assert_refused(send(lms, mei, token, login), count_sessions)


def test_6_missing_lti_claims(lms, browser, count_sessions):
    page = lms.launch(
        browser(),
        **{
            f"{CLAIM}{name}": None for name in ("message_type", "version", "roles", "resource_link")
        },
    )

    assert_refused(page, count_sessions)


def test_7_incorrect_timestamps(lms, browser, count_sessions):
    now = int(time.time())
    page = lms.launch(browser(), iat=now - 11, exp=now - 100)

    assert_refused(page, count_sessions, "has run out")


def test_8_no_message_type(lms, browser, count_sessions):
    assert_refused(lms.launch(browser(), **{f"{CLAIM}message_type": None}), count_sessions)


def test_9_no_roles_claim(lms, browser, count_sessions):
    assert_refused(lms.launch(browser(), **{f"{CLAIM}roles": None}), count_sessions)


def test_10_no_deployment_id(lms, browser, count_sessions):
    assert_refused(lms.launch(browser(), **{f"{CLAIM}deployment_id": None}), count_sessions)


def test_11_no_resource_link_id(lms, browser, count_sessions):
    page = lms.launch(browser(), **{f"{CLAIM}resource_link": {"title": "no id"}})

    assert_refused(page, count_sessions, "resource_link_id")


def test_12_no_user(lms, browser, count_sessions):
    assert_refused(lms.launch(browser(), sub=None), count_sessions)
