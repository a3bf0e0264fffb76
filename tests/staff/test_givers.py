"""Administrators appoint who gives a Souvenir; whoever was appointed is led to it."""

from app.programme.models import Level
from tests.awards.souvenir_world import make_souvenir


def test_the_menus_offer_what_is_given_as_well_as_what_is_assessed(session, world, admin):
    version = make_souvenir(session, world)

    for address in ("/admin/grantors", "/admin/grantors/appoint"):
        text = admin.get(address).text
        assert "Research Day · Souvenir" in text
        assert "Research Literacy · " in text

    session.get_one(Level, version.achievement.level_id).award_by = "rule"
    session.commit()
    assert "Research Day · " not in admin.get("/admin/grantors/appoint").text


def test_somebody_is_appointed_to_give_a_souvenir_and_is_led_there(session, world, admin, browser):
    version = make_souvenir(session, world)
    page = admin.post(
        f"/admin/grantors/appoint?achievement={version.achievement_id}&person=Nora",
        data={"starts_on": "2020-11-01", "scope": "all", "person_id": str(world.grader.id)},
    )
    assert page.status_code == 303, page.text

    giver = browser(world.grader)

    own = giver.get("/my/appointments").text
    assert 'href="/souvenirs"' in own
    assert 'href="/assessment/queue"' not in own
    assert 'href="/souvenirs"' in giver.get("/assessment/queue").text


def test_who_only_assesses_is_not_led_to_souvenirs(world, browser):
    assessor = browser(world.grantor)

    assert "/souvenirs" not in assessor.get("/my/appointments").text
    assert "/souvenirs" not in assessor.get("/assessment/queue").text
