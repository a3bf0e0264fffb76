"""The life of the tool's keys: published ahead, signing, published after, over."""

from datetime import timedelta

import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core.audit import AuditEntry
from app.core.errors import ConflictError, NotFoundError
from app.platforms.keys import (
    activate_key,
    active_tool_key,
    ensure_tool_key,
    find_key,
    list_keys,
    prepare_key,
    published_jwks,
    retire_key,
    revoke_key,
    rotate_keys,
)
from app.platforms.models import KeyStatus
from tests.factories import NOON, make_institution

HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
WHO = {"actor": "command:test"}


@pytest.fixture
def vault(app):
    return app.extensions["assay.vault"]


@pytest.fixture
def first(session, vault):
    """The first key, which signs since noon."""
    make_institution(session)
    return ensure_tool_key(session, vault, now=NOON)


def published(session):
    return [key["kid"] for key in published_jwks(session)["keys"]]


def statuses(session):
    return [key.status.value for key in list_keys(session)]


def rotate(session, vault, now):
    rotate_keys(session, vault, every=YEAR, actor="job:keys", now=now)


def test_the_next_key_is_published_and_does_not_sign(session, vault, first):
    following = prepare_key(session, vault, **WHO, now=NOON)

    assert published(session) == [first.kid, following.kid]
    assert active_tool_key(session, vault)[0] == first.kid


def test_there_is_one_next_key(session, vault, first):
    prepare_key(session, vault, **WHO, now=NOON)

    with pytest.raises(ConflictError, match="published already"):
        prepare_key(session, vault, **WHO, now=NOON)


def test_a_key_signs_no_sooner_than_a_day_after_it_was_published(session, vault, first):
    following = prepare_key(session, vault, **WHO, now=NOON)

    with pytest.raises(ConflictError, match="too young"):
        activate_key(session, **WHO, now=NOON + DAY - HOUR)
    activate_key(session, **WHO, now=NOON + DAY)

    assert active_tool_key(session, vault)[0] == following.kid
    assert published(session) == [first.kid, following.kid], "the one before stays published"
    assert statuses(session) == ["retiring", "active"]


def test_nothing_is_activated_where_nothing_is_prepared(session, first):
    with pytest.raises(NotFoundError, match="keys prepare"):
        activate_key(session, **WHO, now=NOON)


def test_what_the_new_key_signs_verifies_with_what_is_published(session, vault, first):
    prepare_key(session, vault, **WHO, now=NOON)
    activate_key(session, **WHO, now=NOON + DAY)
    kid, pem = active_tool_key(session, vault)
    from joserfc.jwk import RSAKey

    token = jws.serialize_compact({"alg": "RS256", "kid": kid}, b"x", RSAKey.import_key(pem))

    keys = KeySet.import_key_set(published_jwks(session))
    assert jws.deserialize_compact(token, keys, ["RS256"]).payload == b"x"


def test_a_key_stays_published_for_a_day_after_it_signed(session, vault, first):
    prepare_key(session, vault, **WHO, now=NOON)
    activate_key(session, **WHO, now=NOON + DAY)

    with pytest.raises(ConflictError, match="stays published"):
        retire_key(session, first, **WHO, now=NOON + 2 * DAY - HOUR)
    retire_key(session, first, **WHO, now=NOON + 2 * DAY)

    assert first.kid not in published(session)
    assert first.private_key_sealed == "", "what signs no more needs no private half"


def test_the_signing_key_is_not_retired(session, first):
    with pytest.raises(ConflictError, match="This key signs"):
        retire_key(session, first, **WHO, now=NOON + YEAR)


def test_a_key_that_is_over_stays_so(session, vault, first):
    following = prepare_key(session, vault, **WHO, now=NOON)
    retire_key(session, following, **WHO, now=NOON)

    with pytest.raises(ConflictError, match="over already"):
        retire_key(session, following, **WHO, now=NOON)
    with pytest.raises(ConflictError, match="over already"):
        revoke_key(session, vault, following, **WHO, now=NOON)


def test_a_revoked_signing_key_is_gone_at_once_and_another_signs(session, vault, first):
    successor = revoke_key(session, vault, first, **WHO, now=NOON)

    assert published(session) == [successor.kid]
    assert active_tool_key(session, vault)[0] == successor.kid
    assert statuses(session) == ["revoked", "active"]


def test_the_prepared_key_takes_over_from_a_revoked_one(session, vault, first):
    following = prepare_key(session, vault, **WHO, now=NOON)

    successor = revoke_key(session, vault, first, **WHO, now=NOON + HOUR)

    assert successor.kid == following.kid


def test_a_revoked_next_key_changes_nothing_for_the_signing_one(session, vault, first):
    following = prepare_key(session, vault, **WHO, now=NOON)

    assert revoke_key(session, vault, following, **WHO, now=NOON) is None
    assert published(session) == [first.kid]


def test_the_database_holds_one_signing_key(session, vault, first):
    following = prepare_key(session, vault, **WHO, now=NOON)
    following.status = KeyStatus.ACTIVE

    with pytest.raises(IntegrityError):
        session.flush()


def test_a_year_of_jobs_rotates_once_and_never_leaves_a_gap(session, vault, first):
    signed, seen_at = set(), {}
    for day in (*range(0, 350, 50), *range(350, 400)):
        now = NOON + day * DAY
        rotate(session, vault, now)
        rotate(session, vault, now)  # twice a day is once
        kid, _pem = active_tool_key(session, vault)
        signed.add(kid)
        for known in published(session):
            seen_at.setdefault(known, now)
        assert kid in published(session)
        assert now - seen_at[kid] >= DAY or kid == first.kid, "published a day before it signs"

    assert len(signed) == 2
    assert statuses(session) == ["retired", "active"]
    assert first.retiring_at == NOON + YEAR


def test_the_job_waits_for_a_key_that_was_prepared_late(session, vault, first):
    rotate(session, vault, NOON + YEAR + 30 * DAY)  # a month in which no job ran

    assert statuses(session) == ["active", "next"]
    rotate(session, vault, NOON + YEAR + 30 * DAY + HOUR)
    assert statuses(session) == ["active", "next"], "too young to sign"
    rotate(session, vault, NOON + YEAR + 31 * DAY)
    assert statuses(session) == ["retiring", "active"]


def test_the_job_makes_no_first_key(session, vault):
    rotate(session, vault, NOON)

    assert list_keys(session) == []
    assert find_key(session, KeyStatus.NEXT) is None


def test_every_institution_s_log_tells_of_the_keys(session, vault, first):
    other = make_institution(session, "other")
    prepare_key(session, vault, **WHO, now=NOON)

    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "key.prepared")).all()
    assert len({entry.institution_id for entry in entries}) == 2
    assert other.id in {entry.institution_id for entry in entries}
    assert "PRIVATE" not in str([entry.facts for entry in entries])
