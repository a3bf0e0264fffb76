"""A certificate in public: what it is made of, for what it was awarded, and what fell since."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.awards.models import Award
from app.awards.revoking import revoke_award
from app.awards.service import find_standing_award
from app.awards.suspending import suspend_award
from tests.certificates import give, make_badge, make_certificate, make_rule_level
from tests.factories import NOON
from tests.signing import SIGNING


@pytest.fixture
def badges(session, world):
    return [make_badge(session, world, slug) for slug in ("one", "two", "three")]


@pytest.fixture
def certificate(session, world, badges):
    level = make_rule_level(session, world)
    return make_certificate(session, world, level, badges[:1], (1, badges[1:]), from_version=1)


@pytest.fixture
def award(app, session, world, badges, certificate):
    for badge in badges[:2]:
        give(app, session, world.learner, badge)
    session.commit()
    return find_standing_award(
        session, person_id=world.learner.id, achievement_id=certificate.achievement_id, now=NOON
    )


def test_the_page_of_a_certificate_names_its_parts(browser, session, badges, certificate):
    session.commit()

    page = browser(None).get(f"/achievements/{certificate.public_id}").text

    assert "What it is made of" in page
    assert "Any 1 of these 2" in page
    assert all(f'href="/achievements/{badge.public_id}"' in page for badge in badges)
    assert "What is rated" not in page


def test_the_page_of_a_badge_has_no_parts(browser, session, badges):
    session.commit()

    page = browser(None).get(f"/achievements/{badges[0].public_id}").text

    assert "What it is made of" not in page


def test_the_page_of_an_award_says_for_which_badges_it_was_made(browser, badges, award, session):
    page = browser(None).get(f"/credentials/{award.public_id}").text

    assert "Verified" in page
    assert "Earned with these" in page
    assert f'href="/achievements/{badges[1].public_id}"' in page
    assert f'href="/achievements/{badges[2].public_id}"' not in page
    assert "no longer counts" not in page
    others = session.scalars(select(Award.public_id).where(Award.id != award.id))
    assert all(public_id not in page for public_id in others), "a badge's address is its holder's"


def test_a_part_that_was_revoked_is_said(app, browser, session, world, badges, award):
    part = session.scalars(
        select(Award).where(Award.achievement_id == badges[0].achievement_id)
    ).one()
    revoke_award(session, part, reason="Copied.", actor="command:revoke", **SIGNING, now=NOON)
    session.commit()

    page = browser(None).get(f"/credentials/{award.public_id}").text
    assert "A part of it no longer counts" in page
    assert "One: revoked on" in page
    assert "Copied." not in page, "why a badge was revoked stands on its own page"

    give(app, session, world.learner, badges[0], now=NOON + timedelta(days=1))
    session.commit()
    healed = browser(None).get(f"/credentials/{award.public_id}").text
    assert "no longer counts" not in healed
    assert "revoked on" not in healed


def test_a_part_that_has_run_out_is_said_in_the_list(browser, session, badges, award):
    part = session.scalars(
        select(Award).where(Award.achievement_id == badges[0].achievement_id)
    ).one()
    part.valid_until = NOON + timedelta(minutes=1)
    session.commit()

    assert "ran out on" in browser(None).get(f"/credentials/{award.public_id}").text


def test_a_part_that_is_suspended_is_said_with_its_day(browser, session, badges, award):
    part = session.scalars(
        select(Award).where(Award.achievement_id == badges[0].achievement_id)
    ).one()
    suspend_award(session, part, reason="Looked into.", actor="x:y", **SIGNING, now=NOON)
    session.commit()

    page = browser(None).get(f"/credentials/{award.public_id}").text

    assert "A part of it no longer counts" in page
    assert "One: suspended on" in page
    assert "<strong>suspended on" in page
    assert "Looked into." not in page
