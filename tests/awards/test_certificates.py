"""Certificates: awarded the moment their set is complete, and what becomes of them after."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.awards.certificate_jobs import look_at_expired
from app.awards.models import Award
from app.awards.service import find_newest_award, find_standing_award, revoke_award
from app.awards.stack_models import AwardFlag, AwardPart
from app.catalog.models import VersionStatus
from app.core.audit import AuditEntry, find_broken_entry
from app.core.principal import Role
from app.courses.models import LtiUser
from app.programme.models import IssuerKey
from tests import factories
from tests.certificates import give, make_badge, make_certificate, make_rule_level
from tests.factories import NOON

LATER = NOON + timedelta(days=1)


@pytest.fixture
def level(session, world):
    return make_rule_level(session, world)


@pytest.fixture
def badges(session, world):
    """Five badges of Level I."""
    return [make_badge(session, world, f"badge-{letter}") for letter in "abcde"]


@pytest.fixture
def earn(app, session, world):
    """Award badges to the learner, one after the other; return the last award."""

    def earn_badges(*badges, person=None, now=NOON):
        for badge in badges:
            award = give(app, session, person or world.learner, badge, now=now)
        session.commit()
        return award

    return earn_badges


@pytest.fixture
def held(session, world):
    """The learner's standing award of an achievement, or `None`."""

    def find(version, person=None):
        session.expire_all()
        return find_standing_award(
            session,
            person_id=(person or world.learner).id,
            achievement_id=version.achievement_id,
        )

    return find


def revoke(session, award, reason="Copied.", now=LATER):
    revoke_award(session, award, reason=reason, actor="command:revoke", now=now)
    session.commit()


def flags_of(session, certificate):
    return session.scalars(
        select(AwardFlag).where(AwardFlag.award_id == certificate.id).order_by(AwardFlag.id)
    ).all()


def test_a_certificate_is_awarded_with_the_last_badge_of_its_set(
    session, world, level, badges, earn, held
):
    certificate = make_certificate(session, world, level, badges[:2])

    first = earn(badges[0])
    assert held(certificate) is None
    last = earn(badges[1])

    award = held(certificate)
    assert award.awarded_by is None
    assert award.awarded_at == last.awarded_at
    trace = session.scalars(select(AwardPart).where(AwardPart.award_id == award.id)).all()
    assert {row.part_award_id for row in trace} == {first.id, last.id}
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.actor, entry.subject) == (f"rule:{certificate.id}", f"award:{award.id}")
    assert find_broken_entry(session, world.institution.id) is None


def test_nothing_is_kept_of_a_badge_whose_transaction_fails(
    app, session, world, level, badges, held
):
    certificate = make_certificate(session, world, level, badges[:1])
    session.commit()

    give(app, session, world.learner, badges[0])
    session.rollback()

    assert held(badges[0]) is None
    assert held(certificate) is None


def test_all_of_some_and_any_two_of_others(session, world, level, badges, earn, held):
    a, b, c, d, e = badges
    certificate = make_certificate(session, world, level, [a, b], (2, [c, d, e]))

    earn(c, e, a)
    assert held(certificate) is None
    earn(d)
    assert held(certificate) is None
    earn(b)

    trace = session.scalars(
        select(AwardPart).where(AwardPart.award_id == held(certificate).id)
    ).all()
    assert len(trace) == 5


def test_a_badge_counts_from_the_version_that_the_set_says(
    session, world, level, badges, earn, held
):
    newer = make_certificate(session, world, level, badges[:1], slug="newer", from_version=2)
    named = make_certificate(session, world, level, badges[:1], slug="named", versions=[1, 3])

    earn(badges[0])

    assert held(newer) is None
    assert held(named) is not None


def test_a_superseded_badge_counts_unless_the_set_says_otherwise(
    session, world, level, badges, earn, held
):
    certificate = make_certificate(session, world, level, badges[:2])
    earn(badges[0])
    badges[0].status = VersionStatus.SUPERSEDED

    earn(badges[1])

    assert held(certificate) is not None


