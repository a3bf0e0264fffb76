"""Certificates on their way in: by import and by review; what is refused, and what is kept."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.catalog.approving import (
    approve_version,
    retire_achievement,
    return_version,
    submit_version,
)
from app.catalog.content import content_of
from app.catalog.drafts import create_achievement_draft, start_next_version
from app.catalog.models import Achievement, VersionStatus
from app.catalog.service import find_approved_version, get_achievement, import_achievements
from app.catalog.stack_models import StackPart
from app.catalog.stacks import list_problems, show_parts
from app.core.crypto import Vault
from app.core.errors import InvalidError
from app.outbox.models import Delivery, DeliveryState
from tests import factories
from tests.certificates import make_badge, make_rule_level
from tests.conftest import SECRET
from tests.factories import NOON

BY = {"actor": "test", "now": NOON}


@pytest.fixture
def level(session, world):
    return make_rule_level(session, world)


@pytest.fixture
def badges(session, world):
    return [make_badge(session, world, slug) for slug in ("one", "two", "three")]


def of(*slugs, need=None, **limits):
    group = {"of": [{"achievement": slug, **limits} for slug in slugs]}
    return group | ({"need": need} if need else {})


def document(slug, *groups, level="certificate", **facts):
    return {
        "slug": slug,
        "issuer": "college",
        "level": level,
        "name": slug.title(),
        "description": "A set.",
        "criteria_narrative": "Earn them all.",
        "image_alt": "A certificate",
        "parts": list(groups),
    } | facts


@pytest.fixture
def bring_in(session, world, level, badges):
    def bring(*achievements, now=NOON):
        session.flush()
        return import_achievements(
            session,
            world.institution.id,
            {"achievements": list(achievements)},
            approved_by="MCC 7",
            actor="test",
            now=now,
        )

    return bring


@pytest.fixture
def draft(session, world, level, badges):
    """Begin a certificate's draft."""

    def begin(slug, *groups):
        return create_achievement_draft(
            session,
            world.institution.id,
            slug=slug,
            level=level,
            issuer=world.issuer,
            draft=document(slug, *groups),
            proposed_by=None,
            **BY,
        )

    return begin


def approve(session, version):
    approve_version(session, version, reference="MCC 7", until=None, **BY)


def test_a_set_is_kept_and_read_back_as_it_was_said(session, bring_in):
    groups = [of("one", "two", from_version=1), of("three", "research-literacy", need=1)]

    (version,) = bring_in(document("foundations", *groups))
    session.expire_all()

    assert content_of(version).model_dump(mode="json", exclude_none=True)["parts"] == groups
    assert bring_in(document("foundations", *groups)) == [version]
    shown = show_parts(session, [version.id])[version.id]
    assert [(group.needed, [part.name for part in group.parts]) for group in shown] == [
        (2, ["One", "Two"]),
        (1, ["Three", "Research Literacy"]),
    ]


def test_a_changed_set_becomes_the_next_version_and_the_old_one_keeps_its_own(session, bring_in):
    (first,) = bring_in(document("foundations", of("one", "two")))

    (second,) = bring_in(document("foundations", of("one", "three")))

    session.expire_all()
    assert (first.status, second.number) == (VersionStatus.SUPERSEDED, 2)
    assert [part.achievement.slug for part in first.part_groups[0].parts] == ["one", "two"]


def test_a_certificate_may_stand_before_its_parts(session, bring_in):
    upper, lower = bring_in(document("upper", of("lower", "one")), document("lower", of("two")))

    assert (upper.achievement.slug, lower.achievement.slug) == ("upper", "lower")


def test_an_approved_set_is_owed_to_whoever_holds_it_already(session, bring_in):
    (version,) = bring_in(document("foundations", of("one")))
    bring_in(document("foundations", of("one")))

    (delivery,) = session.scalars(select(Delivery))
    assert (delivery.kind, delivery.state) == ("certificate", DeliveryState.WAITING)
    assert delivery.payload == {"version_id": version.id, "after": 0}


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ([], "say its parts"),
        ([of("nothing")], "no achievement “nothing”"),
        ([of("foundations")], "“foundations” needs itself"),
        ([of("one", from_version=2)], "no published version 2"),
        ([of("one", versions=[1, 4])], "no published version 4"),
    ],
)
def test_a_set_that_cannot_be_earned_is_refused_at_import(session, bring_in, groups, words):
    with pytest.raises(InvalidError, match=words):
        bring_in(document("foundations", *groups))


def test_what_a_grantor_assesses_takes_no_parts(bring_in, session, world):
    badge = content_of(world.level_1).model_dump(mode="json") | {"parts": [of("one")]}

    with pytest.raises(InvalidError, match="is no set, so it takes no parts"):
        bring_in(badge)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_certificates_that_come_in_together_must_not_need_each_other(session, bring_in, length):
    slugs = [f"c{number}" for number in range(length)]

    with pytest.raises(InvalidError, match=r"needs itself.*→"):
        bring_in(
            *(
                document(slug, of("one"), of(slugs[(number + 1) % length]))
                for number, slug in enumerate(slugs)
            )
        )

    session.rollback()
    assert session.scalars(select(Achievement).where(Achievement.slug.in_(slugs))).all() == []


