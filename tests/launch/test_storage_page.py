"""A login that goes by way of the platform's storage: when, and what its page says to whom."""

import pytest
from sqlalchemy import select

from app.core.crypto import hash_secret
from app.launch.models import OidcLogin
from tests.launch.framed import FRAME, read


def test_the_login_says_to_its_page_what_goes_where(framed, session):
    page = framed().begin()

    assert read(page, "origin") == "https://lms.test"
    assert read(page, "frame") == FRAME
    login = session.scalars(select(OidcLogin)).one()
    assert read(page, "key") == f"assay-login-{login.state_hash[:16]}"
    assert login.storage_hash == hash_secret(read(page, "value"))
    assert login.storage_hash != login.browser_hash
    assert read(page, "value") not in (page.location or "")
    assert any(c.startswith("__Host-assay-") for c in page.headers.getlist("Set-Cookie"))
    policy = page.headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://lms.test")
    assert page.headers["Cache-Control"] == "no-store"


def test_whoever_sent_the_browser_may_frame_the_page_on_the_way(framed):
    page = framed().begin(headers={"Origin": "https://campus.test"})

    ancestors = page.headers["Content-Security-Policy"].partition("frame-ancestors ")[2].split()
    assert sorted(ancestors) == ["https://campus.test", "https://lms.test"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Dest": ""},
        {"Origin": "null"},
        {"Origin": ""},
        {"Cookie": "__Host-assay=anything"},
        {"Cookie": "__Host-assay-works=1"},
    ],
)
def test_where_the_page_would_not_help_the_login_goes_on_at_once(framed, headers, session):
    answer = framed().begin(headers=headers)

    assert answer.status_code == 302
    assert session.scalars(select(OidcLogin)).one().storage_hash is None


def test_a_platform_without_storage_is_sent_on_at_once(framed):
    assert framed().begin(lti_storage_target=None).status_code == 302


@pytest.mark.parametrize("family", ["BlackboardLearn", "desire2learn"])
def test_a_platform_that_names_no_frame_but_has_storage_is_asked(framed, world, session, family):
    world.platform.product_family = family
    session.commit()

    page = framed().begin(lti_storage_target=None)

    assert page.status_code == 200
    assert read(page, "frame") == ""


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "_top",
        "_blank",
        "__proto__",
        "a b",
        "a;b",
        '"><script>',
        "javascript:alert(1)//",
        "https://evil.test/",
        "frame\r\nSet-Cookie: x",
        "a" * 101,
        "фрейм",
    ],
)
def test_a_storage_target_that_names_no_frame_is_no_target(framed, name, session):
    answer = framed().begin(lti_storage_target=name)

    assert answer.status_code == 302
    assert "lti_storage_target" not in session.scalars(select(OidcLogin)).one().parameters


@pytest.mark.parametrize("name", ["_parent", "post_message_forwarding", "lti-storage.frame:1"])
def test_real_names_of_frames_are_kept(framed, name):
    assert read(framed().begin(lti_storage_target=name), "frame") == name


def test_a_browser_whose_cookies_work_is_not_sent_by_way_of_the_storage_again(framed, browser, lms):
    mei = framed()
    mei.client = browser()
    login = mei.login()
    token = lms.sign(lms.claims(login.nonce))
    answer = mei.client.post("/lti/launch", data={"id_token": token, "state": login.state})
    assert answer.status_code == 200
    mei.client.delete_cookie("__Host-assay", domain="tool.test")

    assert mei.begin().status_code == 302
    works = next(c for c in answer.headers.getlist("Set-Cookie") if "-works=" in c)
    assert "Partitioned" in works
