"""A draft on its way to approval: incomplete, in review, back again, approved, frozen."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.catalog.approving import (
    approve_version,
    decline_version,
    retire_achievement,
    return_version,
    submit_version,
)
from app.catalog.content import content_of
from app.catalog.drafts import create_achievement_draft, save_draft, start_next_version
from app.catalog.models import Criterion, VersionStatus
from app.catalog.usability import why_unusable
from app.core.errors import ConflictError, InvalidError
from tests.factories import NOON

BY = {"actor": "test", "now": NOON}


def begin(session, world, **draft):
    level = world.level_1.achievement.level
    issuer = world.level_1.achievement.issuer
    return create_achievement_draft(
        session,
        world.level_1.institution_id,
        slug="new-one",
        level=level,
        issuer=issuer,
        draft=draft,
        proposed_by=None,
        **BY,
    )


def whole(world, **changes):
    return content_of(world.level_1).model_dump(mode="json") | changes


def approve(session, version, until=None, now=NOON):
    approve_version(session, version, reference="MCC 7", until=until, actor="test", now=now)


def test_a_draft_may_be_incomplete_but_is_not_reviewed_so(session, world):
    version = begin(session, world, name="Half of it")

    with pytest.raises(InvalidError, match="description"):
        submit_version(session, version, **BY)

    assert version.status is VersionStatus.DRAFT
    assert why_unusable(version, now=NOON)


def test_a_version_goes_through_review_and_is_frozen(session, world):
    version = begin(session, world, **whole(world, name="Another"))

    submit_version(session, version, **BY)
    with pytest.raises(ConflictError):
        save_draft(session, version, whole(world, name="Sneaked in"))
    assert why_unusable(version, now=NOON)
    approve(session, version)

    assert (version.name, version.approval_reference) == ("Another", "MCC 7")
    assert why_unusable(version, now=NOON) is None
    with pytest.raises(ConflictError):
        return_version(session, version, **BY)


def test_what_is_returned_can_be_changed_and_handed_in_again(session, world):
    version = begin(session, world, **whole(world))
    submit_version(session, version, **BY)

    return_version(session, version, **BY)
    assert session.scalars(select(Criterion).where(Criterion.version_id == version.id)).all() == []
    save_draft(session, version, {**version.draft, "name": "Better"})
    submit_version(session, version, **BY)

    assert version.name == "Better"
    assert len(version.criteria) == len(world.level_1.criteria)


def test_a_change_supersedes_once_approved_and_there_is_one_at_a_time(session, world):
    change = start_next_version(session, world.level_1.achievement, proposed_by=None, **BY)
    with pytest.raises(ConflictError, match="under way"):
        start_next_version(session, world.level_1.achievement, proposed_by=None, **BY)
    submit_version(session, change, **BY)
    assert world.level_1.status is VersionStatus.APPROVED

    approve(session, change)

    assert world.level_1.status is VersionStatus.SUPERSEDED
    assert content_of(change) == content_of(world.level_1)


def test_declined_expired_and_retired_cannot_be_used(session, world):
    version = begin(session, world, **whole(world))
    submit_version(session, version, **BY)
    with pytest.raises(InvalidError, match="expired"):
        approve(session, version, until=NOON)
    approve(session, version, until=NOON + timedelta(days=1))

    assert why_unusable(version, now=NOON) is None
    assert "expired" in str(why_unusable(version, now=NOON + timedelta(days=1)))

    change = start_next_version(session, version.achievement, proposed_by=None, **BY)
    submit_version(session, change, **BY)
    decline_version(session, change, **BY)
    assert "not approved" in str(why_unusable(change, now=NOON))

    retire_achievement(session, version.achievement, **BY)
    assert "retired" in str(why_unusable(version, now=NOON))
    with pytest.raises(ConflictError):
        retire_achievement(session, version.achievement, **BY)