def test_a_circle_through_what_stands_already_is_refused(bring_in):
    bring_in(document("lower", of("one")))
    bring_in(document("middle", of("lower")))
    bring_in(document("upper", of("middle")))

    with pytest.raises(InvalidError, match="needs itself"):
        bring_in(document("lower", of("one", "upper")))


def test_a_part_of_another_institution_is_as_unknown_as_any(session, bring_in):
    other = factories.make_world(session, Vault(SECRET), slug="other")
    make_badge(session, other, "theirs")

    with pytest.raises(InvalidError, match="no achievement “theirs”"):
        bring_in(document("foundations", of("theirs")))


def test_the_level_says_which_levels_may_be_parts(session, level, world, bring_in):
    level.part_levels = [world.level_1.achievement.level.key]

    bring_in(document("foundations", of("one")))
    with pytest.raises(InvalidError, match="“clinical-communication” is a Badge Level II"):
        bring_in(document("others", of("one", "clinical-communication")))


@pytest.mark.parametrize("why", ["retired", "expired", "draft"])
def test_a_part_must_be_approved_when_the_set_is(session, bring_in, badges, why):
    if why == "retired":
        badges[0].achievement.retired_at = NOON
    elif why == "expired":
        badges[0].approved_until = NOON
    else:
        badges[0].status = VersionStatus.DRAFT

    with pytest.raises(InvalidError, match=r"“one” is (retired|not approved)"):
        bring_in(document("foundations", of("one")))


def test_a_set_goes_through_review_and_back(session, draft):
    version = draft("foundations", of("one", "two"), of("three"))

    submit_version(session, version, **BY)
    assert len(version.part_groups) == 2
    return_version(session, version, **BY)
    assert version.part_groups == []
    assert session.scalars(select(StackPart)).all() == []
    assert version.draft["parts"][1]["of"][0]["achievement"] == "three"
    submit_version(session, version, **BY)
    approve(session, version)

    assert len(version.part_groups[0].parts) == 2
    assert [delivery.kind for delivery in session.scalars(select(Delivery))] == ["certificate"]
    following = start_next_version(session, version.achievement, proposed_by=None, **BY)
    assert following.draft["parts"] == version_parts(version)


def version_parts(version):
    return content_of(version).model_dump(mode="json")["parts"]


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ([], "say its parts"),
        ([of("nothing")], "no achievement"),
        ([of("foundations")], "needs itself"),
        ([of("gone")], "“gone” is retired"),
    ],
)
def test_a_set_that_cannot_be_earned_does_not_go_into_review(session, world, draft, groups, words):
    gone = make_badge(session, world, "gone")
    retire_achievement(session, gone.achievement, **BY)
    version = draft("foundations", *groups)

    with pytest.raises(InvalidError, match=words):
        submit_version(session, version, **BY)

    assert version.status is VersionStatus.DRAFT


def test_two_in_review_must_not_need_each_other(session, draft):
    first = draft("first", of("one"))
    second = draft("second", of("first"))
    first.draft = document("first", of("second"))
    submit_version(session, first, **BY)

    with pytest.raises(InvalidError, match="needs itself"):
        submit_version(session, second, **BY)


def test_a_part_that_was_retired_meanwhile_stops_the_approval(session, draft, badges):
    version = draft("foundations", of("one"))
    submit_version(session, version, **BY)
    retire_achievement(session, badges[0].achievement, **BY)

    with pytest.raises(InvalidError, match="“one” is retired"):
        approve(session, version)

    assert version.status is VersionStatus.IN_REVIEW


def test_a_part_in_review_waits_for_its_own_approval(session, draft):
    lower = draft("lower", of("one"))
    upper = draft("upper", of("lower"))
    submit_version(session, lower, **BY)
    submit_version(session, upper, **BY)

    with pytest.raises(InvalidError, match="“lower” is not approved"):
        approve(session, upper)
    approve(session, lower)
    approve(session, upper)

    assert upper.status is VersionStatus.APPROVED


def test_what_became_of_the_parts_since_is_said(session, world, bring_in, badges):
    (version,) = bring_in(document("foundations", of("one", "two", need=1), of("three")))
    assert list_problems(session, version, now=NOON) == []

    retire_achievement(session, badges[0].achievement, **BY)
    badges[2].approved_until = NOON + timedelta(days=1)

    later = NOON + timedelta(days=2)
    assert list_problems(session, version, now=later) == [
        "“One” is retired, or its approval has expired.",
        "“Three” is retired, or its approval has expired.",
        "The set can no longer be completed by somebody who begins now.",
    ]
    approved = find_approved_version(
        get_achievement(session, "foundations", institution_id=world.institution.id)
    )
    assert approved is version
