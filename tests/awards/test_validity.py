"""How long an award holds, and what becomes of it afterwards."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from app.awards.issuing import find_standing_award
from app.awards.models import Award
from app.awards.revoking import revoke_award
from app.awards.validity import end_of_validity
from app.core.audit import AuditEntry
from app.core.clock import utcnow
from app.core.errors import ConflictError
from tests.factories import NOON
from tests.signing import SIGNING

LONG_AGO = NOON - timedelta(days=800)


@pytest.fixture
def lasting(session, world):
    """The Level I badge holds for a year, and says how it is renewed."""
    world.level_1.validity_months = 12
    world.level_1.renewal = "Hand in a **new** review."
    session.commit()
    return world.level_1


@pytest.mark.parametrize(
    ("awarded", "months", "ends"),
    [
        ((2026, 11, 24), 12, (2027, 11, 24)),
        ((2027, 1, 31), 1, (2027, 2, 28)),
        ((2028, 1, 31), 1, (2028, 2, 29)),
        ((2028, 2, 29), 12, (2029, 2, 28)),
        ((2028, 2, 29), 48, (2032, 2, 29)),
        ((2026, 12, 31), 2, (2027, 2, 28)),
        ((2026, 8, 31), 1, (2026, 9, 30)),
        ((2026, 12, 1), 1, (2027, 1, 1)),
        ((2026, 11, 30), 600, (2076, 11, 30)),
    ],
)
def test_months_are_those_of_the_calendar(awarded, months, ends):
    at = datetime(*awarded, 13, 14, 15, tzinfo=UTC)

    assert end_of_validity(at, months) == datetime(*ends, 13, 14, 15, tzinfo=UTC)


def test_an_award_without_validity_never_ends(issue, world):
    award = issue(world.learner)

    assert award.valid_until is None
    assert "validUntil" not in json.loads(award.credential)
    assert not award.has_expired(datetime(9000, 1, 1, tzinfo=UTC))


def test_the_end_stands_in_the_row_and_in_the_signed_credential(issue, world, lasting):
    at = datetime(2026, 11, 2, 23, 30, tzinfo=timezone(timedelta(hours=-5)))

    award = issue(world.learner, at=at)

    assert json.loads(award.credential)["validUntil"] == "2027-11-03T04:30:00Z"
    assert award.valid_until == datetime(2027, 11, 3, 4, 30, tzinfo=UTC)


def test_an_award_holds_until_its_last_moment_and_not_at_it(issue, session, world, lasting):
    award = issue(world.learner)
    ids = {"person_id": world.learner.id, "achievement_id": lasting.achievement_id}
    last = award.valid_until - timedelta(microseconds=1)

    assert find_standing_award(session, **ids, now=last) is award
    assert find_standing_award(session, **ids, now=award.valid_until) is None


def test_one_that_has_expired_gives_up_its_place(issue, session, world, lasting):
    old = issue(world.learner, at=LONG_AGO)

    new = issue(world.learner)

    assert new is not old
    assert (old.ended_at, old.revoked_at) == (NOON, None)
    assert (new.ended_at, new.valid_until) == (None, NOON.replace(year=2027))
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry.facts["instead_of"] == old.id
    assert len(session.scalars(select(Award)).all()) == 2


def test_one_that_still_holds_is_kept(issue, world, lasting):
    award = issue(world.learner, at=NOON - timedelta(days=300))

    assert issue(world.learner) is award


def test_a_renewed_award_can_still_be_revoked(issue, session, world, lasting):
    old = issue(world.learner, at=LONG_AGO)
    issue(world.learner)

    revoke_award(session, old, reason="Copied.", actor="command:revoke", **SIGNING, now=NOON)

    assert old.revoked_at == NOON
    with pytest.raises(ConflictError):
        revoke_award(session, old, reason="Again.", actor="command:revoke", **SIGNING, now=NOON)


def test_ones_own_page_says_what_has_expired_and_how_to_renew_it(browser, issue, world, lasting):
    issue(world.learner, at=LONG_AGO)

    page = browser(world.learner).get("/my/credentials")

    assert "Expired" in page.text
    assert "<strong>new</strong> review" in page.text
    assert "earned it anew" not in page.text
    issue(world.learner, at=utcnow())
    page = browser(world.learner).get("/my/credentials")
    assert "earned it anew" in page.text
    assert "valid until" in page.text


def test_the_public_page_says_expired_and_that_the_signature_holds(browser, issue, world, lasting):
    award = issue(world.learner, at=LONG_AGO)

    page = browser().get(f"/credentials/{award.public_id}")

    assert "Expired – no longer valid" in page.text
    assert "unchanged since, and never revoked" in page.text
    assert "Could not be verified" not in page.text
    assert ">Verified<" not in page.text
    assert "How it is renewed" in page.text


def test_the_public_page_says_until_when_a_valid_one_holds(browser, issue, world, lasting):
    award = issue(world.learner)

    page = browser().get(f"/credentials/{award.public_id}")

    assert ">Verified<" in page.text
    assert "November 2, 2027" in page.text


@pytest.mark.parametrize("until", [None, NOON.replace(year=2199)])
def test_an_end_that_was_moved_behind_the_programs_back_is_noticed(
    browser, issue, session, world, lasting, until
):
    award = issue(world.learner)
    session.get(Award, award.id).valid_until = until
    session.commit()

    page = browser().get(f"/credentials/{award.public_id}")

    assert "ends at another time than recorded" in page.text


def test_an_expired_award_whose_text_was_changed_is_not_called_expired(
    browser, issue, session, world, lasting
):
    award = issue(world.learner, at=LONG_AGO)
    changed = award.credential.replace("Research Literacy", "Research Mastery")
    session.get(Award, award.id).credential = changed
    session.commit()

    page = browser().get(f"/credentials/{award.public_id}")

    assert "Could not be verified" in page.text
    assert "Expired – no longer valid" not in page.text


def test_the_achievements_page_says_for_how_long_and_how_to_renew(browser, world, lasting):
    page = browser().get(f"/achievements/{lasting.public_id}", headers={"Accept": "text/html"})

    assert "12 months" in page.text
    assert "<strong>new</strong> review" in page.text
