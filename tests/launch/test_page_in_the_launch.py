"""A launch is answered with its page: the very page, under the very checks, of its own address."""

import re

import pytest
from lxml import html
from sqlalchemy import select

from app.launch.claims import CLAIM
from app.launch.models import LaunchSession
from tests import factories
from tests.conftest import BASE_URL
from tests.launch.signing_lms import GRADER, INSTRUCTOR, LEARNER, place_of

TOKEN = re.compile(r'(name="csrf_token"[^>]*value=")[^"]+')
OWN = re.compile(r'<link rel="canonical" href="([^"]+)">')
HEADERS = (
    *("Content-Type", "Content-Security-Policy", "Cache-Control", "Vary", "Referrer-Policy"),
    "X-Content-Type-Options",
)


def set_up(lms, client, world, sub):
    return lms.launch(client, role=INSTRUCTOR, sub=sub(world.instructor))


def work(lms, client, world, sub, assignment=None):
    return lms.launch(client, sub=sub(world.learner))


def queue(lms, client, world, sub):
    return lms.launch(client, role=GRADER, sub=sub(world.grantor))


def credentials(lms, client, world, sub):
    return lms.launch(client, **{f"{CLAIM}custom": {"assay_page": "credentials"}})


def no_achievement(lms, client, world, sub):
    return lms.launch(client, **{f"{CLAIM}custom": {"assay_achievement": "unknown"}})


WAYS = [set_up, work, queue, credentials, no_achievement]


@pytest.fixture(autouse=True)
def _with_form_tokens(app):
    app.config["WTF_CSRF_ENABLED"] = True


@pytest.fixture(params=[False, True], ids=["not mapped", "mapped"])
def _mapped(request, session, world):
    if request.param:
        factories.make_assignment(session, world.course, world.level_1, link=world.link)
        session.commit()


@pytest.mark.usefixtures("_mapped")
@pytest.mark.parametrize("way", WAYS)
def test_it_is_what_its_address_answers(lms, browser, world, sub, way):
    mei = browser()

    launched = way(lms, mei, world, sub)
    opened = mei.get(OWN.search(launched.text)[1])

    assert launched.status_code == opened.status_code
    assert plain(launched) == plain(opened)
    assert {name: launched.headers.get(name) for name in HEADERS} == {
        name: opened.headers.get(name) for name in HEADERS
    }
    assert "frame-ancestors https://lms.test" in launched.headers["Content-Security-Policy"]
    assert not OWN.search(opened.text), "only a launch's page has another address in the browser"


def plain(page) -> str:
    """Return a page without what is this request's own."""
    return OWN.sub("", TOKEN.sub(r"\1", page.text))


@pytest.mark.usefixtures("_mapped")
@pytest.mark.parametrize("way", WAYS)
def test_without_script_too_nothing_on_it_leads_back_to_the_launch(lms, browser, world, sub, way):
    page = html.fromstring(way(lms, browser(), world, sub).text)

    addresses = [a for _, name, a, _ in page.iterlinks() if name != "xlink:href"]
    assert all(a.startswith(("/", "#", "data:")) for a in addresses), addresses
    assert all(form.get("action") for form in page.forms)
    assert not any("/lti/launch" in address for address in addresses)


def test_it_comes_with_the_session_and_takes_the_logins_cookie(lms, browser, assignment):
    mei = browser()

    answer = lms.launch(mei)

    names = [cookie.partition("=")[0] for cookie in answer.headers.getlist("Set-Cookie")]
    assert sorted(name.partition("-")[2][:6] for name in names) == ["assay", "assay-"]
    assert [c.key for c in mei._cookies.values()] == ["__Host-assay"]


def test_a_page_that_fails_leaves_its_person_signed_in(lms, browser, world, sub, session):
    mei = browser()

    answer = no_achievement(lms, mei, world, sub)

    assert answer.status_code == 404
    assert "There is no such micro-credential" in answer.text
    assert mei.get("/my/credentials").status_code == 200
    assert [c.key for c in mei._cookies.values()] == ["__Host-assay"]
    assert session.scalars(select(LaunchSession)).one()


def test_its_form_is_taken(lms, browser, assignment):
    mei = browser()
    page = lms.launch(mei)
    [form] = [f for f in html.fromstring(page.text).forms if "text" in f.fields]
    fields = dict(form.form_values()) | {"text": "What I found", "save": "1"}

    sent = mei.post(form.action, data=fields, headers={"Referer": f"{BASE_URL}/lti/launch"})

    assert (sent.status_code, sent.location) == (303, place_of(page))


def test_sent_again_it_says_where_to_go_on(lms, browser):
    mei = browser()
    login = lms.login(mei)
    data = {"id_token": lms.sign(lms.claims(login.nonce, LEARNER)), "state": login.state}

    first = mei.post("/lti/launch", data=data)
    again = mei.post("/lti/launch", data=data)

    assert (first.status_code, again.status_code) == (200, 403)
    assert "Open the activity again from your course" in again.text


def test_from_it_no_address_of_anothers_session_opens(lms, browser, framed, assignment):
    """Whoever waits for a proof stands at the launch's address too, and goes on to such an one."""
    ben, mei = framed(), browser()
    ben.enter(sub="user-2")
    lms.launch(mei)
    headers = ben.own_headers(Referer=f"{BASE_URL}/lti/launch")

    assert ben.get(Referer=f"{BASE_URL}/lti/launch").status_code == 200
    assert mei.get(ben.path, headers=headers).status_code == 401
