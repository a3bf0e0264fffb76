"""The commands that look after certificates."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app.awards.issuing import find_standing_award
from app.awards.revoking import revoke_award
from tests.certificates import give, make_badge, make_certificate, make_rule_level
from tests.cli.conftest import CONFIG
from tests.factories import NOON, World
from tests.signing import SIGNING

CERTIFICATES = CONFIG / "example/certificates.json"
Command = Callable[..., str]


@pytest.fixture
def badges(session, world):
    return [make_badge(session, world, slug) for slug in ("one", "two", "three")]


@pytest.fixture
def certificate(app, session, world, badges):
    """A certificate whose set two learners held before it was there."""
    for person in (world.learner, world.other_learner):
        for badge in badges:
            give(app, session, person, badge)
    level = make_rule_level(session, world)
    made = make_certificate(session, world, level, badges[:1], (1, badges[1:]))
    session.commit()
    return made


def test_certificates_are_listed_with_their_parts_and_holders(done: Command, certificate) -> None:
    done("certificates", "award", "foundations")

    (row,) = json.loads(done("certificates", "list", "--json"))

    assert row["parts"] == "one and any 1 of (two, three)"
    assert (row["holders"], row["flagged"]) == (2, 0)
    assert "foundations" in done("certificates", "list")


def test_a_dry_run_counts_and_awards_nobody(done: Command, session: Session, certificate) -> None:
    assert done("certificates", "award", "foundations", "--dry-run") == (
        "2 people would be awarded now.\n"
    )
    assert done("certificates", "award", "foundations", "--dry-run") == (
        "2 people would be awarded now.\n"
    )
    assert done("certificates", "award", "foundations").startswith("Awarded to 2.")
    assert done("certificates", "award", "foundations", "--dry-run").startswith("0 people")
    assert done("certificates", "award", "foundations").startswith("Awarded to 0.")


def test_what_was_taken_by_hand_is_given_back_by_hand(
    done: Command, session: Session, world: World, certificate
) -> None:
    done("certificates", "award", "foundations")
    ids = {"person_id": world.learner.id, "achievement_id": certificate.achievement_id}
    taken = find_standing_award(session, **ids, now=NOON)
    revoke_award(session, taken, reason="By mistake.", actor="command:revoke", **SIGNING, now=NOON)
    session.commit()
    person = ("--person", str(world.learner.id))
    assert done("certificates", "award", "foundations", "--dry-run").startswith("0 people")
    assert done("certificates", "award", "foundations", *person, "--dry-run").startswith("1 person")

    assert done("certificates", "award", "foundations", *person).startswith("Awarded to 1.")

    assert done("certificates", "award", "foundations", *person).startswith("Awarded to 0.")
    session.expire_all()
    assert find_standing_award(session, **ids, now=NOON) not in {None, taken}


def test_what_can_no_longer_be_earned_is_said(
    done: Command, session: Session, certificate, badges
) -> None:
    assert done("certificates", "check") == ""
    badges[0].achievement.retired_at = NOON
    session.commit()

    assert [row["problem"] for row in json.loads(done("certificates", "check", "--json"))] == [
        "“One” is retired, or its approval has expired.",
        "The set can no longer be completed by somebody who begins now.",
    ]


def test_a_wrong_wish_is_refused(
    refused: Command, session: Session, world: World, certificate
) -> None:
    assert "no achievement “nothing”" in refused("certificates", "award", "nothing")
    assert "is no certificate" in refused("certificates", "award", "research-literacy")
    grantor = str(world.grantor.id)
    said = refused("certificates", "award", "foundations", "--person", grantor)
    assert "does not hold the whole set" in said
    assert "retired" not in said
    certificate.achievement.retired_at = NOON
    session.commit()
    assert "is retired" in refused("certificates", "award", "foundations")


def test_the_example_has_a_certificate(installation: Command) -> None:
    said = installation("achievements", "import", str(CERTIFICATES), "--approved-by", "MCC 8")

    assert "research-foundations: version 1" in said
    (row,) = json.loads(installation("certificates", "list", "--json"))
    assert row["parts"] == "literature-search-and-synthesis, research-integrity-and-citation"
    again = installation("achievements", "import", str(CERTIFICATES), "--approved-by", "MCC 9")
    assert again.count("as before") == 2
    assert installation("outbox", "run", "--once") == "Tried 1 messages.\n"
