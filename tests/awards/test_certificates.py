"""Certificates: awarded the moment their set is complete, and what becomes of them after."""

import pytest
from sqlalchemy import select

from app.awards.models import Award
from app.awards.stack_models import AwardPart
from app.catalog.models import VersionStatus
from app.core.audit import AuditEntry, find_broken_entry
from app.core.principal import Role
from app.courses.models import LtiUser
from app.programme.models import IssuerKey
from tests import factories
from tests.certificates import give, make_certificate
from tests.factories import NOON


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


@pytest.mark.parametrize(
    "why", ["draft", "in_review", "superseded", "declined", "retired", "expired", "no parts"]
)
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
