"""What the worker does for certificates; and two last badges at the same moment."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.awards import certificate_jobs
from app.awards.certificate_jobs import award_chunk, count_due, delivery_handlers, list_overlooked
from app.awards.models import Award
from app.awards.revoking import revoke_award
from app.catalog.models import AchievementVersion
from app.catalog.stacks import owe_awards
from app.cli.jobs import JOBS
from app.core.audit import find_broken_entry
from app.core.db import db, transaction
from app.core.principal import Role
from app.courses.models import Person
from app.outbox.models import Delivery, DeliveryState
from app.outbox.worker import run_due
from tests import factories
from tests.certificates import give, make_badge, make_certificate, make_rule_level
from tests.conftest import BASE_URL
from tests.factories import NOON
from tests.signing import SIGNING

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def level(session, world):
    return make_rule_level(session, world)


@pytest.fixture
def badges(session, world):
    return [make_badge(session, world, slug) for slug in ("one", "two")]


@pytest.fixture
def work(app):
    """Let the worker do everything that is owed."""

    def run(now=LATER):
        handlers = delivery_handlers(
            app.extensions["assay.vault"],
            app.extensions["assay.http"],
            BASE_URL,
            clock=lambda: now,
        )
        with app.app_context():
            while run_due(handlers, clock=lambda: now):
                pass

    return run


def holders(session, version):
    session.rollback()
    return sorted(
        session.scalars(
            select(Award.person_id).where(
                Award.achievement_id == version.achievement_id, Award.revoked_at.is_(None)
            )
        )
    )


def make_holders(app, session, world, badges, count):
    """Let so many new people earn these badges."""
    people = [
        factories.make_person(session, world.course, Role.LEARNER, f"Learner {number}")
        for number in range(count)
    ]
    for person in people:
        for badge in badges:
            give(app, session, person, badge)
    return people


def test_who_held_the_set_before_it_was_approved_is_awarded_by_the_worker(
    app, session, world, level, badges, work, monkeypatch
):
    monkeypatch.setattr(certificate_jobs, "CHUNK", 2)
    people = make_holders(app, session, world, badges, 5)
    make_holders(app, session, world, badges[:1], 1)
    certificate = make_certificate(session, world, level, badges)
    assert count_due(session, certificate, now=LATER) == 5
    owe_awards(session, certificate, now=NOON)
    session.commit()

    work()

    assert holders(session, certificate) == [person.id for person in people]
    assert count_due(session, certificate, now=LATER) == 0
    states = {delivery.state for delivery in session.scalars(select(Delivery))}
    assert states == {DeliveryState.DELIVERED}
    assert find_broken_entry(session, world.institution.id) is None


def test_the_same_message_again_awards_nobody_twice(app, session, world, level, badges, work):
    make_holders(app, session, world, badges, 2)
    certificate = make_certificate(session, world, level, badges)
    for _ in range(2):
        owe_awards(session, certificate, now=NOON)
        session.commit()
        work()

    assert len(holders(session, certificate)) == 2


def test_a_certificate_that_was_retired_meanwhile_is_awarded_to_nobody(
    app, session, world, level, badges, work
):
    make_holders(app, session, world, badges, 1)
    certificate = make_certificate(session, world, level, badges)
    owe_awards(session, certificate, now=NOON)
    certificate.achievement.retired_at = NOON
    session.commit()

    work()

    assert holders(session, certificate) == []


def test_nobody_is_due_whose_set_does_not_count(app, session, world, level, badges):
    preview = factories.make_person(
        session, world.course, Role.LEARNER, "Test Student", is_test_user=True
    )
    expired, revoked, early, _whole = make_holders(app, session, world, badges, 4)
    for badge in badges:
        give(app, session, preview, badge)
    certificate = make_certificate(session, world, level, badges)
    newer = make_certificate(session, world, level, badges, slug="newer", from_version=2)
    award_chunk(
        session,
        certificate,
        after=revoked.id,
        vault=app.extensions["assay.vault"],
        base_url=BASE_URL,
        now=NOON,
    )
    part_of = {
        award.person_id: award
        for award in session.scalars(
            select(Award).where(Award.achievement_id == badges[0].achievement_id)
        )
    }
    part_of[expired.id].valid_until = LATER
    by = {"reason": "Copied.", "actor": "command:revoke", "now": NOON, **SIGNING}
    revoke_award(session, part_of[revoked.id], **by)
    held = session.scalars(
        select(Award).where(
            Award.person_id == early.id, Award.achievement_id == certificate.achievement_id
        )
    ).one()
    revoke_award(session, held, **by)

    assert count_due(session, certificate, now=LATER) == 0
    assert count_due(session, newer, now=LATER) == 0


def test_the_nightly_sweep_finds_what_was_overlooked(app, session, world, level, badges, work):
    people = make_holders(app, session, world, badges, 2)
    certificate = make_certificate(session, world, level, badges)
    unearned = make_badge(session, world, "unearned")
    make_certificate(session, world, level, [unearned], slug="nobody")
    session.commit()
    (job,) = [job for job in JOBS if job.name == "certificates"]

    with app.app_context():
        assert list_overlooked(db.session(), now=LATER) == [certificate.id]
        db.session.rollback()
        job.run(LATER)
    work()

    assert holders(session, certificate) == [person.id for person in people]
    with app.app_context():
        assert list_overlooked(db.session(), now=LATER) == []


def test_the_sweep_looks_at_parts_that_have_run_out(app, session, world, level, badges):
    (person,) = make_holders(app, session, world, badges, 1)
    strict = make_rule_level(session, world, key="strict", revokes_with_part=True)
    certificate = make_certificate(session, world, strict, badges)
    award_chunk(
        session,
        certificate,
        vault=app.extensions["assay.vault"],
        base_url=BASE_URL,
        now=NOON,
    )
    session.scalars(select(Award).where(Award.person_id == person.id)).first().valid_until = LATER
    session.commit()
    assert holders(session, certificate) == [person.id]
    (job,) = [job for job in JOBS if job.name == "certificates"]

    with app.app_context():
        job.run(LATER)

    assert holders(session, certificate) == []


def test_the_last_two_badges_at_once_make_one_certificate(app, session, world, level, badges):
    """Neither transaction sees the other's badge before it waits for its turn in the log."""
    certificate = make_certificate(session, world, level, badges)
    give(app, session, world.other_learner, badges[0])  # the log has a beginning
    session.commit()
    together = threading.Barrier(2)
    broken = []

    def earn(badge_id: int) -> None:
        with app.app_context():
            try:
                together.wait()
                with transaction() as own:
                    person = own.get_one(Person, world.learner.id)
                    give(app, own, person, own.get_one(AchievementVersion, badge_id))
            except Exception as error:  # noqa: BLE001 (it is told in the thread that asserts)
                broken.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=earn, args=(badge.id,)) for badge in badges]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert broken == []
    assert holders(session, certificate) == [world.learner.id]
    assert all(world.learner.id in holders(session, badge) for badge in badges)
    assert find_broken_entry(session, world.institution.id) is None


def test_the_worker_and_the_last_badge_at_once_make_one_certificate(
    app, session, world, level, badges
):
    for badge in badges:
        give(app, session, world.learner, badge)
    certificate = make_certificate(session, world, level, badges)
    session.commit()
    together = threading.Barrier(2)
    broken = []

    def award() -> None:
        with app.app_context():
            try:
                together.wait()
                with transaction() as own:
                    award_chunk(
                        own,
                        own.get_one(AchievementVersion, certificate.id),
                        vault=app.extensions["assay.vault"],
                        base_url=BASE_URL,
                        now=LATER,
                    )
            except Exception as error:  # noqa: BLE001 (it is told in the thread that asserts)
                broken.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=award) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert broken == []
    assert holders(session, certificate) == [world.learner.id]
