"""A part of a certificate falls: what becomes of the certificate, and when it heals."""

from datetime import timedelta

from sqlalchemy import select

from app.awards.certificate_jobs import look_at_expired
from app.awards.revoking import revoke_award
from app.awards.service import find_newest_award
from app.awards.stack_models import AwardFlag, AwardPart
from app.core.audit import find_broken_entry
from tests.certificates import make_certificate, make_rule_level
from tests.factories import NOON
from tests.signing import SIGNING

LATER = NOON + timedelta(days=1)


def revoke(session, award, reason="Copied.", now=LATER):
    revoke_award(session, award, reason=reason, actor="command:revoke", **SIGNING, now=now)
    session.commit()


def flags_of(session, certificate):
    return session.scalars(
        select(AwardFlag).where(AwardFlag.award_id == certificate.id).order_by(AwardFlag.id)
    ).all()


def test_a_revoked_part_flags_the_certificate(session, world, level, badges, earn, held):
    certificate = make_certificate(session, world, level, badges[:2])
    part = earn(badges[0])
    earn(badges[1])

    revoke(session, part)

    award = held(certificate)
    (flag,) = flags_of(session, award)
    assert (flag.part_award_id, flag.flagged_at, flag.cleared_at) == (part.id, LATER, None)


def test_by_the_levels_rule_a_certificate_falls_with_its_part(session, world, badges, earn, held):
    strict = make_rule_level(session, world, revokes_with_part=True)
    lower = make_certificate(session, world, strict, badges[:2], slug="lower")
    upper = make_certificate(session, world, strict, [lower], slug="upper")
    part = earn(badges[0])
    earn(badges[1])
    assert held(upper)

    revoke(session, part)

    assert held(lower) is None
    assert held(upper) is None
    assert held(badges[1]) is not None
    ids = {"person_id": world.learner.id}
    fallen = find_newest_award(session, **ids, achievement_id=upper.achievement_id)
    assert fallen.revocation_reason == "A part of it was revoked: “Lower”."
    assert find_broken_entry(session, world.institution.id) is None


def test_a_part_that_falls_twice_over_is_revoked_once(session, world, badges, earn, held):
    strict = make_rule_level(session, world, revokes_with_part=True)
    first = make_certificate(session, world, strict, badges[:1], slug="first")
    second = make_certificate(session, world, strict, [first, badges[0]], slug="second")
    part = earn(badges[0])
    assert held(second)

    revoke(session, part)

    assert held(first) is None
    assert held(second) is None


def test_any_of_several_is_not_flagged_while_others_satisfy_it(
    session, world, level, badges, earn, held
):
    certificate = make_certificate(session, world, level, (2, badges[:3]))
    first = earn(badges[0])
    second = earn(badges[1])
    earn(badges[2])

    revoke(session, first)
    assert flags_of(session, held(certificate)) == []
    revoke(session, second)

    lost = {flag.part_award_id for flag in flags_of(session, held(certificate))}
    assert lost == {first.id, second.id}


def test_earning_the_part_again_clears_the_flag(session, world, level, badges, earn, held):
    certificate = make_certificate(session, world, level, badges[:2])
    part = earn(badges[0])
    earn(badges[1])
    before = held(certificate)
    revoke(session, part)

    again = earn(badges[0], now=LATER)

    assert held(certificate) is before
    assert [flag.cleared_at for flag in flags_of(session, before)] == [LATER]
    trace = session.scalars(select(AwardPart).where(AwardPart.award_id == before.id)).all()
    assert again.id in {row.part_award_id for row in trace}


def test_a_certificate_that_fell_is_awarded_anew_with_the_part(session, world, badges, earn, held):
    strict = make_rule_level(session, world, revokes_with_part=True)
    certificate = make_certificate(session, world, strict, badges[:2])
    part = earn(badges[0])
    earn(badges[1])
    fallen = held(certificate)
    revoke(session, part)

    earn(badges[0], now=LATER)

    assert held(certificate) not in {None, fallen}


def test_a_certificate_taken_by_hand_leaves_its_parts_and_is_not_given_back_by_rule(
    session, world, level, badges, earn, held
):
    certificate = make_certificate(session, world, level, (1, badges[:2]))
    earn(badges[0])

    revoke(session, held(certificate))
    assert held(badges[0]) is not None
    earn(badges[1])

    assert held(certificate) is None


def test_a_part_that_has_run_out_flags_the_certificate(session, world, level, badges, earn, held):
    certificate = make_certificate(session, world, level, badges[:2])
    part = earn(badges[0])
    earn(badges[1])
    part.valid_until = LATER
    session.commit()

    assert look_at_expired(session, **SIGNING, now=NOON) == 0
    assert look_at_expired(session, **SIGNING, now=LATER) == 1
    assert look_at_expired(session, **SIGNING, now=LATER) == 0
    session.commit()

    (flag,) = flags_of(session, held(certificate))
    assert (flag.part_award_id, flag.fell) == (part.id, False)


def test_by_the_levels_rule_a_certificate_falls_with_a_part_that_has_run_out(
    session, world, badges, earn, held
):
    strict = make_rule_level(session, world, revokes_with_part=True)
    certificate = make_certificate(session, world, strict, badges[:1])
    earn(badges[0]).valid_until = LATER
    session.flush()

    look_at_expired(session, **SIGNING, now=LATER)
    session.commit()

    assert held(certificate) is None


def test_a_part_that_has_run_out_completes_nothing(session, world, level, badges, earn, held):
    certificate = make_certificate(session, world, level, badges[:2])
    earn(badges[0]).valid_until = LATER
    session.flush()

    earn(badges[1], now=LATER)

    assert held(certificate) is None
