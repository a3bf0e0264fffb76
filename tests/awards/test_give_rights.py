"""Lists and codes that outlive what they were made under: givers, versions, people."""

from datetime import UTC, datetime

from sqlalchemy import select, update

from app.awards.models import Award
from app.awards.souvenir_models import SouvenirBatch
from app.catalog.models import VersionStatus
from app.core.principal import Role
from app.programme.models import GrantorAppointment
from tests import factories
from tests.awards.souvenir_world import make_souvenir, work_off
from tests.awards.test_claims import claim, make_code, shown_code
from tests.awards.test_give import count_awards, paste, rows_of
from tests.factories import NOON
from tests.staff.conftest import second_lms  # noqa: F401
from tests.staff.twins import again, become_one

LIST = "/souvenirs/lists/1"


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
