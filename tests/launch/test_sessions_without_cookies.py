"""A session whose secret is in the address: what it can do, and what it cannot be made to do."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core.crypto import hash_secret
from app.evidence.models import Submission
from app.launch.claims import CLAIM
from app.launch.models import LaunchSession
from tests import factories
from tests.conftest import BASE_URL
from tests.launch.selecting import RETURN_URL, read_answer
from tests.launch.signing_lms import INSTRUCTOR, place_of
from tests.mapping.conftest import FORM


@pytest.fixture
def assignment(session, world):
    assignment = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    return assignment


@pytest.fixture
def mei(framed, assignment):
    """A student inside the LMS, on the page of her work."""
    mei = framed()
    mei.enter()
    return mei


@pytest.fixture
def running(session):
    """The row of the one session there is, as it is now."""

    def read() -> LaunchSession:
        session.rollback()
        session.expire_all()
        return session.scalars(select(LaunchSession)).one()

    return read


def token_of(page) -> str:
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]


def test_work_is_handed_in_and_told_of_without_any_cookie(app, mei, session):
    app.config["WTF_CSRF_ENABLED"] = True
    form = {"csrf_token": token_of(mei.get()), "text": "What I found", "hand_in": "1"}

    sent = mei.post(mei.path, form)

    assert sent.status_code == 303
    assert sent.location.startswith(mei.path)
    assert "Set-Cookie" not in sent.headers
    page = mei.get(sent.location)
    assert "Your work is handed in" in page.text
    assert session.scalars(select(Submission)).one().submitted_at
    assert "Your work is handed in" not in mei.get().text, "it is said once"


def test_every_link_of_a_page_keeps_the_session_and_no_public_one_does(mei):
    page = mei.get()

    addresses = re.findall(r'(?:href|src|action|data-live)="(/[^"]*)"', page.text)
    inside = [a for a in addresses if a.startswith(f"/~{mei.secret}/")]
    outside = [a for a in addresses if not a.startswith(f"/~{mei.secret}/")]
    assert inside
    assert outside
    for address in outside:
        assert address.startswith(("/static/", "/bootstrap/", "/achievements/")), address
        assert mei.secret not in address
    for address in inside:
        assert mei.get(address.replace("&amp;", "&")).status_code == 200, address


def test_a_page_is_kept_from_caches_and_from_other_sites_referrers(mei):
    page = mei.get()

    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Content-Security-Policy"].endswith("frame-ancestors https://lms.test")
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize(
    "changes",
    [
        {"Sec_Fetch_Dest": "document"},
        {"Sec_Fetch_Dest": ""},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Sec_Fetch_Site": ""},
        {"Referer": ""},
        {"Referer": "https://lms.test/"},
        {"Referer": "https://tool.test.evil.test/lti/launch"},
        {"Referer": f"{BASE_URL}/"},
        {"Referer": f"{BASE_URL}/courses/1/welcome"},
        {"Referer": f"{BASE_URL}/~{'a' * 43}/courses/1/welcome"},
    ],
    ids=str,
)
def test_the_address_opens_nothing_but_from_its_own_pages_in_the_frame(mei, changes):
    """A link to it, sent to somebody or put on a page, signs nobody in as somebody else."""
    page = mei.get(**changes)

    assert page.status_code == 401
    assert "only inside your course" in page.text
    assert mei.get().status_code == 200


def test_a_browser_that_says_nothing_of_where_a_request_comes_from_gets_nothing(mei):
    assert mei.client.get(mei.path).status_code == 401


def test_where_a_cookie_says_that_somebody_else_sits_here_the_address_is_refused(
    mei, browser, world
):
    other = browser(world.instructor)
    assert other.get(f"/courses/{world.course.id}/welcome").status_code == 200
    sid = other.get_cookie("__Host-assay", domain="tool.test").value

    page = mei.get(Cookie=f"__Host-assay={sid}")

    assert page.status_code == 401
    assert "frame-ancestors https://lms.test" in page.headers["Content-Security-Policy"]
    assert "form-action 'self' https://lms.test" in page.headers["Content-Security-Policy"]


def test_the_same_persons_cookie_beside_the_address_does_no_harm(mei, lms, browser):
    own = browser()
    lms.launch(own)
    sid = own.get_cookie("__Host-assay", domain="tool.test").value

    assert mei.get(Cookie=f"__Host-assay={sid}").status_code == 200


def test_the_secret_of_an_address_is_no_cookie_and_that_of_a_cookie_no_address(
    mei, browser, world, session
):
    cookie = browser()
    with cookie.session_transaction(base_url=BASE_URL) as kept:
        kept["sid"] = mei.secret
    assert cookie.get("/my/credentials").status_code == 401

    sid = "s" * 43
    running = session.get(LaunchSession, session.scalars(select(LaunchSession.id)).one())
    running.sid_hash, running.idle_until = hash_secret(sid), None
    session.commit()
    mei.path = mei.path.replace(mei.secret, sid)

    assert mei.get().status_code == 401


def test_it_lasts_two_hours_at_most(mei, running, session):
    row = running()
    assert row.expires_at - row.created_at == timedelta(hours=2)
    row.expires_at = datetime.now(UTC) - timedelta(seconds=1)
    session.commit()

    page = mei.get()

    assert page.status_code == 401
    assert "Your session has ended" in page.text
    assert "frame-ancestors https://lms.test" in page.headers["Content-Security-Policy"]


def test_it_ends_after_half_an_hour_without_a_page(mei, running, session):
    row = running()
    assert row.idle_until - row.created_at == timedelta(minutes=30)
    row.idle_until = datetime.now(UTC) - timedelta(seconds=1)
    session.commit()

    assert mei.get().status_code == 401


def test_a_page_that_is_opened_puts_the_end_off_and_one_that_asks_by_itself_does_not(
    mei, running, session
):
    soon = datetime.now(UTC) + timedelta(minutes=5)
    row = running()
    row.idle_until = soon
    session.commit()

    mei.get(X_Fragment="1", Sec_Fetch_Dest="empty")
    assert running().idle_until == soon
    mei.get()

    assert running().idle_until > soon + timedelta(minutes=20)
    assert running().expires_at == row.created_at + timedelta(hours=2)


def test_a_shorter_setting_shortens_it_too(app, settings, framed, assignment, running):
    app.extensions["assay.settings"] = settings.model_copy(update={"session_hours": 1})
    framed().enter()

    row = running()
    assert row.expires_at - row.created_at == timedelta(hours=1)


def test_a_form_without_its_token_is_refused(app, mei, session):
    app.config["WTF_CSRF_ENABLED"] = True
    other = token_of(mei.get())

    page = mei.post(mei.path, {"text": "x", "hand_in": "1"})
    forged = mei.post(mei.path, {"text": "x", "hand_in": "1", "csrf_token": "x" + other[1:]})

    assert (page.status_code, forged.status_code) == (400, 400)
    assert session.scalar(select(Submission)) is None


def test_the_form_token_of_another_session_is_refused(app, mei, framed, session):
    app.config["WTF_CSRF_ENABLED"] = True
    jonas = framed()
    jonas.enter(sub="user-2")

    page = mei.post(mei.path, {"text": "x", "hand_in": "1", "csrf_token": token_of(jonas.get())})

    assert page.status_code == 400
    assert session.scalar(select(Submission)) is None


def test_a_form_over_https_that_does_not_say_its_page_is_refused(app, mei, session):
    app.config["WTF_CSRF_ENABLED"] = True
    form = {"text": "x", "hand_in": "1", "csrf_token": token_of(mei.get())}

    assert mei.post(mei.path, form, Referer="").status_code == 401
    assert session.scalar(select(Submission)) is None


def test_another_institutions_pages_are_not_found(app, mei, session):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")

    for path in (f"/courses/{other.course.id}/welcome", "/artifacts/1"):
        assert mei.get(mei.at(path)).status_code == 404, path
    assert other.course.institution_id != 1


@pytest.mark.parametrize(
    "path", ["/", "/lti/login", "/lti/cookies", "/healthz", "/static/css/app.css"]
)
def test_public_pages_are_not_found_under_a_sessions_address(mei, path):
    assert mei.get(mei.at(path)).status_code == 404


@pytest.mark.parametrize("start", ["/~", "/~x/", f"/~{'a' * 44}/", "/~" + "é" * 43 + "/"])
def test_what_is_no_secret_is_no_session(mei, start):
    assert mei.get(f"{start}my/credentials").status_code in {401, 404}


def test_a_message_for_the_next_page_is_good_for_this_session_alone(mei, framed, session):
    jonas = framed()
    jonas.enter(sub="user-2")
    sent = mei.post(mei.path, {"text": "x", "hand_in": "1"})
    said = sent.location.partition("?")[2]

    assert "Your work is handed in" not in jonas.get(f"{jonas.path}?{said}").text
    assert "Your work is handed in" not in mei.get(f"{mei.path}?{said}x").text
    assert "Your work is handed in" in mei.get(f"{mei.path}?{said}").text


def test_what_goes_back_to_the_lms_does_not_tell_the_secret(framed, world, tool_key):
    """The answer of deep linking holds addresses of the tool: the public ones."""
    ines = framed()
    ines.enter(
        role=INSTRUCTOR,
        sub="teacher-1",
        **{
            f"{CLAIM}message_type": "LtiDeepLinkingRequest",
            f"{CLAIM}resource_link": None,
            f"{CLAIM}target_link_uri": None,
            "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings": {
                "deep_link_return_url": RETURN_URL,
                "accept_types": ["ltiResourceLink"],
                "accept_presentation_document_targets": ["iframe"],
            },
        },
    )
    criteria = [item.id for item in world.level_1.criteria]
    sent = ines.post(f"{ines.path}/{world.level_1.id}", FORM | {"criteria": criteria})

    page = ines.get(sent.location)

    claims = read_answer(page.text, tool_key)
    assert f"{BASE_URL}/lti/launch" in str(claims)
    assert ines.secret not in str(claims)
    assert page.headers["Referrer-Policy"] == "same-origin"


def test_an_error_page_leads_back_into_the_session_and_not_out_with_it(mei):
    missing = mei.get(mei.at("/courses/999999/welcome"))
    outside = mei.get("/awards/nothing")

    assert missing.status_code == 404
    assert f'href="{mei.path}"' in missing.text
    assert mei.secret not in outside.text


def test_the_page_that_a_class_shares_holds_nobody_elses_address(app, mei, framed, browser, lms):
    """A learner's first page is rendered once for all: an address of a session is one person's."""
    app.config["WTF_CSRF_ENABLED"] = True
    ben = framed()
    ben.enter(sub="user-2", name="Ben")
    ada = browser()
    place = place_of(lms.launch(ada, sub="user-3", name="Ada"))

    pages = {"mei": mei.get().text, "ben": ben.get().text, "ada": ada.get(place).text}

    for name, secret in (("mei", mei.secret), ("ben", ben.secret)):
        assert [who for who, page in pages.items() if secret in page] == [name]
    assert f'action="{place}"' in pages["ada"]
    assert f'action="{ben.path}"' in pages["ben"]
