"""Somebody whom two LMSs know says so by a code: both sides become one person, once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core.principal import Role
from app.courses.models import Enrolment, LtiUser, Person
from app.launch.models import LaunchSession
from app.staff.models import SamePersonCode
from tests import factories
from tests.staff.twins import PAGE, again, become_one, get_code, make_award, press_first


def test_two_become_one(session, world, second_lms, twin, sides):
    page = become_one(*sides)

    assert (page.status_code, page.location) == (303, "/my/credentials")
    again(session)
    users = session.scalars(select(LtiUser).where(LtiUser.person_id == world.learner.id)).all()
    assert len({user.platform_id for user in users}) == 2
    enrolled = session.scalars(
        select(Enrolment.course_id).where(Enrolment.person_id == world.learner.id)
    ).all()
    assert set(enrolled) == {world.course.id, second_lms.id}
    former = session.get(Person, twin.id)
    assert (former.merged_into_id, former.name) == (world.learner.id, "M. Student")
    assert session.get(Person, world.learner.id).name == "Mei Student"


def test_the_session_of_the_second_goes_on_as_the_first(session, world, twin, sides):
    first, second = sides
    make_award(session, world, world.learner)

    become_one(*sides)

    assert "You are one person now" in first.get("/my/credentials").text
    text = second.get("/my/credentials").text
    assert "Research Literacy" in text
    whose = set(session.scalars(select(LaunchSession.person_id)))
    assert whose == {world.learner.id}


def test_both_sides_are_shown_before_and_nothing_before_the_code_is_right(
    session, world, twin, sides
):
    first, second = sides
    make_award(session, world, world.learner)
    code = get_code(first)

    before = second.get(PAGE).text
    wrong = second.post(f"{PAGE}/enter", data={"code": "AAAAA-AAAAA"})
    second.post(f"{PAGE}/enter", data={"code": f" {code.lower().replace('-', ' ')} "})
    after = second.get(PAGE).text

    assert wrong.status_code == 422
    assert "No such code" in wrong.text
    for text in (before, wrong.text):
        assert "Mei Student" not in text
        assert "Test LMS" not in text
    for words in ("Mei Student", "Test LMS", "Methods", "M. Student", "Second LMS"):
        assert words in after
    assert "<dd>1</dd>" in after, "one credential there"


def test_only_the_hash_of_a_code_is_kept_and_it_is_shown_once(session, sides):
    first, _second = sides
    page = first.post(f"{PAGE}/code")
    code = page.text.split("<code data-copy>")[1].split("<")[0]

    kept = session.scalars(select(SamePersonCode)).one()

    assert code.replace("-", "") not in {str(value) for value in vars(kept).values()}
    assert page.headers["Cache-Control"] == "no-store"
    assert code not in first.get(PAGE).text


def test_a_code_runs_out(session, sides):
    first, second = sides
    code = get_code(first)
    kept = session.scalars(select(SamePersonCode)).one()
    assert kept.expires_at - kept.created_at == timedelta(minutes=10)
    kept.expires_at = datetime.now(UTC)
    session.commit()

    assert second.post(f"{PAGE}/enter", data={"code": code}).status_code == 422


def test_a_code_is_good_once(session, world, twin, sides, browser, second_lms):
    first, second = sides
    third = factories.make_person(session, second_lms, Role.LEARNER, "Third Student")
    session.commit()
    code = get_code(first)
    second.post(f"{PAGE}/enter", data={"code": code})

    assert browser(third).post(f"{PAGE}/enter", data={"code": code}).status_code == 422
    kept = session.scalars(select(SamePersonCode)).one()
    assert second.post(f"{PAGE}/{kept.id}/confirm").status_code == 303
    assert second.post(f"{PAGE}/{kept.id}/confirm").status_code == 409
    assert first.post(f"{PAGE}/{kept.id}/agree").status_code == 303
    assert first.post(f"{PAGE}/{kept.id}/agree").status_code == 409
    assert browser(third).post(f"{PAGE}/enter", data={"code": code}).status_code == 422


def test_a_new_code_ends_the_one_before(sides):
    first, second = sides
    earlier = get_code(first)
    get_code(first)

    assert second.post(f"{PAGE}/enter", data={"code": earlier}).status_code == 422


def test_somebody_else_cannot_confirm_what_one_typed(session, world, sides, browser):
    first, second = sides
    second.post(f"{PAGE}/enter", data={"code": get_code(first)})
    kept = session.scalars(select(SamePersonCode)).one()

    for stranger in (first, browser(world.other_learner)):
        assert stranger.post(f"{PAGE}/{kept.id}/confirm").status_code == 404
        assert stranger.post(f"{PAGE}/{kept.id}/deny").status_code == 404
    again(session)
    assert session.query(Person).filter(Person.merged_into_id.is_not(None)).count() == 0


def test_who_says_no_stays_two(session, sides):
    first, second = sides
    second.post(f"{PAGE}/enter", data={"code": get_code(first)})
    kept = session.scalars(select(SamePersonCode)).one()

    assert second.post(f"{PAGE}/{kept.id}/deny").status_code == 303

    assert "Nothing was changed" in second.get(PAGE).text
    assert second.post(f"{PAGE}/{kept.id}/confirm").status_code == 409
    again(session)
    assert session.query(Person).filter(Person.merged_into_id.is_not(None)).count() == 0


def test_nobody_becomes_one_with_somebody_by_their_code_alone(session, world, sides):
    first, second = sides
    make_award(session, world, world.learner)
    second.post(f"{PAGE}/enter", data={"code": get_code(first)})

    assert press_first(second).location == PAGE

    assert "Nothing is changed yet" in second.get(PAGE).text
    assert "Research Literacy" not in second.get("/my/credentials").text
    again(session)
    assert session.query(Person).filter(Person.merged_into_id.is_not(None)).count() == 0
    asked = first.get(PAGE).text
    for words in ("Is that you?", "M. Student", "Second LMS", "Mei Student", "Yes, that is me"):
        assert words in asked


def test_who_made_the_code_says_no_and_they_stay_two(session, sides):
    first, second = sides
    second.post(f"{PAGE}/enter", data={"code": get_code(first)})
    press_first(second)
    kept = session.scalars(select(SamePersonCode)).one()

    assert first.post(f"{PAGE}/{kept.id}/refuse").status_code == 303

    assert first.post(f"{PAGE}/{kept.id}/agree").status_code == 409
    assert "2. Type it in the other" in second.get(PAGE).text
    again(session)
    assert session.query(Person).filter(Person.merged_into_id.is_not(None)).count() == 0


def test_only_who_made_the_code_says_the_last_yes(session, world, sides, browser):
    first, second = sides
    second.post(f"{PAGE}/enter", data={"code": get_code(first)})
    kept = session.scalars(select(SamePersonCode)).one()

    assert first.post(f"{PAGE}/{kept.id}/agree").status_code == 404, "nobody confirmed it yet"
    press_first(second)
    for stranger in (second, browser(world.other_learner)):
        assert stranger.post(f"{PAGE}/{kept.id}/agree").status_code == 404
        assert stranger.post(f"{PAGE}/{kept.id}/refuse").status_code == 404


def test_the_last_yes_is_awaited_for_an_hour(session, sides):
    first, second = sides
    second.post(f"{PAGE}/enter", data={"code": get_code(first)})
    press_first(second)
    kept = session.scalars(select(SamePersonCode)).one()
    assert kept.expires_at - kept.confirmed_at == timedelta(hours=1)
    kept.expires_at = datetime.now(UTC)
    session.commit()

    assert "Is that you?" not in first.get(PAGE).text
    assert first.post(f"{PAGE}/{kept.id}/agree").status_code == 409


def test_after_five_wrong_codes_no_code_is_taken_for_an_hour(session, sides):
    first, second = sides
    code = get_code(first)
    for _ in range(5):
        assert second.post(f"{PAGE}/enter", data={"code": "22222-22222"}).status_code == 422

    page = second.post(f"{PAGE}/enter", data={"code": code})

    assert page.status_code == 409
    assert "Too many wrong codes" in page.text


@pytest.mark.parametrize("typed", ["", " ", "x" * 500, "ÄÖÜ", "2222\u202e2"])
def test_what_is_no_code_is_a_form_error(sides, typed):
    _first, second = sides

    assert second.post(f"{PAGE}/enter", data={"code": typed}).status_code == 422


def test_ones_own_code_is_for_the_other_lms(sides):
    first, _second = sides

    page = first.post(f"{PAGE}/enter", data={"code": get_code(first)})

    assert page.status_code == 422
    assert "You made this code yourself" in page.text


def test_a_code_of_another_institution_is_none(app, session, browser, sides):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    first, _second = sides

    stranger = browser(other.learner)

    assert stranger.post(f"{PAGE}/enter", data={"code": get_code(first)}).status_code == 422


def test_two_users_of_one_lms_stay_two(session, world, browser, sides):
    first, _second = sides

    page = browser(world.other_learner).post(f"{PAGE}/enter", data={"code": get_code(first)})

    assert page.status_code == 409
    assert "Both come from the same LMS" in page.text


def test_a_student_preview_becomes_nobody(session, second_lms, browser, sides):
    preview = factories.make_person(
        session, second_lms, Role.LEARNER, "Test student", is_test_user=True
    )
    session.commit()
    first, _second = sides

    page = browser(preview).post(f"{PAGE}/enter", data={"code": get_code(first)})

    assert page.status_code == 409
    assert "student preview" in page.text


def test_an_equal_e_mail_suggests_and_does_nothing(session, world, twin, sides):
    twin.email = "mei@UNIVERSITY.example"
    session.commit()
    _first, second = sides

    text = second.get(PAGE).text

    assert "You may be known twice" in text
    assert "Mei Student" not in text
    assert session.query(Person).filter(Person.merged_into_id.is_not(None)).count() == 0


def test_the_way_stands_on_my_credentials(sides):
    assert f'href="{PAGE}"' in sides[0].get("/my/credentials").text


def test_an_administrator_sees_but_cannot_merge(admin):
    page = admin.get("/admin/people/merged")

    assert "An administrator cannot do it for them" in page.text
    assert "<form" not in page.text
