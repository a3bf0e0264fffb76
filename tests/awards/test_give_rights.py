"""Lists and codes that outlive what they were made under: givers, versions, people."""

from datetime import UTC, datetime

from sqlalchemy import select, update

from app.awards.models import Award
from app.awards.souvenir_models import SouvenirBatch
from app.catalog.models import AchievementVersion, VersionStatus
from app.core.principal import Role
from app.programme.models import GrantorAppointment
from tests import factories
from tests.awards.souvenir_world import make_souvenir, work_off
from tests.awards.test_claims import claim, make_code, shown_code
from tests.awards.test_give import count_awards, paste, rows_of
from tests.factories import NOON
from tests.staff.conftest import second_lms  # noqa: F401
from tests.staff.twins import again, become_one

LIST, CODE = "/souvenirs/lists/1", "/souvenirs/codes/1"


def end_appointment(session, person):
    mine = GrantorAppointment.person_id == person.id
    session.execute(update(GrantorAppointment).where(mine).values(ends_at=NOON))
    session.commit()


def appoint_second(session, world, souvenir):
    factories.appoint(session, world.second_grantor, souvenir)
    world.second_grantor.email = "second@example.edu"
    session.commit()


def test_a_list_goes_on_in_the_name_of_whoever_sets_it_going(
    app, browser, session, world, souvenir
):
    appoint_second(session, world, souvenir)
    paste(browser(world.grantor), souvenir, "ada@example.edu")
    end_appointment(session, world.grantor)

    browser(world.second_grantor).post(f"{LIST}/start")
    work_off(app, now=datetime.now(UTC))

    again(session)
    batch = session.get_one(SouvenirBatch, 1)
    assert (batch.created_by, batch.actor) == (
        world.second_grantor.id,
        f"person:{world.second_grantor.id}",
    )
    assert session.scalars(select(Award)).one().awarded_by == world.second_grantor.id


def test_whoever_takes_a_list_over_is_not_awarded_by_it(app, browser, session, world, souvenir):
    appoint_second(session, world, souvenir)
    paste(browser(world.grantor), souvenir, "second@example.edu\nada@example.edu")

    browser(world.second_grantor).post(f"{LIST}/start")
    work_off(app, now=datetime.now(UTC))

    assert [row[2:] for row in rows_of(session)] == [("refused", "own"), ("awarded", None)]
    assert count_awards(session) == 1


def test_whoever_became_one_with_somebody_in_their_list_is_not_awarded(
    app,
    browser,
    session,
    world,
    souvenir,
    second_lms,  # noqa: F811
):
    twin = factories.make_person(session, second_lms, Role.LEARNER, "Twin", email="t@x.example")
    session.commit()
    grantor = browser(world.grantor)
    paste(grantor, souvenir, "t@x.example\nada@example.edu")
    grantor.post(f"{LIST}/start")

    become_one(grantor, browser(twin))
    work_off(app, now=datetime.now(UTC))

    assert [row[2:] for row in rows_of(session)] == [("refused", "own"), ("awarded", None)]


def test_whoever_is_known_twice_is_awarded_as_the_person_they_became(
    app,
    browser,
    session,
    world,
    souvenir,
    second_lms,  # noqa: F811
):
    twin = factories.make_person(session, second_lms, Role.LEARNER, "Mei", email="mei2@x.example")
    session.commit()
    learner = browser(world.learner)
    become_one(learner, browser(twin))

    grantor = browser(world.grantor)
    paste(grantor, souvenir, f"mei2@x.example\n{world.learner.email}")
    grantor.post(f"{LIST}/start")
    work_off(app, now=datetime.now(UTC))

    assert [row[2] for row in rows_of(session)] == ["awarded", "repeated"]
    assert session.scalars(select(Award)).one().person_id == world.learner.id
    assert "Research Day" in learner.get("/my/credentials").text


def supersede(session, version):
    newer = AchievementVersion(
        institution_id=version.institution_id,
        achievement_id=version.achievement_id,
        public_id="0" * 32,
        number=2,
        name="Research Day 2",
        description="d",
        criteria_narrative="n",
        image_alt="a",
        tags=[],
        status=VersionStatus.APPROVED,
        approved_at=NOON,
        approval_reference="MCC-2",
        created_at=NOON,
    )
    version.status = VersionStatus.SUPERSEDED
    session.flush()
    session.add(newer)
    session.commit()
    return newer


def test_lists_and_codes_award_the_version_that_is_approved_now(
    app, browser, session, world, souvenir
):
    grantor = browser(world.grantor)
    make_code(grantor, souvenir)
    code = shown_code(grantor)
    paste(grantor, souvenir, "ada@example.edu")
    newer = supersede(session, souvenir)

    claim(browser(world.learner), code)
    grantor.post(f"{LIST}/start")
    work_off(app, now=datetime.now(UTC))

    again(session)
    assert [each.version_id for each in session.scalars(select(Award))] == [newer.id] * 2


def test_a_version_without_an_approved_one_in_its_place_is_given_no_more(
    app, browser, session, world, souvenir
):
    grantor = browser(world.grantor)
    make_code(grantor, souvenir)
    code = shown_code(grantor)
    paste(grantor, souvenir, "ada@example.edu")
    supersede(session, souvenir).approved_until = NOON
    session.commit()

    page = claim(browser(world.learner), code)
    grantor.post(f"{LIST}/start")
    work_off(app, now=datetime.now(UTC))

    assert "approval of this micro-credential has expired" in page.text
    assert "approval of this micro-credential has expired" in grantor.get(LIST).text
    assert count_awards(session) == 0


def test_lists_and_codes_are_closed_to_those_whose_appointment_has_ended(
    browser, session, world, souvenir
):
    grantor = browser(world.grantor)
    make_code(grantor, souvenir)
    claim(browser(world.learner), shown_code(grantor))
    paste(grantor, souvenir, "secret@example.edu")
    assert grantor.get(f"{LIST}/results.csv").status_code == 200

    end_appointment(session, world.grantor)

    for path in (LIST, f"{LIST}/progress", f"{LIST}/results.csv", CODE, f"{CODE}/claimed.csv"):
        assert grantor.get(path).status_code == 404, path
    for path in (f"{LIST}/stop", f"{LIST}/start", f"{CODE}/stop", f"{CODE}/pause"):
        assert grantor.post(path).status_code == 404, path
    overview = grantor.get("/souvenirs").text
    assert LIST not in overview
    assert CODE not in overview


def test_whoever_may_give_in_one_course_finds_its_lists_among_all(browser, session, world):
    souvenir = make_souvenir(session, world)
    for each in session.scalars(select(GrantorAppointment)):
        each.is_limited, each.courses = True, [world.course]
    session.commit()
    grantor = browser(world.grantor)
    paste(grantor, souvenir, world.learner.email, course=world.course)

    assert LIST in grantor.get("/souvenirs").text
