"""What is left: the certificates that a learner has begun, and where the rest is offered."""

from datetime import timedelta

import pytest

from app.awards.revoking import revoke_award
from app.core.clock import utcnow
from app.core.principal import Role
from app.courses.models import Enrolment
from app.mapping.models import AssignmentCopy
from tests import factories
from tests.certificates import make_certificate
from tests.factories import NOON
from tests.signing import SIGNING


@pytest.fixture
def path(browser, session, world):
    """The text of the learner's page."""

    def read(person=None):
        session.commit()
        return browser(person or world.learner).get("/my/path").text

    return read


@pytest.fixture
def certificate(session, world, level, badges):
    """A certificate of badge A and the world's Level I, which the learner's course may offer."""
    return make_certificate(session, world, level, [badges[0], world.level_1])


def offer(session, world, course=None, title="Literature review"):
    return factories.make_assignment(
        session, course or world.course, world.level_1, link=None, title=title
    )


def test_nothing_begun_teaches(path, certificate):
    assert "No certificate on the way yet" in path()


def test_a_begun_certificate_says_what_is_held_and_what_is_left(path, certificate, badges, earn):
    earn(badges[0])

    page = path()

    assert "Foundations" in page
    assert "One badge away" in page
    assert "1 of 2 earned" in page
    assert "Earned on" in page
    assert "Not offered in your courses." in page


def test_what_is_left_links_to_the_courses_that_offer_it(
    session, world, path, certificate, badges, earn
):
    earn(badges[0])
    assignment = offer(session, world)

    page = path()

    address = f"/courses/{world.course.id}/assignments/{assignment.id}/work"
    assert f'href="{address}"' in page
    assert f"in {world.course.display_title}" in page
    assert "Not offered" not in page


def test_a_course_that_one_has_not_opened_lately_is_named_without_a_link(
    session, world, path, certificate, badges, earn
):
    earn(badges[0])
    assignment = offer(session, world)
    enrolment = session.query(Enrolment).filter_by(person_id=world.learner.id).one()
    enrolment.last_launched_at = utcnow() - timedelta(days=30)

    page = path()

    assert f"assignments/{assignment.id}/work" not in page
    assert "open it there, in your learning platform" in page


@pytest.mark.parametrize("why", ["not a learner", "unconfirmed copy", "expired", "other course"])
def test_what_a_learner_cannot_do_is_not_offered(
    session, world, path, certificate, badges, earn, why
):
    earn(badges[0])
    course = None
    if why == "other course":
        course = factories.make_course(session, world.deployment, context_id="other")
    assignment = offer(session, world, course)
    if why == "not a learner":
        enrolment = session.query(Enrolment).filter_by(person_id=world.learner.id).one()
        enrolment.role = Role.OBSERVER
    elif why == "unconfirmed copy":
        session.add(
            AssignmentCopy(
                assignment_id=assignment.id,
                source_version_id=world.level_1.id,
                source_course="Elsewhere",
                earlier_uuids=[],
                copied_at=NOON,
            )
        )
    elif why == "expired":
        world.level_1.approved_until = NOON

    page = path()

    assert assignment.title not in page
    if why == "expired":
        assert "It can no longer be completed" in page
    else:
        assert "Not offered in your courses." in page


def test_an_assignment_under_a_version_that_does_not_count_is_not_offered(
    session, world, level, badges, path, earn
):
    make_certificate(session, world, level, [world.level_1, badges[0]], versions=[1])
    make_certificate(session, world, level, [badges[0]], [world.level_1], slug="newer")
    session.flush()
    world.level_1.number = 2
    assignment = offer(session, world)
    earn(badges[0])

    page = path()

    assert page.count(f"assignments/{assignment.id}/work") == 1


def test_the_nearest_certificate_stands_first(session, world, level, badges, path, earn):
    make_certificate(session, world, level, badges[:4], slug="far")
    make_certificate(session, world, level, badges[:2], slug="near")
    make_certificate(session, world, level, badges[3:], slug="not-begun")
    gone = make_certificate(session, world, level, [badges[0], world.level_2], slug="closed")
    world.level_2.achievement.retired_at = NOON
    earn(badges[0])

    page = path()

    places = [page.index(f'id="{slug}"') for slug in ("near", "far", "closed")]
    assert places == sorted(places)
    assert "3 badges away" in page
    assert 'id="not-begun"' not in page
    assert gone.name in page


def test_of_any_two_of_three_the_third_is_not_needed(session, world, level, badges, path, earn):
    make_certificate(session, world, level, (2, badges[:3]), badges[3:])
    earn(badges[0], badges[1])

    page = path()

    assert "You need any 2 of these 3" in page
    assert "Not needed: you have enough of this group." in page
    assert "2 badges away" in page


def test_a_certificate_that_is_held_is_no_longer_on_the_way(
    path, session, certificate, badges, earn
):
    earn(badges[0])
    earn(certificate)

    assert "No certificate on the way yet" in path()


def test_a_set_that_is_complete_waits_for_the_worker(session, world, level, badges, path, earn):
    earn(badges[0])
    make_certificate(session, world, level, badges[:1])

    assert "Complete: it is awarded within a day" in path()


def test_what_was_taken_by_hand_is_not_on_the_way(session, level, world, badges, path, earn, held):
    made = make_certificate(session, world, level, (1, badges[:2]))
    earn(badges[0])
    revoke_award(session, held(made), reason="Copied.", actor="command:revoke", **SIGNING, now=NOON)

    assert "No certificate on the way yet" in path()


def test_ones_own_path_is_ones_own(path, world, certificate, badges, earn):
    earn(badges[0])

    assert "No certificate on the way yet" in path(world.other_learner)


def test_my_credentials_names_what_is_on_the_way_and_what_fell(
    session, world, level, badges, browser, earn, held
):
    make_certificate(session, world, level, badges[:2], slug="near")
    flagged = make_certificate(session, world, level, badges[:1], slug="flagged")
    part = earn(badges[0])
    revoke_award(session, part, reason="Copied.", actor="command:revoke", **SIGNING, now=NOON)
    session.commit()
    assert held(flagged)

    before = browser(world.learner).get("/my/credentials").text
    earn(badges[0])
    after = browser(world.learner).get("/my/credentials").text

    assert "A part of it no longer counts:" in before
    assert "Certificates on the way" not in before
    assert "A part of it no longer counts:" not in after
    assert 'href="/my/path#near"' in after
    assert "One badge away" in after
