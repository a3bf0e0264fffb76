"""Who may give, what may be given, and how it is taken back."""

import csv
import io
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.awards.models import Award
from app.awards.revoking import revoke_award
from app.awards.souvenir_models import SouvenirBatch
from app.core.audit import find_broken_entry
from app.core.principal import Role
from app.courses.addresses import KnownAddress
from app.courses.models import Person
from app.programme.models import GrantorAppointment
from tests import factories
from tests.awards.souvenir_world import make_souvenir, work_off
from tests.awards.test_give import count_awards, give_url, paste, rows_of, start, upload
from tests.campus import make_administrator
from tests.factories import NOON
from tests.signing import SIGNING


def test_an_appointment_that_ends_stops_the_list(app, browser, session, world, souvenir):
    grantor = browser(world.grantor)
    paste(grantor, souvenir, "ada@example.edu")
    grantor.post("/souvenirs/lists/1/start")
    session.execute(GrantorAppointment.__table__.update().values(ends_at=NOON))
    session.commit()

    work_off(app, now=datetime.now(UTC))

    assert count_awards(session) == 0
    assert grantor.post("/souvenirs/lists/1/start").status_code == 404
    assert grantor.get(give_url(souvenir)).status_code == 403
    make_administrator(session, world.instructor)
    session.commit()
    page = browser(world.instructor).get("/souvenirs/lists/1").text
    assert "the appointment has ended" in page


def test_a_souvenir_retired_meanwhile_stops_the_list(app, browser, session, world, souvenir):
    grantor = browser(world.grantor)
    paste(grantor, souvenir, "ada@example.edu")
    grantor.post("/souvenirs/lists/1/start")
    souvenir.achievement.retired_at = NOON
    session.commit()

    work_off(app, now=datetime.now(UTC))

    assert count_awards(session) == 0
    assert "is retired" in grantor.get("/souvenirs/lists/1").text
    assert grantor.get(give_url(souvenir)).status_code == 404


@pytest.mark.parametrize(
    "facts",
    [{"needs_artifact": True}, {"award_by": "grantor"}, {"award_by": "rule"}],
    ids=["needs an artifact", "by grantors", "by rule"],
)
def test_no_list_and_no_code_for_levels_that_need_more(browser, session, world, facts):
    version = make_souvenir(session, world, **facts)
    make_administrator(session, world.grantor)
    grantor = browser(world.grantor)

    assert paste(grantor, version, "ada@example.edu").status_code == 403
    assert grantor.get(f"/souvenirs/{version.achievement_id}/code").status_code == 403
    assert session.scalar(select(SouvenirBatch)) is None


def test_a_level_one_badge_is_never_awarded_by_the_bulk_service(app, session, world):
    from app.awards.bulk import issue_awards
    from app.core.errors import ForbiddenError

    with pytest.raises(ForbiddenError, match="not awarded by a list"):
        issue_awards(
            session,
            version=world.level_1,
            person_ids=[world.learner.id],
            awarded_by=world.grantor.id,
            actor="command:test",
            vault=app.extensions["assay.vault"],
            base_url="https://tool.test",
            now=NOON,
        )


def test_others_neither_give_nor_see_it(browser, session, world, souvenir):
    paste(browser(world.grantor), souvenir, "ada@example.edu")

    for person in (world.second_grantor, world.instructor, world.learner):
        client = browser(person)
        assert client.get(give_url(souvenir)).status_code == 403
        assert client.get("/souvenirs/lists/1").status_code == 404
        assert client.get("/souvenirs/lists/1/results.csv").status_code == 404
        assert client.post("/souvenirs/lists/1/start").status_code == 404
        assert "There is no Souvenir that you may give" in client.get("/souvenirs").text
    assert browser(world.learner).get(give_url(souvenir, world.course)).status_code == 403


def test_an_administrator_may_give_every_souvenir(app, browser, session, world, souvenir):
    make_administrator(session, world.instructor)
    client = browser(world.instructor)

    assert "Research Day" in client.get("/souvenirs").text
    paste(client, souvenir, "ada@example.edu")
    start(client, app)

    assert count_awards(session) == 1


def test_another_university_knows_nothing_of_it(app, browser, session, world, souvenir):
    paste(browser(world.grantor), souvenir, "ada@example.edu")
    other = factories.make_world(session, app.extensions["assay.vault"], "north")
    make_administrator(session, other.grantor)
    stranger = browser(other.grantor)

    assert stranger.get("/souvenirs/lists/1").status_code == 404
    assert stranger.get(give_url(souvenir)).status_code == 404
    assert "Research Day" not in stranger.get("/souvenirs").text


def test_the_results_are_guarded_against_formulas(app, browser, session, world, souvenir):
    grantor = browser(world.grantor)
    content = 'email,name\nada@example.edu,"=HYPERLINK(""http://x"")"\n+1@example.edu,@SUM\n'
    upload(grantor, souvenir, content.encode())
    plan = grantor.get("/souvenirs/lists/1").text
    start(grantor, app)

    text = grantor.get("/souvenirs/lists/1/results.csv").text
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))

    assert "it is kept as text" in plan
    assert rows[0]["name"] == '\'=HYPERLINK("http://x")'
    assert rows[1]["email"] == "'+1@example.edu"
    assert rows[0]["address"].startswith("https://tool.test/credentials/")
    names = set(session.scalars(select(Award.recipient_name)))
    assert names == {'=HYPERLINK("http://x")', "@SUM"}


