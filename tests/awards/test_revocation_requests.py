"""Nobody alone revokes an award with which work is shown; renewing by hand."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.awards.models import Award
from app.awards.renewing import renew_award
from app.awards.revocation_requests import (
    OPEN_FOR,
    confirm_revocation,
    drop_request,
    find_request,
    get_open_request,
    list_requests,
    request_revocation,
)
from app.awards.revoking import revoke_award, take_back
from app.awards.status_models import RevocationRequest
from app.core.audit import AuditEntry
from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from tests.awards.test_status_lists import is_refused
from tests.certificates import give, make_certificate
from tests.factories import NOON
from tests.signing import SIGNING

LATER = NOON + timedelta(days=3)


@pytest.fixture
def gold(issue, world):
    return issue(world.learner, version=world.level_2)


def ask(session, award, person, *, at=NOON, reason=" Copied. "):
    request = request_revocation(
        session,
        award,
        reason=reason,
        person_id=person.id if person else None,
        actor=f"person:{person.id}" if person else "command:x",
        now=at,
    )
    session.commit()
    return request


def confirm(session, request, person, *, at=LATER):
    confirm_revocation(session, request, person=person, **SIGNING, now=at)
    session.commit()


def test_one_person_alone_revokes_none_with_which_work_is_shown(session, gold):
    with pytest.raises(ConflictError, match="another administrator confirms"):
        revoke_award(session, gold, reason="Copied.", actor="command:x", **SIGNING, now=NOON)

    assert gold.revoked_at is None


def test_a_second_person_confirms_it(browser, session, world, gold):
    request = ask(session, gold, world.grantor)
    assert gold.revoked_at is None
    assert find_request(session, gold, now=LATER) is request

    confirm(session, request, world.second_grantor)

    assert (gold.revoked_at, gold.revocation_reason) == (LATER, "Copied.")
    assert is_refused(browser, session, gold)
    assert (request.decided_by, request.is_confirmed) == (world.second_grantor.id, True)
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions[-3:] == ["revocation.requested", "revocation.confirmed", "award.revoked"]


def test_whoever_asked_does_not_confirm_nor_does_their_other_account(session, world, gold):
    request = ask(session, gold, world.grantor)
    with pytest.raises(ForbiddenError, match="yourself"):
        confirm(session, request, world.grantor)

    world.second_grantor.merged_into_id = world.grantor.id
    session.flush()
    with pytest.raises(ForbiddenError, match="yourself"):
        confirm(session, request, world.second_grantor)
    assert gold.revoked_at is None


def test_it_is_asked_for_once_with_a_reason_and_only_where_it_must_be(session, world, issue, gold):
    with pytest.raises(InvalidError, match="Say why"):
        ask(session, gold, world.grantor, reason=" ")
    with pytest.raises(ConflictError, match="at once"):
        ask(session, issue(world.other_learner), world.grantor)
    ask(session, gold, world.grantor)
    with pytest.raises(ConflictError, match="already"):
        ask(session, gold, world.second_grantor)


def test_a_request_that_nobody_confirms_lapses(session, world, gold):
    request = ask(session, gold, world.grantor)
    late = NOON + OPEN_FOR

    assert list_requests(session, world.institution.id, now=late) == []
    assert find_request(session, gold, now=late) is None
    with pytest.raises(ConflictError, match="lapsed"):
        confirm(session, request, world.second_grantor, at=late)
    session.rollback()
    again = ask(session, gold, world.second_grantor, at=late)
    assert list_requests(session, world.institution.id, now=late) == [again]


def test_a_request_is_dropped_and_then_answered_by_nobody(session, world, gold):
    request = ask(session, gold, world.grantor)

    drop_request(session, request, person=world.grantor, now=LATER)
    session.commit()

    assert not request.is_confirmed
    with pytest.raises(ConflictError, match="answered"):
        confirm(session, request, world.second_grantor)
    with pytest.raises(NotFoundError):
        get_open_request(session, request.id, institution_id=world.institution.id, now=LATER)
    assert ask(session, gold, world.grantor).id != request.id


def test_a_request_is_found_only_in_its_institution(session, world, gold):
    request = ask(session, gold, world.grantor)
    ids = {"request_id": request.id, "now": NOON}

    assert get_open_request(session, **ids, institution_id=world.institution.id) is request
    with pytest.raises(NotFoundError):
        get_open_request(session, **ids, institution_id=world.institution.id + 1)


def test_a_request_stands_in_the_way_of_no_rule(session, world, gold):
    ask(session, gold, world.grantor)

    take_back(session, [gold], reason="A part.", actor="rule:1", **SIGNING, now=NOON)

    assert list_requests(session, world.institution.id, now=NOON) == []
    with pytest.raises(ConflictError, match="already been revoked"):
        confirm(session, session.scalars(select(RevocationRequest)).one(), world.second_grantor)


def renew(session, award, world, at):
    renewed = renew_award(
        session, award, awarded_by=world.grantor.id, actor="person:1", **SIGNING, now=at
    )
    session.commit()
    return renewed


@pytest.fixture
def workshop(app, session, world, souvenir):
    """A Souvenir that runs out after twelve months, held by the learner."""
    souvenir.validity_months = 12
    award = give(app, session, world.learner, souvenir)
    session.commit()
    return award


def test_a_souvenir_is_renewed_shortly_before_it_runs_out(session, world, workshop):
    with pytest.raises(ConflictError, match="earliest"):
        renew(session, workshop, world, NOON)
    soon = workshop.valid_until - timedelta(days=10)

    renewed = renew(session, workshop, world, soon)

    assert renewed.renews_id == workshop.id
    assert renewed.public_id != workshop.public_id
    assert renewed.valid_until > workshop.valid_until
    assert (workshop.ended_at, workshop.revoked_at) == (soon, None)
    with pytest.raises(ConflictError, match="in the place"):
        renew(session, workshop, world, soon)


def test_a_certificate_is_renewed_only_with_its_whole_set(
    session, world, level, badges, earn, held
):
    certificate = make_certificate(session, world, level, badges[:2])
    certificate.validity_months = 12
    earn(badges[0])
    part = session.get(Award, earn(badges[1]).id)
    made = held(certificate)
    after = made.valid_until + timedelta(days=1)
    renewed = renew(session, made, world, after)
    assert (renewed.renews_id, renewed.awarded_by) == (made.id, None)

    revoke_award(session, part, reason="Copied.", actor="x:y", **SIGNING, now=after)
    with pytest.raises(ConflictError, match="part of its set"):
        renew(session, renewed, world, renewed.valid_until)


def test_what_was_awarded_for_work_is_renewed_by_new_work_alone(session, world, award):
    award.valid_until = LATER

    with pytest.raises(ConflictError, match="new work"):
        renew(session, award, world, NOON)


def test_new_work_after_the_end_makes_an_award_that_renews_the_old_one(session, issue, world):
    world.level_1.validity_months = 12
    old = issue(world.learner)

    new = issue(world.learner, at=old.valid_until + timedelta(days=1))

    assert new.renews_id == old.id