def test_a_certificate_may_complete_another(session, world, level, badges, earn, held):
    lower = make_certificate(session, world, level, badges[:1], slug="lower")
    upper = make_certificate(session, world, level, [lower, badges[1]], slug="upper")
    top = make_certificate(session, world, level, (1, [upper, badges[2]]), slug="top")
    earn(badges[1])

    earn(badges[0])

    assert None not in {held(lower), held(upper), held(top)}
    assert len(session.scalars(select(Award)).all()) == 5


def test_badges_of_two_lmss_complete_one_certificate(session, world, level, badges, earn, held):
    platform, deployment = factories.make_platform(session, world.institution, "https://2.test")
    session.add(LtiUser(platform_id=platform.id, sub="mei-2", person_id=world.learner.id))
    course = factories.make_course(session, deployment)
    factories.enrol(session, course, world.learner, Role.LEARNER)
    certificate = make_certificate(session, world, level, badges[:2])

    earn(badges[0], badges[1])

    assert held(certificate) is not None


def test_somebody_elses_badge_completes_nothing(session, world, level, badges, earn, held):
    certificate = make_certificate(session, world, level, badges[:2])

    earn(badges[0])
    earn(badges[1], person=world.other_learner)

    assert held(certificate) is None
    assert held(certificate, world.other_learner) is None


@pytest.mark.parametrize("why", ["draft", "superseded", "retired", "expired", "no parts"])
def test_only_a_usable_certificate_is_awarded(session, world, level, badges, earn, held, why):
    groups = [] if why == "no parts" else [badges[:1]]
    certificate = make_certificate(session, world, level, *groups)
    if why == "retired":
        certificate.achievement.retired_at = NOON
    elif why == "expired":
        certificate.approved_until = NOON
    elif why != "no parts":
        certificate.status = VersionStatus(why)

    earn(badges[0])

    assert held(certificate) is None


def test_the_student_preview_is_awarded_no_certificate(session, world, level, badges, earn, held):
    preview = factories.make_person(
        session, world.course, Role.LEARNER, "Test Student", is_test_user=True
    )
    certificate = make_certificate(session, world, level, badges[:1])

    earn(badges[0], person=preview)

    assert held(certificate, preview) is None


def test_a_certificate_that_cannot_be_signed_does_not_stop_the_badge(
    session, world, level, badges, earn, held
):
    certificate = make_certificate(session, world, level, badges[:1])
    issuer = type(world.issuer)(
        institution_id=world.institution.id,
        slug="keyless",
        did_path="issuers:keyless",
        name="Keyless",
        url="https://keyless.test",
        created_at=NOON,
    )
    session.add(issuer)
    session.flush()
    certificate.achievement.issuer_id = issuer.id
    session.expire(certificate.achievement, ["issuer"])

    earn(badges[0])

    assert session.scalars(select(IssuerKey).where(IssuerKey.issuer_id == issuer.id)).all() == []
    assert held(badges[0]) is not None
    assert held(certificate) is None


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

    assert look_at_expired(session, now=NOON) == 0
    assert look_at_expired(session, now=LATER) == 1
    assert look_at_expired(session, now=LATER) == 0
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

    look_at_expired(session, now=LATER)
    session.commit()

    assert held(certificate) is None


def test_a_part_that_has_run_out_completes_nothing(session, world, level, badges, earn, held):
    certificate = make_certificate(session, world, level, badges[:2])
    earn(badges[0]).valid_until = LATER
    session.flush()

    earn(badges[1], now=LATER)

    assert held(certificate) is None


def test_whoever_holds_a_certificate_gets_no_second_one_of_its_next_version(
    session, world, level, badges, earn, held
):
    certificate = make_certificate(session, world, level, badges[:1])
    earn(badges[0])
    first = held(certificate)
    newer = make_certificate(session, world, level, badges[1:2], slug="newer")
    certificate.status, newer.number = VersionStatus.SUPERSEDED, 2
    newer.achievement_id = certificate.achievement_id
    session.commit()

    earn(badges[1])
    earn(badges[1], person=world.other_learner)

    assert held(certificate) is first
    assert held(newer, world.other_learner).version_id == newer.id
