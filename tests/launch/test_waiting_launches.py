"""A launch whose cookie did not come: what lets it go on, and what does not."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from sqlalchemy import func, select

from app.core.crypto import hash_secret
from app.launch.models import LaunchSession, OidcLogin, PendingLaunch
from app.launch.service import purge_expired
from app.platforms.models import Deployment, DeploymentStatus, Platform, PlatformStatus
from tests import factories
from tests.conftest import BASE_URL
from tests.launch.framed import read
from tests.launch.signing_lms import INSTRUCTOR, place_of


@pytest.fixture
def count_waiting(session):
    def count() -> int:
        session.rollback()
        return session.scalar(select(func.count()).select_from(PendingLaunch)) or 0

    return count


def test_a_browser_without_cookies_comes_in_by_the_platforms_storage(
    framed, session, count_waiting, world
):
    mei = framed()

    answer = mei.enter()

    assert re.fullmatch(rf"/~[\w-]{{43}}/courses/{world.course.id}/welcome", answer.location)
    assert "Set-Cookie" not in answer.headers
    assert mei.get().status_code == 200
    assert count_waiting() == 0
    found = session.scalars(select(LaunchSession)).one()
    assert found.sid_hash == hash_secret(mei.secret)
    assert found.idle_until is not None


def test_the_waiting_page_is_for_its_lms_alone_and_offers_a_new_tab(framed):
    mei = framed()
    returns = {"return_url": "https://campus.test/course/1"}

    claim = "https://purl.imsglobal.org/spec/lti/claim/launch_presentation"
    mei.launch(**{claim: returns})

    page = mei.waiting
    ancestors = page.headers["Content-Security-Policy"].partition("frame-ancestors ")[2].split()
    assert sorted(ancestors) == ["https://campus.test", "https://lms.test"]
    assert page.headers["Cache-Control"] == "no-store"
    link = re.search(r'href="([^"]+)" target="_blank"', page.text)[1]
    assert link.startswith(f"{BASE_URL}/lti/login?iss=")
    assert "lti_storage_target" not in link


def test_the_new_tab_gets_a_login_of_its_own(framed, browser, session):
    mei = framed()
    mei.launch()
    link = re.search(r'href="([^"]+)" target="_blank"', mei.waiting.text)[1]

    answer = browser().get(
        link.removeprefix(BASE_URL).replace("&amp;", "&"), headers={"Sec-Fetch-Dest": "document"}
    )

    assert answer.status_code == 302
    states = session.scalars(select(OidcLogin.state_hash)).all()
    assert len(set(states)) == 2


def test_the_ticket_alone_is_worth_nothing(framed, count_sessions, count_waiting):
    mei = framed()
    ticket = mei.launch()

    page = mei.prove(ticket, secret="")

    assert page.status_code == 403
    assert "another browser" in page.text
    assert count_sessions() == 0
    assert count_waiting() == 0, "a ticket that was tried is used up"
    assert mei.prove(ticket).status_code == 403


def test_a_ticket_is_used_once(framed, count_sessions):
    mei = framed()
    ticket = mei.launch()
    assert mei.prove(ticket).status_code == 303

    page = mei.prove(ticket)

    assert page.status_code == 403
    assert "used already" in page.text
    assert count_sessions() == 1


@pytest.mark.parametrize("ticket", ["", "x", "\0", "é" * 43])
def test_a_ticket_that_nobody_gave_opens_nothing(framed, ticket, count_sessions):
    mei = framed()
    mei.launch()

    assert mei.prove(ticket).status_code == 403
    assert count_sessions() == 0


def test_a_wrong_secret_opens_nothing(framed, count_sessions):
    mei = framed()

    assert mei.prove(mei.launch(), secret="a" * 43).status_code == 403
    assert count_sessions() == 0


def test_somebody_elses_stored_secret_opens_nothing(framed, count_sessions):
    mei, jonas = framed(), framed()
    ticket, _other = mei.launch(), jonas.launch(sub="user-2")

    page = mei.prove(ticket, secret=jonas.stored[read(jonas.waiting, "key")])

    assert page.status_code == 403
    assert count_sessions() == 0


def test_the_ticket_of_another_browsers_login_opens_nothing(framed, count_sessions):
    """A launch that somebody began at home and had another browser post: login CSRF."""
    attacker, victim = framed(), framed()
    ticket = victim.launch(attacker.login())

    assert read(victim.waiting, "key") not in victim.stored
    assert victim.prove(ticket).status_code == 403
    assert count_sessions() == 0


def test_a_ticket_is_no_use_from_another_site(framed, count_sessions, count_waiting):
    mei = framed()
    ticket = mei.launch()

    assert mei.prove(ticket, Sec_Fetch_Site="cross-site").status_code == 403
    assert mei.prove(ticket, Sec_Fetch_Site="none").status_code == 403

    assert count_sessions() == 0
    assert count_waiting() == 1, "another site cannot use it up either"


def test_a_ticket_runs_out(framed, session, count_sessions):
    mei = framed()
    ticket = mei.launch()
    waiting = session.scalars(select(PendingLaunch)).one()
    assert waiting.expires_at - waiting.created_at == timedelta(minutes=2)
    waiting.expires_at = datetime.now(UTC) - timedelta(seconds=1)
    session.commit()

    page = mei.prove(ticket)

    assert page.status_code == 403
    assert "waited too long" in page.text
    assert count_sessions() == 0


def test_the_launch_itself_is_used_up_while_it_waits(framed, count_waiting):
    mei = framed()
    login = mei.login()
    mei.launch(login)

    token = mei.lms.sign(mei.lms.claims(login.nonce))
    again = mei.client.post("/lti/launch", data={"id_token": token, "state": login.state})

    assert again.status_code == 403
    assert "used already" in again.text
    assert count_waiting() == 1


def test_a_cookie_that_comes_late_makes_an_ordinary_session(framed, browser, lms, session):
    """Safari sends a partitioned cookie to its own site, but not on the way back from another."""
    mei = framed()
    mei.client = browser()
    login = mei.login()
    name = next(iter(mei.client._cookies.values())).key
    kept = mei.client.get_cookie(name, domain="tool.test")
    mei.client.delete_cookie(name, domain="tool.test")
    ticket = mei.launch(login)
    mei.client.set_cookie(name, kept.value, domain="tool.test", secure=True)
    seen = mei.get("/lti/cookies/seen?name=" + name, Sec_Fetch_Dest="empty")

    answer = mei.prove(ticket, secret="")

    assert seen.json["here"] is True
    assert answer.status_code == 303
    assert not answer.location.startswith("/~")
    assert any(c.startswith("__Host-assay=") for c in answer.headers.getlist("Set-Cookie"))
    assert session.scalars(select(LaunchSession)).one().idle_until is None
    assert mei.client.get(answer.location).status_code == 200


def test_what_ended_while_the_launch_waited_lets_nobody_in(framed, world, session, count_sessions):
    blocked, disabled = framed(), framed()
    tickets = blocked.launch(), disabled.launch(sub="user-2")
    session.get(Deployment, world.deployment.id).status = DeploymentStatus.BLOCKED
    session.commit()
    assert "blocked by its administrator" in blocked.prove(tickets[0]).text

    session.get(Platform, world.platform.id).status = PlatformStatus.DISABLED
    session.commit()

    assert "switched off" in disabled.prove(tickets[1]).text
    assert count_sessions() == 0


def test_nothing_about_a_person_is_kept_readable_or_long(framed, session):
    mei = framed()
    ticket = mei.launch()

    waiting = session.scalars(select(PendingLaunch)).one()
    # Whole names only: three letters stand in a sealed text by chance, now and then.
    for readable in ("Mei Student", "user-1", "purl.imsglobal.org"):
        assert readable not in waiting.claims_sealed
    assert ticket not in (waiting.ticket_hash, waiting.claims_sealed)
    assert session.scalar(select(LaunchSession)) is None
    purge_expired(session, now=datetime.now(UTC) + timedelta(minutes=3))
    assert session.scalar(select(PendingLaunch)) is None


def test_what_a_launch_leads_to_is_the_same_by_every_way(framed, lms, browser, world, session):
    assignment = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    by_cookie = place_of(lms.launch(browser(), role=INSTRUCTOR, sub="teacher-1"))

    by_address = framed().enter(role=INSTRUCTOR, sub="teacher-1").location

    assert by_address.partition("/courses")[1:] == by_cookie.partition("/courses")[1:]
    assert by_cookie.endswith(f"/assignments/{assignment.id}")


def test_no_secret_of_the_ladder_is_logged(framed, lms):
    mei = framed()
    with structlog.testing.capture_logs() as events:
        ticket = mei.launch()
        mei.prove(ticket, secret="wrong")
        mei.enter()

    told = str(events)
    assert "launch went on" in told
    for secret in (ticket, mei.secret, *mei.stored.values(), "Mei"):
        assert secret not in told


def test_two_that_use_one_ticket_at_once_make_one_session(framed, app, count_sessions):
    mei = framed()
    ticket = mei.launch()
    start = threading.Barrier(4)

    def go_on(_number: int) -> int:
        own = framed()
        own.stored, own.waiting = mei.stored, mei.waiting
        start.wait(20)
        return own.prove(ticket).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(go_on, range(4)))

    assert answers == [303, 403, 403, 403]
    assert count_sessions() == 1