def test_only_problems_are_shown_when_asked(browser, session, world, souvenir):
    grantor = browser(world.grantor)
    paste(grantor, souvenir, "ada@example.edu\nbroken")

    page = grantor.get("/souvenirs/lists/1?show=problems").text

    assert "broken" in page
    assert "ada@example.edu" not in page


def test_an_administrator_revokes_a_whole_list(app, browser, session, world, souvenir):
    grantor = browser(world.grantor)
    paste(grantor, souvenir, "ada@example.edu\nbob@example.edu\ncy@example.edu")
    start(grantor, app)
    one = session.scalars(select(Award).order_by(Award.id)).first()
    revoke_award(session, one, reason="Left early.", actor="command:x", **SIGNING, now=NOON)
    session.commit()
    make_administrator(session, world.instructor)
    admin = browser(world.instructor)

    assert grantor.post("/souvenirs/lists/1/revoke", data={"reason": "x"}).status_code == 403
    empty = admin.post("/souvenirs/lists/1/revoke", data={"reason": " "})
    admin.post("/souvenirs/lists/1/revoke", data={"reason": "It did not take place."})
    work_off(app, now=datetime.now(UTC))

    assert empty.status_code == 422
    session.expire_all()
    reasons = [
        award.revocation_reason for award in session.scalars(select(Award).order_by(Award.id))
    ]
    assert reasons == ["Left early.", "It did not take place.", "It did not take place."]
    page = admin.get("/souvenirs/lists/1").text
    assert "3 of 3 awards revoked" in page
    assert "data-live" not in page
    assert find_broken_entry(session, world.institution.id) is None


def test_an_administrator_revokes_one_row(app, browser, session, world, souvenir):
    grantor = browser(world.grantor)
    paste(grantor, souvenir, "ada@example.edu\nbob@example.edu")
    start(grantor, app)
    make_administrator(session, world.instructor)
    admin = browser(world.instructor)

    assert "ada@example.edu" not in admin.get("/souvenirs/lists/1/rows/2/revoke").text
    page = admin.post("/souvenirs/lists/1/rows/2/revoke", data={"reason": "By mistake."})

    assert page.status_code == 303
    session.expire_all()
    revoked = [award.revoked_at is not None for award in session.scalars(select(Award))]
    assert revoked == [False, True]
    assert admin.get("/souvenirs/lists/1/rows/9/revoke").status_code == 404


def test_a_forgotten_person_leaves_the_lists(app, browser, session, world, souvenir):
    from app.launch.erasure import erase_names

    grantor = browser(world.grantor)
    paste(grantor, souvenir, "Ada <ada@example.edu>")
    start(grantor, app)
    paste(grantor, souvenir, "Ada <ADA@example.edu>", key="other" * 5)
    ada = session.scalars(select(Person).where(Person.email == "ada@example.edu")).one()

    erase_names(session, ada, actor="command:forget", now=NOON)
    session.commit()

    assert {row[:2] for row in rows_of(session)} == {(None, None)}
    assert session.scalar(select(KnownAddress)) is None
    assert session.scalars(select(Award)).one().recipient_name is None


def test_the_course_page_leads_there_for_those_who_may(browser, session, world, souvenir):
    home = f"/courses/{world.course.id}/home"

    assert "Give a Souvenir" in browser(world.grantor).get(home).text
    for person in (world.second_grantor, world.instructor, world.learner):
        assert "Give a Souvenir" not in browser(person).get(home).text


def test_an_empty_class_says_what_to_do(browser, session, world, souvenir):
    other = factories.make_course(session, world.deployment, "course-2", "Statistics")
    factories.enrol(session, other, world.grantor, Role.GRADER)
    session.commit()

    page = browser(world.grantor).get(give_url(souvenir, other)).text

    assert "The class list is empty" in page


def test_every_way_has_its_form(browser, session, world, souvenir):
    grantor = browser(world.grantor)

    for way, words in [
        ("roster", "Mei Student"),
        ("paste", "Ada Lovelace &lt;"),
        ("file", "user id"),
    ]:
        page = grantor.get(f"{give_url(souvenir, world.course)}?way={way}")
        assert page.status_code == 200
        assert words in page.text
    outside = grantor.get(f"{give_url(souvenir)}?way=roster").text
    assert "Ada Lovelace &lt;" in outside
    assert "Tick the class list" not in outside
    assert "Tick the class list" in page.text
    assert "Give it" in grantor.get(f"/courses/{world.course.id}/souvenirs").text


def test_a_form_sent_without_its_key_is_refused(browser, session, world, souvenir):
    page = paste(browser(world.grantor), souvenir, "ada@example.edu", key="")

    assert page.status_code == 422
    assert session.scalar(select(SouvenirBatch)) is None


def test_the_list_of_somebody_else_is_not_found_by_its_key(browser, session, world, souvenir):
    paste(browser(world.grantor), souvenir, "ada@example.edu")
    factories.appoint(session, world.second_grantor, souvenir)
    session.commit()

    page = paste(browser(world.second_grantor), souvenir, "bob@example.edu")

    assert page.status_code == 422
